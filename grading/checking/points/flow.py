import torch

from ...sandbox.crossing.values import Leaf, Probe
from . import Draw, ends_alike

EXACT = 256  # times are whole multiples of 1 / 256, the same in float32 and in float64: either may be used


def _time(draw: Draw) -> float:
    return draw.integer(1, EXACT - 1) / EXACT


def _times(draw: Draw, batch: int, dtype=torch.float64):
    return torch.from_numpy(draw.rng.choice(EXACT, batch, replace=False)).to(dtype) / EXACT


def flow_interpolate(draw: Draw):
    def point(t, shape=(3, 2, 5, 7), dtype=torch.float64):
        x0, x1 = draw.images(2, shape, dtype)
        return {"x0": Leaf(x0), "x1": Leaf(x1), "t": t}

    yield "one time for all", point(draw.number(0.1, 0.4))
    yield "near the data", point(draw.number(0.8, 0.99), (2, 5, 4, 6))
    yield "t = 0", point(0.0)
    yield "t = 1", point(1.0)
    yield "one time per sample", point(_times(draw, 3))
    yield "one time per sample, as many samples as columns", point(ends_alike(_times(draw, 4)), (4, 3, 6, 4))
    yield "both ends", point(torch.tensor([0.0, 1.0, 0.25], dtype=torch.float64))
    yield "a batch of one with t of shape (1,)", point(_times(draw, 1), (1, 3, 4, 6))
    yield "float32", point(_times(draw, 2, torch.float32), (2, 1, 6, 4), torch.float32)


def flow_velocity(draw: Draw):
    for label, shape, dtype in (
        ("three samples", (3, 5, 5, 7), torch.float64),
        ("one sample", (1, 3, 6, 4), torch.float64),
        ("float32", (2, 1, 4, 6), torch.float32),
    ):
        x0, x1 = draw.images(2, shape, dtype)
        yield label, {"x0": Leaf(x0), "x1": Leaf(x1)}


def flow_step(draw: Draw):
    def point(t, t_next, shape=(3, 2, 5, 7), dtype=torch.float64):
        x_t, v = draw.images(2, shape, dtype)
        return {"x_t": x_t, "v": v, "t": t, "t_next": t_next}

    yield "one of fifty steps", point(0.3, 0.32)
    yield "a long step", point(draw.number(0.05, 0.3), draw.number(0.5, 0.9), (2, 5, 4, 6))
    yield "from the beginning", point(0.0, draw.number(0.05, 0.3))
    yield "to the end", point(draw.number(0.6, 0.9), 1.0)
    yield "the whole way", point(0.0, 1.0, (1, 3, 6, 4))
    yield "float32", point(0.25, 0.5, (2, 1, 4, 6), torch.float32)


def sample_flow(draw: Draw):
    def point(num_steps, shape=(3, 2, 5, 7), dtype=torch.float64):
        return {"v_model": Probe("VelocityModel"), "x0": draw.image(*shape, dtype=dtype), "num_steps": num_steps}

    yield "eight steps", point(8, (3, 5, 5, 7))
    yield "four steps, as many samples as columns", point(4, (4, 3, 6, 4))
    yield "one step", point(1, (1, 3, 4, 6))
    yield "two steps", point(2, (2, 1, 6, 4))
    yield "ten steps, float32", point(10, (2, 1, 4, 6), torch.float32)


def guided_velocity(draw: Draw):
    def point(scale, shape=(3, 2, 5, 7), dtype=torch.float64):
        batch = shape[0]
        return {
            "model": Probe("ClassVelocityModel"),
            "x_t": draw.image(*shape, dtype=dtype),
            "labels": torch.from_numpy(draw.rng.integers(0, 10, batch)),
            "t": _times(draw, batch, dtype),
            "scale": scale,
        }

    yield "scale 5", point(5.0, (3, 5, 5, 7))
    yield "scale 0", point(0.0)
    yield "scale 1", point(1.0)
    yield "a scale below 1", point(draw.number(0.2, 0.8), (4, 3, 6, 4))
    yield "a negative scale", point(-1.5)
    yield "one sample, t = 0", point(draw.number(1.5, 9), (1, 3, 6, 4)) | {"t": torch.zeros(1, dtype=torch.float64)}
    yield "float32", point(2.5, (2, 1, 4, 6), torch.float32)


def flow_loss(draw: Draw):
    def point(t, shape=(3, 2, 5, 7), dtype=torch.float64):
        x0, x1 = draw.images(2, shape, dtype)
        return {"model": Probe("VelocityModel"), "x0": x0, "x1": x1, "t": t}

    yield "one time per sample", point(_times(draw, 3), (3, 5, 5, 7))
    yield "both ends", point(torch.tensor([0.0, 1.0, 0.5], dtype=torch.float64))
    yield "as many samples as columns", point(ends_alike(_times(draw, 4)), (4, 3, 6, 4))
    yield "one sample", point(_times(draw, 1), (1, 3, 4, 6))
    yield "float32", point(_times(draw, 2, torch.float32), (2, 1, 6, 4), torch.float32)


def class_flow_loss(draw: Draw):
    for label, arguments in flow_loss(draw):
        batch, dtype = len(arguments["x0"]), arguments["x0"].dtype
        labels = torch.from_numpy(draw.rng.integers(0, 10, batch))
        keep = torch.arange(batch).remainder(2).to(dtype)
        rest = arguments | {"model": Probe("ClassVelocityModel"), "labels": labels}
        yield f"{label}, some dropped", rest | {"keep": keep}
        yield f"{label}, others dropped", rest | {"keep": 1 - keep}
