"""Repair: the student's own code under small edits, until every check passes. What is said is a line and what is wrong there.

The submissions are written as strangers write them, each with its mistake on the line that ends with ``# wrong``.
"""

import ast
import textwrap
from types import SimpleNamespace

import pytest

from grading.contract.functions import function
from grading.diagnosis.repair import corrections as words
from grading.diagnosis.repair.candidates import candidates, changes, made, together
from grading.diagnosis.repair.filters import MENDED, NUMBERS, RAISED, Asked
from grading.diagnosis.repair.onward import HEAD_START, Step, dovetailed, further
from grading.diagnosis.repair.pairs import likeliest
from grading.diagnosis.repair.proving import proven
from grading.diagnosis.repair.sources import definitions
from grading.sandbox import limits
from grading.sandbox.inside.edits import _bounded as bounded
from grading.sandbox.inside.edits import _on_lines as on_lines

from .conftest import told

MARK = "  # wrong"
STEPS = """
import torch


def abar_at(alphas_cumprod, t):
    return alphas_cumprod[t] if t >= 0 else torch.ones((), dtype=alphas_cumprod.dtype)


def predict_x0(x_t, eps, t, alphas_cumprod):
    a = alphas_cumprod[t].reshape(-1, 1, 1, 1)
    return (x_t - (1 - a).sqrt() * eps) / a.sqrt()


def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
    a, b = alphas_cumprod[t], abar_at(alphas_cumprod, t_prev)
    alpha = a / b
    mean = (b.sqrt() * (1 - alpha) * x0 + alpha.sqrt() * (1 - b) * x_t) / (1 - a)
    return mean + ((1 - b) / (1 - a) * (1 - alpha)).sqrt() * noise


def add_noise(x0, noise, t, alphas_cumprod):
    a = alphas_cumprod[t]
    return a.sqrt() * x0 + (1 - a).sqrt() * noise


def chain(eps_model, x, timesteps, alphas_cumprod, noise_fn):
    for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
        x0 = predict_x0(x, eps_model(x, t), t, alphas_cumprod)
        x = posterior_step(x, x0, noise_fn(x), t, t_prev, alphas_cumprod)
    return x
"""

# task, what is wrong, the files ("module" alone: one file of that name)
SINGLE = {
    "linear_betas, a module-level lambda": (
        "noising.linear_betas",
        words.ARGUMENTS,
        """
        import torch

        linear_betas = lambda num_train_steps=1000, beta_start=1e-4, beta_end=0.02: torch.linspace(beta_end, beta_start, num_train_steps)  # wrong
        """,
    ),
    "scaled_linear_betas, a helper that squares": (
        "noising.scaled_linear_betas",
        words.MISSING,
        """
        import numpy as np
        import torch

        def squared(v):
            return v  # wrong

        def scaled_linear_betas(num_train_steps=1000, beta_start=0.00085, beta_end=0.012):
            return torch.as_tensor(squared(np.linspace(beta_start ** .5, beta_end ** .5, num_train_steps)))
        """,
    ),
    "cosine_betas, one too many": (
        "noising.cosine_betas",
        words.CONSTANT,
        """
        import math

        import torch


        def cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999):
            u = torch.arange(num_train_steps + 1, dtype=torch.float64) / (num_train_steps + 1)  # wrong
            f = torch.cos((u + offset) / (1 + offset) * math.pi / 2) ** 2
            return (1 - f[1:] / f[:-1]).clamp(max=max_beta).float()
        """,
    ),
    "strided_timesteps, a while loop": (
        "noising.strided_timesteps",
        words.AT_ONE_VALUE,
        """
        def strided_timesteps(num_train_steps, num_inference_steps):
            stride, out, t = num_train_steps // num_inference_steps, [], 0
            while len(out) <= num_inference_steps:  # wrong
                out.insert(0, t)
                t += stride
            return out
        """,
    ),
    "cumulative_alphas, a loop over floats": (
        "noising.cumulative_alphas",
        words.SIGN,
        """
        import torch

        def cumulative_alphas(betas):
            running, found = 1.0, []
            for beta in betas.tolist():
                running *= 1 + beta  # wrong
                found.append(running)
            return torch.tensor(found, dtype=betas.dtype)
        """,
    ),
    "add_noise, a class with static methods": (
        "noising.add_noise",
        words.NO_CALL,
        """
        import torch

        class Mixer:
            def __init__(self, table):
                self.table = table

            def levels(self, t):
                level = self.table[t]
                return level.reshape(-1, 1, 1, 1) if level.ndim else level

            def mix(self, image, noise, t):
                level = self.levels(t)
                return level.sqrt() * image + (1 - level) * noise  # wrong

        def add_noise(x0, noise, t, alphas_cumprod):
            return Mixer(alphas_cumprod).mix(x0, noise, t)
        """,
    ),
    "cosine_betas, a number of the module's": (
        "noising.cosine_betas",
        words.CONSTANT,
        """
        import torch

        HALF = 0.25  # wrong


        def cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999):
            u = torch.arange(num_train_steps + 1, dtype=torch.float64) / num_train_steps
            f = torch.cos((u + offset) / (1 + offset) * torch.pi * HALF) ** 2
            return (1 - f[1:] / f[:-1]).clamp(max=max_beta).float()
        """,
    ),
    "predict_x0, decorated": (
        "ddpm.predict_x0",
        words.NAME,
        """
        import functools

        def with_level(f):
            @functools.wraps(f)
            def inner(x_t, eps, t, alphas_cumprod):
                level = alphas_cumprod[t]
                return f(x_t, eps, level.reshape(-1, 1, 1, 1) if level.ndim else level)
            return inner

        @with_level
        def predict_x0(x_t, eps, level):
            rest = 1 - level
            return (x_t - rest.sqrt() * eps) / rest.sqrt()  # wrong
        """,
    ),
    "posterior_variance, nested functions": (
        "ddpm.posterior_variance",
        words.SIDES,
        """
        import torch

        def posterior_variance(t, t_prev, alphas_cumprod):
            def at(i):
                return torch.ones_like(alphas_cumprod[0]) if i < 0 else alphas_cumprod[i]

            now, before = at(t), at(t_prev)
            ratio = before / now  # wrong
            return (1 - before) / (1 - now) * (1 - ratio)
        """,
    ),
    "posterior_step, 0 taken for the clean image": (
        "ddpm.posterior_step",
        words.AT_ONE_VALUE,
        """
        import torch


        def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
            a = alphas_cumprod[t]
            b = alphas_cumprod[t_prev] if t_prev > 0 else torch.ones_like(a)  # wrong
            alpha = a / b
            mean = (b.sqrt() * (1 - alpha) * x0 + alpha.sqrt() * (1 - b) * x_t) / (1 - a)
            return mean + ((1 - b) / (1 - a) * (1 - alpha)).sqrt() * noise
        """,
    ),
    "ddim_sigma, in Python floats": (
        "ddim.ddim_sigma",
        words.ARGUMENTS,
        """
        import math

        def ratio(over, under):
            return (1 - over) / (1 - under)

        def ddim_sigma(t, t_prev, alphas_cumprod, eta):
            now = float(alphas_cumprod[t])
            before = 1.0 if t_prev == -1 else float(alphas_cumprod[t_prev])
            return eta * math.sqrt(ratio(now, before) * (1 - now / before))  # wrong
        """,
    ),
    "sample_ddim, the network is told the index": (
        "ddim.sample_ddim",
        words.NAME,
        STEPS
        + """
def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
    x = x_T
    for i, (t, t_prev) in enumerate(zip(timesteps, [*timesteps[1:], -1])):
        eps = eps_model(x, i)  # wrong
        x0 = predict_x0(x, eps, t, alphas_cumprod)
        if clip_x0:
            x0 = x0.clamp(-1, 1)
        a, b = alphas_cumprod[t], abar_at(alphas_cumprod, t_prev)
        sigma = eta * ((1 - b) / (1 - a) * (1 - a / b)).sqrt()
        x = b.sqrt() * x0 + (1 - b - sigma**2).clamp(min=0).sqrt() * eps + sigma * noise_fn(x)
    return x
""",
    ),
    "classifier_free_guidance, the sign of the rest": (
        "guidance.classifier_free_guidance",
        words.SIGN,
        """
        def classifier_free_guidance(eps_uncond, eps_cond, scale):
            return scale * eps_cond + (scale - 1) * eps_uncond  # wrong
        """,
    ),
    "guided_eps, one doubled batch": (
        "guidance.guided_eps",
        words.NAME,
        """
        import torch

        def guided_eps(model, x_t, t, cond, null_cond, scale):
            both = model(torch.cat([x_t, x_t]), t, torch.cat([cond, cond]))  # wrong
            with_cond, without = both.chunk(2)
            return torch.lerp(without, with_cond, scale)
        """,
    ),
    "sdedit, noised one too far": (
        "editing.sdedit",
        words.WRONG_INDEX,
        STEPS
        + """
def sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
    x = add_noise(image, noise, timesteps[max(start - 1, 0)], alphas_cumprod)  # wrong
    return chain(eps_model, x, timesteps[start:], alphas_cumprod, noise_fn)
""",
    ),
    "repaint_blend, the mask's meaning": (
        "editing.repaint_blend",
        words.MISSING,
        """
        import torch

        def repaint_blend(x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod):
            level = alphas_cumprod.new_tensor(1.0) if t_prev < 0 else alphas_cumprod[t_prev]
            known = level.sqrt() * x_orig + (1 - level).sqrt() * noise
            keep = edit_mask  # wrong
            return known * keep + x_prev * (1 - keep)
        """,
    ),
    "gaussian_kernel1d, the centre": (
        "illusions.gaussian_kernel1d",
        words.CONSTANT,
        """
        import torch

        def gaussian_kernel1d(kernel_size=33, sigma=2.0):
            offsets = torch.arange(kernel_size).double() - (kernel_size - 2) / 2  # wrong
            weights = torch.exp(-offsets.square() / (2 * sigma * sigma))
            return (weights / weights.sum()).float()
        """,
    ),
    "anagram_eps, flipped once": (
        "illusions.anagram_eps",
        words.ONE_CALL_TOO_MANY,
        """
        def upside_down(image):
            return image.flip(-2)

        def anagram_eps(model, x_t, t, cond_upright, cond_flipped):
            first = upside_down(model(x_t, t, cond_upright))  # wrong
            second = upside_down(model(upside_down(x_t), t, cond_flipped))
            return 0.5 * (first + second)
        """,
    ),
    "dps_gradient, the square": (
        "dps.dps_gradient",
        words.NO_CALL,
        """
        import torch

        def dps_gradient(x_t, x0_hat, measurement, operator):
            difference = measurement - operator(x0_hat)
            distance = torch.sum(difference ** 2)  # wrong
            (gradient,) = torch.autograd.grad(distance, x_t)
            return gradient
        """,
    ),
    "sds_weight": (
        "distillation.sds_weight",
        words.CONSTANT,
        """
        def sds_weight(t, alphas_cumprod):
            return 1 - alphas_cumprod[t] ** 2  # wrong
        """,
    ),
    "vsd_residual, one graph kept": (
        "distillation.vsd_residual",
        words.GRAPH,
        """
        def vsd_residual(eps_pretrained, eps_lora, t, alphas_cumprod):
            w = (1 - alphas_cumprod[t]).reshape(-1, 1, 1, 1)
            return w * (eps_pretrained - eps_lora.detach())  # wrong
        """,
    ),
    "surrogate_loss, a mean": (
        "distillation.surrogate_loss",
        words.WRONG_CALL,
        """
        def surrogate_loss(x, residual):
            target = (x - residual).detach()
            return 0.5 * (x - target).pow(2).mean() / len(x)  # wrong
        """,
    ),
    "discriminator_loss, through logsigmoid": (
        "gan_losses.discriminator_loss",
        words.SIGN,
        """
        import torch.nn.functional as F

        def discriminator_loss(real_logits, fake_logits):
            return -F.logsigmoid(real_logits).mean() - F.logsigmoid(fake_logits).mean()  # wrong
        """,
    ),
    "r1_penalty, halved twice": (
        "gan_losses.r1_penalty",
        words.CONSTANT,
        """
        import torch

        def r1_penalty(real_images, real_logits, gamma):
            (slope,) = torch.autograd.grad(real_logits.sum(), real_images, create_graph=True)
            return gamma / 4 * slope.square().flatten(1).sum(1).mean()  # wrong
        """,
    ),
    "rand_cutout, written into x": (
        "augment.rand_cutout",
        words.overwritten("x"),
        """
        import torch


        def rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
            low, high = ratio_range
            pick = lambda a, b: int(torch.randint(a, b + 1, (), generator=generator))
            for image in x:
                height, width = image.shape[1:]
                h, w = pick(round(height * low), round(height * high)), pick(round(width * low), round(width * high))
                top, left = pick(0, height - h), pick(0, width - w)
                image[:, top : top + h, left : left + w] = 0  # wrong
            return x
        """,
    ),
    "interpolate, the last frame": (
        "latents.interpolate",
        words.SIGN,
        """
        import torch

        def interpolate(latent_a, latent_b, num_frames):
            frames = []
            for k in range(num_frames):
                share = k / (num_frames + 1)  # wrong
                frames.append((1 - share) * latent_a + share * latent_b)
            return torch.stack(frames)
        """,
    ),
    "sample_w_plus, behind adapters": (
        "latents.sample_w_plus",
        words.ARGUMENTS,
        {
            "adapters.py": """
                from latent.drawing import styles

                latents_sample_w_plus = styles
                """,
            "latent/__init__.py": "",
            "latent/drawing.py": """
                import torch

                def mean(mapping, z_dim, generator):
                    return mapping(torch.randn(10_000, z_dim, generator=generator)).mean(0)

                def styles(mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None):
                    if from_mean:
                        return mean(mapping, z_dim, generator).repeat(batch_size, num_ws, 1)
                    codes = mapping(torch.randn(batch_size * num_ws, z_dim, generator=generator))
                    return codes.reshape(num_ws, batch_size, -1)  # wrong
                """,
        },
    ),
    "perceptual_loss, the first layer in every round": (
        "inversion.perceptual_loss",
        words.SAME_INDEX,
        """
        import torch


        def perceptual_loss(pred, target, features_fn):
            with torch.no_grad():
                wanted = features_fn(target)
            made = features_fn(pred)
            loss = ((made[0] - wanted[0]) ** 2).mean()
            for _ in made[1:]:  # wrong
                loss = loss + ((made[0] - wanted[0]) ** 2).mean()
            return loss
        """,
    ),
    "delta_penalty, not returned": (
        "inversion.delta_penalty",
        words.NO_RETURN,
        """
        def delta_penalty(delta):  # wrong
            each = delta.square().flatten(1).sum(1)
            penalty = each.mean()
        """,
    ),
    "gram_matrix, behind adapters": (
        "inversion.gram_matrix",
        words.NAME,
        {
            "adapters.py": """
                import texture

                def inversion_gram_matrix(features):
                    return texture.Gram()(features)
                """,
            "texture.py": """
                import torch

                class Gram(torch.nn.Module):
                    def forward(self, features):
                        b, c, h, w = features.shape
                        flat = features.reshape(b, c, h * w)
                        return flat @ flat.transpose(1, 2) / (c * h * h)  # wrong
                """,
        },
    ),
    "ddpm_loss, the timestep not divided": (
        "unet.ddpm_loss",
        words.SIGN,
        """
        import torch

        def ddpm_loss(model, x0, noise, t, alphas_cumprod):
            level = alphas_cumprod[t].view(-1, 1, 1, 1)
            x_t = level.sqrt() * x0 - (1 - level).sqrt() * noise  # wrong
            guess = model(x_t, t / len(alphas_cumprod))
            return torch.nn.functional.mse_loss(guess, noise)
        """,
    ),
}
DOUBLE = {
    "two terms of a step": (
        "ddpm.posterior_step",
        """
        import torch

        def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
            a = alphas_cumprod[t]
            b = alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(a)
            alpha = a / b
            clean = b.sqrt() * (1 - alpha) / (1 - a) * x0
            kept = alpha * (1 - b) / (1 - a) * x_t  # wrong
            fresh = (1 - b) / (1 - a) * (1 - alpha) * noise  # wrong
            return clean + kept + fresh
        """,
    ),
    "two factors of a product": (
        "gan_losses.r1_penalty",
        """
        import torch

        def r1_penalty(real_images, real_logits, gamma):
            (slope,) = torch.autograd.grad(real_logits.sum(), real_images, create_graph=True)
            each = slope.square().flatten(1).mean(1)  # wrong
            return gamma / 4 * each.mean()  # wrong
        """,
    ),
    "both ends of an interpolation": (
        "noising.add_noise",
        """
        def add_noise(x0, noise, t, alphas_cumprod):
            level = alphas_cumprod[t].reshape(-1, 1, 1, 1)
            image = level * x0  # wrong
            return image - (1 - level).sqrt() * noise  # wrong
        """,
    ),
    "a factor within a term": (
        "flow.flow_step",
        """
        def flow_step(x_t, v, t, t_next):
            length = t_next + t  # wrong
            return x_t + v / length  # wrong
        """,
    ),
    "one raises, the other gives wrong numbers": (
        "ddpm.predict_x0",
        """
        def predict_x0(x_t, eps, t, alphas_cumprod):
            level = alphas_cumprod[t].reshape(-1, 1, 1, 1)
            rest = (1 - t).sqrt()  # wrong
            return (x_t + rest * eps) / level.sqrt()  # wrong
        """,
    ),
    "both raise, one after the other": (
        "guidance.guided_eps",
        """
        def guided_eps(model, x_t, t, cond, null_cond, scale):
            with_cond = model(x_t, cond, t)  # wrong
            without = model(t, x_t, null_cond)  # wrong
            return without + scale * (with_cond - without)
        """,
    ),
    "each in a branch of its own": (
        "inversion.lp_loss",
        """
        import torch

        def lp_loss(pred, target, p=1, mask=None):
            powers = (pred - target).abs() ** p
            if mask is None:
                return powers.sum()  # wrong
            powers, mask = torch.broadcast_tensors(powers, mask)
            return (powers / mask).sum() / mask.sum().clamp(min=1)  # wrong
        """,
    ),
}


def written(hand_in, task, files):
    """The submission, and the marked places, "lib/steps.py line 12"."""
    files = {f"{task.split('.')[0]}.py": files} if isinstance(files, str) else files
    files = {name: textwrap.dedent(text).lstrip("\n") for name, text in files.items()}
    marked = [
        f"{name} line {number}"
        for name, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if line.endswith(MARK)
    ]
    return hand_in({name: text.replace(MARK, "") for name, text in files.items()}), marked


@pytest.mark.parametrize("case", SINGLE)
def test_the_line_and_what_is_wrong_there(grade, hand_in, case):
    task, said, files = SINGLE[case]
    folder, (place,) = written(hand_in, task, files)
    verdict = grade(folder, [task])[task]
    assert verdict.outcome == "failed"
    assert verdict.repair is not None, told(verdict)
    assert verdict.repair.edits == 1
    assert place in verdict.repair.student and said in verdict.repair.student
    assert verdict.repair.student.endswith(("; nothing else is wrong.", "; put right there, it passes every check."))
    assert verdict.repair.student in told(verdict) and not verdict.unexplained


@pytest.mark.parametrize("case", DOUBLE)
def test_two_mistakes_at_once(grade, hand_in, case):
    task, files = DOUBLE[case]
    folder, places = written(hand_in, task, files)
    verdict = grade(folder, [task])[task]
    assert verdict.outcome == "failed"
    assert verdict.repair is not None, told(verdict)
    assert verdict.repair.edits == 2
    file, numbers = places[0].split(" line ")[0], [place.split(" line ")[1] for place in places]
    assert all(f"line {number}:" in verdict.repair.student for number in numbers) and file in verdict.repair.student


HOSTILE = {
    "it hangs once its code is another": """
        import inspect

        def lp_loss(pred, target, p=1, mask=None):
            here = inspect.currentframe().f_code.co_code
            while here != ORIGINAL:
                pass
            return (pred - target).abs().pow(p).mean() * 2

        ORIGINAL = lp_loss.__code__.co_code
        """,
    "it ends its worker once its code is another": """
        import inspect, os

        def lp_loss(pred, target, p=1, mask=None):
            if inspect.currentframe().f_code.co_code != ORIGINAL:
                os._exit(0)
            return (pred - target).abs().pow(p).mean() * 2

        ORIGINAL = lp_loss.__code__.co_code
        """,
    "it exchanges its own code at every call": """
        def lp_loss(pred, target, p=1, mask=None):
            lp_loss.__code__ = other.__code__
            return (pred - target).abs().pow(p).mean() * 2

        def other(pred, target, p=1, mask=None):
            lp_loss.__code__ = lp_loss.__code__.replace(co_name="nothing")
            return (pred - target).abs().pow(p).mean() * 3
        """,
    "it answers rightly only once it is edited": """
        import inspect

        def right(pred, target, p, mask):
            wrong = (pred - target).abs().pow(p)
            mask = wrong * 0 + 1 if mask is None else wrong * 0 + mask
            return (wrong * mask).sum() / mask.sum().clamp(min=1)

        def lp_loss(pred, target, p=1, mask=None):
            edited = inspect.currentframe().f_code.co_code != ORIGINAL
            return right(pred, target, p, mask) if edited else pred.sum() * 0

        ORIGINAL = lp_loss.__code__.co_code
        """,
    "its file is no file that a parser takes": "x = " + "(" * 3000 + ")" * 3000 + "\n",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_no_point_comes_from_edited_code(grade, hand_in, case):
    verdict = grade(hand_in(inversion=HOSTILE[case]), ["inversion.lp_loss"])["inversion.lp_loss"]
    assert verdict.outcome == "failed" and verdict.failures
    assert verdict.closed != []


def test_the_function_after_it_is_graded_as_ever(grade, hand_in):
    """Edits are made in the worker of the function that failed, and in no other one."""
    text = """
        def weight(scale):
            return scale + 1

        def classifier_free_guidance(eps_uncond, eps_cond, scale):
            return eps_uncond + weight(scale) * (eps_cond - eps_uncond)

        def guided_eps(model, x_t, t, cond, null_cond, scale):
            return classifier_free_guidance(model(x_t, t, null_cond), model(x_t, t, cond), scale)
        """
    verdicts = grade(hand_in(guidance=text), ["guidance.classifier_free_guidance", "guidance.guided_eps"])
    assert {verdict.outcome for verdict in verdicts.values()} == {"failed"}
    assert len({verdict.repair.student for verdict in verdicts.values()}) == 1


def test_two_mistakes_of_one_kind_on_one_line_are_two(grade, hand_in):
    text = "def flow_step(x_t, v, t, t_next):\n    return t + v * (t_next - x_t)\n"
    verdict = grade(hand_in(flow=text), ["flow.flow_step"])["flow.flow_step"]
    assert verdict.repair.student == f"flow.py line 2: {words.NAME}, in two places; nothing else is wrong."
    first, second = verdict.repair.staff[0].split(" and ")
    assert second.split(" → ")[0].endswith(first.split(" → ")[1]), "the second is made after the first"


def test_staff_alone_read_the_edit(grade, hand_in):
    folder, _ = written(hand_in, *SINGLE["sds_weight"][::2])
    verdict = grade(folder, ["distillation.sds_weight"])["distillation.sds_weight"]
    (change, *_) = verdict.repair.staff
    assert "return 1 - alphas_cumprod[t] ** 2 → return 1 - alphas_cumprod[t] ** 1" in change
    assert "→" not in verdict.repair.student and change not in told(verdict)


# --- what is tried ------------------------------------------------------------------------------------------------


def tried(tmp_path, text, task="inversion.delta_penalty", ran=None, raised_at=()):
    """The edits of a file, in order, as the texts that a worker would be sent."""
    source = textwrap.dedent(text).lstrip("\n")
    (tmp_path / "made.py").write_text(source)
    ran = {f"made.py:{number}" for number in ran or range(1, len(source.splitlines()) + 1)}
    found = definitions(tmp_path, ran, "made.py:1")
    return candidates(found, ran, set(raised_at), function(task))


def texts(edits):
    return ["\n".join(edit.message[0]["source"]) for edit in edits]


def test_every_edit_is_python(tmp_path):
    for text in texts(tried(tmp_path, STEPS)):
        ast.parse(text)


def test_a_name_is_exchanged_for_what_stands_in_scope_there(tmp_path):
    made = texts(tried(tmp_path, "def f(x, y):\n    a = x\n    b = y\n    return a\n"))
    assert "def f(x, y):\n    a = y\n    b = y\n    return a" in made
    assert "def f(x, y):\n    a = x\n    b = y\n    return b" in made
    assert "def f(x, y):\n    a = b\n    b = y\n    return a" not in made


def test_only_lines_that_were_run_are_edited(tmp_path):
    edits = tried(tmp_path, "def f(x):\n    if x > 0:\n        return 2\n    return 3\n", ran={1, 2, 4})
    assert {edit.line for edit in edits} == {1, 2, 4}


def test_where_an_exception_went_through_is_edited_before_other_lines(tmp_path):
    """But for the likeliest edits, which are tried everywhere: what raises may have been handed something wrong."""
    edits = tried(tmp_path, "def f(x):\n    y = x + 1\n    return y.foo(1)\n", raised_at={"made.py:3"})
    likely = [edit.correction.tier == words.LIKELY for edit in edits]
    assert likely == sorted(likely, reverse=True) and {edit.line for edit in edits[: sum(likely)]} == {2, 3}
    lines = [edit.line for edit in edits[sum(likely) :]]
    assert lines[0] == 3 and lines == [3] * lines.count(3) + [line for line in lines if line != 3]


def test_two_edits_of_one_function_are_one_text(tmp_path):
    edits = tried(tmp_path, "def f(x):\n    y = x + 1\n    return y - 1\n")
    first = next(edit for edit in edits if edit.change() == ("y = x + 1", "y = x - 1"))
    second = next(edit for edit in edits if edit.change() == ("return y - 1", "return y + 1"))
    (message,) = together((first, second))
    assert message["source"] == ["def f(x):", "    y = x - 1", "    return y + 1"]
    assert first.change() == ("y = x + 1", "y = x - 1"), "nothing stays changed"


def test_an_edit_may_be_of_what_an_earlier_one_has_put_there(tmp_path):
    text = "def f(x):\n    y = 1 - x\n    return y\n"
    first = next(edit for edit in tried(tmp_path, text) if edit.change()[1] == "y = x - 1")
    first.settle()
    with made((first,)):
        second = candidates([first.definition], {f"made.py:{n}" for n in (1, 2, 3)}, set(), function("ddpm.predict_x0"))
    (edit,) = (one for one in second if together((first, one))[0]["source"][1] == "    y = x + 1")
    assert list(changes((first, edit))) == [("y = 1 - x", "y = x - 1"), ("y = x - 1", "y = x + 1")]
    assert edit.line == 2


def test_a_method_is_sent_within_its_class(tmp_path):
    edits = tried(tmp_path, "class A:\n    def f(self, x):\n        return x + 1\n    def g(self):\n        return 2\n")
    message = next(edit.message[0] for edit in edits if edit.line == 3)
    assert message["path"] == ["A", "f"] and message["line"] == 2 and message["source"][0] == "class A:"
    assert "def g" not in "\n".join(message["source"])


def test_a_place_outside_of_the_submission_is_not_read(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside.py").write_text("def f():\n    return 1\n")
    assert definitions(tmp_path / "inside", {"../outside.py:1", "nowhere.py:3", "no place"}, "") == []


def test_after_so_many_proofs_no_further_edit_is_looked_for():
    """Nor are there more of one line: to find the next one may take hundreds of tries."""

    def edits():
        for line in (1, 1, 1, *range(2, limits.REPAIR_PROOFS)):
            yield (SimpleNamespace(definition=SimpleNamespace(file="made.py"), line=line),)
        raise AssertionError

    asked = []
    editor = SimpleNamespace(under=lambda edits: asked.append(edits[0].line), latest=SimpleNamespace(spent=0))
    refused = SimpleNamespace(afterwards=False, failed=True, passes=lambda student: False)
    assert proven(editor, [refused], edits()) == []
    assert asked == [1, 1, *range(2, limits.REPAIR_PROOFS)]


# --- two edits ------------------------------------------------------------------------------------------------------


def step(name, tier=words.LIKELY, lines=0, **came):
    return Step(
        SimpleNamespace(name=name, correction=SimpleNamespace(tier=tier)), Asked(**{"right": False, **came}), lines
    )


def test_gone_on_from_are_edits_under_which_it_comes_further():
    """The likely ones first, but for what mends a call; another exception counts where no fewer lines were run."""
    before = Asked(False, RAISED, told="an exception")
    steps = [
        step("the same", told="an exception", lines=9),
        step("sooner", told="another one", lines=4),
        step("on the same line", told="another one", lines=5),
        step("later", told="another one", lines=7),
        step("far-fetched", words.FAR, far=NUMBERS),
        step("numbers", far=NUMBERS),
        step("mended", words.FAR, far=MENDED),
    ]
    names = [one.edit.name for one in further(before, 5, steps)]
    assert names == ["mended", "numbers", "later", "on the same line", "far-fetched"]


def test_no_first_edit_is_gone_on_from_to_the_end_before_the_next_one_is():
    def search(name, length):
        return lambda: iter([name] * length)

    found = "".join(dovetailed([search("a", HEAD_START + 3), search("b", 5), search("c", 1)]))
    assert found == "a" * HEAD_START + "ababab" + "bb" + "c"
    begun = dovetailed([search("a", 1), lambda: pytest.fail("begun too soon")])
    assert next(begun) == "a"


def test_of_two_edits_those_are_likely_that_are_both_likely():
    assert list(likeliest(4)) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert list(likeliest(1)) == list(likeliest(0)) == []


def test_edited_code_says_the_lines_of_the_file(tmp_path):
    """However few lines its text has in the message: a trace is held against the file."""
    text = "# a remark\n\ndef f(x):\n    # and another\n    y = (x +\n         1)\n\n    return y.foo\n"
    edit = next(edit for edit in tried(tmp_path, text) if edit.change() == ("y = x + 1", "y = x - 1"))
    (message,) = together((edit,), on_lines=True)
    code = compile(on_lines("\n".join(message["source"]), message["lines"]), "made.py", "exec").co_consts[0]
    assert {line for *_, line in code.co_lines() if line} == {3, 5, 8}
    assert "lines" not in together((edit,))[0]


# --- loops that an edit has made endless ----------------------------------------------------------------------------

LOOPS = """
def f(n):
    seen, i = [], 0
    while i < n:
        i += 1
        if i == 3:
            continue
        if i == 7:
            break
        j = 0
        while j < 2:
            j += 1
            seen.append((i, j))
    while i > 100:
        i -= 1
    else:
        seen.append("else")
    return seen
"""


def defined(text):
    names = {}
    exec(compile(bounded(text), "made.py", "exec"), names)
    return names["f"]


def test_a_loop_that_is_given_an_end_does_what_it_did():
    names = {}
    exec(LOOPS, names)
    assert [defined(LOOPS)(n) for n in range(12)] == [names["f"](n) for n in range(12)]


def test_a_while_loop_in_edited_code_ends_by_its_turns():
    loop = "def f(n):\n    i = 0\n    while i < n:\n        i += 1\n    return i\n"
    assert defined(loop)(limits.REPAIR_TURNS - 1) == limits.REPAIR_TURNS - 1
    with pytest.raises(RuntimeError, match="a loop without an end"):
        defined(loop.replace("i += 1", "i += 0"))(1)
    with pytest.raises(RuntimeError, match="a loop without an end"):
        defined("def f():\n    while True:\n        pass\n")()
