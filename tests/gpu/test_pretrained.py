"""The courses' pretrained models on CUDA, where their weights are present; the same code on tiny models everywhere.

Pictures for a person to look at go to the folder of the records.
"""

from functools import partial

import pytest
import torch
import torch.nn.functional as F

from grading.contract.reference import reference_function
from grading.pictures.fetch import WEIGHTS
from grading.pictures.functions import Trusted
from grading.pictures.techniques import ddim, ddpm, denoising, dps, guidance, inversion, prompted_editing, sds, vsd
from grading.pictures.weights import Missing, locate
from grading.pictures.worlds import deepfloyd, faces, stable_diffusion, stylegan2
from grading.pictures.worlds.shipped import Shipped
from reference.data.grids import save_grid
from reference.illusions import lowpass
from reference.inversion import lp_loss, lpips_features, perceptual_loss
from tests import tiny_models

pytestmark = pytest.mark.gpu

f = Trusted(reference_function)
PROMPT = "a photograph of an astronaut riding a horse"  # EECS's
observed = partial(dps.holes, kept=0.1)


def real(name):
    """Where a weight lies; without it the test is skipped with the command that fetches it."""
    try:
        return locate(WEIGHTS[name])
    except Missing as missing:
        pytest.skip(str(missing))


def photo(size):
    return F.interpolate(Shipped().photo, size=(size, size), mode="bicubic").clamp(-1, 1)


def timesteps(world, steps):
    return f.timesteps(len(world.schedule), steps)


def by_ddim(world, count, steps=50, name="x_T"):
    """Unconditional pictures."""
    x_T = world.noise(count, name)
    return ddim.sampled(f, world, world.unconditional, x_T, timesteps(world, steps), clip_x0=True)


def by_ddpm(world, eps_model, count, steps):
    return ddpm.sampled(f, world, eps_model, world.noise(count, "x_T"), timesteps(world, steps), world.noise_fn("ddpm"))


def by_guided_ddpm(world, prompts, scale=7.0, steps=50):
    """Pictures of prompts."""
    return by_ddpm(world, guidance.guided(f, world, prompts, scale), len(prompts), steps)


def by_dps(world, measurement, steps=100):
    eps_model = dps.differentiable(world, [""] * len(measurement))
    x_T, noise_fn = world.noise(len(measurement), "x_T"), world.noise_fn("dps")
    return dps.restored(f, world, eps_model, measurement, observed, x_T, timesteps(world, steps), noise_fn)


def distilled(world, residual, steps):
    """A latent, from noise."""
    adam = partial(torch.optim.Adam, lr=0.05)
    *_, x = sds.distilled(f, world, "distillation", residual, world.noise(1, "start"), [980] * steps, adam)
    return x


def by_sds(world, prompt, scale, steps):
    return distilled(world, sds.sds_residual(f, world, [prompt], scale), steps)


def by_vsd(world, prompt, scale, steps):
    with vsd.LoRA(world.unet, world.eps) as lora:
        return distilled(world, vsd.vsd_residual(f, world, [prompt], scale, lora), steps)


class TestTinyModels:
    """Half precision on the GPU against full precision on the CPU, through the very code that loads the real ones."""

    def agree(self, models, *inputs):
        on_gpu, on_cpu = (model.eps(*inputs) for model in models)
        assert on_gpu.device.type == "cpu"
        assert on_gpu.dtype == torch.float32
        assert (on_gpu - on_cpu).abs().max() < 0.02 * on_cpu.abs().max()

    def test_faces(self, tmp_path):
        folder = tiny_models.faces(tmp_path)
        models = [faces.Faces(folder, device) for device in ("cuda", "cpu")]
        assert models[0].dtype == torch.float16
        x_t = models[0].noise(2, "x_T")
        self.agree(models, x_t, 500, models[0].null(2))
        assert by_ddim(models[0], 2, 10).isfinite().all()
        assert by_ddpm(models[0], models[0].unconditional, 2, 10).isfinite().all()
        assert by_dps(models[0], observed(x_t), 10).isfinite().all()

    def test_stable_diffusion(self, tmp_path):
        folder = tiny_models.stable_diffusion(tmp_path)
        models = [stable_diffusion.StableDiffusion(folder, device) for device in ("cuda", "cpu")]
        x_t, cond = torch.randn(1, *models[0].shape), models[1].embed("a cat")
        self.agree(models, x_t, 500, cond)
        image, steps = torch.zeros(1, 3, 16, 16), timesteps(models[0], 5)
        assert prompted_editing.edited_to(f, models[0], image, ["a cat"], 7.5, 2, steps).isfinite().all()
        assert by_sds(models[0], "a cat", 7.5, 3).isfinite().all()

    def test_a_lora_in_full_precision_on_a_network_in_half(self, tmp_path):
        model = stable_diffusion.StableDiffusion(tiny_models.stable_diffusion(tmp_path), "cuda")
        x_t, noise = torch.randn(2, 1, *model.shape)
        cond = model.embed("a cat")
        with vsd.LoRA(model.unet, model.eps, 1e-2) as lora:
            assert {parameter.dtype for parameter in lora.parameters} == {torch.float32}
            losses = [lora.learn(x_t, noise, 500, cond) for _ in range(20)]
        assert losses[-1] < losses[0]
        assert by_vsd(model, "a cat", 7.5, 3).isfinite().all()

    def test_deepfloyd(self, tmp_path):
        first = tiny_models.deepfloyd(tmp_path / "1")
        models = [deepfloyd.Pixels(first, device) for device in ("cuda", "cpu")]
        self.agree(models, torch.randn(1, *models[0].shape), 500, models[1].embed("a cat"))
        small = by_guided_ddpm(models[0], ["a cat"], steps=3)
        large = deepfloyd.Enlarger(tiny_models.deepfloyd_2(tmp_path / "2"), models[0], small)
        assert by_guided_ddpm(large, ["a cat"], steps=3).isfinite().all()


@pytest.fixture(scope="module")
def face_model():
    return faces.Faces(real("faces"), "cuda")


class TestFaces:
    def test_ddim_is_diffusers_with_the_same_network(self, face_model, pictures):
        from diffusers import DDIMScheduler

        scheduler = DDIMScheduler(beta_start=1e-4, beta_end=0.02, clip_sample=True)
        scheduler.set_timesteps(50)
        x = face_model.noise(4, "x_T")
        for t in scheduler.timesteps:
            x = scheduler.step(face_model.unconditional(x, int(t)), t, x).prev_sample
        ours = by_ddim(face_model, 4)
        save_grid(ours, pictures / "faces-ddim.png", 4)
        assert (ours - x).abs().mean() < 0.01

    def test_ddpm(self, face_model, pictures):
        """1000 steps; smooth, as faces are and noise is not."""
        x0 = by_ddpm(face_model, face_model.unconditional, 4, 1000)
        save_grid(x0, pictures / "faces-ddpm.png", 4)
        assert (x0[..., 1:] - x0[..., :-1]).abs().mean() < 0.3 * x0.std()

    def test_dps_finds_what_was_measured(self, face_model, pictures):
        truth = by_ddim(face_model, 2, name="truth").clamp(-1, 1)
        measurement = observed(truth)
        restored = by_dps(face_model, measurement)
        save_grid(torch.cat([measurement, restored, truth]), pictures / "faces-dps.png", 2)
        unguided = by_ddim(face_model, 2)
        assert F.mse_loss(restored, truth) < 0.5 * F.mse_loss(unguided, truth)


@pytest.fixture(scope="module")
def latent_model():
    return stable_diffusion.StableDiffusion(real("stable-diffusion"), "cuda")


class TestStableDiffusion:
    def test_pictures_come_back_from_their_latents(self, latent_model):
        image = photo(512)
        latent = latent_model.encode(image)
        assert F.mse_loss(latent_model.decode(latent), image) < 0.02
        assert 0.5 < latent.std() < 1.5  # so the scaling factor is the model's

    def test_its_noise_is_noise(self, latent_model):
        """The network finds more of the noise than guessing 0 does; a wrong kind of prediction would not."""
        latent = latent_model.encode(photo(512))
        noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(0))
        for t in (250, 500, 750):
            x_t = denoising.noised(f, latent_model, latent, noise, t)
            with torch.no_grad():
                assert F.mse_loss(latent_model.eps(x_t, t, latent_model.null(1)), noise) < 0.6

    def test_img2img(self, latent_model, pictures):
        """The earlier the start, the larger the change."""
        edit = partial(prompted_editing.edited_to, f, latent_model, photo(512), ["a photograph of a tiger"], 7.5)
        edits = [edit(start, timesteps(latent_model, 50)) for start in (35, 20, 5)]
        save_grid(torch.cat(edits), pictures / "img2img.png", 3)
        changes = [F.mse_loss(edit, photo(512)).item() for edit in edits]
        assert changes == sorted(changes)

    @pytest.mark.parametrize("method, scale", [(by_sds, 7.5), (by_sds, 100.0), (by_vsd, 7.5)])
    def test_distillation(self, latent_model, method, scale, pictures):
        """What comes out is nearer to the network's idea of a picture than what went in."""
        x = method(latent_model, PROMPT, scale, 300)
        save_grid(latent_model.decode(x), pictures / f"{method.__name__.removeprefix('by_')}-{scale:g}.png", 1)
        start = torch.randn(1, *latent_model.shape, generator=torch.Generator().manual_seed(0))
        assert self.strangeness(latent_model, x) < 0.8 * self.strangeness(latent_model, start)

    @torch.no_grad()
    def strangeness(self, latent_model, latent):
        """How far one-step denoising at t = 300 moves a latent."""
        noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(1))
        x_t = denoising.noised(f, latent_model, latent, noise, 300)
        return F.mse_loss(latent_model.eps(x_t, 300, latent_model.embed(PROMPT)), noise).item()


@pytest.fixture(scope="module")
def pixel_model():
    return deepfloyd.Pixels(real("deepfloyd"), "cuda")


class TestDeepFloyd:
    @pytest.mark.parametrize("t", [250, 500, 750])
    def test_one_step_denoising_beats_a_blur(self, pixel_model, t):
        """CS180 part A 1.2 and 1.3."""
        image, model = photo(64), pixel_model.prompted(["a high quality photo"])
        noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
        x_t = denoising.noised(f, pixel_model, image, noise, t)
        one_step = denoising.one_step(f, pixel_model, model, x_t, t)
        blurred = min(F.mse_loss(lowpass(x_t, 9, sigma), image) for sigma in (1.0, 2.0, 3.0))
        assert F.mse_loss(one_step.clamp(-1, 1), image) < blurred

    def test_both_stages(self, pixel_model, pictures):
        prompts = ["an oil painting of a snowy mountain village", "a photo of a dog"]
        small = by_guided_ddpm(pixel_model, prompts)
        stage_2 = deepfloyd.Enlarger(real("deepfloyd-2"), pixel_model, small)
        large = by_guided_ddpm(stage_2, prompts, 4.0)
        save_grid(large, pictures / "deepfloyd.png", 2)
        assert F.mse_loss(F.avg_pool2d(large, 4), small) < 0.05


@pytest.mark.parametrize("space", ["w", "w+"])
def test_inversion_of_stylegan2(space, pictures):
    """CMU part 1 on NVIDIA's cats: from the mean, towards a photograph of one."""
    generator, target = stylegan2.Generator(real("stylegan2"), "cuda"), photo(512)
    start = inversion.start(f, generator, space, 1, from_mean=True)
    small = lambda image: F.avg_pool2d(image, 4)
    loss_fn = lambda pred, target, delta: lp_loss(small(pred), small(target))
    _, image = inversion.searched(f, generator.synthesis, start, target, loss_fn, steps=100)
    mean = generator.synthesis(start).detach()
    save_grid(torch.cat([target, mean, image]), pictures / f"inversion-{space}.png", 3)
    assert F.mse_loss(image, target) < 0.5 * F.mse_loss(mean, target)


@pytest.mark.parametrize("net, trunk", [("alex", "alexnet"), ("vgg", "vgg")])
def test_lpips(net, trunk):
    """The perceptual loss over LPIPS's features is LPIPS, with its real trunk."""
    real(trunk)
    import lpips

    image = photo(64).cuda()
    other = lowpass(image, 9, 2.0)
    ours = perceptual_loss(other, image, lpips_features(net))
    theirs = lpips.LPIPS(net=net, verbose=False).cuda()(other, image)
    assert torch.allclose(ours, theirs.squeeze(), rtol=1e-3)
    assert ours > 0.1
