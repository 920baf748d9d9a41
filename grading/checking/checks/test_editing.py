import torch
from hypothesis import strategies as st

from reference.ddpm import sample_ddpm
from reference.noising import add_noise

from ...sandbox.crossing.values import Probe
from ..compare import assert_close
from ..points import CHAIN, Draw
from . import draws, grades, holds_for, levels, shapes
from .expect import IDENTITY, Told, about, assert_image
from .noise_draws import assert_independent_draws
from .test_ddpm import knows_the_image


@grades("editing.sdedit")
class TestSDEdit:
    @holds_for(draw=draws, start=st.integers(0, 4))
    def test_chain_from_the_start(self, student, draw, start):
        """The image is noised to timesteps[start], then the rest of the chain is DDPM."""
        image, noise = draw.images(2)
        arguments = {"timesteps": draw.timesteps(CHAIN, 5), "alphas_cumprod": draw.schedule(CHAIN)}
        rest = arguments | {"timesteps": arguments["timesteps"][start:]}
        x_t = add_noise(image, noise, rest["timesteps"][0], rest["alphas_cumprod"])
        expected = sample_ddpm(Probe("eps_model"), x_t, **rest, noise_fn=Probe("steady_noise"))
        network = Told(Probe("eps_model"))
        sources = {"eps_model": network, "noise_fn": Probe("steady_noise")}
        with network.about(rest["timesteps"]):
            assert_close(
                student(image=image, noise=noise, start=start, **arguments, **sources), expected, 1e3 * IDENTITY
            )

    @holds_for(draw=draws, start=st.integers(0, 4))
    def test_ends_at_the_clean_image(self, student, draw, start):
        """With a network that knows an image, the result is that image for every start."""
        known, image, noise = draw.images(3)
        schedule, timesteps = draw.schedule(CHAIN), draw.timesteps(CHAIN, 5)
        network = Told(knows_the_image(known, schedule))
        rest = {"start": start, "timesteps": timesteps, "alphas_cumprod": schedule}
        with network.about(timesteps[start:]):
            assert_close(student(eps_model=network, image=image, noise=noise, **rest), known, 1e4 * IDENTITY)

    def test_every_step_draws_its_own_noise(self, student, seed):
        """Every step has fresh noise of its own from noise_fn, and the last step has none."""
        draw = Draw([seed, 1])
        image, noise, single = draw.images(3)
        arguments = {"image": image, "noise": noise, "start": 1, "timesteps": [*draw.timesteps(CHAIN, 4), 0]}
        arguments |= {"eps_model": Probe("eps_model"), "alphas_cumprod": draw.schedule(CHAIN)}
        assert_independent_draws(student, single, **arguments)


@grades("editing.repaint_blend")
class TestRepaintBlend:
    @holds_for(draw=draws, shape=shapes, t_prev=st.integers(-1, 998))
    def test_masks_of_one_value(self, student, draw, shape, t_prev):
        """A mask of ones keeps x_prev; a mask of zeros gives the original at level t_prev."""
        x_prev, x_orig, noise = draw.images(3, shape)
        schedule = draw.schedule()
        arguments = {"x_prev": x_prev, "x_orig": x_orig, "noise": noise, "t_prev": t_prev, "alphas_cumprod": schedule}
        assert_close(student(**arguments, edit_mask=torch.ones_like(x_prev)), x_prev, IDENTITY)
        known = x_orig if t_prev < 0 else add_noise(x_orig, noise, t_prev, schedule)
        assert_close(student(**arguments, edit_mask=torch.zeros_like(x_prev)), known, IDENTITY)

    @holds_for(draw=draws, shape=shapes)
    def test_clean_image_has_no_noise(self, student, draw, shape):
        """At t_prev = -1 the known region is the original itself."""
        x_prev, x_orig, noise = draw.images(3, shape)
        mask = draw.mask(1, 1, *shape[2:])
        schedule = draw.schedule()
        arguments = {"x_prev": x_prev, "x_orig": x_orig, "noise": noise, "t_prev": -1, "alphas_cumprod": schedule}
        reply = student(**arguments, edit_mask=mask)
        known = (1 - mask) * assert_image(reply, shape)
        assert_close(about(reply, known), (1 - mask) * x_orig, IDENTITY, what="the known region")
        assert_close(reply, mask * x_prev + (1 - mask) * x_orig, IDENTITY, kind="value")


@grades("editing.inpaint")
class TestInpaint:
    def arguments(self, draw, shape=(2, 2, 4, 5)):
        x_T, x_orig = draw.images(2, shape)
        return {
            "eps_model": Probe("eps_model"),
            "x_T": x_T,
            "x_orig": x_orig,
            "timesteps": [*draw.timesteps(CHAIN, 3), 0],
            "alphas_cumprod": draw.schedule(CHAIN),
        }

    @holds_for(draw=draws, shape=shapes)
    def test_known_region_is_the_original(self, student, draw, shape):
        """Where the mask is 0 the result is the original, exactly: the last step is blended too."""
        arguments, mask = self.arguments(draw, shape), draw.mask(1, 1, *shape[2:])
        reply = student(**arguments, edit_mask=mask)
        known = assert_image(reply, shape) * (1 - mask)
        assert_close(about(reply, known), arguments["x_orig"] * (1 - mask), IDENTITY, what="the known region")

    @holds_for(draw=draws)
    def test_mask_of_ones_is_ddpm(self, student, draw):
        """With a mask of ones everything is new: plain DDPM."""
        arguments = self.arguments(draw) | {"noise_fn": Probe("steady_noise")}
        plain = {name: value for name, value in arguments.items() if name != "x_orig"}
        network, mask = Told(arguments["eps_model"]), torch.ones_like(arguments["x_T"])
        with network.about(arguments["timesteps"]):
            reply = student(**arguments | {"eps_model": network}, edit_mask=mask)
            assert_close(reply, sample_ddpm(**plain), 1e3 * IDENTITY)

    @holds_for(draw=draws, t=levels)
    def test_single_step(self, student, draw, t):
        """A chain of one step gives the estimate of x0 in the new region and the original elsewhere."""
        known, x_orig, x_T = draw.images(3)
        schedule, mask = draw.schedule(), draw.mask(3, 1, 5, 7)
        network = Told(knows_the_image(known, schedule))
        rest = {"x_T": x_T, "x_orig": x_orig, "timesteps": [t], "alphas_cumprod": schedule}
        with network.about([t]):
            reply = student(eps_model=network, edit_mask=mask, **rest)
            assert_close(reply, mask * known + (1 - mask) * x_orig, 1e4 * IDENTITY)

    def test_step_and_blend_draw_their_own_noise(self, student, seed):
        """Every step and every blend has fresh noise of its own from noise_fn; the last ones need none."""
        draw = Draw([seed, 1])
        arguments = self.arguments(draw) | {"edit_mask": draw.mask(2, 1, 4, 5)}
        assert_independent_draws(student, draw.image(2, 2, 4, 5), **arguments)
