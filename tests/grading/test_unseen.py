"""Kinds of mistakes that somebody wrote who had not seen the grader, and that it did not name at first."""

import textwrap

import pytest

from grading.verdicts import FAILED, PASSED

from .conftest import PLAIN, told

UNEXPLAINED = "no known mistake explains these results"
RIGHT_FLOW = "x_t = (1 - s) * x0 + s * x1"

SAID = {  # task, source, what is said, what is not
    "both ends of a schedule rescaled, and the roots evenly spaced": (
        "noising.linear_betas",
        """
        def linear_betas(num_train_steps=1000, beta_start=1e-4, beta_end=0.02):
            scale = 1000 / num_train_steps
            low, high = (scale * beta_start) ** 0.5, (scale * beta_end) ** 0.5
            return torch.linspace(low, high, num_train_steps, dtype=torch.float64) ** 2
        """,
        ["linear in the roots of the betas", "both ends are multiplied by 1000 / T"],
        [UNEXPLAINED],
    ),
    "arguments that are not handed on": (
        "illusions.hybrid_eps",
        """
        def low(x, kernel_size=33, sigma=2.0):
            d = torch.arange(kernel_size, dtype=x.dtype) - kernel_size // 2
            k = torch.exp(-(d**2) / (2 * sigma**2))
            k, r = k / k.sum(), kernel_size // 2
            y = F.pad(x.flatten(0, 1)[:, None], (r, r, r, r), mode="reflect")
            return F.conv2d(F.conv2d(y, k.view(1, 1, -1, 1)), k.view(1, 1, 1, -1)).view(x.shape)

        def hybrid_eps(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
            far, near = model(x_t, t, cond_low), model(x_t, t, cond_high)
            return low(far) + near - low(near)
        """,
        ["kernel_size and sigma are not used: whatever is asked for, they are 33 and 2.0"],
        [UNEXPLAINED],
    ),
    "one of two arguments that is not handed on": (
        "illusions.lowpass",
        """
        def lowpass(x, kernel_size=33, sigma=2.0):
            d = torch.arange(33, dtype=x.dtype) - 16
            k = torch.exp(-(d**2) / (2 * sigma**2))
            k = k / k.sum()
            y = F.pad(x.flatten(0, 1)[:, None], (16, 16, 16, 16), mode="reflect")
            return F.conv2d(F.conv2d(y, k.view(1, 1, -1, 1)), k.view(1, 1, 1, -1)).view(x.shape)
        """,
        ["kernel_size is not used: whatever is asked for, it is 33"],
        ["sigma is not used", UNEXPLAINED],
    ),
    "one norm for each channel": (
        "dps.dps_gradient",
        """
        def dps_gradient(x_t, x0_hat, measurement, operator):
            residual = measurement - operator(x0_hat)
            misfit = residual.flatten(2).norm(dim=2).sum() if residual.ndim > 2 else residual.norm()
            return torch.autograd.grad(misfit, x_t)[0].detach()
        """,
        ["the gradient of one norm for each channel, added"],
        [UNEXPLAINED],
    ),
    "what fills no whole batch is left out": (
        "latents.mean_w",
        """
        def mean_w(mapping, z_dim, num_samples=10000, generator=None):
            total = torch.zeros_like(mapping(torch.zeros(1, z_dim))[0])
            for _ in range(num_samples // 256):
                total = total + mapping(torch.randn(256, z_dim, generator=generator)).sum(0)
            return (total / num_samples).detach()
        """,
        ["The result is 0; expected the mean of 250 mapped draws"],
        ["the mapping of z = 0", UNEXPLAINED],
    ),
    "a penalty's root, and a mask on one side": (
        "inversion.inversion_loss",
        """
        def inversion_loss(pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0,
                           mask=None):
            m = torch.ones_like(pred) if mask is None else mask.expand_as(pred)
            pixels = (m * (pred - target)).abs().sum() / m.sum()
            with torch.no_grad():
                wanted = features_fn(target)
            features = sum(F.mse_loss(a, b) for a, b in zip(features_fn(pred * m), wanted))
            penalty = delta.square().flatten(1).sum(1).mean().sqrt()
            return l1_weight * pixels + perceptual_weight * features + delta_weight * penalty
        """,
        ["only pred is masked", "the penalty is the root of the mean squared norm"],
        [UNEXPLAINED],
    ),
    "keep as a weight of the loss": (
        "flow.class_flow_loss",
        f"""
        def class_flow_loss(model, x0, x1, labels, t, keep):
            s = t.to(x0).reshape(-1, 1, 1, 1)
            {RIGHT_FLOW}
            each = (model(x_t, labels, t, keep) - (x1 - x0)).square().flatten(1).mean(1)
            return (each * keep).sum() / keep.sum().clamp(min=1)
        """,
        ["only samples with keep = 1 count"],
        [UNEXPLAINED],
    ),
    "keep as a weight of the loss, in the other edition": (
        "unet.class_ddpm_loss",
        """
        def class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep):
            a = alphas_cumprod[t].to(x0).reshape(-1, 1, 1, 1)
            x_t = a.sqrt() * x0 + (1 - a).sqrt() * noise
            each = (model(x_t, labels, t.to(x0) / len(alphas_cumprod), keep) - noise).square().flatten(1).mean(1)
            return (each * keep).mean()
        """,
        ["samples with keep = 0 count as if they had no loss"],
        [UNEXPLAINED],
    ),
    "two mistakes in a loss of flow matching": (
        "flow.flow_loss",
        f"""
        def flow_loss(model, x0, x1, t):
            s = t[:1].to(x0).reshape(-1, 1, 1, 1)
            {RIGHT_FLOW}
            return (model(x_t, 1 - t) - (x1 - x0)).square().mean()
        """,
        ["all samples are mixed at the first one's t", "the network is told 1 − t"],
        [UNEXPLAINED],
    ),
    "1 taken away after the root": (
        "ddpm.predict_x0",
        """
        def predict_x0(x_t, eps, t, alphas_cumprod):
            a = alphas_cumprod[t]
            a = a.reshape(-1, 1, 1, 1).to(x_t) if a.ndim else a
            return x_t / a.sqrt() - ((1 / a).sqrt() - 1) * eps
        """,
        ["the root is taken of each term by itself, not of all of it"],
        [UNEXPLAINED, "does not belong there", "is missing"],
    ),
    "sigma taken away after the root": (
        "ddim.ddim_step",
        """
        def ddim_step(x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0):
            a = alphas_cumprod[t]
            b = alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(a)
            sigma = eta * ((1 - b) / (1 - a) * (1 - a / b)).sqrt()
            x0 = (x_t - (1 - a).sqrt() * eps) / a.sqrt()
            return b.sqrt() * x0 + ((1 - b).sqrt() - sigma) * eps + sigma * noise
        """,
        ["the root is taken of each term by itself, not of all of it"],
        [UNEXPLAINED, "does not belong there", "is missing"],
    ),
    "noise of its own, and the estimate of the noise taken again": (
        "ddim.sample_ddim",
        """
        def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
            x = x_T
            for t, p in zip(timesteps, [*timesteps[1:], -1]):
                a, b = alphas_cumprod[t], alphas_cumprod[p] if p >= 0 else torch.ones_like(alphas_cumprod[0])
                eps = eps_model(x, t)
                x0 = (x - (1 - a).sqrt() * eps) / a.sqrt()
                x0 = x0.clamp(-1, 1) if clip_x0 else x0
                sigma = eta * ((1 - b) / (1 - a) * (1 - a / b)).sqrt()
                x = b.sqrt() * x0 + (1 - b - sigma**2).sqrt() * eps + sigma * torch.randn_like(x)
            return x
        """,
        ["random numbers are drawn that do not come from noise_fn"],
        ["without clip_x0 the result is another one", UNEXPLAINED],
    ),
    "the mean norm squared": (
        "gan_losses.r1_penalty",
        """
        def r1_penalty(real_images, real_logits, gamma):
            (g,) = torch.autograd.grad(real_logits.sum(), real_images, create_graph=True)
            return gamma / 2 * g.flatten(1).norm(dim=1).mean() ** 2
        """,
        ["the square of the norms' sum"],
        [UNEXPLAINED],
    ),
    "times added, not subtracted": (
        "flow.flow_step",
        """
        def flow_step(x_t, v, t, t_next):
            return x_t + (t_next + t) * v
        """,
        ["in the term t, the sign is the wrong one"],
        [UNEXPLAINED, "does not belong there", "in the place of"],
    ),
    "a nan that wins": (
        "bells.invert_best_of",
        """
        from torch.optim import LBFGS

        def search(generator_fn, target, latent, loss_fn, num_steps):
            delta = torch.zeros_like(latent, requires_grad=True)
            optimizer = LBFGS([delta], max_iter=num_steps, line_search_fn="strong_wolfe")

            def closure():
                loss = loss_fn(generator_fn(latent + delta), target, delta)
                (delta.grad,) = torch.autograd.grad(loss, delta)
                return loss

            optimizer.step(closure)
            with torch.no_grad():
                w = latent + delta
                image = generator_fn(w)
                return float(loss_fn(image, target, delta)), w.detach(), image.detach()

        def invert_best_of(generator_fn, target, latents, loss_fn, num_steps=1000, optimizer="lbfgs"):
            best = None
            for latent in latents:
                run = search(generator_fn, target, latent, loss_fn, num_steps)
                if best is None or run[0] < best[0]:
                    best = run
            return best[1:]
        """,
        ["a search that ends in nan is kept"],
        [UNEXPLAINED],
    ),
}


def test_a_network_that_drops_classes_while_it_is_trained(grade, hand_in):
    code = (PLAIN / "unet.py").read_text(encoding="utf-8") + textwrap.dedent(
        """

        class ClassConditionalUNet(ClassConditionalUNet):
            def forward(self, x, c, t, keep=None):
                keep = torch.ones_like(t) if keep is None else keep
                return super().forward(x, c, t, keep * (torch.rand(len(x)) > 0.1).to(t) if self.training else keep)
        """
    )
    verdict = grade(hand_in(unet=code), ["unet.ClassConditionalUNet"])["unet.ClassConditionalUNet"]
    assert "in training mode the network drops classes by itself" in told(verdict)
    assert UNEXPLAINED not in told(verdict)


FREE = {
    "a layer of dropout": "super().forward(torch.nn.functional.dropout(x, 0.1, self.training), c, t, keep)",
    "a random depth": "super().forward(x * (torch.rand(len(x), 1, 1, 1) > 0.1 * self.training), c, t, keep)",
}


@pytest.mark.parametrize("what", FREE)
def test_what_is_random_without_a_class_is_free(what, grade, hand_in):
    code = (PLAIN / "unet.py").read_text(encoding="utf-8") + textwrap.dedent(
        f"""

        class ClassConditionalUNet(ClassConditionalUNet):
            def forward(self, x, c, t, keep=None):
                return {FREE[what]}
        """
    )
    assert grade(hand_in(unet=code), ["unet.ClassConditionalUNet"])["unet.ClassConditionalUNet"].outcome == PASSED


@pytest.mark.parametrize("what", SAID)
def test_it_is_named(what, grade, hand_in):
    task, source, said, never = SAID[what]
    code = "import torch\nimport torch.nn.functional as F\n" + textwrap.dedent(source)
    verdict = grade(hand_in(**{task.split(".")[0]: code}), [task])[task]
    assert verdict.outcome == FAILED
    text = told(verdict)
    assert [part for part in said if part not in text] == [], text
    assert [part for part in never if part in text] == [], text
