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
    "weights that take turns from pixel to pixel": (
        "noising.add_noise",
        """
        def add_noise(x0, noise, t, alphas_cumprod):
            a = torch.as_tensor(alphas_cumprod[t]).reshape(-1)
            a = a.repeat(x0.numel() // len(a)).reshape(x0.shape)
            return a.sqrt() * x0 + (1 - a).sqrt() * noise
        """,
        ["the weights take turns from pixel to pixel, and do not stay with their sample"],
        [UNEXPLAINED],
    ),
    "a table that is always in float32": (
        "noising.cumulative_alphas",
        """
        def cumulative_alphas(betas):
            out, kept = [], 1.0
            for b in betas.tolist():
                kept *= 1.0 - b
                out.append(kept)
            return torch.tensor(out)
        """,
        ["the result has the wrong dtype", "right to about 7 digits"],
        ["nothing else is wrong", UNEXPLAINED],
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
    "clipped in every step but the last": (
        "ddpm.sample_ddpm",
        """
        def sample_ddpm(eps_model, x_T, timesteps, alphas_cumprod, noise_fn=torch.randn_like, clip_x0=False):
            x = x_T
            for t, s in zip(timesteps, [*timesteps[1:], -1]):
                a = alphas_cumprod[t]
                x0 = (x - (1 - a).sqrt() * eps_model(x, t)) / a.sqrt()
                if s < 0:
                    return x0
                x0 = x0.clamp(-1, 1) if clip_x0 else x0
                b = alphas_cumprod[s]
                beta = 1 - a / b
                mean = b.sqrt() * beta / (1 - a) * x0 + (1 - beta).sqrt() * (1 - b) / (1 - a) * x
                x = mean + (beta * (1 - b) / (1 - a)).sqrt() * noise_fn(x)
        """,
        ["In the last step clip_x0 has no effect"],
        [UNEXPLAINED],
    ),
    "clipped after it is scaled": (
        "ddim.sample_ddim",
        """
        def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
            x = x_T
            for t, s in zip(timesteps, [*timesteps[1:], -1]):
                a, b = alphas_cumprod[t], alphas_cumprod[s] if s >= 0 else alphas_cumprod.new_ones(())
                eps = eps_model(x, t)
                scaled = b.sqrt() * (x - (1 - a).sqrt() * eps) / a.sqrt()
                scaled = scaled.clamp(-1, 1) if clip_x0 else scaled
                sigma = eta * ((1 - b) / (1 - a) * (1 - a / b)).sqrt()
                x = scaled + (1 - b - sigma**2).clamp(min=0).sqrt() * eps
                x = x + sigma * noise_fn(x) if s >= 0 and eta else x
            return x
        """,
        ["the term √ᾱ_prev·x0 is cut off"],
        [UNEXPLAINED],
    ),
    "the starting noise in the first step": (
        "editing.sdedit",
        """
        def sdedit(eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
            chain = timesteps[start:]
            x = alphas_cumprod[chain[0]].sqrt() * image + (1 - alphas_cumprod[chain[0]]).sqrt() * noise
            drawn = noise
            for t, s in zip(chain, [*chain[1:], -1]):
                a = alphas_cumprod[t]
                x0 = (x - (1 - a).sqrt() * eps_model(x, t)) / a.sqrt()
                if s < 0:
                    return x0
                b = alphas_cumprod[s]
                beta = 1 - a / b
                mean = b.sqrt() * beta / (1 - a) * x0 + (1 - beta).sqrt() * (1 - b) / (1 - a) * x
                x = mean + (beta * (1 - b) / (1 - a)).sqrt() * drawn
                drawn = noise_fn(x)
        """,
        ["In the first step the noise that the chain starts with is used again"],
        [UNEXPLAINED],
    ),
    "the known part put into the estimate": (
        "editing.inpaint",
        """
        def inpaint(eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=torch.randn_like):
            x = x_T
            for t, s in zip(timesteps, [*timesteps[1:], -1]):
                a = alphas_cumprod[t]
                x0 = (x - (1 - a).sqrt() * eps_model(x, t)) / a.sqrt()
                x0 = edit_mask * x0 + (1 - edit_mask) * x_orig
                if s < 0:
                    return x0
                b = alphas_cumprod[s]
                beta = 1 - a / b
                mean = b.sqrt() * beta / (1 - a) * x0 + (1 - beta).sqrt() * (1 - b) / (1 - a) * x
                x = mean + (beta * (1 - b) / (1 - a)).sqrt() * noise_fn(x)
        """,
        ["The known part is put into the estimate of the clean image before each step"],
        [UNEXPLAINED],
    ),
    "a kernel of integrals": (
        "illusions.gaussian_kernel1d",
        """
        def gaussian_kernel1d(kernel_size=33, sigma=2.0):
            edges = (torch.arange(kernel_size + 1, dtype=torch.float64) - kernel_size / 2) / (sigma * 2**0.5)
            taps = torch.erf(edges).diff()
            return taps / taps.sum()
        """,
        ["the Gaussian's integral over its pixel"],
        [UNEXPLAINED],
    ),
    "a border without weight": (
        "illusions.lowpass",
        """
        def lowpass(x, kernel_size=33, sigma=2.0):
            d = torch.arange(kernel_size, dtype=x.dtype) - kernel_size // 2
            k = torch.exp(-(d**2) / (2 * sigma**2))
            k = torch.outer(k, k)[None, None] / k.sum() ** 2

            def blur(z):
                return F.conv2d(z.flatten(0, 1)[:, None], k, padding=kernel_size // 2).view(z.shape)

            return blur(x) / blur(torch.ones_like(x))
        """,
        ["at the edges the mean is taken over the pixels inside alone"],
        [UNEXPLAINED],
    ),
    "one of two blurs by default": (
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
            return low(far, kernel_size, sigma) + near - low(near, kernel_size)
        """,
        ["blurred with the default sigma"],
        [UNEXPLAINED],
    ),
    "two mistakes in R1": (
        "gan_losses.r1_penalty",
        """
        def r1_penalty(real_images, real_logits, gamma):
            (g,) = torch.autograd.grad(real_logits.sigmoid().sum(), real_images, create_graph=True)
            return gamma / 2 * g.flatten(1).norm(dim=1).mean() ** 2
        """,
        ["the square of the norms' sum of sigmoid(D)"],
        [UNEXPLAINED],
    ),
    "zeros past autograd": (
        "augment.rand_cutout",
        """
        def rand_cutout(x, ratio_range=(0.25, 0.5), generator=None):
            y = x * 1.0
            B, _, H, W = x.shape
            for b in range(B):
                u = torch.rand(4, generator=generator).tolist()
                low, high = ratio_range
                sides = []
                for pixels, r in ((H, u[0]), (W, u[1])):
                    first, last = max(round(low * pixels), 1), max(round(high * pixels), 1)
                    sides.append(first + int(r * (last - first + 1)))
                top, left = int(u[2] * (H - sides[0] + 1)), int(u[3] * (W - sides[1] + 1))
                y.data[b, :, top : top + sides[0], left : left + sides[1]] = 0
            return y
        """,
        ["the zeros were written past autograd"],
        [UNEXPLAINED],
    ),
    "cut off for rounded down": (
        "bells.warp",
        """
        def warp(image, flow):
            B, C, H, W = image.shape
            y = torch.arange(H, dtype=image.dtype)[:, None] + flow[:, 0]
            x = torch.arange(W, dtype=image.dtype) + flow[:, 1]
            y0, x0 = y.detach().long(), x.detach().long()
            fy, fx = (y - y0)[:, None], (x - x0)[:, None]

            def at(rows, columns):
                index = rows.clamp(0, H - 1) * W + columns.clamp(0, W - 1)
                return image.flatten(2).gather(2, index.view(B, 1, -1).expand(-1, C, -1)).view(image.shape)

            above = (1 - fx) * at(y0, x0) + fx * at(y0, x0 + 1)
            return (1 - fy) * above + fy * ((1 - fx) * at(y0 + 1, x0) + fx * at(y0 + 1, x0 + 1))
        """,
        ["found by cutting off"],
        [UNEXPLAINED],
    ),
    "a velocity that is divided by what is left": (
        "flow.flow_loss",
        """
        def flow_loss(model, x0, x1, t):
            s = t.to(x0).reshape(-1, 1, 1, 1)
            x_t = (1 - s) * x0 + s * x1
            return F.mse_loss(model(x_t, t), (x1 - x_t) / (1 - s).clamp(min=1e-3))
        """,
        ["(x1 − x_t)/(1 − t) with 1 − t kept away from 0"],
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
        ["gamma/2 times the square of the mean norm"],
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
    "a default and a formula": (
        "noising.scaled_linear_betas",
        """
        def scaled_linear_betas(num_train_steps=1000, beta_start=0.0015, beta_end=0.012):
            low, high = beta_start**0.5, beta_end**0.5
            i = torch.arange(num_train_steps, dtype=torch.float64)
            return (low + (high - low) * i / num_train_steps) ** 2
        """,
        ["Without beta_start it is 0.0015: that is not its default", "the last end is missing"],
        [UNEXPLAINED],
    ),
    "a grid made for another sampler": (
        "bells.warp",
        """
        def warp(image, flow):
            (n, _, h, w), (down, right) = image.shape, flow.unbind(1)
            grid = F.affine_grid(torch.eye(2, 3, dtype=image.dtype).expand(n, 2, 3), list(image.shape))
            moved = torch.stack((right * 2 / (w - 1), down * 2 / (h - 1)), dim=-1)
            return F.grid_sample(image, grid + moved, padding_mode="border", align_corners=True)
        """,
        ["the grid is one for align_corners=False", "flow and sampler are for True"],
        [UNEXPLAINED],
    ),
    "places that the sampler takes for others": (
        "bells.warp",
        """
        def warp(image, flow):
            h, w = image.shape[2:]
            rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
            y, x = 2 * (rows + flow[:, 0]) / (h - 1) - 1, 2 * (columns + flow[:, 1]) / (w - 1) - 1
            return F.grid_sample(image, torch.stack([y, x], -1), padding_mode="border", align_corners=True)
        """,
        ["the sampler is given y before x: rows and columns have changed places"],
        [UNEXPLAINED, "the flow"],
    ),
    "a size where the size less one belongs": (
        "bells.warp",
        """
        def warp(image, flow):
            h, w = image.shape[2:]
            rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
            y, x = 2 * (rows + flow[:, 0]) / h - 1, 2 * (columns + flow[:, 1]) / w - 1
            return F.grid_sample(image, torch.stack([x, y], -1), padding_mode="border", align_corners=True)
        """,
        ["the places are divided by the image's size where size − 1 belongs"],
        [UNEXPLAINED, "the flow"],
    ),
    "a root of a root": (
        "ddpm.posterior_step",
        """
        def posterior_step(x_t, x0, noise, t, t_prev, alphas_cumprod):
            now = alphas_cumprod[t]
            before = alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(now)
            beta = 1 - now / before
            mean = before.sqrt() * beta / (1 - now) * x0 + (now / before).sqrt() * (1 - before) / (1 - now) * x_t
            std = (beta * (1 - before) / (1 - now)).sqrt()
            return mean + std.sqrt() * noise
        """,
        ["Your weight of noise is", "a square root too many"],
        [UNEXPLAINED, "a factor", "does not belong"],
    ),
    "two logits in one function": (
        "gan_losses.discriminator_loss",
        """
        def discriminator_loss(real_logits, fake_logits):
            return -F.logsigmoid(real_logits - fake_logits).mean()
        """,
        ["relativistic"],
        [UNEXPLAINED],
    ),
    "written into x0, and a root too early": (
        "noising.add_noise",
        """
        def add_noise(x0, noise, t, alphas_cumprod):
            level = alphas_cumprod[t]
            signal = (level.reshape(-1, 1, 1, 1) if torch.is_tensor(t) else level).sqrt()
            x0 *= signal
            return x0 + (1 - signal) * noise
        """,
        ["Your weight of noise is 1 − √ᾱ_t", "x0 changed in place"],
        [UNEXPLAINED],
    ),
    "a way around what is known": (
        "ddpm.predict_x0",
        """
        def predict_x0(x_t, eps, t, alphas_cumprod):
            level = alphas_cumprod[t]
            level = level.reshape(-1, 1, 1, 1) if torch.is_tensor(t) else level
            return (1 / level).sqrt() * x_t - ((1 / level).sqrt() - 1) * eps
        """,
        ["the root is taken of each term by itself"],
        [UNEXPLAINED, "where:"],
    ),
    "a critic's loss": (
        "gan_losses.generator_loss",
        """
        def generator_loss(fake_logits):
            return -fake_logits.mean()
        """,
        ["the mean over the batch of fake_logits of −u"],
        [UNEXPLAINED, "that fit all results"],
    ),
    "three channels of more": (
        "guidance.guided_eps",
        """
        def guided_eps(model, x_t, t, cond, null_cond, scale):
            out = model(torch.cat([x_t, x_t]), t, torch.cat([cond, null_cond]))
            with_prompt, without = out[:, :3].chunk(2)
            return torch.cat([without + scale * (with_prompt - without), out[: len(x_t), 3:]], dim=1)
        """,
        ["Only the first three channels are guided"],
        [UNEXPLAINED],
    ),
    "nothing handed on": (
        "illusions.hybrid_eps",
        """
        def lowpass(x, kernel_size=33, sigma=2.0):
            at = torch.arange(kernel_size, dtype=x.dtype) - (kernel_size - 1) / 2
            taps = torch.exp(-at.square() / (2 * sigma**2))
            taps, c, p = (taps / taps.sum()).expand(x.shape[1], 1, -1), x.shape[1], kernel_size // 2
            x = F.pad(x, (p, p, p, p), mode="reflect")
            return F.conv2d(F.conv2d(x, taps[..., None], groups=c), taps[:, :, None], groups=c)

        def highpass(x, kernel_size=33, sigma=2.0):
            return x - lowpass(x, kernel_size, sigma)

        def hybrid_eps(model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0):
            return lowpass(model(x_t, t, cond_low), kernel_size, sigma) + highpass(model(x_t, t, cond_high))
        """,
        ["arguments are not handed on; nothing else is wrong"],
        [UNEXPLAINED],
    ),
    "a weight on the sum of both terms": (
        "bells.encoder_loss",
        """
        def encoder_loss(encoder, generator_fn, latent, latent_weight=1.0, image_weight=1.0):
            latent = latent.detach()
            image = generator_fn(latent).detach()
            guess = encoder(image)
            both = F.mse_loss(guess, latent) + image_weight * F.mse_loss(generator_fn(guess), image)
            return latent_weight * both
        """,
        ["the image's term is multiplied by latent_weight as well"],
        [UNEXPLAINED],
    ),
    "a weight that is squared": (
        "bells.encoder_loss",
        """
        def encoder_loss(encoder, generator_fn, latent, latent_weight=1.0, image_weight=1.0):
            latent = latent.detach()
            image = generator_fn(latent).detach()
            guess = encoder(image)
            images = F.mse_loss(image_weight * generator_fn(guess), image_weight * image)
            return latent_weight * F.mse_loss(guess, latent) + images
        """,
        ["Here image_weight is squared"],
        ["latent_weight as well", UNEXPLAINED],
    ),
    "one weight for each sample, shaped for an image": (
        "distillation.sds_weight",
        """
        def sds_weight(t, alphas_cumprod):
            if isinstance(t, torch.Tensor):
                return (1 - alphas_cumprod[t]).view(-1, 1, 1, 1)
            return 1 - alphas_cumprod[t]
        """,
        ["the wrong shape", "line 5 (a case is treated apart that should not be)", "line 6 (a call is one too many)"],
        ["condition decides wrongly", UNEXPLAINED],
    ),
    "the batch turned round for the image": (
        "illusions.anagram_eps",
        """
        def anagram_eps(model, x_t, t, cond_upright, cond_flipped):
            down = torch.flipud(model(torch.flipud(x_t), t, cond_flipped))
            return 0.5 * model(x_t, t, cond_upright) + 0.5 * down
        """,
        ["with the samples of the batch in reverse order"],
        [UNEXPLAINED],
    ),
    "layers of unequal size averaged together": (
        "inversion.perceptual_loss",
        """
        def perceptual_loss(pred, target, features_fn):
            with torch.no_grad():
                wanted = features_fn(target)
            squares = [(x - y).square().flatten() for x, y in zip(features_fn(pred), wanted)]
            return len(squares) * torch.cat(squares).mean()
        """,
        ["all features are averaged together and multiplied by the number of layers"],
        [UNEXPLAINED],
    ),
    "a cached table that is clipped in place": (
        "noising.cosine_betas",
        """
        import functools, math

        @functools.lru_cache
        def table(T, s):
            f = torch.cos((torch.arange(T + 1, dtype=torch.float64) / T + s) / (1 + s) * math.pi / 2) ** 2
            return 1 - f[1:] / f[:-1]

        def cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999):
            betas = table(num_train_steps, offset)
            return betas.clamp_(max=max_beta)
        """,
        ["line 13: what is changed in place is still needed as it was: a copy is missing"],
        ["a call is missing", UNEXPLAINED],
    ),
    "who is kept, one by one, beside a batch in halves": (
        "flow.guided_velocity",
        """
        def guided_velocity(model, x_t, labels, t, scale):
            keep = torch.tensor([1.0, 0.0]).to(x_t).repeat(len(x_t))
            halves = model(torch.cat([x_t] * 2), torch.cat([labels] * 2), torch.cat([t] * 2), keep)
            with_class, without = halves.chunk(2)
            return without + scale * (with_class - without)
        """,
        ["keep goes 1 0 1 0"],
        [UNEXPLAINED],
    ),
    "a table kept for another schedule": (
        "noising.add_noise",
        """
        tables = {}

        def add_noise(x0, noise, t, alphas_cumprod):
            if len(alphas_cumprod) not in tables:
                tables[len(alphas_cumprod)] = alphas_cumprod.double()
            a = tables[len(alphas_cumprod)][t].to(x0.dtype)
            a = a.reshape(-1, 1, 1, 1)
            return a.sqrt() * x0 + (1 - a).sqrt() * noise
        """,
        ["Something is kept from call to call and used again"],
        [UNEXPLAINED],
    ),
    "half of the offset, and the bound on the last beta": (
        "noising.cosine_betas",
        """
        import math

        def cosine_betas(num_train_steps=1000, offset=0.008, max_beta=0.999):
            u = torch.arange(num_train_steps + 1, dtype=torch.float64) / num_train_steps
            f = torch.cos((u + offset) / (1 + 0.008) * math.pi / 2) ** 2
            betas = 1 - f[1:] / f[:-1]
            betas[-1] = min(float(betas[-1]), max_beta)
            return betas
        """,
        ["the offset in the denominator is always 0.008", "max_beta bounds the last beta alone"],
        [UNEXPLAINED],
    ),
    "eased frames towards one latent": (
        "latents.interpolate",
        """
        def interpolate(latent_a, latent_b, num_frames):
            u = torch.linspace(0, 1, num_frames, dtype=latent_a.dtype)
            u = (3 * u**2 - 2 * u**3).reshape(-1, *[1] * latent_a.ndim)
            return (1 - u) * latent_a + u * latent_b[:1]
        """,
        ["the first sample's latent_b is taken for all", "3θ² − 2θ³"],
        [UNEXPLAINED],
    ),
    "a mean of two means": (
        "unet.class_ddpm_loss",
        """
        def class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep):
            a = alphas_cumprod[t].reshape(-1, 1, 1, 1)
            x_t = a.sqrt() * x0 + (1 - a).sqrt() * noise
            errors = (model(x_t, labels, t / len(alphas_cumprod), keep) - noise).square().flatten(1).mean(1)
            groups = [errors[keep == value] for value in (0, 1)]
            return torch.stack([group.mean() for group in groups if len(group)]).mean()
        """,
        ["the means of the kept and of the dropped samples are averaged"],
        [UNEXPLAINED],
    ),
    "rows of the doubled batch taken in turns": (
        "guidance.guided_eps",
        """
        def guided_eps(model, x_t, t, cond, null_cond, scale):
            both = model(torch.cat([x_t, x_t]), t, torch.cat([null_cond, cond]))
            without, with_cond = both[0::2], both[1::2]
            return without + scale * (with_cond - without)
        """,
        ["taken apart at the wrong place"],
        ["channels", UNEXPLAINED],
    ),
    "labels in turns, images one batch after the other": (
        "flow.guided_velocity",
        """
        def guided_velocity(model, x_t, labels, t, scale):
            keep = torch.cat([torch.ones(len(x_t)), torch.zeros(len(x_t))]).to(x_t)
            v = model(torch.cat([x_t, x_t]), labels.repeat_interleave(2), t.repeat_interleave(2), keep)
            v_c, v_u = v.chunk(2)
            return v_u + scale * (v_c - v_u)
        """,
        ["label and time of the first half of 1, 1, 2, 2, … instead of its own"],
        [UNEXPLAINED],
    ),
    "colours and their negatives": (
        "inversion.scribble_loss",
        """
        def scribble_loss(image, sketch, mask):
            return ((mask * image).abs() - (mask * sketch).abs()).abs().sum() / len(image)
        """,
        ["the difference of the absolute values"],
        [UNEXPLAINED],
    ),
    "the first stride everywhere, the last step to the clean image": (
        "ddim.sample_ddim",
        """
        def sample_ddim(eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=torch.randn_like, clip_x0=False):
            stride = timesteps[0] - timesteps[1] if len(timesteps) > 1 else timesteps[0] + 1
            x = x_T
            for t in timesteps:
                t_prev = -1 if t == timesteps[-1] else max(t - stride, 0)
                a, e = alphas_cumprod[t], eps_model(x, t)
                b = alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(a)
                x0 = (x - (1 - a).sqrt() * e) / a.sqrt()
                x0 = x0.clamp(-1, 1) if clip_x0 else x0
                sigma = eta * ((1 - b) / (1 - a) * (1 - a / b)).clamp(min=0).sqrt()
                x = b.sqrt() * x0 + (1 - b - sigma**2).clamp(min=0).sqrt() * e + sigma * noise_fn(x)
            return x
        """,
        ["The distance between timesteps is taken to be that of the first two"],
        [UNEXPLAINED],
    ),
    "every timestep from 1 on": (
        "noising.strided_timesteps",
        """
        def strided_timesteps(num_train_steps, num_inference_steps):
            return [int(t) for t in reversed(torch.arange(1, num_train_steps, num_train_steps // num_inference_steps))]
        """,
        ["the timesteps begin at 1, and every one below T is taken"],
        [UNEXPLAINED],
    ),
    "points for steps": (
        "flow.sample_flow",
        """
        @torch.no_grad()
        def sample_flow(v_model, x0, num_steps=50):
            x, delta = x0, 1 / max(num_steps - 1, 1)
            for t in torch.linspace(0, 1, num_steps, dtype=x0.dtype):
                x = x + delta * v_model(x, t.expand(len(x)))
            return x
        """,
        ["the times run from 0 to 1 with both ends", "each step is 1/(S − 1) long"],
        [UNEXPLAINED],
    ),
    "a first step of length 0": (
        "flow.sample_flow",
        """
        @torch.no_grad()
        def sample_flow(v_model, x0, num_steps=50):
            x, times = x0, torch.linspace(0, 1, num_steps + 1, dtype=x0.dtype)
            before = times[0]
            for t in times[:-1]:
                x = x + (t - before) * v_model(x, t.expand(len(x)))
                before = t
            return x
        """,
        ["the first step leads nowhere"],
        [UNEXPLAINED],
    ),
    "a graph that is kept": (
        "dps.sample_dps",
        """
        def sample_dps(
            eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=torch.randn_like
        ):
            x = x_T
            for t, t_prev in zip(timesteps, [*timesteps[1:], -1]):
                x_t = x.requires_grad_() if x.is_leaf else x
                a = alphas_cumprod[t]
                b = alphas_cumprod[t_prev] if t_prev >= 0 else torch.ones_like(a)
                eps = eps_model(x_t, t)
                x0 = (x_t - (1 - a).sqrt() * eps) / a.sqrt()
                (g,) = torch.autograd.grad((measurement - operator(x0)).norm(), x_t, retain_graph=True)
                sigma = eta * ((1 - b) / (1 - a) * (1 - a / b)).clamp(min=0).sqrt()
                x = b.sqrt() * x0 + (1 - b - sigma**2).clamp(min=0).sqrt() * eps + sigma * noise_fn(x_t.detach())
                x = x - scale * g
            return x.detach()
        """,
        ["the graph of earlier steps is kept"],
        [UNEXPLAINED],
    ),
    "differences that cancel on a diagonal": (
        "bells.soft_edges",
        """
        def soft_edges(image, epsilon=1e-3):
            x = F.pad(image.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
            across, down = x[:, :, 1:-1, 2:] - x[:, :, 1:-1, :-2], x[:, :, 2:, 1:-1] - x[:, :, :-2, 1:-1]
            return ((across + down).square() / 16 + epsilon**2).sqrt() - epsilon
        """,
        ["an edge along a diagonal is not seen"],
        [],
    ),
    "mended where it is not wrong": (
        "guidance.classifier_free_guidance",
        """
        def classifier_free_guidance(eps_uncond, eps_cond, scale):
            weight = scale
            return weight * eps_uncond + (1 - weight) * eps_cond
        """,
        ["The weights of eps_uncond and eps_cond are exchanged", "put right there, it passes every check"],
        ["nothing else is wrong", UNEXPLAINED],
    ),
    "names that are exchanged": (
        "guidance.classifier_free_guidance",
        """
        def classifier_free_guidance(eps_cond, eps_uncond, scale):
            return eps_cond + scale * (eps_uncond - eps_cond)
        """,
        ["eps_uncond and eps_cond are called by each other's name"],
        [UNEXPLAINED],
    ),
    "a network of one size": (
        "unet.TimeConditionalUNet",
        (PLAIN / "unet.py").read_text(encoding="utf-8")
        + """

class TimeConditionalUNet(TimeConditionalUNet):
    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__(in_channels, 64)
""",
        ["num_hiddens = 32 makes the network no smaller"],
        [UNEXPLAINED],
    ),
}


@pytest.mark.parametrize("drawn", ["torch.rand(len(x))", "torch.rand(len(x), generator=self.dice)"])
def test_a_network_that_drops_classes_while_it_is_trained(grade, hand_in, drawn):
    code = (PLAIN / "unet.py").read_text(encoding="utf-8") + textwrap.dedent(
        f"""

        class ClassConditionalUNet(ClassConditionalUNet):
            dice = torch.Generator().manual_seed(0)

            def forward(self, x, c, t, keep=None):
                keep = torch.ones_like(t) if keep is None else keep
                return super().forward(x, c, t, keep * ({drawn} > 0.1).to(t) if self.training else keep)
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


KEPT = {  # the key of the cache: what of the arguments it forgets
    "noising.linear_betas": "num_train_steps=1000, beta_start=0.0001, beta_end=0.02 -> num_train_steps",
    "noising.cosine_betas": "num_train_steps=1000, offset=0.008, max_beta=0.999 -> num_train_steps, offset",
    "illusions.gaussian_kernel1d": "kernel_size=33, sigma=2.0 -> kernel_size",
    "ddpm.posterior_variance": "t, t_prev, alphas_cumprod -> t, t_prev",
    "ddim.ddim_sigma": "t, t_prev, alphas_cumprod, eta -> t, t_prev, len(alphas_cumprod)",
    "noising.strided_timesteps": "num_train_steps, num_inference_steps -> num_train_steps",
}


@pytest.mark.parametrize("task", KEPT)
def test_a_table_that_is_kept_by_a_part_of_what_it_is_made_of(task, grade, hand_in):
    module, name = task.split(".")
    signature, key = KEPT[task].split(" -> ")
    names = ", ".join(one.split("=")[0] for one in signature.split(", "))
    source = f"""
    from {module} import {name} as _right

    _kept = {{}}

    def {module}_{name}({signature}):
        key = ({key},)
        if key not in _kept:
            _kept[key] = _right({names})
        return _kept[key]
    """
    verdict = grade(hand_in(on_top_of=PLAIN, adapters=textwrap.dedent(source)), [task])[task]
    assert verdict.outcome == FAILED
    assert "is kept from call to call and used again" in told(verdict)


NOT_KEPT = {  # task, source: another thing is wrong than what is kept from call to call
    "right but now and then": (
        "ddpm.predict_x0",
        """
        import random

        def predict_x0(x_t, eps, t, alphas_cumprod):
            a = alphas_cumprod[t].reshape(-1, 1, 1, 1)
            x0 = (x_t - (1 - a).sqrt() * eps) / a.sqrt()
            return x0 if random.random() < 0.5 else 1.01 * x0
        """,
    ),
    "memory that was never written": (
        "noising.add_noise",
        """
        def add_noise(x0, noise, t, alphas_cumprod):
            a = alphas_cumprod[t].reshape(-1, 1, 1, 1)
            x_t = torch.empty_like(x0)
            x_t += a.sqrt() * x0 + (1 - a).sqrt() * noise
            return x_t
        """,
    ),
}


@pytest.mark.parametrize("what", NOT_KEPT)
def test_what_is_right_now_and_then_is_not_said_to_be_kept(what, grade, hand_in):
    task, source = NOT_KEPT[what]
    code = "import torch\n" + textwrap.dedent(source)
    verdict = grade(hand_in(**{task.split(".")[0]: code}), [task])[task]
    assert verdict.outcome == FAILED
    assert "is kept from call to call and used again" not in told(verdict)
