"""Wrong augmentation: the random box, and the policy."""

from functools import partial

import torch

from reference.augment import rand_brightness, rand_contrast, rand_saturation, rand_translation
from reference.augment import rand_cutout as right_rand_cutout

from . import mistake

COLOR = (rand_brightness, rand_saturation, rand_contrast)
TRANSFORMS = {"color": COLOR, "translation": (rand_translation,), "cutout": (right_rand_cutout,)}


def _rand(*shape, generator):
    return torch.rand(*shape, generator=generator)


def _whole(u, low, high):
    """Numbers in [0, 1) made into whole numbers low … high, both included."""
    return (low + (u * (high - low + 1)).floor()).long()


def _limits(side, ratio_range):
    return tuple(max(1, int(side * ratio + 0.5)) for ratio in ratio_range)


def _sides(x, ratio_range, generator):
    """(B,) heights and widths, drawn right."""
    u = _rand(2, len(x), generator=generator)
    heights, widths = (_limits(side, ratio_range) for side in x.shape[2:])
    return _whole(u[0], *heights), _whole(u[1], *widths)


def _corners(x, height, width, generator):
    """(B,) first rows and columns, drawn right."""
    u = _rand(2, len(x), generator=generator)
    return _whole(u[0], 0, x.shape[2] - height), _whole(u[1], 0, x.shape[3] - width)


def _box(x, height, width, top, left):
    """(B, 1, H, W), 1 inside of each sample's box; corners and sides are (B,)."""
    rows, columns = torch.arange(x.shape[2]), torch.arange(x.shape[3])
    in_rows = (rows >= top[:, None]) & (rows < (top + height)[:, None])
    in_columns = (columns >= left[:, None]) & (columns < (left + width)[:, None])
    return (in_rows[:, None, :, None] & in_columns[:, None, None, :]).to(x.dtype)


def _random_box(x, ratio_range, generator):
    """A right box."""
    height, width = _sides(x, ratio_range, generator)
    return _box(x, height, width, *_corners(x, height, width, generator))


def _augment(x, names, generator, transforms=TRANSFORMS):
    for name in names:
        for transform in transforms[name]:
            x = transform(x, generator=generator)
    return x


def _names(policy):
    names = policy.split(",") if policy else []
    if not set(names) <= set(TRANSFORMS):
        raise ValueError(f"unknown name in {policy!r}")
    return names


rand_cutout = partial(mistake, "augment.rand_cutout")


@rand_cutout("one box per batch (one random number per batch)")
def rand_cutout_one_box_per_batch(x, ratio_range=(0.25, 0.5), generator=None):
    """All images of a batch lose the same box. Each draws one of its own."""
    return x * (1 - _random_box(x[:1], ratio_range, generator))


@rand_cutout("one size per batch")
def rand_cutout_one_size_per_batch(x, ratio_range=(0.25, 0.5), generator=None):
    """The boxes of a batch lie in different places but all have the same size."""
    height, width = (side.expand(len(x)) for side in _sides(x[:1], ratio_range, generator))
    return x * (1 - _box(x, height, width, *_corners(x, height, width, generator)))


@rand_cutout("one position draw per batch")
def rand_cutout_one_position_per_batch(x, ratio_range=(0.25, 0.5), generator=None):
    """The boxes of a batch have different sizes, but one draw decides where all of them lie."""
    height, width = _sides(x, ratio_range, generator)
    u = _rand(2, 1, generator=generator)
    top, left = _whole(u[0], 0, x.shape[2] - height), _whole(u[1], 0, x.shape[3] - width)
    return x * (1 - _box(x, height, width, top, left))


@rand_cutout("fixed 50 % (seen; Differentiable Augmentation's default)")
def rand_cutout_fixed_half(x, ratio_range=(0.25, 0.5), generator=None):
    """Every box has the same size: half of each side. The sides are random."""
    return x * (1 - _random_box(x, (0.5, 0.5), generator))


@rand_cutout("ratio_range ignored: 0.25 to 0.5 hard-coded")
def rand_cutout_ratio_range_ignored(x, ratio_range=(0.25, 0.5), generator=None):
    """The range of sizes is not the one that was asked for. Is the argument used?"""
    return x * (1 - _random_box(x, (0.25, 0.5), generator))


@rand_cutout("in place (seen)")
def rand_cutout_in_place(x, ratio_range=(0.25, 0.5), generator=None):
    """The caller's images are overwritten. Real images are used again in the next epoch."""
    with torch.no_grad():
        x.mul_(1 - _random_box(x, ratio_range, generator))
    return x * 1


@rand_cutout("box centred on a random pixel and cut off at the edge (Differentiable Augmentation's, and Cutout's)")
def rand_cutout_over_the_edge(x, ratio_range=(0.25, 0.5), generator=None):
    """Boxes hang over the edge, so that less than the smallest box is cut out. The whole box lies inside."""
    height, width = _sides(x, ratio_range, generator)
    u = _rand(2, len(x), generator=generator)
    top = _whole(u[0], 0, x.shape[2] - 1) - height // 2
    left = _whole(u[1], 0, x.shape[3] - 1) - width // 2
    return x * (1 - _box(x, height, width, top, left))


@rand_cutout("corner drawn from 0 … H-1, cut off by slicing")
def rand_cutout_corner_anywhere(x, ratio_range=(0.25, 0.5), generator=None):
    """The corner is drawn from the whole image, so boxes run out at the right and at the bottom."""
    height, width = _sides(x, ratio_range, generator)
    u = _rand(2, len(x), generator=generator)
    top, left = _whole(u[0], 0, x.shape[2] - 1), _whole(u[1], 0, x.shape[3] - 1)
    return x * (1 - _box(x, height, width, top, left))


@rand_cutout("last position never reached: randint(0, H - h)")
def rand_cutout_last_position_missing(x, ratio_range=(0.25, 0.5), generator=None):
    """No box ever touches the last row or column. Does your random number reach its upper end?"""
    height, width = _sides(x, ratio_range, generator)
    u = _rand(2, len(x), generator=generator)
    top = _whole(u[0], 0, (x.shape[2] - height - 1).clamp(min=0))
    left = _whole(u[1], 0, (x.shape[3] - width - 1).clamp(min=0))
    return x * (1 - _box(x, height, width, top, left))


@rand_cutout("first position never reached: randint(1, …)")
def rand_cutout_first_position_missing(x, ratio_range=(0.25, 0.5), generator=None):
    """No box ever starts at the first row or column."""
    height, width = _sides(x, ratio_range, generator)
    u = _rand(2, len(x), generator=generator)
    top = _whole(u[0], (x.shape[2] - height).clamp(max=1), x.shape[2] - height)
    left = _whole(u[1], (x.shape[3] - width).clamp(max=1), x.shape[3] - width)
    return x * (1 - _box(x, height, width, top, left))


@rand_cutout("corner drawn from H - (largest side) for every box")
def rand_cutout_room_of_largest_box(x, ratio_range=(0.25, 0.5), generator=None):
    """Small boxes never reach the far edge: the room for a corner is that of the largest box."""
    height, width = _sides(x, ratio_range, generator)
    u = _rand(2, len(x), generator=generator)
    top = _whole(u[0], 0, x.shape[2] - _limits(x.shape[2], ratio_range)[1])
    left = _whole(u[1], 0, x.shape[3] - _limits(x.shape[3], ratio_range)[1])
    return x * (1 - _box(x, height, width, top, left))


@rand_cutout("position not drawn: corner at 0, 0")
def rand_cutout_always_upper_left(x, ratio_range=(0.25, 0.5), generator=None):
    """The box is always in the upper left corner."""
    height, width = _sides(x, ratio_range, generator)
    return x * (1 - _box(x, height, width, torch.zeros_like(height), torch.zeros_like(width)))


@rand_cutout("position not drawn: centred")
def rand_cutout_always_centred(x, ratio_range=(0.25, 0.5), generator=None):
    """The box is always in the middle of the image."""
    height, width = _sides(x, ratio_range, generator)
    return x * (1 - _box(x, height, width, (x.shape[2] - height) // 2, (x.shape[3] - width) // 2))


@rand_cutout("H and W swapped for sides and corner (as x.shape[2], x.shape[3] read as width, height)")
def rand_cutout_sides_swapped(x, ratio_range=(0.25, 0.5), generator=None):
    """Height and width have changed places, which only an image that is not square brings to light."""
    width, height = _sides(x, ratio_range, generator)
    height, width = height.clamp(max=x.shape[2]), width.clamp(max=x.shape[3])
    return x * (1 - _box(x, height, width, *_corners(x, height, width, generator)))


@rand_cutout("H and W swapped in the corner only: positions out of range or never reached")
def rand_cutout_corner_swapped(x, ratio_range=(0.25, 0.5), generator=None):
    """The row of the corner is drawn from the room along the width, and the column from that along the height."""
    height, width = _sides(x, ratio_range, generator)
    u = _rand(2, len(x), generator=generator)
    top, left = _whole(u[0], 0, x.shape[3] - width), _whole(u[1], 0, x.shape[2] - height)
    return x * (1 - _box(x, height, width, top, left))


@rand_cutout("mask inverted")
def rand_cutout_inverted(x, ratio_range=(0.25, 0.5), generator=None):
    """The mask is inverted: only the box is left of the image."""
    return x * _random_box(x, ratio_range, generator)


@rand_cutout("area for side ratio: sides √r")
def rand_cutout_area_ratio(x, ratio_range=(0.25, 0.5), generator=None):
    """The ratio is taken as a part of the area. It is meant for each side."""
    return x * (1 - _random_box(x, tuple(ratio**0.5 for ratio in ratio_range), generator))


@rand_cutout("high end exclusive: 50 % never reached (randint's upper end)")
def rand_cutout_largest_side_missing(x, ratio_range=(0.25, 0.5), generator=None):
    """The largest box never occurs. Does your random number reach its upper end?"""
    u = _rand(2, len(x), generator=generator)
    (low_h, high_h), (low_w, high_w) = (_limits(side, ratio_range) for side in x.shape[2:])
    height = _whole(u[0], low_h, max(low_h, high_h - 1))
    width = _whole(u[1], low_w, max(low_w, high_w - 1))
    return x * (1 - _box(x, height, width, *_corners(x, height, width, generator)))


@rand_cutout("low end exclusive (ceil of a uniform number)")
def rand_cutout_smallest_side_missing(x, ratio_range=(0.25, 0.5), generator=None):
    """The smallest box never occurs."""
    u = _rand(2, len(x), generator=generator)
    (low_h, high_h), (low_w, high_w) = (_limits(side, ratio_range) for side in x.shape[2:])
    height = _whole(u[0], min(high_h, low_h + 1), high_h)
    width = _whole(u[1], min(high_w, low_w + 1), high_w)
    return x * (1 - _box(x, height, width, *_corners(x, height, width, generator)))


@rand_cutout("random.choice(ratio_range): no size between")
def rand_cutout_only_the_two_ends(x, ratio_range=(0.25, 0.5), generator=None):
    """Only the smallest and the largest box occur. The sizes between belong to the range, too."""
    u = _rand(2, len(x), generator=generator)
    (low_h, high_h), (low_w, high_w) = (_limits(side, ratio_range) for side in x.shape[2:])
    height = torch.where(u[0] < 0.5, low_h, high_h)
    width = torch.where(u[1] < 0.5, low_w, high_w)
    return x * (1 - _box(x, height, width, *_corners(x, height, width, generator)))


@rand_cutout("<= for <: one pixel too large on each axis")
def rand_cutout_one_too_large(x, ratio_range=(0.25, 0.5), generator=None):
    """The box is a row and a column too large: is its last row meant to be inside?"""
    height, width = _sides(x, ratio_range, generator)
    top, left = _corners(x, height, width, generator)
    return x * (1 - _box(x, height + 1, width + 1, top, left))


@rand_cutout("same random number for height and width")
def rand_cutout_sides_coupled(x, ratio_range=(0.25, 0.5), generator=None):
    """A high box is always a wide one: one random number decides both sides."""
    u = _rand(len(x), generator=generator)
    height, width = (_whole(u, *_limits(side, ratio_range)) for side in x.shape[2:])
    return x * (1 - _box(x, height, width, *_corners(x, height, width, generator)))


@rand_cutout("same random number for top and left")
def rand_cutout_corner_on_diagonal(x, ratio_range=(0.25, 0.5), generator=None):
    """Boxes lie on a diagonal: one random number decides row and column of the corner."""
    height, width = _sides(x, ratio_range, generator)
    u = _rand(len(x), generator=generator)
    top, left = _whole(u, 0, x.shape[2] - height), _whole(u, 0, x.shape[3] - width)
    return x * (1 - _box(x, height, width, top, left))


@rand_cutout("same random number for side and corner")
def rand_cutout_corner_follows_side(x, ratio_range=(0.25, 0.5), generator=None):
    """Large boxes lie at the bottom, small ones at the top: size and position share a random number."""
    u = _rand(2, len(x), generator=generator)
    height, width = (_whole(u[i], *_limits(x.shape[2 + i], ratio_range)) for i in range(2))
    top, left = _whole(u[0], 0, x.shape[2] - height), _whole(u[1], 0, x.shape[3] - width)
    return x * (1 - _box(x, height, width, top, left))


@rand_cutout("square boxes, the side drawn from the shorter side of the image")
def rand_cutout_square(x, ratio_range=(0.25, 0.5), generator=None):
    """Every box is as wide as it is high. Height and width are drawn apart."""
    side = _whole(_rand(len(x), generator=generator), *_limits(min(x.shape[2:]), ratio_range))
    return x * (1 - _box(x, side, side, *_corners(x, side, side, generator)))


@rand_cutout("box drawn per channel")
def rand_cutout_box_per_channel(x, ratio_range=(0.25, 0.5), generator=None):
    """Each channel loses another box. The box goes through all channels."""
    channels = x.flatten(0, 1)[:, None]
    return (channels * (1 - _random_box(channels, ratio_range, generator))).reshape(x.shape)


@rand_cutout("x[:, 0] only")
def rand_cutout_first_channel_only(x, ratio_range=(0.25, 0.5), generator=None):
    """Only one channel loses its box. It goes through all channels."""
    box = _random_box(x, ratio_range, generator).expand(x.shape).clone()
    box[:, 1:] = 0
    return x * (1 - box)


@rand_cutout("or for and: cross-shaped")
def rand_cutout_cross(x, ratio_range=(0.25, 0.5), generator=None):
    """Whole rows and whole columns are gone: a pixel is inside only if both its row and its column are."""
    box = _random_box(x, ratio_range, generator)
    return x * (1 - box.amax(dim=2, keepdim=True)) * (1 - box.amax(dim=3, keepdim=True))


@rand_cutout("fill with the mean")
def rand_cutout_filled_with_mean(x, ratio_range=(0.25, 0.5), generator=None):
    """The box is filled with the image's mean. Zeros are asked for."""
    box = _random_box(x, ratio_range, generator)
    return x * (1 - box) + box * x.mean(dim=(1, 2, 3), keepdim=True)


@rand_cutout("fill with -1")
def rand_cutout_filled_with_black(x, ratio_range=(0.25, 0.5), generator=None):
    """The box is filled with black, the lowest value of the range. Zeros are asked for."""
    box = _random_box(x, ratio_range, generator)
    return x * (1 - box) - box


@rand_cutout("fill with noise (random erasing)")
def rand_cutout_filled_with_noise(x, ratio_range=(0.25, 0.5), generator=None):
    """The box is filled with random values. Zeros are asked for."""
    box = _random_box(x, ratio_range, generator)
    return x * (1 - box) + box * torch.randn(x.shape, generator=generator).to(x.dtype)


@rand_cutout("rescaled by 1 / (1 - area)")
def rand_cutout_rescaled(x, ratio_range=(0.25, 0.5), generator=None):
    """What is left of the image is made brighter, as dropout does. It stays as it is."""
    box = _random_box(x, ratio_range, generator)
    return x * (1 - box) / (1 - box.mean(dim=(1, 2, 3), keepdim=True))


@rand_cutout("clamped afterwards")
def rand_cutout_clamped(x, ratio_range=(0.25, 0.5), generator=None):
    """The image is cut off at [-1, 1] afterwards. Nothing but the box may change."""
    return (x * (1 - _random_box(x, ratio_range, generator))).clamp(-1, 1)


@rand_cutout("applied with probability 1/2")
def rand_cutout_every_other_image(x, ratio_range=(0.25, 0.5), generator=None):
    """Some images keep all of their pixels. Each one loses a box."""
    chosen = (_rand(len(x), 1, 1, 1, generator=generator) < 0.5).to(x.dtype)
    return x * (1 - chosen * _random_box(x, ratio_range, generator))


@rand_cutout("generator ignored: global random state")
def rand_cutout_generator_ignored(x, ratio_range=(0.25, 0.5), generator=None):
    """The random numbers do not come from the generator, so that a seed does not fix the boxes."""
    return x * (1 - _random_box(x, ratio_range, None))


@rand_cutout("generator passed to some of the draws only")
def rand_cutout_generator_for_sides_only(x, ratio_range=(0.25, 0.5), generator=None):
    """The size comes from the generator, the position does not."""
    height, width = _sides(x, ratio_range, generator)
    return x * (1 - _box(x, height, width, *_corners(x, height, width, None)))


@rand_cutout("torch.manual_seed from the generator: changes the global random state")
def rand_cutout_seeds_global_state(x, ratio_range=(0.25, 0.5), generator=None):
    """With a generator the global random numbers are re-seeded, which changes every other draw of the program."""
    if generator is not None:
        torch.manual_seed(int(torch.randint(2**31, (), generator=generator)))
    return x * (1 - _random_box(x, ratio_range, None))


@rand_cutout("generator.manual_seed(generator.initial_seed()) in every call")
def rand_cutout_rewinds_generator(x, ratio_range=(0.25, 0.5), generator=None):
    """Calls with one generator always cut out the same boxes: its seed is set anew each time."""
    if generator is not None:
        generator.manual_seed(generator.initial_seed())
    return x * (1 - _random_box(x, ratio_range, generator))


@rand_cutout("not differentiable (numpy, no_grad or .data)")
def rand_cutout_not_differentiable(x, ratio_range=(0.25, 0.5), generator=None):
    """No gradient flows through the transform. The generator is trained through it."""
    return x.detach() * (1 - _random_box(x, ratio_range, generator))


@rand_cutout("box cut out of a detached copy: gradient 1 everywhere")
def rand_cutout_gradient_in_box(x, ratio_range=(0.25, 0.5), generator=None):
    """The images are right, but pixels under the box still get a gradient, although nobody sees them."""
    return x - (x * _random_box(x, ratio_range, generator)).detach()


@rand_cutout("always float32")
def rand_cutout_always_float32(x, ratio_range=(0.25, 0.5), generator=None):
    """The result has another dtype than the images."""
    return (x * (1 - _random_box(x, ratio_range, generator))).float()


diff_augment = partial(mistake, "augment.diff_augment")


@diff_augment("order of the dictionary, not of the policy")
def diff_augment_fixed_order(x, policy="color,translation,cutout", generator=None):
    """The transforms run in a fixed order. The policy's own order counts."""
    chosen = _names(policy)
    return _augment(x, [name for name in TRANSFORMS if name in chosen], generator)


@diff_augment("sorted(policy.split(','))")
def diff_augment_sorted(x, policy="color,translation,cutout", generator=None):
    """The transforms run in alphabetical order. The policy's own order counts."""
    return _augment(x, sorted(_names(policy)), generator)


@diff_augment("reversed order")
def diff_augment_reversed(x, policy="color,translation,cutout", generator=None):
    """The transforms run from right to left."""
    return _augment(x, _names(policy)[::-1], generator)


@diff_augment("substring test: if 'color' in policy")
def diff_augment_substring(x, policy="color,translation,cutout", generator=None):
    """Names are searched for inside the policy's text, so that its order is lost."""
    return _augment(x, [name for name in TRANSFORMS if name in policy], generator)


@diff_augment("''.split(',') is ['']: an empty policy raises")
def diff_augment_empty_policy_raises(x, policy="color,translation,cutout", generator=None):
    """An empty policy is an error here. It names no transform, so the images stay as they are."""
    names = policy.split(",")
    if not set(names) <= set(TRANSFORMS):
        raise ValueError(f"unknown name in {policy!r}")
    return _augment(x, names, generator)


@diff_augment("policy or default")
def diff_augment_empty_policy_is_default(x, policy="color,translation,cutout", generator=None):
    """An empty policy augments after all. It names no transform, so the images stay as they are."""
    return _augment(x, _names(policy or "color,translation,cutout"), generator)


@diff_augment("default policy empty, as in Differentiable Augmentation's own code")
def diff_augment_default_is_empty(x, policy="", generator=None):
    """Without a policy nothing happens. Compare the defaults with the contract's."""
    return _augment(x, _names(policy), generator)


@diff_augment("default policy without translation")
def diff_augment_default_without_translation(x, policy="color,cutout", generator=None):
    """Without a policy one of the transforms is missing. Compare the defaults with the contract's."""
    return _augment(x, _names(policy), generator)


@diff_augment("return inside the loop")
def diff_augment_first_name_only(x, policy="color,translation,cutout", generator=None):
    """Only the first name of the policy is applied."""
    return _augment(x, _names(policy)[:1], generator)


@diff_augment("y = transform(x) instead of x = transform(x)")
def diff_augment_not_chained(x, policy="color,translation,cutout", generator=None):
    """Only the last transform counts: each one starts again from the original images."""
    y = x
    for name in _names(policy):
        for transform in TRANSFORMS[name]:
            y = transform(x, generator=generator)
    return y


@diff_augment("color = brightness")
def diff_augment_color_is_brightness(x, policy="color,translation,cutout", generator=None):
    """ "color" changes the brightness only. It stands for three transforms."""
    return _augment(x, _names(policy), generator, {**TRANSFORMS, "color": (rand_brightness,)})


@diff_augment("color without contrast")
def diff_augment_color_without_contrast(x, policy="color,translation,cutout", generator=None):
    """One of the three transforms that "color" stands for is missing: the contrast stays the same."""
    return _augment(x, _names(policy), generator, {**TRANSFORMS, "color": (rand_brightness, rand_saturation)})


@diff_augment("color without saturation")
def diff_augment_color_without_saturation(x, policy="color,translation,cutout", generator=None):
    """One of the three transforms that "color" stands for is missing: the saturation stays the same."""
    return _augment(x, _names(policy), generator, {**TRANSFORMS, "color": (rand_brightness, rand_contrast)})


@diff_augment("color without brightness")
def diff_augment_color_without_brightness(x, policy="color,translation,cutout", generator=None):
    """One of the three transforms that "color" stands for is missing: the brightness stays the same."""
    return _augment(x, _names(policy), generator, {**TRANSFORMS, "color": (rand_saturation, rand_contrast)})


@diff_augment("generator not passed on")
def diff_augment_generator_ignored(x, policy="color,translation,cutout", generator=None):
    """The random numbers do not come from the generator, so that a seed does not fix the result."""
    return _augment(x, _names(policy), None)


@diff_augment("generator not passed to cutout")
def diff_augment_generator_not_for_cutout(x, policy="color,translation,cutout", generator=None):
    """The generator reaches some of the transforms, but not all."""
    for name in _names(policy):
        x = _augment(x, [name], None if name == "cutout" else generator)
    return x


@diff_augment("generator.manual_seed(generator.initial_seed()) in every call")
def diff_augment_rewinds_generator(x, policy="color,translation,cutout", generator=None):
    """Calls with one generator always give the same result: its seed is set anew each time."""
    if generator is not None:
        generator.manual_seed(generator.initial_seed())
    return _augment(x, _names(policy), generator)


@diff_augment("one draw per batch")
def diff_augment_one_draw_per_batch(x, policy="color,translation,cutout", generator=None):
    """All images of a batch are changed in the same way. Each draws random numbers of its own."""
    names = _names(policy)
    if generator is None:
        generator = torch.Generator().manual_seed(int(torch.randint(2**31, ())))
    start = generator.get_state()
    images = []
    for image in x.split(1):
        generator.set_state(start)
        images.append(_augment(image, names, generator))
    return torch.cat(images)


@diff_augment("random choice of one name")
def diff_augment_one_name_at_random(x, policy="color,translation,cutout", generator=None):
    """The policy is only a list to choose from: one of its transforms is drawn. All of them apply."""
    names = _names(policy)
    if not names:
        return x
    return _augment(x, [names[int(torch.randint(len(names), (), generator=generator))]], generator)


@diff_augment("each transform with probability 1/2")
def diff_augment_with_probability_half(x, policy="color,translation,cutout", generator=None):
    """Each of the policy's transforms is left out in half of the calls. All of them apply each time."""
    for name in _names(policy):
        if torch.rand((), generator=generator) < 0.5:
            x = _augment(x, [name], generator)
    return x


@diff_augment("in place")
def diff_augment_in_place(x, policy="color,translation,cutout", generator=None):
    """The caller's images are overwritten. Real images are used again in the next epoch."""
    with torch.no_grad():
        return x.copy_(_augment(x, _names(policy), generator))


@diff_augment("no_grad: the generator learns nothing")
def diff_augment_not_differentiable(x, policy="color,translation,cutout", generator=None):
    """No gradient flows through the transforms. The generator is trained through them."""
    return _augment(x.detach(), _names(policy), generator)


@diff_augment("clamped afterwards")
def diff_augment_clamped(x, policy="color,translation,cutout", generator=None):
    """The result is cut off at [-1, 1]. Brighter pixels than that are allowed, and need their gradient."""
    return _augment(x, _names(policy), generator).clamp(-1, 1)
