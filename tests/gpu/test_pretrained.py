"""The courses' pretrained models on CUDA, where their weights are present; the same code on tiny models everywhere.

Pictures for a person to look at go to the folder of the records.
"""

from functools import partial

import pytest
import torch
import torch.nn.functional as F

from grading.pretrained import deepfloyd, distillation, faces, stable_diffusion, stylegan2
from grading.pretrained.weights import Missing, locate
from grading.smoke.functions import Trusted, of_the_reference
from grading.smoke.stage import Stage
from reference import inversion, latents
from reference.data.grids import save_grid
from reference.illusions import lowpass
from tests import tiny_models

pytestmark = pytest.mark.gpu

f = Trusted(of_the_reference)
PROMPT = "a photograph of an astronaut riding a horse"  # EECS's


def real(name):
    """Where a weight lies; without it the test is skipped with the command that fetches it."""
    try:
        return locate(name)
    except Missing as missing:
        pytest.skip(str(missing))


def photo(size):
    return F.interpolate(Stage().photo, size=(size, size), mode="bicubic").clamp(-1, 1)


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
        x_t = models[0].noise(2, seed=0)
        self.agree(models, x_t, 500)
        assert faces.by_ddim(f, models[0], 2, 10).isfinite().all()
        assert faces.by_ddpm(f, models[0], 2, 10).isfinite().all()
        assert faces.restored(f, models[0], faces.observed(x_t), 10).isfinite().all()

    def test_stable_diffusion(self, tmp_path):
        folder = tiny_models.stable_diffusion(tmp_path)
        models = [stable_diffusion.StableDiffusion(folder, device) for device in ("cuda", "cpu")]
        x_t, cond = torch.randn(1, *models[0].shape), models[1].embed("a cat")
        self.agree(models, x_t, 500, cond)
        edited = stable_diffusion.img2img(f, models[0], torch.zeros(1, 3, 16, 16), "a cat", steps=5)
        assert edited.isfinite().all()
        x = distillation.sds(f, models[0], "a cat", 7.5, 3)
        assert x.isfinite().all()

    def test_a_lora_in_full_precision_on_a_network_in_half(self, tmp_path):
        model = stable_diffusion.StableDiffusion(tiny_models.stable_diffusion(tmp_path), "cuda")
        x_t, noise = torch.randn(2, 1, *model.shape)
        cond = model.embed("a cat")
        with distillation.LoRA(model, learning_rate=1e-2) as lora:
            assert {parameter.dtype for parameter in lora.parameters} == {torch.float32}
            losses = [lora.learn(x_t, noise, 500, cond) for _ in range(20)]
        assert losses[-1] < losses[0]
        assert distillation.vsd(f, model, "a cat", 7.5, 3).isfinite().all()

    def test_deepfloyd(self, tmp_path):
        first = tiny_models.deepfloyd(tmp_path / "1")
        models = [deepfloyd.Pixels(first, device) for device in ("cuda", "cpu")]
        cond = models[1].embed("a cat")
        models[0].embed("a cat")
        self.agree(models, torch.randn(1, *models[0].shape), 500, cond)
        small = deepfloyd.sampled(f, models[0], ["a cat"], steps=3)
        large = deepfloyd.Enlarger(tiny_models.deepfloyd_2(tmp_path / "2"), models[0], small)
        assert deepfloyd.sampled(f, large, ["a cat"], steps=3).isfinite().all()


@pytest.fixture(scope="module")
def face_model():
    return faces.Faces(real("faces"), "cuda")


class TestFaces:
    def test_ddim_is_diffusers_with_the_same_network(self, face_model, pictures):
        from diffusers import DDIMScheduler

        scheduler = DDIMScheduler(beta_start=1e-4, beta_end=0.02, clip_sample=True)
        scheduler.set_timesteps(50)
        x = face_model.noise(4, seed=0)
        for t in scheduler.timesteps:
            with torch.no_grad():
                x = scheduler.step(face_model.eps(x, int(t)), t, x).prev_sample
        ours = faces.by_ddim(f, face_model, 4)
        save_grid(ours, pictures / "faces-ddim.png", 4)
        assert (ours - x).abs().mean() < 0.01

    def test_ddpm(self, face_model, pictures):
        """1000 steps; smooth, as faces are and noise is not."""
        x0 = faces.by_ddpm(f, face_model, 4)
        save_grid(x0, pictures / "faces-ddpm.png", 4)
        assert (x0[..., 1:] - x0[..., :-1]).abs().mean() < 0.3 * x0.std()

    def test_dps_finds_what_was_measured(self, face_model, pictures):
        truth = faces.by_ddim(f, face_model, 2, seed=1).clamp(-1, 1)
        measurement = faces.observed(truth)
        restored = faces.restored(f, face_model, measurement)
        save_grid(torch.cat([measurement, restored, truth]), pictures / "faces-dps.png", 2)
        unguided = faces.by_ddim(f, face_model, 2)
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
            x_t = f("noising.add_noise", x0=latent, noise=noise, t=t, alphas_cumprod=latent_model.schedule)
            with torch.no_grad():
                assert F.mse_loss(latent_model.eps(x_t, t, latent_model.null(1)), noise) < 0.6

    def test_img2img(self, latent_model, pictures):
        edits = [
            stable_diffusion.img2img(f, latent_model, photo(512), "a photograph of a tiger", strength)
            for strength in (0.3, 0.6, 0.9)
        ]
        save_grid(torch.cat(edits), pictures / "img2img.png", 3)
        changes = [F.mse_loss(edit, photo(512)).item() for edit in edits]
        assert changes == sorted(changes)

    @pytest.mark.parametrize(
        "method, scale", [(distillation.sds, 7.5), (distillation.sds, 100.0), (distillation.vsd, 7.5)]
    )
    def test_distillation(self, latent_model, method, scale, pictures):
        """What comes out is nearer to the network's idea of a picture than what went in."""
        x = method(f, latent_model, PROMPT, scale, 300)
        save_grid(latent_model.decode(x), pictures / f"{method.__name__}-{scale:g}.png", 1)
        start = torch.randn(1, *latent_model.shape, generator=torch.Generator().manual_seed(0))
        assert self.strangeness(latent_model, x) < 0.8 * self.strangeness(latent_model, start)

    @torch.no_grad()
    def strangeness(self, latent_model, latent):
        """How far one-step denoising at t = 300 moves a latent."""
        noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(1))
        x_t = f("noising.add_noise", x0=latent, noise=noise, t=300, alphas_cumprod=latent_model.schedule)
        return F.mse_loss(latent_model.eps(x_t, 300, latent_model.embed(PROMPT)), noise).item()


@pytest.fixture(scope="module")
def pixel_model():
    return deepfloyd.Pixels(real("deepfloyd"), "cuda")


class TestDeepFloyd:
    @pytest.mark.parametrize("t", [250, 500, 750])
    def test_one_step_denoising_beats_a_blur(self, pixel_model, t):
        """CS180 part A 1.2 and 1.3."""
        image, cond = photo(64), pixel_model.embed("a high quality photo")
        noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
        x_t = f("noising.add_noise", x0=image, noise=noise, t=t, alphas_cumprod=pixel_model.schedule)
        with torch.no_grad():
            eps = pixel_model.eps(x_t, t, cond)
        one_step = f("ddpm.predict_x0", x_t=x_t, eps=eps, t=t, alphas_cumprod=pixel_model.schedule)
        blurred = min(F.mse_loss(lowpass(x_t, 9, sigma), image) for sigma in (1.0, 2.0, 3.0))
        assert F.mse_loss(one_step.clamp(-1, 1), image) < blurred

    def test_both_stages(self, pixel_model, pictures):
        prompts = ["an oil painting of a snowy mountain village", "a photo of a dog"]
        small = deepfloyd.sampled(f, pixel_model, prompts)
        stage_2 = deepfloyd.Enlarger(real("deepfloyd-2"), pixel_model, small)
        large = deepfloyd.sampled(f, stage_2, prompts, 4.0)
        save_grid(large, pictures / "deepfloyd.png", 2)
        assert F.mse_loss(F.avg_pool2d(large, 4), small) < 0.05


@pytest.mark.parametrize("space", ["w", "w+"])
def test_inversion_of_stylegan2(space, pictures):
    """CMU part 1 on NVIDIA's cats: from the mean, towards a photograph of one."""
    generator, target = stylegan2.Generator(real("stylegan2"), "cuda"), photo(512)
    settings = {"mapping": generator.mapping, "z_dim": generator.z_dim, "batch_size": 1, "from_mean": True}
    draw = {"w": latents.sample_w, "w+": partial(latents.sample_w_plus, num_ws=generator.num_ws)}[space]
    start = draw(**settings)
    small = lambda image: F.avg_pool2d(image, 4)
    loss_fn = lambda pred, target, _: inversion.lp_loss(small(pred), small(target))
    _, image = inversion.invert(generator.synthesis, target, start, loss_fn, num_steps=100)
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
    ours = inversion.perceptual_loss(other, image, inversion.lpips_features(net))
    theirs = lpips.LPIPS(net=net, verbose=False).cuda()(other, image)
    assert torch.allclose(ours, theirs.squeeze(), rtol=1e-3)
    assert ours > 0.1
