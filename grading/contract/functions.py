"""The graded functions: one record each, in teaching order. Everything else that lists them is derived from here.

A record holds what the contract fixes (module, name, arguments with their defaults) and the few facts about a function
that checks, workers and diagnoses ask for. ``python -m grading contract --check`` says what a record still lacks.
"""

import ast
import difflib
from dataclasses import dataclass
from functools import cache, cached_property


@dataclass(frozen=True)
class Function:
    """One graded function, "module.name", or one graded network."""

    task: str
    signature: str  # the contract's: names, order, defaults
    random: bool = False  # draws numbers of its own, from a generator: no two right answers are alike
    network: bool = False  # a class: it is built and run
    optimises: bool = False  # runs an optimizer; which one, and how far, is partly free
    differentiated: bool = False  # gradients flow through functions among its arguments
    loss: bool = False  # its result is differentiable, and its gradients are compared
    sizes_tied: bool = False  # its images cannot be cut to other sizes, one by one
    open_form: bool = False  # the contract says what holds of its values, and not which they are
    widens: bool = False  # of arguments in float32 it may answer in float64
    forward: str = ""  # what a network is run on: the arguments of its forward()

    @property
    def module(self) -> str:
        return self.task.split(".")[0]

    @property
    def name(self) -> str:
        return self.task.split(".")[1]

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Argument names in the contract's order."""
        return tuple(argument.arg for argument in self._arguments.args)

    @cached_property
    def defaults(self) -> dict[str, str]:
        """The arguments that may be left out, with their defaults as the contract writes them."""
        values = [ast.unparse(value) for value in self._arguments.defaults]
        return dict(zip(self.parameters[len(self.parameters) - len(values) :], values))

    @cached_property
    def _arguments(self) -> ast.arguments:
        definition = ast.parse(f"def f({self.signature}): pass").body[0]
        assert isinstance(definition, ast.FunctionDef)
        return definition.args

    @property
    def exact(self) -> bool:
        """The same arguments have one right answer; such functions have test points and goldens."""
        return not (self.random or self.network or self.optimises or self.open_form)


FUNCTIONS = (
    Function("noising.linear_betas", "num_train_steps=1000, beta_start=0.0001, beta_end=0.02"),
    Function("noising.scaled_linear_betas", "num_train_steps=1000, beta_start=0.00085, beta_end=0.012"),
    Function("noising.cosine_betas", "num_train_steps=1000, offset=0.008, max_beta=0.999"),
    Function("noising.cumulative_alphas", "betas", widens=True),
    Function("noising.strided_timesteps", "num_train_steps, num_inference_steps"),
    Function("noising.add_noise", "x0, noise, t, alphas_cumprod"),
    Function("ddpm.predict_x0", "x_t, eps, t, alphas_cumprod"),
    Function("ddpm.posterior_variance", "t, t_prev, alphas_cumprod"),
    Function("ddpm.posterior_step", "x_t, x0, noise, t, t_prev, alphas_cumprod"),
    Function("ddpm.sample_ddpm", "eps_model, x_T, timesteps, alphas_cumprod, noise_fn=randn_like, clip_x0=False"),
    Function("ddim.ddim_sigma", "t, t_prev, alphas_cumprod, eta"),
    Function("ddim.ddim_step", "x_t, eps, noise, t, t_prev, alphas_cumprod, eta=0.0"),
    Function(
        "ddim.sample_ddim", "eps_model, x_T, timesteps, alphas_cumprod, eta=0.0, noise_fn=randn_like, clip_x0=False"
    ),
    Function("guidance.classifier_free_guidance", "eps_uncond, eps_cond, scale", sizes_tied=True),
    Function("guidance.guided_eps", "model, x_t, t, cond, null_cond, scale", sizes_tied=True),
    Function("editing.sdedit", "eps_model, image, noise, start, timesteps, alphas_cumprod, noise_fn=randn_like"),
    Function("editing.repaint_blend", "x_prev, x_orig, edit_mask, noise, t_prev, alphas_cumprod"),
    Function("editing.inpaint", "eps_model, x_T, x_orig, edit_mask, timesteps, alphas_cumprod, noise_fn=randn_like"),
    Function("illusions.anagram_eps", "model, x_t, t, cond_upright, cond_flipped", sizes_tied=True),
    Function("illusions.gaussian_kernel1d", "kernel_size=33, sigma=2.0", sizes_tied=True),
    Function("illusions.lowpass", "x, kernel_size=33, sigma=2.0", sizes_tied=True),
    Function("illusions.hybrid_eps", "model, x_t, t, cond_low, cond_high, kernel_size=33, sigma=2.0", sizes_tied=True),
    Function("dps.dps_gradient", "x_t, x0_hat, measurement, operator", differentiated=True, sizes_tied=True),
    Function("dps.dps_step", "x_prev, x_t, x0_hat, measurement, operator, scale", differentiated=True, sizes_tied=True),
    Function(
        "dps.sample_dps",
        "eps_model, x_T, measurement, operator, timesteps, alphas_cumprod, scale=0.5, eta=0.0, noise_fn=randn_like",
        differentiated=True,
        sizes_tied=True,
    ),
    Function("distillation.sds_weight", "t, alphas_cumprod", loss=True),
    Function("distillation.sds_residual", "eps_pred, noise, t, alphas_cumprod", loss=True),
    Function("distillation.vsd_residual", "eps_pretrained, eps_lora, t, alphas_cumprod", loss=True),
    Function("distillation.surrogate_loss", "x, residual", loss=True),
    Function("gan_losses.generator_loss", "fake_logits", differentiated=True, loss=True),
    Function("gan_losses.discriminator_loss", "real_logits, fake_logits", differentiated=True, loss=True),
    Function("gan_losses.r1_penalty", "real_images, real_logits, gamma", differentiated=True, loss=True),
    Function("augment.rand_cutout", "x, ratio_range=(0.25, 0.5), generator=None", random=True),
    Function("augment.diff_augment", "x, policy='color,translation,cutout', generator=None", random=True),
    Function("latents.mean_w", "mapping, z_dim, num_samples=10000, generator=None", random=True, sizes_tied=True),
    Function("latents.sample_z", "batch_size, z_dim, from_mean=False, generator=None", random=True, sizes_tied=True),
    Function(
        "latents.sample_w", "mapping, batch_size, z_dim, from_mean=False, generator=None", random=True, sizes_tied=True
    ),
    Function(
        "latents.sample_w_plus",
        "mapping, batch_size, z_dim, num_ws, from_mean=False, generator=None",
        random=True,
        sizes_tied=True,
    ),
    Function("latents.interpolate", "latent_a, latent_b, num_frames", sizes_tied=True),
    Function("inversion.lp_loss", "pred, target, p=1, mask=None", differentiated=True, loss=True),
    Function("inversion.perceptual_loss", "pred, target, features_fn", differentiated=True, loss=True),
    Function("inversion.delta_penalty", "delta", differentiated=True, loss=True),
    Function(
        "inversion.inversion_loss",
        "pred, target, delta, features_fn, l1_weight=10.0, perceptual_weight=0.01, delta_weight=0.0, mask=None",
        differentiated=True,
        loss=True,
    ),
    Function(
        "inversion.invert",
        "generator_fn, target, latent, loss_fn, num_steps=1000, optimizer='lbfgs'",
        differentiated=True,
        optimises=True,
    ),
    Function("inversion.scribble_loss", "image, sketch, mask", differentiated=True, loss=True),
    Function("inversion.gram_matrix", "features", differentiated=True, loss=True),
    Function("unet.UnconditionalUNet", "in_channels=1, num_hiddens=128", network=True, forward="x"),
    Function("unet.TimeConditionalUNet", "in_channels=1, num_hiddens=64", network=True, forward="x t"),
    Function(
        "unet.ClassConditionalUNet",
        "in_channels=1, num_classes=10, num_hiddens=64",
        network=True,
        forward="x c t keep",
    ),
    Function("unet.denoiser_loss", "model, x0, noise, sigma", differentiated=True, loss=True),
    Function("unet.ddpm_loss", "model, x0, noise, t, alphas_cumprod", differentiated=True, loss=True),
    Function(
        "unet.class_ddpm_loss", "model, x0, labels, noise, t, alphas_cumprod, keep", differentiated=True, loss=True
    ),
    Function("flow.flow_interpolate", "x0, x1, t", loss=True),
    Function("flow.flow_velocity", "x0, x1", loss=True),
    Function("flow.flow_step", "x_t, v, t, t_next"),
    Function("flow.sample_flow", "v_model, x0, num_steps=50"),
    Function("flow.guided_velocity", "model, x_t, labels, t, scale", sizes_tied=True),
    Function("flow.flow_loss", "model, x0, x1, t", differentiated=True, loss=True),
    Function("flow.class_flow_loss", "model, x0, x1, labels, t, keep", differentiated=True, loss=True),
    Function("bells.soft_edges", "image, epsilon=0.001", differentiated=True, open_form=True),
    Function("bells.sketch_loss", "image, sketch, mask", differentiated=True, open_form=True),
    Function("bells.warp", "image, flow", differentiated=True, loss=True, sizes_tied=True),
    Function("bells.warp_loss", "image, source, flow, mask", differentiated=True, loss=True, sizes_tied=True),
    Function(
        "bells.encoder_loss",
        "encoder, generator_fn, latent, latent_weight=1.0, image_weight=1.0",
        differentiated=True,
        open_form=True,
    ),
    Function("bells.encoder_start", "encoder, target", sizes_tied=True),
    Function(
        "bells.invert_best_of",
        "generator_fn, target, latents, loss_fn, num_steps=1000, optimizer='lbfgs'",
        differentiated=True,
        optimises=True,
    ),
)
MODULES = tuple(dict.fromkeys(function.module for function in FUNCTIONS))


@cache
def all_tasks() -> tuple[str, ...]:
    """Every graded function as "module.function", in teaching order."""
    return tuple(function.task for function in FUNCTIONS)


def tasks_of(module: str) -> list[str]:
    return [function.task for function in FUNCTIONS if function.module == module]


@cache
def function(task: str) -> Function:
    return next(one for one in FUNCTIONS if one.task == task)


def did_you_mean(name: str, among: list[str]) -> str:
    """ "; did you mean ddpm, ddim?", or nothing where nothing is close."""
    close = difflib.get_close_matches(name, among, n=3, cutoff=0.4)
    return f"; did you mean {', '.join(close)}?" * bool(close)


def chosen(text: str, among: list[str], where: str = "") -> list[str]:
    """The tasks that "ddim,ddpm.posterior_step" means, in teaching order; ValueError for a name that fits none.

    ``among`` are those of a course; ``where`` names it, for what exists but is not among them.
    """
    wanted: set[str] = set()
    for name in filter(None, (part.strip() for part in text.split(","))):
        fitting = [task for task in among if name in (task, task.split(".")[0])]
        if not fitting and name in (*MODULES, *all_tasks()):
            there = list(dict.fromkeys(task.split(".")[0] for task in among))
            raise ValueError(f"{name}: {where} asks for no such function; its modules are {', '.join(there)}")
        if not fitting:
            raise ValueError(f"{name}: no such module or function" + did_you_mean(name, [*MODULES, *among]))
        wanted.update(fitting)
    if not wanted:
        raise ValueError(f"{text!r}: expected names such as ddim or ddpm.posterior_step")
    return [task for task in among if task in wanted]
