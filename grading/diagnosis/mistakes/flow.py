"""Wrong flow matching: ways, velocities, Euler steps and losses."""

from functools import partial

import torch
import torch.nn.functional as F

from reference.flow import class_flow_loss as right_class_flow_loss
from reference.flow import flow_interpolate as between
from reference.flow import flow_loss as right_flow_loss
from reference.flow import guided_velocity as right_guided_velocity

from . import mistake


def _over_images(t):
    return t.reshape(-1, 1, 1, 1) if isinstance(t, torch.Tensor) else t


flow_interpolate = partial(mistake, "flow.flow_interpolate")


@flow_interpolate("time reversed: t·x0 + (1 - t)·x1 (SD3's and diffusers' σ; seen)")
def interpolate_time_reversed(x0, x1, t):
    """Time runs the other way: t = 0 gives the data. Here it is the noise that stands at t = 0."""
    return between(x0, x1, 1 - t)


@flow_interpolate("variance preserving: √(1 - t) x0 + √t x1")
def interpolate_variance_preserving(x0, x1, t):
    """Both weights have a square root, as in DDPM. Here the way is straight and the weights themselves add up to 1."""
    t = _over_images(t)
    return (1 - t) ** 0.5 * x0 + t**0.5 * x1


@flow_interpolate("x0 + t x1: the noise not faded out")
def interpolate_noise_kept(x0, x1, t):
    """The noise keeps its full weight at every time. At t = 1 nothing of it may be left."""
    return x0 + _over_images(t) * x1


@flow_interpolate("(1 - t) x0 + x1: the data at full weight")
def interpolate_data_kept(x0, x1, t):
    """The data has its full weight at every time. At t = 0 there is nothing of it yet."""
    return (1 - _over_images(t)) * x0 + x1


@flow_interpolate("t (x1 - x0): the start left out")
def interpolate_from_zero(x0, x1, t):
    """Only the way that has been gone is returned. Where does it start?"""
    return _over_images(t) * (x1 - x0)


@flow_interpolate("x0 - t (x1 - x0): sign")
def interpolate_away(x0, x1, t):
    """The way leads away from the data: the difference has the wrong sign."""
    return x0 - _over_images(t) * (x1 - x0)


@flow_interpolate("x1 + t (x1 - x0): started at the wrong end")
def interpolate_from_the_data(x0, x1, t):
    """The way starts at the data and leads on from there. It starts at the noise."""
    return x1 + _over_images(t) * (x1 - x0)


@flow_interpolate("t² for t")
def interpolate_squared(x0, x1, t):
    """The time is squared. The way is gone at a steady speed."""
    return between(x0, x1, t**2)


@flow_interpolate("σ_min of Lipman et al. as 0.1 at the wrong end: (1 - 0.9 t) x0 + t x1")
def interpolate_some_noise_left(x0, x1, t):
    """Some noise is left at t = 1. Here the way ends at the data itself."""
    t = _over_images(t)
    return (1 - 0.9 * t) * x0 + t * x1


@flow_interpolate("cosine way: cos(πt/2) x0 + sin(πt/2) x1")
def interpolate_cosine(x0, x1, t):
    """The weights are a cosine and a sine, which bends the way. Here it is straight."""
    angle = torch.as_tensor(_over_images(t), dtype=x0.dtype) * torch.pi / 2
    return angle.cos() * x0 + angle.sin() * x1


@flow_interpolate("t of shape (B,) not reshaped: along the width, or an error")
def interpolate_along_the_width(x0, x1, t):
    """With one time per sample the times are laid along the width of the images and not along the batch."""
    return (1 - t) * x0 + t * x1


@flow_interpolate("t[0] for the whole batch")
def interpolate_first_time(x0, x1, t):
    """The first sample's time is used for the whole batch."""
    return between(x0, x1, t[:1].expand_as(t) if isinstance(t, torch.Tensor) else t)


flow_velocity = partial(mistake, "flow.flow_velocity")


@flow_velocity("sign: x0 - x1 (SD3, diffusers; seen)")
def velocity_reversed(x0, x1):
    """The velocity points from the data to the noise. Time runs towards the data."""
    return x0 - x1


@flow_velocity("x1: the target of x-prediction")
def velocity_data(x0, x1):
    """The data itself is returned. A velocity is a difference: where does the way start?"""
    return x1 + 0 * x0


@flow_velocity("-x0, the noise's part only")
def velocity_noise_only(x0, x1):
    """Only what happens to the noise is returned. What comes in its place?"""
    return -x0 + 0 * x1


@flow_velocity("x0: the target of noise prediction")
def velocity_noise(x0, x1):
    """The noise is returned, as for a network that predicts noise. Here the network gives a velocity."""
    return x0 + 0 * x1


@flow_velocity("sum for difference")
def velocity_sum(x0, x1):
    """Both images are added up. A velocity is what one has to go from one to the other."""
    return x0 + x1


@flow_velocity("half of it: the midpoint's distance")
def velocity_half(x0, x1):
    """Only half of the way is gone in one unit of time."""
    return (x1 - x0) / 2


@flow_velocity("absolute difference")
def velocity_absolute(x0, x1):
    """The sign of the difference is lost: every pixel gets brighter."""
    return (x1 - x0).abs()


@flow_velocity("normalised to unit length per sample")
def velocity_unit_length(x0, x1):
    """The velocity is scaled to length 1. It has the length of the whole way."""
    difference = x1 - x0
    return difference / difference.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)


@flow_velocity("squared difference")
def velocity_squared(x0, x1):
    """The difference is squared, as in a loss. A velocity keeps its sign and its size."""
    return (x1 - x0) ** 2


@flow_velocity("detached")
def velocity_detached(x0, x1):
    """The value is right, but no gradient reaches the images."""
    return (x1 - x0).detach()


flow_step = partial(mistake, "flow.flow_step")


@flow_step("sign: x_t - (t' - t) v (diffusers' direction)")
def step_backwards(x_t, v, t, t_next):
    """The step goes against the velocity. Time runs towards the data, and the velocity points there."""
    return x_t - (t_next - t) * v


@flow_step("t for the step's length")
def step_of_t(x_t, v, t, t_next):
    """The step is as long as the time that has gone by already. How long is it from t to t_next?"""
    return x_t + t * v


@flow_step("t' for the step's length")
def step_of_t_next(x_t, v, t, t_next):
    """The step is as long as all the time up to t_next. How long is it from t to t_next?"""
    return x_t + t_next * v


@flow_step("1 - t: straight to the end")
def step_to_the_end(x_t, v, t, t_next):
    """The step leads to t = 1 at once, whatever t_next is."""
    return x_t + (1 - t) * v


@flow_step("x_t + v: step of 1")
def step_whole(x_t, v, t, t_next):
    """The velocity is added as it is. A step takes only a part of the time."""
    return x_t + v


@flow_step("1/50 for every step")
def step_fixed(x_t, v, t, t_next):
    """Every step has the same length. It depends on the two times."""
    return x_t + v / 50


@flow_step("lerp: x_t + (t' - t)(v - x_t), v taken for x1")
def step_towards_v(x_t, v, t, t_next):
    """The step leads towards v, as if v were an image. It is a velocity, and is added."""
    return x_t + (t_next - t) * (v - x_t)


@flow_step("(t' - t) (x_t + v)")
def step_scales_all(x_t, v, t, t_next):
    """The length of the step multiplies the image as well."""
    return (t_next - t) * (x_t + v)


@flow_step("velocity alone: (t' - t) v")
def step_without_the_image(x_t, v, t, t_next):
    """Only the movement is returned. What is it added to?"""
    return (t_next - t) * v


@flow_step("(t' - t) / (1 - t): as to x1 for v")
def step_share_of_the_rest(x_t, v, t, t_next):
    """The step's length is measured against the time that is left, which belongs to an estimate of the data."""
    return x_t + (t_next - t) / (1 - t) * v


@flow_step("in place: x_t += …")
def step_in_place(x_t, v, t, t_next):
    """The value is right, but the image that was handed in is overwritten."""
    x_t += (t_next - t) * v
    return x_t


sample_flow = partial(mistake, "flow.sample_flow")


def _ask(v_model, x, t):
    return v_model(x, torch.full((len(x),), float(t), dtype=x.dtype))


@torch.no_grad()
def _euler(v_model, x0, times, lengths, sign=1):
    x = x0.clone()
    for t, length in zip(times, lengths):
        x = x + sign * length * _ask(v_model, x, t)
    return x


@sample_flow("asked at (i + 1) / S, the end of each step (seen)")
def sample_asks_at_the_end(v_model, x0, num_steps=50):
    """The network is asked about the time at the end of each step. Which time is x_t at when the step begins?"""
    S = num_steps
    return _euler(v_model, x0, [(i + 1) / S for i in range(S)], [1 / S] * S)


@sample_flow("asked at the middle of each step with x_t from its beginning")
def sample_asks_in_the_middle(v_model, x0, num_steps=50):
    """The network is told the middle of each step, but shown the image at its beginning."""
    S = num_steps
    return _euler(v_model, x0, [(i + 0.5) / S for i in range(S)], [1 / S] * S)


@sample_flow("linspace(0, 1, S): steps of 1/S at times i/(S - 1)")
def sample_times_by_linspace(v_model, x0, num_steps=50):
    """The times run from 0 to 1 with both ends, so that they lie too far apart and the last is 1."""
    S = num_steps
    return _euler(v_model, x0, torch.linspace(0, 1, S, dtype=torch.float64).tolist(), [1 / S] * S)


@sample_flow("S - 1 steps")
def sample_one_step_missing(v_model, x0, num_steps=50):
    """The last step is missing: the samples stop short of the data."""
    S = num_steps
    return _euler(v_model, x0, [i / S for i in range(S - 1)], [1 / S] * S)


@sample_flow("S + 1 steps, asked at t = 1 too")
def sample_one_step_too_many(v_model, x0, num_steps=50):
    """There is one step too many, beyond the data: the network is asked at t = 1 as well."""
    S = num_steps
    return _euler(v_model, x0, [i / S for i in range(S + 1)], [1 / S] * (S + 1))


@sample_flow("sampled backwards in time: t = 1 … 1/S, minus v (diffusers' order)")
def sample_backwards(v_model, x0, num_steps=50):
    """Time runs from 1 down, and the steps go against the velocity. Noise stands at t = 0."""
    S = num_steps
    return _euler(v_model, x0, [1 - i / S for i in range(S)], [1 / S] * S, -1)


@sample_flow("time reversed only: t = 1 … 1/S with + v")
def sample_time_reversed(v_model, x0, num_steps=50):
    """The network is told that the noise is at t = 1. It is at t = 0, and time grows."""
    S = num_steps
    return _euler(v_model, x0, [1 - i / S for i in range(S)], [1 / S] * S)


@sample_flow("sign: x - v / S")
def sample_against_the_velocity(v_model, x0, num_steps=50):
    """The steps go against the velocity."""
    S = num_steps
    return _euler(v_model, x0, [i / S for i in range(S)], [1 / S] * S, -1)


@sample_flow("step length missing: x + v")
def sample_whole_steps(v_model, x0, num_steps=50):
    """The velocity is added as it is at every step. How much of the way is one step?"""
    S = num_steps
    return _euler(v_model, x0, [i / S for i in range(S)], [1.0] * S)


@sample_flow("steps of 1 / (S - 1) or of 1 / (S + 1)")
def sample_steps_too_short(v_model, x0, num_steps=50):
    """The steps are 1 / (num_steps + 1) long, so that together they do not reach t = 1."""
    S = num_steps
    return _euler(v_model, x0, [i / S for i in range(S)], [1 / (S + 1)] * S)


@sample_flow("network told the index i")
def sample_told_the_index(v_model, x0, num_steps=50):
    """The network is told the number of the step. It takes a time between 0 and 1."""
    S = num_steps
    return _euler(v_model, x0, range(S), [1 / S] * S)


@sample_flow("network always told t = 0")
def sample_always_told_zero(v_model, x0, num_steps=50):
    """The network is told the same time at every step."""
    S = num_steps
    return _euler(v_model, x0, [0.0] * S, [1 / S] * S)


@sample_flow("network always shown x0")
@torch.no_grad()
def sample_always_shown_the_noise(v_model, x0, num_steps=50):
    """The network is shown the noise at every step, and not the image as it stands."""
    x = x0.clone()
    for i in range(num_steps):
        x = x + _ask(v_model, x0, i / num_steps) / num_steps
    return x


@sample_flow("num_steps ignored: always 50")
def sample_always_fifty(v_model, x0, num_steps=50):
    """The number of steps that is asked for is not used."""
    return _euler(v_model, x0, [i / 50 for i in range(50)], [1 / 50] * 50)


@sample_flow("Langevin: fresh noise after each step")
@torch.no_grad()
def sample_with_noise(v_model, x0, num_steps=50):
    """Noise is added after each step, as in DDPM. A flow is deterministic."""
    x = x0.clone()
    for i in range(num_steps):
        x = x + _ask(v_model, x, i / num_steps) / num_steps + torch.randn_like(x) / num_steps**0.5
    return x


@sample_flow("clamped to [-1, 1] at the end")
def sample_clamped(v_model, x0, num_steps=50):
    """The result is cut off at -1 and 1. Nothing is clipped here."""
    S = num_steps
    return _euler(v_model, x0, [i / S for i in range(S)], [1 / S] * S).clamp(-1, 1)


guided_velocity = partial(mistake, "flow.guided_velocity")


def _both(model, x_t, labels, t):
    told = torch.ones(len(x_t), dtype=x_t.dtype)
    return model(x_t, labels, t, torch.zeros_like(told)), model(x_t, labels, t, told)


@guided_velocity("keep inverted: 1 taken for dropped (seen)")
def guided_keep_inverted(model, x_t, labels, t, scale):
    """The two answers have changed places: keep = 1 is where the network is told the class."""
    v_c, v_u = _both(model, x_t, labels, t)
    return v_u + scale * (v_c - v_u)


@guided_velocity("c + s(c - u), the paper's w")
def guided_paper_weight(model, x_t, labels, t, scale):
    """Scale 0 gives the velocity with the class. Here scale 0 is without it and scale 1 with it."""
    v_u, v_c = _both(model, x_t, labels, t)
    return v_c + scale * (v_c - v_u)


@guided_velocity("u + s · c")
def guided_sum(model, x_t, labels, t, scale):
    """The scale multiplies the whole conditional velocity. It belongs to a difference."""
    v_u, v_c = _both(model, x_t, labels, t)
    return v_u + scale * v_c


@guided_velocity("s · c + (s - 1) · u")
def guided_sign_of_the_rest(model, x_t, labels, t, scale):
    """The weight of the velocity without a class has the wrong sign: both weights add up to 1."""
    v_u, v_c = _both(model, x_t, labels, t)
    return scale * v_c + (scale - 1) * v_u


@guided_velocity("only the difference: s(c - u)")
def guided_difference_only(model, x_t, labels, t, scale):
    """Only the scaled difference is returned. What is it added to?"""
    v_u, v_c = _both(model, x_t, labels, t)
    return scale * (v_c - v_u)


@guided_velocity("guidance on x for guidance on v: x_t among the answers")
def guided_images(model, x_t, labels, t, scale):
    """Images are guided, one step on, and not velocities: x_t is part of the result."""
    v_u, v_c = _both(model, x_t, labels, t)
    return x_t + v_u + scale * (v_c - v_u)


@guided_velocity("null label 0 with keep = 1 for 'without a class'")
def guided_class_zero(model, x_t, labels, t, scale):
    """Class 0 stands for 'no class'. The class is withheld by keep = 0."""
    told = torch.ones(len(x_t), dtype=x_t.dtype)
    v_u, v_c = model(x_t, torch.zeros_like(labels), t, told), model(x_t, labels, t, told)
    return v_u + scale * (v_c - v_u)


@guided_velocity("scale 1 always")
def guided_scale_ignored(model, x_t, labels, t, scale):
    """The scale is not used."""
    return _both(model, x_t, labels, t)[1]


@guided_velocity("doubled batch split in the wrong order")
def guided_halves_exchanged(model, x_t, labels, t, scale):
    """Of the doubled batch the halves are taken apart in the wrong order: guidance pushes away from the class."""
    keep = torch.cat([torch.ones(len(x_t)), torch.zeros(len(x_t))]).to(x_t)
    v_u, v_c = model(torch.cat([x_t, x_t]), torch.cat([labels, labels]), torch.cat([t, t]), keep).chunk(2)
    return v_u + scale * (v_c - v_u)


@guided_velocity("t and labels from the first sample")
def guided_first_time(model, x_t, labels, t, scale):
    """All samples are guided at the first one's time."""
    return right_guided_velocity(model, x_t, labels, t[:1].expand_as(t).clone(), scale)


def _doubled_in_two_orders(model, x_t, labels, t, scale, of, class_first):
    given = {"images": x_t, "labels": labels, "times": t}
    told = {name: one.repeat_interleave(2, 0) if name == of else torch.cat([one, one]) for name, one in given.items()}
    keep = torch.tensor([1.0, 0.0] if class_first else [0.0, 1.0]).repeat_interleave(len(x_t)).to(x_t)
    halves = model(told["images"], told["labels"], told["times"], keep).chunk(2)
    v_u, v_c = reversed(halves) if class_first else halves
    return v_u + scale * (v_c - v_u)


@guided_velocity("times repeated one by one, images as a block")
def guided_times_interleaved(model, x_t, labels, t, scale):
    """In the doubled batch the times are repeated one by one and the images as a block, so that they do not match."""
    return _doubled_in_two_orders(model, x_t, labels, t, scale, "times", class_first=False)


@guided_velocity("times repeated one by one, images as a block, the class first")
def guided_times_interleaved_class_first(model, x_t, labels, t, scale):
    """In the doubled batch the times are repeated one by one and the images as a block, so that they do not match."""
    return _doubled_in_two_orders(model, x_t, labels, t, scale, "times", class_first=True)


@guided_velocity("labels repeated one by one, images as a block")
def guided_labels_interleaved(model, x_t, labels, t, scale):
    """In the doubled batch the labels are repeated one by one and the images as a block, so that they do not match."""
    return _doubled_in_two_orders(model, x_t, labels, t, scale, "labels", class_first=False)


@guided_velocity("labels repeated one by one, images as a block, the class first")
def guided_labels_interleaved_class_first(model, x_t, labels, t, scale):
    """In the doubled batch the labels are repeated one by one and the images as a block, so that they do not match."""
    return _doubled_in_two_orders(model, x_t, labels, t, scale, "labels", class_first=True)


@guided_velocity("images repeated one by one, all else as a block")
def guided_images_interleaved(model, x_t, labels, t, scale):
    """In the doubled batch the images are repeated one by one and all else as a block, so that they do not match."""
    return _doubled_in_two_orders(model, x_t, labels, t, scale, "images", class_first=False)


@guided_velocity("images repeated one by one, all else as a block, the class first")
def guided_images_interleaved_class_first(model, x_t, labels, t, scale):
    """In the doubled batch the images are repeated one by one and all else as a block, so that they do not match."""
    return _doubled_in_two_orders(model, x_t, labels, t, scale, "images", class_first=True)


@guided_velocity("keep alternates, images as a block")
def guided_keep_alternates(model, x_t, labels, t, scale):
    """In the doubled batch keep goes 1 0 1 0 …, one by one, where the images stand as a block: halves have both kinds."""
    keep = torch.tensor([1.0, 0.0]).repeat(len(x_t)).to(x_t)
    v_c, v_u = model(torch.cat([x_t, x_t]), torch.cat([labels, labels]), torch.cat([t, t]), keep).chunk(2)
    return v_u + scale * (v_c - v_u)


@guided_velocity("asked at 1 - t")
def guided_time_reversed(model, x_t, labels, t, scale):
    """The network is told the time the other way round."""
    return right_guided_velocity(model, x_t, labels, 1 - t, scale)


@guided_velocity("scale > 1 only, else conditional (diffusers' shortcut)")
def guided_off_up_to_scale_1(model, x_t, labels, t, scale):
    """The class counts fully for every scale up to 1. Also small, zero and negative scales follow the formula."""
    v_u, v_c = _both(model, x_t, labels, t)
    return v_u + scale * (v_c - v_u) if scale > 1 else v_c


flow_loss = partial(mistake, "flow.flow_loss")


def _loss(model, x0, x1, t, *, x_t=None, told=None, target=None, loss=F.mse_loss):
    answer = model(between(x0, x1, t) if x_t is None else x_t, t if told is None else told)
    return loss(answer, x1 - x0 if target is None else target)


@flow_loss("target x0 - x1")
def flow_loss_target_reversed(model, x0, x1, t):
    """The network is trained towards the noise: the target has the wrong sign."""
    return _loss(model, x0, x1, t, target=x0 - x1)


@flow_loss("target x1 (x-prediction)")
def flow_loss_target_data(model, x0, x1, t):
    """The network is asked for the data. It gives a velocity."""
    return _loss(model, x0, x1, t, target=x1)


@flow_loss("target x0 (noise prediction, as in the DDPM edition)")
def flow_loss_target_noise(model, x0, x1, t):
    """The network is asked for the noise. It gives a velocity."""
    return _loss(model, x0, x1, t, target=x0)


@flow_loss("target x1 - x_t")
def flow_loss_target_from_x_t(model, x0, x1, t):
    """The target leads from x_t to the data and gets shorter with time. The velocity is the same all the way."""
    return _loss(model, x0, x1, t, target=x1 - between(x0, x1, t))


@flow_loss("time reversed in x_t only")
def flow_loss_time_reversed(model, x0, x1, t):
    """The network is shown the point of another time than it is told: there time runs the other way."""
    return _loss(model, x0, x1, t, x_t=between(x0, x1, 1 - t))


@flow_loss("network told 1 - t")
def flow_loss_told_reversed(model, x0, x1, t):
    """The network is told the time the other way round."""
    return _loss(model, x0, x1, t, told=1 - t)


@flow_loss("network shown the data")
def flow_loss_shown_the_data(model, x0, x1, t):
    """The network is shown the data, and not the point at time t."""
    return _loss(model, x0, x1, t, x_t=x1)


@flow_loss("network shown the noise")
def flow_loss_shown_the_noise(model, x0, x1, t):
    """The network is shown the noise, and not the point at time t."""
    return _loss(model, x0, x1, t, x_t=x0)


@flow_loss("DDPM's noising with √")
def flow_loss_variance_preserving(model, x0, x1, t):
    """The point is made with square roots, as in DDPM. The way is straight here."""
    weight = _over_images(t)
    return _loss(model, x0, x1, t, x_t=(1 - weight).sqrt() * x0 + weight.sqrt() * x1)


@flow_loss("fresh noise for x0")
def flow_loss_fresh_noise(model, x0, x1, t):
    """The noise that was handed in is not used: other noise is drawn."""
    return right_flow_loss(model, torch.randn_like(x0), x1, t)


@flow_loss("sum for mean")
def flow_loss_sum(model, x0, x1, t):
    """The squares are added up, not averaged."""
    return _loss(model, x0, x1, t, loss=partial(F.mse_loss, reduction="sum"))


@flow_loss("L1")
def flow_loss_l1(model, x0, x1, t):
    """Absolute differences are taken. Squares are asked for."""
    return _loss(model, x0, x1, t, loss=F.l1_loss)


@flow_loss("per-image sums averaged over the batch")
def flow_loss_sum_per_image(model, x0, x1, t):
    """The squares are added up within an image and averaged over the batch only."""
    return _loss(model, x0, x1, t, loss=lambda a, b: (a - b).square().sum((1, 2, 3)).mean())


@flow_loss("detached")
def flow_loss_detached(model, x0, x1, t):
    """The value is right, but no gradient reaches the network."""
    return right_flow_loss(model, x0, x1, t).detach()


class_flow_loss = partial(mistake, "flow.class_flow_loss")


def _class_loss(model, x0, x1, labels, t, keep, *, x_t=None, told=None, target=None):
    answer = model(between(x0, x1, t) if x_t is None else x_t, labels, t if told is None else told, keep)
    return F.mse_loss(answer, x1 - x0 if target is None else target)


@class_flow_loss("keep inverted")
def class_flow_loss_keep_inverted(model, x0, x1, labels, t, keep):
    """The class is withheld where it should be told, and told where it should be withheld."""
    return _class_loss(model, x0, x1, labels, t, 1 - keep)


@class_flow_loss("keep not handed on: the class always told")
def class_flow_loss_always_told(model, x0, x1, labels, t, keep):
    """The class is told to every sample. keep says for which it is withheld."""
    return _class_loss(model, x0, x1, labels, t, torch.ones_like(keep))


@class_flow_loss("the class never told")
def class_flow_loss_never_told(model, x0, x1, labels, t, keep):
    """The class is withheld from every sample."""
    return _class_loss(model, x0, x1, labels, t, torch.zeros_like(keep))


@class_flow_loss("dropped by label 0")
def class_flow_loss_dropped_by_label(model, x0, x1, labels, t, keep):
    """Dropped samples are told class 0. They are to be told no class at all."""
    return _class_loss(model, x0, x1, labels * keep.long(), t, torch.ones_like(keep))


@class_flow_loss("keep[0] for the whole batch")
def class_flow_loss_first_keep(model, x0, x1, labels, t, keep):
    """The first sample's keep is used for the whole batch."""
    return _class_loss(model, x0, x1, labels, t, keep[:1].expand_as(keep).clone())


@class_flow_loss("dropped samples left out of the loss")
def class_flow_loss_dropped_left_out(model, x0, x1, labels, t, keep):
    """Samples whose class is withheld do not count. They count like all others."""
    answer = model(between(x0, x1, t), labels, t, keep)
    return ((answer - (x1 - x0)).square().mean((1, 2, 3)) * keep.to(x0)).mean()


@class_flow_loss("target x0 - x1")
def class_flow_loss_target_reversed(model, x0, x1, labels, t, keep):
    """The network is trained towards the noise: the target has the wrong sign."""
    return _class_loss(model, x0, x1, labels, t, keep, target=x0 - x1)


@class_flow_loss("target x1")
def class_flow_loss_target_data(model, x0, x1, labels, t, keep):
    """The network is asked for the data. It gives a velocity."""
    return _class_loss(model, x0, x1, labels, t, keep, target=x1)


@class_flow_loss("target x0 (noise)")
def class_flow_loss_target_noise(model, x0, x1, labels, t, keep):
    """The network is asked for the noise. It gives a velocity."""
    return _class_loss(model, x0, x1, labels, t, keep, target=x0)


@class_flow_loss("time reversed in x_t only")
def class_flow_loss_time_reversed(model, x0, x1, labels, t, keep):
    """The network is shown the point of another time than it is told: there time runs the other way."""
    return _class_loss(model, x0, x1, labels, t, keep, x_t=between(x0, x1, 1 - t))


@class_flow_loss("network told 1 - t")
def class_flow_loss_told_reversed(model, x0, x1, labels, t, keep):
    """The network is told the time the other way round."""
    return _class_loss(model, x0, x1, labels, t, keep, told=1 - t)


@class_flow_loss("network shown the data")
def class_flow_loss_shown_the_data(model, x0, x1, labels, t, keep):
    """The network is shown the data, and not the point at time t."""
    return _class_loss(model, x0, x1, labels, t, keep, x_t=x1)


@class_flow_loss("labels rolled by one sample")
def class_flow_loss_labels_shuffled(model, x0, x1, labels, t, keep):
    """The labels belong to other samples of the batch."""
    return _class_loss(model, x0, x1, labels.roll(1), t, keep)


@class_flow_loss("detached")
def class_flow_loss_detached(model, x0, x1, labels, t, keep):
    """The value is right, but no gradient reaches the network."""
    return right_class_flow_loss(model, x0, x1, labels, t, keep).detach()
