"""What holds for every graded function: its signature, dtypes, untouched arguments, and refusals that name the culprit."""

import importlib
import inspect

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from grading.contract.functions import FUNCTIONS as RECORDS

MODULES = ["noising", "ddpm", "ddim", "guidance", "editing", "illusions", "dps", "distillation"]

SIGNATURES = {module: {one.name: one.signature for one in RECORDS if one.module == module} for module in MODULES}
FUNCTIONS = [(module, name) for module in MODULES for name in SIGNATURES[module]]

IMAGES = [
    "x0",
    "noise",
    "x_t",
    "eps",
    "x_T",
    "image",
    "x_prev",
    "x_orig",
    "eps_uncond",
    "eps_cond",
    "x",
    "eps_pred",
    "eps_pretrained",
    "eps_lora",
    "residual",
]
CONDITIONS = ["cond", "null_cond", "cond_upright", "cond_flipped", "cond_low", "cond_high"]


def load(module, name):
    return getattr(importlib.import_module(f"reference.{module}"), name)


def good_arguments(module, name, rand, dtype=torch.float64):
    """A call within the contract, as keyword arguments; B = 3, C = 2, 5 × 4 pixels, T = 6."""
    values = {
        "num_train_steps": 6,
        "num_inference_steps": 3,
        "betas": torch.linspace(0.1, 0.6, 6, dtype=dtype),
        "alphas_cumprod": torch.linspace(0.95, 0.2, 6, dtype=dtype),
        "t": 4,
        "t_prev": 2,
        "timesteps": [4, 2, 0],
        "start": 1,
        "eta": 0.5,
        "scale": 0.7,
        "kernel_size": 5,
        "sigma": 1.5,
        "edit_mask": (rand(1, 1, 5, 4) > 0).to(dtype),
        "measurement": rand(3, 2, 5, 4, dtype=dtype),
        "operator": torch.sigmoid,
        "model": lambda x_t, t, cond: x_t * cond.mean(),
        "eps_model": lambda x_t, t: 0.5 * x_t,
        **{argument: rand(3, 2, 5, 4, dtype=dtype) for argument in IMAGES},
        **{argument: rand(3, 6, dtype=dtype) for argument in CONDITIONS},
    }
    if name in ("dps_gradient", "dps_step"):
        values["x_t"].requires_grad_()
        values["x0_hat"] = 2 * values["x_t"]
    parameters = inspect.signature(load(module, name)).parameters
    return {argument: values[argument] for argument in parameters if argument in values}


@pytest.mark.parametrize("module", MODULES)
def test_all_lists_the_graded_functions(module):
    assert sorted(importlib.import_module(f"reference.{module}").__all__) == sorted(SIGNATURES[module])


@pytest.mark.parametrize("module, name", FUNCTIONS)
def test_names_order_and_defaults_of_the_arguments(module, name):
    def show(parameter):
        default = parameter.default
        if default is parameter.empty:
            return parameter.name
        return f"{parameter.name}={getattr(default, '__name__', default)}"

    parameters = inspect.signature(load(module, name)).parameters.values()
    assert ", ".join(map(show, parameters)) == SIGNATURES[module][name]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("module, name", FUNCTIONS)
def test_the_dtype_is_kept_and_no_argument_is_touched(rand, module, name, dtype):
    arguments = good_arguments(module, name, rand, dtype)
    tensors = {key: value for key, value in arguments.items() if isinstance(value, torch.Tensor)}
    before = {key: (value.detach().clone(), value._version, value.requires_grad) for key, value in tensors.items()}
    others = {key: list(value) for key, value in arguments.items() if isinstance(value, list)}
    result = load(module, name)(**arguments)
    for key, (value, version, requires_grad) in before.items():
        assert torch.equal(tensors[key], value), key
        assert tensors[key]._version == version, key
        assert tensors[key].requires_grad == requires_grad, key
        assert not tensors[key].is_leaf or tensors[key].grad is None, key
    assert all(arguments[key] == value for key, value in others.items())
    if tensors:
        assert result.dtype == dtype
        assert result.isfinite().all()


@pytest.mark.parametrize("module, name", FUNCTIONS)
def test_float32_agrees_with_float64(rand, module, name):
    """The same call in both precisions: nothing on the way is rounded more coarsely than the image."""
    arguments = good_arguments(module, name, rand)
    if not any(isinstance(value, torch.Tensor) for value in arguments.values()):
        pytest.skip("takes no tensor")

    def narrow(value):
        return value.float() if isinstance(value, torch.Tensor) else value

    single = {key: narrow(value) for key, value in arguments.items()}
    if "x0_hat" in single:
        single["x_t"] = single["x_t"].detach().requires_grad_()
        single["x0_hat"] = 2 * single["x_t"]
    noise = rand(3, 2, 5, 4)
    if "noise_fn" in inspect.signature(load(module, name)).parameters:
        arguments["noise_fn"], single["noise_fn"] = lambda x: noise, lambda x: noise.float()
    wide, fine = load(module, name)(**arguments), load(module, name)(**single)
    torch.testing.assert_close(fine, wide.float(), rtol=1e-4, atol=1e-5)


def image(**changes):
    """A tensor like good_arguments' images, but for one thing."""
    settings = {"shape": (3, 2, 5, 4), "dtype": torch.float64, **changes}
    return torch.zeros(settings["shape"], dtype=settings["dtype"])


BAD_IMAGES = [image(shape=(2, 5, 4)), image(dtype=torch.int64), [[0.0]], None]
BAD_LIKES = [image(shape=(1, 2, 5, 4)), image(shape=(3, 1, 1, 1)), image(dtype=torch.float32), 0.5, None]
BAD_SCHEDULES = [torch.full((6, 1), 0.5).double(), torch.full((6,), 0.5), [0.9, 0.5], None]
BAD_T = [-1, 6, 2.0, True, None, "4"]
BAD_T_BATCH = [torch.tensor([1, 2]), torch.tensor([1, 2, 6]), torch.tensor([1, 2, -1]), torch.tensor([1.0, 2.0, 3.0])]
BAD_TIMESTEPS = [[], [0, 2, 4], [4, 4, 0], [6, 0], [4, -1], [4.0, 2.0], (4, 2, 0), torch.tensor([4, 2, 0]), 3]
BAD_CONDITIONS = [torch.zeros(2, 6).double(), torch.zeros(6).double(), torch.zeros(3, 6).long(), None]
BAD_MASKS = [
    image(shape=(2, 1, 5, 4)),
    image(shape=(1, 3, 5, 4)),
    image(shape=(1, 1, 1, 4)),
    image(shape=(5, 4)),
    image(shape=(1, 1, 5, 4), dtype=torch.bool),
    image(shape=(1, 1, 5, 4), dtype=torch.float32),
    None,
]
BAD_NUMBERS = [float("nan"), float("inf"), "1", None, True]
BAD_ETAS = [-0.1, 1.1, *BAD_NUMBERS]
BAD_SIGMAS = [0.0, -1.0, *BAD_NUMBERS]
BAD_KERNEL_SIZES = [0, 4, -3, 3.0, None]

# (module, function): {argument: bad values}. Every argument that can be wrong is here.
BAD = {
    ("noising", "linear_betas"): {"num_train_steps": [0, 1.5], "beta_start": [0.0, 1.0], "beta_end": [1.0, 0.00001]},
    ("noising", "scaled_linear_betas"): {"num_train_steps": [0, 1.5], "beta_start": [0.0, 1.0], "beta_end": [1.0]},
    ("noising", "cosine_betas"): {"num_train_steps": [0, 1.5], "offset": [-0.1], "max_beta": [0.0, 1.0]},
    ("noising", "cumulative_alphas"): {"betas": [torch.ones(2, 2), torch.ones(2).long(), [0.1]]},
    ("noising", "strided_timesteps"): {"num_train_steps": [0, 2.0], "num_inference_steps": [0, 7, 2.0]},
    ("noising", "add_noise"): {
        "x0": BAD_IMAGES,
        "noise": BAD_LIKES,
        "t": BAD_T + BAD_T_BATCH,
        "alphas_cumprod": BAD_SCHEDULES,
    },
    ("ddpm", "predict_x0"): {
        "x_t": BAD_IMAGES,
        "eps": BAD_LIKES,
        "t": BAD_T + BAD_T_BATCH,
        "alphas_cumprod": BAD_SCHEDULES,
    },
    ("ddpm", "posterior_variance"): {"t": [*BAD_T], "t_prev": [-2, 4, 5, 1.0], "alphas_cumprod": [[0.9], None]},
    ("ddpm", "posterior_step"): {
        "x_t": BAD_IMAGES,
        "x0": BAD_LIKES,
        "noise": BAD_LIKES,
        "t": BAD_T,
        "t_prev": [-2, 4, 5, 1.0],
        "alphas_cumprod": BAD_SCHEDULES,
    },
    ("ddpm", "sample_ddpm"): {"x_T": BAD_IMAGES, "timesteps": BAD_TIMESTEPS, "alphas_cumprod": BAD_SCHEDULES},
    ("ddim", "ddim_sigma"): {"t": BAD_T, "t_prev": [-2, 4], "alphas_cumprod": [[0.9], None], "eta": BAD_ETAS},
    ("ddim", "ddim_step"): {
        "x_t": BAD_IMAGES,
        "eps": BAD_LIKES,
        "noise": BAD_LIKES,
        "t": BAD_T,
        "t_prev": [-2, 4, 5, 1.0],
        "alphas_cumprod": BAD_SCHEDULES,
        "eta": BAD_ETAS,
    },
    ("ddim", "sample_ddim"): {
        "x_T": BAD_IMAGES,
        "timesteps": BAD_TIMESTEPS,
        "alphas_cumprod": BAD_SCHEDULES,
        "eta": BAD_ETAS,
    },
    ("guidance", "classifier_free_guidance"): {
        "eps_uncond": BAD_IMAGES,
        "eps_cond": BAD_LIKES,
        "scale": BAD_NUMBERS,
    },
    ("guidance", "guided_eps"): {
        "x_t": BAD_IMAGES,
        "t": [-1, 2.0, None],
        "cond": BAD_CONDITIONS,
        "null_cond": [*BAD_CONDITIONS, torch.zeros(1, 6).double(), torch.zeros(3, 5).double()],
        "scale": BAD_NUMBERS,
    },
    ("editing", "sdedit"): {
        "image": BAD_IMAGES,
        "noise": BAD_LIKES,
        "start": [-1, 3, 1.0, None],
        "timesteps": BAD_TIMESTEPS,
        "alphas_cumprod": BAD_SCHEDULES,
    },
    ("editing", "repaint_blend"): {
        "x_prev": BAD_IMAGES,
        "x_orig": BAD_LIKES,
        "edit_mask": BAD_MASKS,
        "noise": BAD_LIKES,
        "t_prev": [-2, 6, 1.0, None],
        "alphas_cumprod": BAD_SCHEDULES,
    },
    ("editing", "inpaint"): {
        "x_T": BAD_IMAGES,
        "x_orig": BAD_LIKES,
        "edit_mask": BAD_MASKS,
        "timesteps": BAD_TIMESTEPS,
        "alphas_cumprod": BAD_SCHEDULES,
    },
    ("illusions", "anagram_eps"): {
        "x_t": BAD_IMAGES,
        "t": [-1, 2.0, None],
        "cond_upright": BAD_CONDITIONS,
        "cond_flipped": [*BAD_CONDITIONS, torch.zeros(3, 5).double()],
    },
    ("illusions", "gaussian_kernel1d"): {"kernel_size": BAD_KERNEL_SIZES, "sigma": BAD_SIGMAS},
    ("illusions", "lowpass"): {"x": BAD_IMAGES, "kernel_size": [*BAD_KERNEL_SIZES, 9, 33], "sigma": BAD_SIGMAS},
    ("illusions", "hybrid_eps"): {
        "x_t": BAD_IMAGES,
        "t": [-1, 2.0, None],
        "cond_low": BAD_CONDITIONS,
        "cond_high": [*BAD_CONDITIONS, torch.zeros(3, 5).double()],
        "kernel_size": [*BAD_KERNEL_SIZES, 9],
        "sigma": BAD_SIGMAS,
    },
    ("dps", "dps_gradient"): {
        "x_t": [*BAD_IMAGES, image()],  # the last one requires no gradient
        "x0_hat": [*BAD_LIKES, image(), image().requires_grad_()],  # the last two do not come from x_t
        "measurement": BAD_LIKES,
        "operator": [lambda x: x.transpose(0, 1)],
    },
    ("dps", "dps_step"): {
        "x_prev": BAD_IMAGES,
        "x_t": [*BAD_LIKES, image()],
        "x0_hat": [*BAD_LIKES, image()],
        "measurement": BAD_LIKES,
        "scale": BAD_NUMBERS,
    },
    ("dps", "sample_dps"): {
        "x_T": BAD_IMAGES,
        "measurement": BAD_LIKES,
        "timesteps": BAD_TIMESTEPS,
        "alphas_cumprod": BAD_SCHEDULES,
        "scale": BAD_NUMBERS,
        "eta": BAD_ETAS,
    },
    ("distillation", "sds_weight"): {"t": BAD_T + BAD_T_BATCH[1:], "alphas_cumprod": [[0.9], None]},
    ("distillation", "sds_residual"): {
        "eps_pred": BAD_IMAGES,
        "noise": BAD_LIKES,
        "t": BAD_T + BAD_T_BATCH,
        "alphas_cumprod": BAD_SCHEDULES,
    },
    ("distillation", "vsd_residual"): {
        "eps_pretrained": BAD_IMAGES,
        "eps_lora": BAD_LIKES,
        "t": BAD_T + BAD_T_BATCH,
        "alphas_cumprod": BAD_SCHEDULES,
    },
    ("distillation", "surrogate_loss"): {"x": BAD_IMAGES, "residual": BAD_LIKES},
}


def test_every_function_has_bad_input():
    assert list(BAD) == FUNCTIONS


def bad_cases():
    for (module, name), arguments in BAD.items():
        for argument, values in arguments.items():
            for i, value in enumerate(values):
                yield pytest.param(module, name, argument, value, id=f"{module}.{name}-{argument}-{i}")


@pytest.mark.bad_input
@pytest.mark.parametrize("module, name, argument, value", list(bad_cases()))
def test_bad_input_is_refused_by_name(rand, module, name, argument, value):
    arguments = good_arguments(module, name, rand)
    if name == "dps_gradient" and argument == "operator":
        arguments["measurement"] = value(arguments["x_t"]).detach()  # fits the operator, which loses the batch
    with pytest.raises(ValueError, match=rf"^{argument}: expected .*, got "):
        load(module, name)(**{**arguments, argument: value})


PER_SAMPLE = [(module, name) for module, name in FUNCTIONS if SIGNATURES[module][name].endswith("t, alphas_cumprod")]


@pytest.mark.parametrize("module, name", PER_SAMPLE)
def test_nobody_waits_for_a_gpu_to_look_at_t(module, name):
    """A fake CUDA tensor holds no numbers: to look at one is an error here, and a wait for all its work there."""
    with FakeTensorMode():
        arguments = good_arguments(module, name, lambda *shape, dtype=torch.float64: torch.empty(shape, dtype=dtype))
        arguments = {key: torch.empty_like(value, device="cuda") for key, value in arguments.items() if key != "t"}
        arguments["t"] = torch.empty(3, dtype=torch.int64, device="cuda")
        assert load(module, name)(**arguments).is_cuda


@pytest.mark.bad_input
def test_a_network_of_the_wrong_shape_is_refused(rand, alphas_cumprod):
    """DeepFloyd's network returns the variance too, in three more channels."""
    from reference.ddpm import sample_ddpm

    with pytest.raises(ValueError, match=r"^eps: expected the shape and dtype of x_t"):
        sample_ddpm(lambda x_t, t: torch.cat([x_t, x_t], dim=1), rand(1, 3, 4, 4), [5, 0], alphas_cumprod)
