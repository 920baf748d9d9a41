"""The functions that combine estimates, images or gradients: which ones, and with which weights.

| function                 | terms                                                            | weights are made of        |
| ------------------------ | ---------------------------------------------------------------- | -------------------------- |
| classifier_free_guidance | eps_uncond, eps_cond                                             | scale s, affine where right |
| guided_eps               | the network's answers for every condition at hand                | s                          |
| anagram_eps              | answers for both conditions, image and answer each turned or not | numbers                    |
| hybrid_eps               | answers for both conditions, each blurred in several ways        | numbers                    |
| dps_gradient, dps_step   | gradients of several misfits with respect to several images      | s, ‖r‖, number of values   |
| gram_matrix              | F Fᵀ within samples, of centred features, of their cosines       | B, C, H, W                 |

The networks are the reader's own: curved, so that no two terms are proportional to each other.
"""

from collections.abc import Callable
from functools import cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor

from reference.illusions import lowpass

from ....checking.points import Draw
from ....sandbox.crossing.values import Derived, Leaf, Probe, materialise
from ..evidence import Arguments, bare, plain
from ..expressions import Quantities, of, product, single
from ..sums import Sum, Terms

_SCALE_REGIMES: dict[str, Callable[[Draw], float]] = {
    "": lambda draw: draw.number(1.2, 9.0),
    "at scales between 0 and 1": lambda draw: draw.number(0.1, 0.9),
    "at scale 0": lambda draw: 0.0,
    "at scale 1": lambda draw: 1.0,
    "at negative scales": lambda draw: -draw.number(0.2, 3.0),
}


def scale_regime(arguments: Arguments) -> Tensor:
    s = arguments["scale"]
    return torch.tensor(2 if s == 0 else 3 if s == 1 else 4 if s < 0 else 1 if s < 1 else 0)


def scale_quantities(arguments: Arguments, edge: str) -> Quantities:
    return {"s": torch.tensor(float(arguments["scale"]), dtype=torch.float64)}


def at_scales(make: Callable[[Draw], Arguments]) -> dict[str, Callable[[], list[Arguments]]]:
    def points(number: int, scale: Callable[[Draw], float]) -> Callable[[], list[Arguments]]:
        @cache
        def calls() -> list[Arguments]:
            draw = Draw([11, number])
            return [make(draw) | {"scale": scale(draw)} for _ in range(12)]

        return calls

    return {label: points(i, scale) for i, (label, scale) in enumerate(_SCALE_REGIMES.items())}


def curved_model(x_t: Tensor, t: int, cond: Tensor) -> Tensor:
    """Without symmetry, linear in nothing."""
    weights = torch.linspace(0.5, 1.5, cond.shape[1], dtype=cond.dtype)
    strength = (cond * weights).sum(1).reshape(-1, 1, 1, 1)
    place = torch.arange(x_t[0].numel(), dtype=x_t.dtype).reshape(x_t.shape[1:])
    return torch.sin((1.3 + 0.2 * strength) * x_t + strength * torch.cos(place * 1.7) + 0.37 * t + place.sin())


def _guidance(draw: Draw) -> Arguments:
    eps_uncond, eps_cond = draw.images(2, (2, 1, 2, 3))
    return {"eps_uncond": eps_uncond, "eps_cond": eps_cond}


def _guided(draw: Draw) -> Arguments:
    cond, null_cond = draw.images(2, (3, 4))
    x_t = draw.image(3, 2, 4, 5)
    return {"model": curved_model, "x_t": x_t, "t": draw.integer(1, 20), "cond": cond, "null_cond": null_cond}


def _answers_for_conditions(arguments: Arguments) -> Terms:
    arguments = plain(arguments)
    model, x_t, t = arguments["model"], arguments["x_t"], arguments["t"]
    cond, null = arguments["cond"], arguments["null_cond"]
    told = {
        "cond": cond,
        "null_cond": null,
        "zeros": torch.zeros_like(cond),
        "the first row of cond": cond[:1].expand_as(cond),
        "the first row of null_cond": null[:1].expand_as(null),
        "another sample's cond": cond.roll(1, 0),
    }
    terms: dict[str, Callable[[], Tensor]] = {
        f"the estimate for {name}": partial(model, x_t, t, c) for name, c in told.items()
    }
    for first, second in (("null_cond", "cond"), ("cond", "null_cond")):
        both = torch.cat([model(x_t, t, arguments[name]) for name in (first, second)])
        for rows, start in (("1, 3, 5, …", 0), ("2, 4, 6, …", 1)):
            name = f"rows {rows} of the answers for {first}, then {second},"
            terms[name] = partial(both.__getitem__, slice(start, None, 2))
    alternating = torch.stack([null, cond], 1).flatten(0, 1)
    for half, own in zip(("first", "second"), alternating.split(len(x_t))):
        terms[f"the estimate for the {half} half of null_cond 1, cond 1, null_cond 2, …"] = partial(model, x_t, t, own)
    terms["the estimate for null_cond at t = 0"] = lambda: model(x_t, 0, null)
    terms["the estimate for null_cond of a blank image"] = lambda: model(torch.zeros_like(x_t), t, null)
    return terms


def _images_at(make: Callable[[Draw], Arguments], count: int = 5) -> dict[str, Callable[[], list[Arguments]]]:
    @cache
    def calls() -> list[Arguments]:
        draw = Draw([12, count])
        return [make(draw) for _ in range(count)]

    return {"": calls}


def _two_conditions(a: str, b: str, shape: tuple[int, ...], **options: object) -> Callable[[Draw], Arguments]:
    def make(draw: Draw) -> Arguments:
        first, second = draw.images(2, (shape[0], 4))
        x_t = draw.image(*shape)
        return {"model": curved_model, "x_t": x_t, "t": draw.integer(1, 20), a: first, b: second} | options

    return make


_VIEWS: dict[str, Callable[[Tensor], Tensor]] = {
    "": lambda x: x,
    "turned upside down": lambda x: x.flip(2),
    "mirrored": lambda x: x.flip(3),
    "rotated by 180°": lambda x: x.flip(2, 3),
    "with its channels reversed": lambda x: x.flip(1),
    "with the samples of the batch in reverse order": lambda x: x.flip(0),
}


def _after(way: Callable[[Tensor], Tensor], estimate: Callable[[], Tensor]) -> Tensor:
    return way(estimate())


def _views(arguments: Arguments) -> Terms:
    arguments = plain(arguments)
    model, x_t, t = arguments["model"], arguments["x_t"], arguments["t"]
    terms: dict[str, Callable[[], Tensor]] = {}
    for cond in ("cond_upright", "cond_flipped"):
        for seen, turn in _VIEWS.items():
            for given, turn_back in _VIEWS.items():
                image = f"x_t {seen}" if seen else "x_t"
                name = f"the estimate of {image} for {cond}" + f", {given}" * bool(given)
                estimate = partial(model, turn(x_t), t, arguments[cond])
                terms[name] = partial(_after, turn_back, estimate)
    return terms | {f"x_t itself, {seen}".rstrip(", "): partial(turn, x_t) for seen, turn in _VIEWS.items()}


def _blurred(arguments: Arguments) -> Terms:
    arguments = plain(arguments)
    model, x_t, t = arguments["model"], arguments["x_t"], arguments["t"]
    size, sigma = arguments.get("kernel_size", 33), arguments.get("sigma", 2.0)

    def low(x: Tensor) -> Tensor:
        return lowpass(x, size, sigma)

    def zero_padded(x: Tensor) -> Tensor:
        pad = size // 2
        return lowpass(F.pad(x, [pad] * 4), size, sigma)[:, :, pad:-pad, pad:-pad]

    ways: dict[str, Callable[[Tensor], Tensor]] = {
        "": lambda x: x,
        "blurred": low,
        "blurred twice": lambda x: low(low(x)),
        "blurred with zero padding": zero_padded,
        "blurred with twice the sigma": lambda x: lowpass(x, size, 2 * sigma),
        "blurred with the default sigma": lambda x: lowpass(x, size),
        "blurred with the default kernel_size": lambda x: lowpass(x, sigma=sigma),
        "blurred with the defaults": lowpass,
        "turned upside down": lambda x: x.flip(2),
        "averaged over its channels": lambda x: x.mean(1, keepdim=True).expand_as(x),
        "blurred and averaged over its channels": lambda x: low(x).mean(1, keepdim=True).expand_as(x),
    }
    terms: dict[str, Callable[[], Tensor]] = {}
    for cond in ("cond_low", "cond_high"):
        estimate = partial(model, x_t, t, arguments[cond])
        for said, way in ways.items():
            terms[f"the estimate for {cond}" + f", {said}" * bool(said)] = partial(_after, way, estimate)
        terms[f"the estimate of x_t blurred for {cond}"] = partial(model, low(x_t), t, arguments[cond])
    return terms


def _misfits(arguments: Arguments) -> Terms:
    live, _ = materialise(arguments)
    return misfits(live)


def misfits(live: Arguments) -> Terms:
    """Gradients of several misfits; the term is that of the norm's, and its sizes are left to the weights."""
    x_t, x0_hat, y, operator = live["x_t"], live["x0_hat"], live["measurement"], live["operator"]

    def gradient(loss: Callable[[], Tensor], at: Tensor) -> Callable[[], Tensor]:
        def compute() -> Tensor:
            with torch.enable_grad():
                (found,) = torch.autograd.grad(loss(), at, retain_graph=True, allow_unused=True)
            return torch.zeros_like(at) if found is None else found

        return compute

    def norm(r: Tensor) -> Tensor:
        return torch.linalg.vector_norm(r)

    through = gradient(lambda: norm(y - operator(x0_hat)), x_t)
    terms = {
        "the gradient of the norm": through,
        "the gradient with respect to x0_hat": gradient(lambda: norm(y - operator(x0_hat)), x0_hat),
        "the gradient with operator(x_t)": gradient(lambda: norm(y - operator(x_t)), x_t),
        "the gradient of the L1 norm": gradient(lambda: (y - operator(x0_hat)).abs().sum(), x_t),
        "the gradient of the norms of rows": gradient(lambda: (y - operator(x0_hat)).norm(dim=-1).sum(), x_t),
        "the gradient of one norm for each channel, added": gradient(
            lambda: (y - operator(x0_hat)).flatten(2).norm(dim=2).sum(), x_t
        ),
        "the gradient without the operator": gradient(lambda: norm(y - x0_hat), x_t),
        "the gradient without the measurement": gradient(lambda: norm(operator(x0_hat)), x_t),
        "the gradient with x0_hat cut off": gradient(lambda: norm(y - operator(x0_hat.clamp(-1, 1))), x_t),
        "the signs of the gradient": lambda: through().sign(),
    }
    for image in ("x_prev", "x_t", "x0_hat"):
        if "x_prev" in live:
            terms[image] = live[image].detach
    return terms


def _misfit_sizes(arguments: Arguments, edge: str) -> Quantities:
    live, _ = materialise(arguments)
    return misfit_sizes(live)


def misfit_sizes(live: Arguments) -> Quantities:
    with torch.enable_grad():
        misfit = live["measurement"] - live["operator"](live["x0_hat"])
        (gradient,) = torch.autograd.grad(
            torch.linalg.vector_norm(misfit), live["x_t"], retain_graph=True, allow_unused=True
        )
    found = {"ζ": live["scale"]} if "scale" in live else {}
    found |= {"‖r‖": float(torch.linalg.vector_norm(misfit.detach())), "n": misfit.numel()}
    found |= {"‖∇‖": float(torch.linalg.vector_norm(gradient)) if gradient is not None else 1.0}
    return {name: torch.tensor(float(value), dtype=torch.float64) for name, value in found.items()}


def _measured(step: bool) -> Callable[[Draw], Arguments]:
    def make(draw: Draw) -> Arguments:
        shape = (1, draw.integer(2, 3), draw.integer(3, 5), draw.integer(4, 6))
        x_t, y, x_prev = draw.images(3, shape)
        rest = {"x0_hat": Derived("CurvedDenoiser", of="x_t"), "measurement": y, "operator": Probe("saturate")}
        made = {"x_t": Leaf(x_t)} | rest
        return {"x_prev": x_prev} | made | {"scale": draw.number(0.3, 2.0)} if step else made

    return make


def _products_of_features(arguments: Arguments) -> Terms:
    live, _ = materialise(arguments)
    features = live["features"].detach()
    flat = features.flatten(2)

    def gram(f: Tensor) -> Tensor:
        return f @ f.transpose(1, 2)

    return {
        "F Fᵀ": lambda: gram(flat),
        "F Fᵀ of centred features": lambda: gram(flat - flat.mean(2, keepdim=True)),
        "the cosines": lambda: gram(F.normalize(flat, dim=2)),
        "F Fᵀ of features summed over the height": lambda: gram(features.sum(2)),
        "the upper triangle of F Fᵀ": lambda: gram(flat).triu(),
        "the diagonal of F Fᵀ": lambda: gram(flat).diagonal(dim1=1, dim2=2).diag_embed(),
        "F Fᵀ of features reshaped without permuting": lambda: _reshaped(features),
    }


def _reshaped(features: Tensor) -> Tensor:
    B, C, H, W = features.shape
    mixed = features.reshape(B, H * W, C)
    return mixed.transpose(1, 2) @ mixed


def _feature_sizes(arguments: Arguments, edge: str) -> Quantities:
    features = bare(arguments["features"])
    return {name: torch.tensor(float(n), dtype=torch.float64) for name, n in zip("BCHW", features.shape)}


def _features(draw: Draw) -> Arguments:
    return {"features": Leaf(draw.image(*(draw.integer(3, 6) for _ in range(4))))}


def _numbers(arguments: Arguments, edge: str) -> Quantities:
    return {"1": torch.tensor(1.0, dtype=torch.float64)}


def always(arguments: Arguments) -> Tensor:
    return torch.tensor(0)


_GUIDED = ("the estimate for null_cond", "the estimate for cond")
_SCALED = of(product(1.0), product(-1.0, {"s": 1})), single(1.0, s=1)
_MISFIT = "the gradient of the norm"

FORMULAS: dict[str, Sum] = {
    "guidance.classifier_free_guidance": Sum(
        terms=lambda a: {name: partial(plain(a).__getitem__, name) for name in ("eps_uncond", "eps_cond")},
        quantities=scale_quantities,
        expected=dict(zip(("eps_uncond", "eps_cond"), _SCALED)),
        points=at_scales(_guidance),
        regime=scale_regime,
        core=("s",),
    ),
    "guidance.guided_eps": Sum(
        terms=_answers_for_conditions,
        quantities=scale_quantities,
        expected=dict(zip(_GUIDED, _SCALED)),
        points=at_scales(_guided),
        regime=scale_regime,
        core=("s",),
    ),
    "illusions.anagram_eps": Sum(
        terms=_views,
        quantities=_numbers,
        expected={
            "the estimate of x_t for cond_upright": single(0.5),
            "the estimate of x_t turned upside down for cond_flipped, turned upside down": single(0.5),
        },
        points=_images_at(_two_conditions("cond_upright", "cond_flipped", (2, 3, 4, 6))),
        regime=always,
        core=(),
    ),
    "illusions.hybrid_eps": Sum(
        terms=_blurred,
        quantities=_numbers,
        expected={
            "the estimate for cond_low, blurred": single(),
            "the estimate for cond_high": single(),
            "the estimate for cond_high, blurred": single(-1.0),
        },
        points=_images_at(_two_conditions("cond_low", "cond_high", (2, 3, 18, 17), kernel_size=5, sigma=1.1)),
        regime=always,
        core=(),
    ),
    "dps.dps_gradient": Sum(
        terms=_misfits,
        quantities=_misfit_sizes,
        expected={_MISFIT: single()},
        points=_images_at(_measured(step=False), 16),
        regime=always,
        core=("‖r‖",),
    ),
    "dps.dps_step": Sum(
        terms=_misfits,
        quantities=_misfit_sizes,
        expected={"x_prev": single(), _MISFIT: single(-1.0, ζ=1)},
        points=_images_at(_measured(step=True), 16),
        regime=always,
        core=("ζ",),
    ),
    "inversion.gram_matrix": Sum(
        terms=_products_of_features,
        quantities=_feature_sizes,
        expected={"F Fᵀ": single(1.0, B=0, C=-1, H=-1, W=-1)},
        points=_images_at(_features, 24),
        regime=always,
        core=(),
    ),
}
