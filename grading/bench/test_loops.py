"""The sampling loops against the network calls that they make."""

from functools import partial

import pytest
import torch

from reference import networks
from reference.networks.schedules import DIGIT_SCHEDULE, DIGIT_STEPS
from reference.noising import strided_timesteps

from ..sandbox.gradients import Differentiable
from .claims import CALL
from .code import at

STEPS = 4
ROUNDS = 20  # short ones: some of them meet an idle machine
LARGEST = 1 << 14  # batch


class Clock:
    """Adds up the seconds spent in a network, forward and backward, the device's work included."""

    def __init__(self, network, bench) -> None:
        self.network, self.bench, self.seconds = network, bench, 0.0

    def __call__(self, x_t, t):
        if x_t.requires_grad:
            return _Timed.apply(x_t, t, self)
        with self:
            return self.network(x_t, t)

    def __enter__(self):
        self.bench.synchronise()
        self.start = self.bench.clock()

    def __exit__(self, *_):
        self.bench.synchronise()
        self.seconds += self.bench.clock() - self.start


class _Timed(torch.autograd.Function):
    """The network of a clock: its gradient is timed like its value."""

    @staticmethod
    def forward(ctx, x_t, t, clock):
        ctx.clock, ctx.x = clock, x_t.detach().requires_grad_()
        with clock, torch.enable_grad():
            ctx.eps = clock.network(ctx.x, t)
        return ctx.eps.detach()

    @staticmethod
    def backward(ctx, cotangent):
        with ctx.clock:
            (gradient,) = torch.autograd.grad(ctx.eps, ctx.x, cotangent)
        return gradient, None, None


def large_enough(bench, network) -> int:
    """A batch for which a call takes at least as long as it should."""
    batch = 1 if bench.settings.quick else 4
    while True:
        x = torch.randn(batch, 1, 28, 28, device=bench.settings.device)
        seconds = min(bench.timed(lambda x=x: network(x, 0))[0] for _ in range(4))
        if seconds >= 1.5 * CALL or bench.settings.quick or batch >= LARGEST:
            return batch
        batch *= 2


def timed_calls(bench, loop, network, wrapped) -> float:
    """What a loop adds to the seconds of the very calls that it makes, as a part of them; each at its best.

    Loops that take turns with bare calls differ from them by what else the machine does, and that is far more. Not so
    on a GPU, which works while the loop runs ahead: there a clock around each call would measure waits of its own.
    """
    inside, added = [], []
    for _ in range(1 if bench.settings.quick else ROUNDS):
        clock = Clock(network, bench)
        seconds, _ = bench.timed(lambda clock=clock: loop(eps_model=wrapped(clock)))
        inside.append(clock.seconds)
        added.append(seconds - clock.seconds)
    return min(added) / min(inside)


@pytest.mark.benchmark(group="sampling loops against bare network calls")
@torch.no_grad()
def test_loops(bench):
    settings, code = bench.settings, bench.settings.code
    net = networks.load("time", settings.device)
    network = lambda x_t, t: net(x_t, torch.full((len(x_t),), t / DIGIT_STEPS, device=x_t.device))
    batch = large_enough(bench, network)
    there = at(settings.device, network)
    x_T = torch.randn(batch, 1, 28, 28, device=code.device)
    on_device = x_T.to(settings.device)
    timesteps = strided_timesteps(DIGIT_STEPS, STEPS)
    shared = {"x_T": x_T, "timesteps": timesteps, "alphas_cumprod": DIGIT_SCHEDULE.to(code.device)}

    def calls():
        for t in timesteps:
            eps = network(on_device, t)
        return eps

    def calls_with_gradient():
        with torch.enable_grad():
            for t in timesteps:
                x = on_device.detach().requires_grad_()
                (gradient,) = torch.autograd.grad(network(x, t).sum(), x)
        return gradient

    loops = {
        "sample_ddpm": partial(code, "ddpm.sample_ddpm", **shared),
        "sample_ddim": partial(code, "ddim.sample_ddim", **shared),
        "sample_ddim, η = 1": partial(code, "ddim.sample_ddim", eta=1.0, **shared),
        "inpaint": partial(
            code, "editing.inpaint", x_orig=torch.zeros_like(x_T), edit_mask=torch.ones_like(x_T[:1]), **shared
        ),
    }
    operator = Differentiable(lambda x: x[..., ::2, ::2])
    dps = partial(code, "dps.sample_dps", measurement=operator(x_T), operator=operator, **shared)
    contenders = {f"{STEPS} bare calls": calls}
    contenders |= {name: partial(loop, eps_model=there) for name, loop in loops.items()}
    contenders |= {
        f"{STEPS} bare calls with gradient": calls_with_gradient,
        "sample_dps": partial(dps, eps_model=Differentiable(there)),
    }
    bench.race(contenders, rounds=ROUNDS)
    best = {name: min(own["seconds"]) for name, own in bench.contenders.items()}
    bare, bare_with_gradient = (name for name in best if "bare" in name)
    plain = [(name, loop, bare, lambda clock: clock) for name, loop in loops.items()]
    for name, loop, base, wrapped in [*plain, ("sample_dps", dps, bare_with_gradient, Differentiable)]:
        on_cpu = settings.device == "cpu"
        added = timed_calls(bench, loop, there, wrapped) if on_cpu else best[name] / best[base] - 1
        bench.note(name, outside=added)
    seconds = best[bare] / STEPS
    bench.facts(
        about=f"{STEPS} steps of {batch} digits by the time-conditioned UNet in float32",
        call_seconds=seconds,
        batch=batch,
    )
