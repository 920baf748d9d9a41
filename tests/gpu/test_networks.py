"""The shipped networks on CUDA: as precise as on the CPU, in bfloat16 as precise as bfloat16, and whole samplers."""

import pytest
import torch

from reference import data, networks
from reference.ddim import sample_ddim
from reference.ddpm import sample_ddpm
from reference.dps import sample_dps
from reference.editing import inpaint
from reference.networks.schedules import EMOJI_SCHEDULE

pytestmark = pytest.mark.gpu

MODELS = sorted(path.stem for path in networks.MODELS.glob("*.safetensors"))
SLACK = 16  # how much worse than the CPU's rounding the GPU's may be: other algorithms for sums and convolutions


def inputs(name, network):
    """A batch for the network, in float64 where it is floating."""
    generator = torch.Generator().manual_seed(0)
    rand = lambda *shape: torch.randn(shape, generator=generator, dtype=torch.float64)
    if name in ("stylegan", "animals", "dcgan"):
        return (rand(8, network.z_dim),)
    if name == "emoji":
        return rand(8, 3, 32, 32), 300, rand(8, network.length * network.table.embedding_dim)
    if name in ("encoder", "animals-encoder", "emoji-classifier"):
        return (rand(8, 3, 32, 32),)
    times = torch.linspace(0, 1, 8, dtype=torch.float64)
    more = {"time": (times,), "class": (torch.arange(8), times), "flow": (torch.arange(8), times)}
    return rand(8, 1, 28, 28), *more.get(name, ())


@torch.no_grad()
def answer(name, device="cpu", dtype=torch.float32, bfloat16=False):
    """What the network says, in float64 on the CPU."""
    network = networks.load(name, device).to(dtype)
    batch = [
        one.to(device, dtype if one.is_floating_point() else None) if isinstance(one, torch.Tensor) else one
        for one in inputs(name, network)
    ]
    with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
        return network(*batch).double().cpu()


def distance(a, b):
    return (a - b).square().mean().sqrt().item()


@pytest.mark.parametrize("name", MODELS)
def test_in_float32_and_in_bfloat16(name):
    truth = answer(name, dtype=torch.float64)
    for bfloat16 in (False, True):
        on_cpu = distance(answer(name, bfloat16=bfloat16), truth)
        on_gpu = distance(answer(name, "cuda", bfloat16=bfloat16), truth)
        assert on_gpu <= SLACK * on_cpu
    assert on_gpu > 1e-4 * truth.square().mean().sqrt()  # it was bfloat16


def by_ddim(eps_model, x_T, schedule, noise_fn, real):
    return sample_ddim(eps_model, x_T, list(range(960, -1, -40)), schedule)


def by_ddpm(eps_model, x_T, schedule, noise_fn, real):
    return sample_ddpm(eps_model, x_T, list(range(960, -1, -40)), schedule, noise_fn, clip_x0=True)


def by_inpainting(eps_model, x_T, schedule, noise_fn, real):
    mask = torch.zeros_like(real[:1, :1])
    mask[..., 16:] = 1
    return inpaint(eps_model, x_T, real, mask, list(range(960, -1, -40)), schedule, noise_fn)


def by_dps(eps_model, x_T, schedule, noise_fn, real):
    top = lambda x: x[:, :, :16]
    steps = list(range(900, -1, -100))
    return sample_dps(eps_model, x_T, top(real), top, steps, schedule, scale=0.3, eta=1.0, noise_fn=noise_fn)


def sampled(sampler, device="cpu", dtype=torch.float32):
    """Four pictures of the emoji model from always the same noise, in float64 on the CPU."""
    network = networks.load("emoji", device).to(dtype)
    generator = torch.Generator().manual_seed(0)
    rand = lambda *shape: torch.randn(shape, generator=generator, dtype=torch.float64).to(device, dtype)
    cond = network.embed(["red heart", "red apple", "cat face", "rocket"]).detach()
    eps_model = lambda x_t, t: network(x_t, t, cond)
    real = data.load("emoji", size=32).floats(-1, 1)[:4].to(device, dtype)
    schedule = EMOJI_SCHEDULE.to(device, dtype)
    with torch.set_grad_enabled(sampler is by_dps):
        x0 = sampler(eps_model, rand(4, 3, 32, 32), schedule, lambda x: rand(*x.shape), real)
    assert x0.device.type == device
    assert x0.dtype == dtype
    return x0.double().cpu()


@pytest.mark.parametrize("sampler", [by_ddim, by_ddpm, by_inpainting, by_dps])
def test_sampling(sampler):
    truth = sampled(sampler, dtype=torch.float64)
    rounding = distance(sampled(sampler), truth)
    assert distance(sampled(sampler, "cuda"), truth) <= SLACK * rounding
    # No nearer than this: diffusers embeds t in float32, whatever the network's dtype, and sines differ by device.
    assert distance(sampled(sampler, "cuda", torch.float64), truth) < rounding
