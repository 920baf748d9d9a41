"""What is said of functions whose results are random, of a search, and of networks: true of what was made, or nothing.

A sentence counts as right if it holds the words that a person would use for the mistake; TOLD lists them. Mistakes that
show in side effects only (arguments overwritten, graphs kept, global random numbers) leave nothing to read.
"""

import pytest
import torch

from grading.contract.reference import reference_function
from grading.diagnosis.mistakes import catalogue
from grading.diagnosis.readback import NETWORKS, STATISTICS, chance, read_network
from grading.diagnosis.readback.boxes import images, treatment
from grading.sandbox.crossing.calls import run_module
from grading.sandbox.student import UNTRAINED
from grading.verdicts import Failure

from .test_readback import asking, read

TOLD = {
    "encoder_loss_weights_exchanged": "the two weights are exchanged",
    "rand_cutout_one_box_per_batch": "all images of a batch lose the same box",
    "rand_cutout_one_size_per_batch": "all boxes of a batch have the same height and width",
    "rand_cutout_one_position_per_batch": "one draw for the batch",
    "rand_cutout_fixed_half": "the height of your box is always 0.5 H",
    "rand_cutout_ratio_range_ignored": "the argument has no influence",
    "rand_cutout_over_the_edge": "boxes hang over the edge (top, left",
    "rand_cutout_corner_anywhere": "boxes hang over the edge (bottom, right)",
    "rand_cutout_last_position_missing": "no box reaches the last row",
    "rand_cutout_first_position_missing": "no box begins before row 1",
    "rand_cutout_room_of_largest_box": "smaller boxes never reach the edge",
    "rand_cutout_always_upper_left": "in the upper left corner",
    "rand_cutout_always_centred": "lies in the middle",
    "rand_cutout_sides_swapped": "height and width have changed places",
    "rand_cutout_corner_swapped": "boxes hang over the edge (bottom)",
    "rand_cutout_inverted": "only the box is kept",
    "rand_cutout_area_ratio": "taken for the area",
    "rand_cutout_largest_side_missing": "2 … 3 of 8 pixels; expected 2 … 4",
    "rand_cutout_smallest_side_missing": "3 … 4 of 8 pixels; expected 2 … 4",
    "rand_cutout_only_the_two_ends": "no box has width 4, 5",
    "rand_cutout_one_too_large": "3 … 5 of 8 pixels; expected 2 … 4",
    "rand_cutout_sides_coupled": "height and width of a box depend on each other",
    "rand_cutout_corner_on_diagonal": "row and column of a box depend on each other",
    "rand_cutout_corner_follows_side": "height and row of a box depend on each other",
    "rand_cutout_square": "as high as it is wide",
    "rand_cutout_box_per_channel": "every channel has a box of its own",
    "rand_cutout_first_channel_only": "only channel 0 of 2",
    "rand_cutout_cross": "whole rows and whole columns",
    "rand_cutout_filled_with_mean": "filled with the mean of the image",
    "rand_cutout_filled_with_black": "filled with -1",
    "rand_cutout_filled_with_noise": "filled with other values",
    "rand_cutout_rescaled": "divided by the part that is left",
    "rand_cutout_clamped": "cut off at −1 and 1",
    "rand_cutout_every_other_image": "keep all of their pixels",
    "rand_cutout_generator_ignored": "twice the same generator gives different boxes",
    "rand_cutout_generator_for_sides_only": "the same sizes at other places",
    "rand_cutout_rewinds_generator": "a generator that has been used",
    "diff_augment_fixed_order": "always comes after the colours",
    "diff_augment_sorted": "always comes after the colours",
    "diff_augment_reversed": "from right to left",
    "diff_augment_substring": "always comes after the colours",
    "diff_augment_empty_policy_raises": "an empty policy raises ValueError",
    "diff_augment_empty_policy_is_default": "an empty policy changes the images",
    "diff_augment_default_is_empty": "without a policy the images stay",
    "diff_augment_default_without_translation": "without a policy translation is missing",
    "diff_augment_first_name_only": "only the first transform",
    "diff_augment_not_chained": "only the last transform",
    "diff_augment_color_is_brightness": "color never changes the saturation",
    "diff_augment_color_without_contrast": "color never changes the contrast",
    "diff_augment_color_without_saturation": "color never changes the saturation",
    "diff_augment_color_without_brightness": "color never changes the brightness",
    "diff_augment_generator_ignored": "color and translation and cutout",
    "diff_augment_generator_not_for_cutout": "different results for cutout",
    "diff_augment_rewinds_generator": "a generator that has been used",
    "diff_augment_one_draw_per_batch": "all images of a batch are moved alike",
    "diff_augment_one_name_at_random": "of 24 calls with the policy color,cutout",
    "diff_augment_with_probability_half": "of 24 calls with the policy color,cutout",
    "diff_augment_clamped": "cut off at −1 and 1",
    "mean_w_mapping_of_zero": "the mapping of z = 0",
    "mean_w_mapping_of_mean_draw": "one single z",
    "mean_w_over_wrong_axis": "the mean over the components of w",
    "mean_w_over_everything": "the mean over everything",
    "mean_w_keeps_axis": "with an axis more",
    "mean_w_is_sum": "the sum of the answers",
    "mean_w_is_median": "the median of the answers",
    "mean_w_uniform": "a uniform distribution on [0, 1]",
    "mean_w_z_clamped": "±1 and none is beyond",
    "mean_w_single_draw": "one single z",
    "mean_w_num_samples_ignored": "10000 z are mapped; expected 250",
    "mean_w_remainder_dropped": "the result is 0; expected the mean of 250 mapped draws",
    "mean_w_same_chunk_repeated": "2 z are mapped; expected 250",
    "mean_w_generator_ignored": "twice the same generator",
    "mean_w_seeds_global_state": "a generator that has been used",
    "sample_z_uniform": "a uniform distribution on [0, 1]",
    "sample_z_uniform_signed": "a uniform distribution on [−1, 1]",
    "sample_z_truncated": "±2 and none is beyond",
    "sample_z_normalised": "every z has length 2",
    "sample_z_too_narrow": "variance 0.25; expected 0 and 1",
    "sample_z_repeated": "all 600 z are the same",
    "sample_z_one_number_per_sample": "all components of a z are the same",
    "sample_z_transposed": "shape (z_dim, N); expected (N, z_dim)",
    "sample_z_layer_axis": "shape (N, 1, z_dim); expected (N, z_dim)",
    "sample_z_mean_ignores_batch": "with from_mean: z has shape (1, z_dim)",
    "sample_z_from_mean_ignored": "with from_mean z is random",
    "sample_z_mean_of_draws": "with from_mean z is random",
    "sample_z_mean_is_one": "with from_mean z is 1",
    "sample_z_from_mean_inverted": "without from_mean every z is 0",
    "sample_z_generator_ignored": "twice the same generator",
    "sample_z_seeds_global_state": "a generator that has been used",
    "sample_z_rewinds_generator": "a generator that has been used",
    "sample_w_without_layer_axis": "shape (N, w_dim); expected (N, 1, w_dim)",
    "sample_w_axes_swapped": "shape (1, N, w_dim)",
    "sample_w_broadcast_to_layers": "shape (N, 18, w_dim)",
    "sample_w_mean_ignores_batch": "with from_mean: w has shape (1, 1, w_dim)",
    "sample_w_mapping_of_zero": "with from_mean: the result is the mapping of z = 0",
    "sample_w_mean_of_batch": "with from_mean: 3 z are mapped; expected 10000",
    "sample_w_from_mean_ignored": "with from_mean the rows of w differ",
    "sample_w_always_mean": "every row is the mean",
    "sample_w_same_for_batch": "share one w",
    "sample_w_unmapped": "has not gone through the mapping",
    "sample_w_truncated": "only 0.7 of its distance is left",
    "sample_w_uniform": "a uniform distribution on [0, 1]",
    "sample_w_generator_ignored": "from_mean=False: twice the same generator",
    "sample_w_generator_not_for_mean": "from_mean=True: twice the same generator",
    "sample_w_plus_one_w_repeated": "all layers of a sample share one w",
    "sample_w_plus_same_for_batch": "all samples share their w",
    "sample_w_plus_axes_swapped": "shape (num_ws, N, w_dim)",
    "sample_w_plus_num_ws_ignored": "shape (N, 1, w_dim)",
    "sample_w_plus_flattened": "expected (N, num_ws, w_dim)",
    "sample_w_plus_rolled": "600 rows are made of 100 different w",
    "sample_w_plus_two_codes": "2 in the first sample's 6 layers",
    "sample_w_plus_interpolated": "on a straight line",
    "sample_w_plus_unmapped": "has not gone through the mapping",
    "sample_w_plus_mean_ignores_batch": "with from_mean: w has shape (1, num_ws, w_dim)",
    "sample_w_plus_mean_ignores_layers": "with from_mean: w has shape (N, 1, w_dim)",
    "sample_w_plus_mapping_of_zero": "with from_mean: the result is the mapping of z = 0",
    "sample_w_plus_mean_of_layers": "with from_mean the rows of w differ (18 z are mapped)",
    "sample_w_plus_from_mean_ignored": "with from_mean the rows of w differ",
    "sample_w_plus_generator_ignored": "from_mean=False: twice the same generator",
    "sample_w_plus_generator_not_for_mean": "from_mean=True: twice the same generator",
    "invert_image_of_start": "made from the latent that the search starts from",
    "invert_image_before_last_step": "made from a latent of an earlier call",
    "invert_image_of_delta": "made from delta alone",
    "invert_start_returned": "without the delta that was found",
    "invert_delta_returned": "delta comes back alone",
    "invert_result_swapped": "in the wrong order",
    "invert_makes_no_steps": "the loss is asked once",
    "invert_single_step": "the loss is asked once",
    "invert_climbs": "the search climbs",
    "invert_starts_at_random": "starts at random",
    "invert_latent_ignored": "a latent of zeros",
    "invert_penalises_latent": "told latent + delta",
    "invert_loss_arguments_swapped": "prediction and target are exchanged",
    "invert_one_delta_for_batch": "all samples of the batch move by the same delta",
    "invert_one_delta_for_layers": "all layers of a latent move by the same delta",
    "invert_latent_clamped": "cut off at −1 and 1",
}
NETWORK_TOLD = {  # by how the mistake's name ends: the three networks share some
    "WithoutSkips": "no skip connection at full size",
    "SkipsFromCoarseScale": "two neighbouring pixels cannot be told apart",
    "HalfSize": "one level is missing on the way up",
    "WithoutPadding": "a convolution without padding",
    "OneChannelOut": "with in_channels=3 the output has shape (2, 1, 28, 28)",
    "InChannelsIgnored": "in_channels=3: the argument has no influence",
    "HiddenChannelsOut": "with num_hiddens=32 it has 33 channels",
    "Squeezed": "the axis of length 1 is gone",
    "BatchStatistics": "depends on the other images of the batch",
    "InputCentredOverBatch": "depends on the other images of the batch",
    "DropoutAlwaysOn": "dropout that stays on",
    "Unregistered": "the network has no parameters",
    "NewInEveryCall": "layers are made anew in every call",
    "Detached": "no gradient reaches the parameters",
    "FirstImageForAll": "the first one's image",
    "InPlace": "x is overwritten",
    "TimeIgnored": "the time has no influence",
    "TimeOfFirstSample": "the first one's time",
    "TimeAveragedOverBatch": "the mean of the times",
    "TimeEmbeddingAveraged": "a mixture of all embeddings",
    "TimeRoundedDown": "only the whole part of t counts",
    "NormalisedAway": "taken out again by a normalisation",
    "TimeAlongWidth": "t lines up with the 7 columns",
    "TimeColumnsOnly": "t of shape (B, 1) is taken",
    "TimeScalarsOnly": "one sample is taken",
    "SigmoidAtTheEnd": "the output is limited",
    "TanhAtTheEnd": "the output is limited",
    "ReluAtTheEnd": "it is cut off at 0",
    "ClassIgnored": "the class has no influence",
    "ClassOfFirstSample": "the first one's class",
    "ClassAveragedOverBatch": "a mixture of the batch's classes",
    "ClassKeepInverted": "keep is inverted",
    "ClassKeepIgnored": "keep has no influence",
    "ClassKeepOfFirstSample": "keep of the first sample",
    "ClassDropSpreadsOverBatch": "one dropped sample drops",
    "ClassDroppedToLabelZero": "the output of label 0",
    "ClassAsNumber": "the output of label 0",
    "ClassAsYesOrNo": "labels 1 and 2, 1 and 3",
    "ClassDroppedWithoutMask": "without keep every class is dropped",
    "ClassMaskRequired": "without keep the network raises TypeError",
    "ClassKeepDropsTime": "with keep = 0 the time has no influence",
    "ClassKeepDropsImage": "with keep = 0 the image has no influence",
    "ClassChangesLabels": "c is overwritten",
    "ClassAndTimeSwapped": "in the wrong order",
    "ClassNumberHardCoded": "label 12 raises",
    "ClassDropsByItself": "the network draws by itself",
}


def told(task, function):
    torch.manual_seed(1)  # for what ignores its generator
    try:
        findings = read(task, asking(function), [], lambda: False)
    except Failure:  # it raises whatever it is asked
        return ""
    return " | ".join(finding.staff for finding in findings)


MISTAKES = [mistake for mistake in catalogue() if mistake.task in STATISTICS]


@pytest.mark.parametrize("task", STATISTICS)
def test_nothing_is_wrong_with_a_right_solution(task):
    assert told(task, reference_function(task)) == ""


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_random_functions_mistake_is_named_or_nothing_is(mistake):
    said = told(mistake.task, mistake.implementation)
    assert TOLD.get(mistake.name, "") in said
    if mistake.name not in TOLD:
        assert said == ""


def test_a_box_of_a_quarter_is_told_from_one_of_a_half():
    """Other words for it than the catalogue's mistakes need: a box that nobody has catalogued."""

    def quarter(x, ratio_range=(0.25, 0.5), generator=None):
        return reference_function("augment.rand_cutout")(x, (0.25, 0.25), generator)

    said = told("augment.rand_cutout", quarter)
    assert "the height of your box is always 0.25 H, 2 of 8 pixels; expected 2 … 4, 0.375 H on average" in said
    assert "the width of your box is always 0.25 W" in said


def test_two_mistakes_in_one_box():
    def both(x, ratio_range=(0.25, 0.5), generator=None):
        kept = reference_function("augment.rand_cutout")(torch.ones_like(x), (0.5, 0.5), generator)
        return x * kept - (1 - kept)

    said = told("augment.rand_cutout", both)
    assert "filled with -1" in said and "always 0.5 H" in said


def test_narrow_translations_are_told_in_pixels():
    def narrow(x, policy="color,translation,cutout", generator=None):
        right = reference_function("augment.diff_augment")
        if "translation" not in policy.split(","):
            return right(x, policy, generator)
        return torch.where(torch.rand(len(x), 1, 1, 1, generator=generator) < 0.5, right(x, policy, generator), x)

    assert "pixels down of H = 16; expected -2 … 2" in told("augment.diff_augment", narrow)


def test_a_wide_normal_distribution():
    def wide(batch_size, z_dim, from_mean=False, generator=None):
        return 2 * reference_function("latents.sample_z")(batch_size, z_dim, from_mean, generator)

    said = told("latents.sample_z", wide)
    assert "variance" in said and "expected 0 and 1" in said


@pytest.mark.parametrize("seed", range(20))
def test_chance_is_not_taken_for_a_mistake(seed):
    """The level is one in a million; a fair die must not be called loaded in twenty throws of the whole set."""
    draw = torch.Generator().manual_seed(seed)
    values = torch.randint(2, 8, (2000,), generator=draw)
    assert not chance.beyond(chance.evenly(values, 2, 7))
    assert not chance.beyond(chance.independent(values[:1000], values[1000:]))
    assert not chance.beyond(chance.standard_normal(torch.randn(2000, generator=draw)))
    assert not chance.beyond(chance.no_larger(torch.randn(2000, generator=draw)))


def test_a_loaded_die_is():
    values = torch.cat([torch.arange(2, 8).repeat(200), torch.full((150,), 4)])
    assert chance.beyond(chance.evenly(values, 2, 7))
    assert chance.beyond(chance.independent(values, values))
    assert chance.beyond(chance.no_larger(torch.full((2000,), 2.0)))


def test_what_is_no_box_is_not_called_one():
    x = images(50)
    assert treatment(x, x.flip(3)) is None
    assert treatment(x, x * (torch.rand(x.shape) > 0.2)) is None
    assert treatment(x, "no tensor") is None


def running(network):
    def run(settings, inputs, train=None):
        fresh = [{name: value.clone() for name, value in one.items()} for one in inputs]
        try:
            answer = run_module(network, settings, fresh, False, train)
        except Exception as error:
            raise Failure(f"your code raised {error}", error=type(error).__name__) from error
        if answer["changed"]:
            raise Failure("changed in place", kind="changed", subject=" and ".join(answer["changed"]))
        if answer["untrained"]:
            raise Failure(UNTRAINED[answer["untrained"]], kind=answer["untrained"])
        return answer["outputs"] if train is None else answer["losses"]

    return run


def told_of_network(task, network):
    return " | ".join(finding.staff for finding in read_network(task, running(network)))


@pytest.mark.parametrize("task", NETWORKS)
def test_nothing_is_wrong_with_a_right_network(task):
    assert told_of_network(task, reference_function(task)) == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "mistake", [mistake for mistake in catalogue() if mistake.task in NETWORKS], ids=lambda mistake: mistake.name
)
def test_a_networks_mistake_is_named(mistake):
    ending = max((ending for ending in NETWORK_TOLD if mistake.name.endswith(ending)), key=len)
    assert NETWORK_TOLD[ending] in told_of_network(mistake.task, mistake.implementation)
