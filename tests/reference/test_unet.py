"""unet: shapes, skips, conditioning per sample, the handout's blocks, losses with stand-in models, overfitting."""

import numpy as np
import pytest
import torch
from torch import nn

from reference import unet
from reference.noising import cumulative_alphas, linear_betas
from reference.unet import (
    ClassConditionalUNet,
    TimeConditionalUNet,
    UnconditionalUNet,
    class_ddpm_loss,
    ddpm_loss,
    denoiser_loss,
)

NETWORKS = [UnconditionalUNet, TimeConditionalUNet, ClassConditionalUNet]
ABAR = cumulative_alphas(linear_betas(300))


def draw(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def build(network, in_channels=1, num_hiddens=4):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return network(in_channels=in_channels, num_hiddens=num_hiddens)


def condition(network, batch_size, dtype=torch.float32):
    """The arguments after x: none, (t,) or (c, t)."""
    generator = torch.Generator().manual_seed(0)
    c = torch.randint(10, (batch_size,), generator=generator)
    t = torch.rand(batch_size, generator=generator).to(dtype)
    return {UnconditionalUNet: (), TimeConditionalUNet: (t,), ClassConditionalUNet: (c, t)}[network]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("in_channels", [1, 3])
@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("training", [False, True])
def test_shapes(network, in_channels, batch_size, training):
    model = build(network, in_channels).train(training)
    x = draw(batch_size, in_channels, 28, 28)
    y = model(x, *condition(network, batch_size))
    assert y.shape == x.shape and y.dtype == x.dtype and y.isfinite().all()


@pytest.mark.parametrize(("network", "num_hiddens"), [(NETWORKS[0], 128), (NETWORKS[1], 64), (NETWORKS[2], 64)])
def test_defaults_are_the_handouts(network, num_hiddens):
    model = network()
    assert model.in_channels == 1 and model.conv_out.in_channels == num_hiddens


def test_blocks_have_the_handouts_sizes():
    x = draw(2, 3, 28, 28)
    assert unet.Conv(3, 5)(x).shape == (2, 5, 28, 28)
    assert unet.DownConv(3, 5)(x).shape == (2, 5, 14, 14)
    assert unet.UpConv(3, 5)(x).shape == (2, 5, 56, 56)
    assert unet.Flatten()(x[..., :7, :7]).shape == (2, 3, 1, 1)
    assert unet.Unflatten(3)(x[..., :1, :1]).shape == (2, 3, 7, 7)
    assert unet.ConvBlock(3, 5)(x).shape == (2, 5, 28, 28)
    assert unet.DownBlock(3, 5)(x).shape == (2, 5, 14, 14)
    assert unet.UpBlock(3, 5)(x).shape == (2, 5, 56, 56)
    assert unet.FCBlock(10, 6)(torch.zeros(2, 10)).shape == (2, 6)


def test_number_of_parameters():
    # Counted by hand from the handout's figure: a Conv has 9 in out + out weights and biases, and 2 out to normalise.
    def conv(n, m, kernel=9):
        return kernel * n * m + 3 * m

    def fc(n, m):
        return n * m + m + m * m + m

    def body(c, d):
        down = conv(c, d) + conv(d, d) + 3 * conv(d, d) + conv(d, 2 * d) + 2 * conv(2 * d, 2 * d)
        up = conv(2 * d, 2 * d, 49) + conv(4 * d, d, 16) + 2 * conv(d, d) + conv(2 * d, d, 16) + 2 * conv(d, d)
        return down + up + conv(2 * d, d) + conv(d, d) + 9 * d * c + c

    def count(model):
        return sum(p.numel() for p in model.parameters())

    d = 4
    assert count(UnconditionalUNet(2, d)) == body(2, d)
    assert count(TimeConditionalUNet(2, d)) == body(2, d) + fc(1, 2 * d) + fc(1, d)
    assert count(ClassConditionalUNet(2, 7, d)) == body(2, d) + fc(1, 2 * d) + fc(1, d) + fc(7, 2 * d) + fc(7, d)


# An untrained network in eval mode hardly listens to what enters at the bottom: a class changes its output by 1e-6. So
# these tests compare in float64, where rounding is far below that.


def exact(network):
    return build(network).double().eval()


def images(*shape):
    return draw(*shape, dtype=torch.float64)


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


def assert_same(a, b):
    torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def differ(a, b):
    return (a - b).abs().max() > 1e-9


@pytest.mark.parametrize("network", NETWORKS)
def test_eval_makes_samples_independent(network):
    model = exact(network)
    x, others = images(4, 1, 28, 28), condition(network, 4, torch.float64)
    together = model(x, *others)
    alone = torch.cat([model(x[i : i + 1], *(v[i : i + 1] for v in others)) for i in range(4)])
    assert_same(together, alone)


@pytest.mark.parametrize("network", NETWORKS)
def test_fine_detail_reaches_the_output_through_the_skips(network):
    # With everything from below the first level cut off, single pixels still come through, and only nearby:
    # block_in, block_out and conv_out see 2 + 2 + 1 pixels far.
    model = exact(network)
    with torch.no_grad():
        model.block_out[0][0].weight[:, :4] = 0
    x = images(1, 1, 28, 28)
    moved = x.clone()
    moved[0, 0, 10, 15] += 1
    others = condition(network, 1, torch.float64)
    change = (model(moved, *others) - model(x, *others))[0, 0].abs() > 1e-12
    rows, columns = change.nonzero(as_tuple=True)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 15, 10, 20)


def test_all_of_the_image_reaches_all_of_the_output_through_the_bottom():
    model, x = exact(UnconditionalUNet), images(1, 1, 28, 28).requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[0, 0, 0, 0], x)
    assert (gradient != 0).all()


def test_time_reaches_every_sample_by_itself():
    model, x = exact(TimeConditionalUNet), images(1, 1, 28, 28).repeat(3, 1, 1, 1)
    y = model(x, numbers(0.1, 0.5, 0.1))
    assert_same(y[0], y[2])
    assert differ(y[0], y[1])
    assert_same(model(x, numbers(0.1, 0.9, 0.2))[0], y[0])


@pytest.mark.parametrize("kind", ["time", "class"])
@pytest.mark.parametrize("place", ["1", "2"])
def test_each_condition_enters_at_both_places(kind, place):
    model = exact(ClassConditionalUNet)
    x, c, t = images(2, 1, 28, 28), torch.tensor([1, 2]), numbers(0.2, 0.7)
    before = model(x, c, t)
    with torch.no_grad():
        getattr(model, kind + place)[-1].bias += 0.5
    assert differ(model(x, c, t), before)


def test_time_is_added_and_class_multiplied():
    # A class gain of 0 at both places wipes out what came before and leaves the time.
    model = exact(ClassConditionalUNet)
    for block in (model.class1, model.class2):
        nn.init.zeros_(block[-1].weight)
        nn.init.zeros_(block[-1].bias)
    inputs = {"up1": [], "up2": []}
    for name, seen in inputs.items():
        getattr(model, name).register_forward_pre_hook(lambda module, arguments, seen=seen: seen.append(arguments[0]))
    t = numbers(0.2, 0.7)
    model(images(2, 1, 28, 28), torch.tensor([1, 2]), t)
    for name, block, channels, side in [("up1", model.time1, 8, 7), ("up2", model.time2, 4, 14)]:
        shift = block(t[:, None])[:, :, None, None].expand(2, channels, side, side)
        assert_same(inputs[name][0][:, :channels], shift)


def test_class_reaches_every_sample_by_itself():
    model, x = exact(ClassConditionalUNet), images(1, 1, 28, 28).repeat(3, 1, 1, 1)
    t = numbers(0.5, 0.5, 0.5)
    y = model(x, torch.tensor([0, 7, 0]), t)
    assert_same(y[0], y[2])
    assert differ(y[0], y[1])
    assert_same(model(x, torch.tensor([0, 3, 9]), t)[0], y[0])


def test_a_dropped_class_is_no_class():
    model, x = exact(ClassConditionalUNet), images(1, 1, 28, 28).repeat(10, 1, 1, 1)
    t, labels, ones = numbers(*[0.5] * 10), torch.arange(10), numbers(*[1] * 10)
    kept, dropped = model(x, labels, t, ones), model(x, labels, t, 0 * ones)
    assert_same(kept, model(x, labels, t))
    assert_same(dropped, dropped[:1].expand_as(dropped))
    assert all(differ(kept[i], dropped[i]) for i in range(10)), "none of the classes is no class"
    mixed = model(x, labels, t, (labels % 2).double())
    assert_same(mixed[::2], dropped[::2])
    assert_same(mixed[1::2], kept[1::2])


def test_dropping_zeroes_the_one_hot_vector():
    model, seen = exact(ClassConditionalUNet), []
    model.class1.register_forward_pre_hook(lambda module, arguments: seen.append(arguments[0]))
    model(images(2, 1, 28, 28), torch.tensor([3, 4]), numbers(0, 0), numbers(1, 0))
    expected = torch.zeros(2, 10, dtype=torch.float64)
    expected[0, 3] = 1
    assert torch.equal(seen[0], expected)


SHAPE = (3, 2, 4, 5)


def test_denoiser_loss_against_numpy():
    x0, noise = draw(*SHAPE, dtype=torch.float64), draw(*SHAPE, seed=1, dtype=torch.float64)
    for sigma in (0.0, 0.5, 2.0):
        loss = denoiser_loss(lambda z: 3 * z + 1, x0, noise, sigma)
        expected = np.mean((3 * (x0 + sigma * noise) + 1 - x0).numpy() ** 2)
        np.testing.assert_allclose(loss.item(), expected, rtol=1e-12)
        assert loss.ndim == 0


@pytest.mark.parametrize("t", [[0, 150, 299], [299, 0, 1]])
def test_ddpm_losses_against_numpy(t):
    x0, noise = draw(*SHAPE, dtype=torch.float64), draw(*SHAPE, seed=1, dtype=torch.float64)
    t, abar = torch.tensor(t), ABAR.double()
    labels, keep = torch.tensor([4, 0, 9]), torch.tensor([1.0, 1.0, 0.0]).double()
    time_model = lambda x_t, s: 2 * x_t + s.reshape(-1, 1, 1, 1)
    class_model = lambda x_t, c, s, keep: time_model(x_t, s) + (c * keep).reshape(-1, 1, 1, 1)
    a = abar.numpy()[t.numpy()].reshape(-1, 1, 1, 1)
    x_t = np.sqrt(a) * x0.numpy() + np.sqrt(1 - a) * noise.numpy()
    answer = 2 * x_t + t.numpy().reshape(-1, 1, 1, 1) / 300
    np.testing.assert_allclose(
        ddpm_loss(time_model, x0, noise, t, abar).item(), np.mean((answer - noise.numpy()) ** 2), rtol=1e-12
    )
    answer = answer + np.array([4, 0, 0]).reshape(-1, 1, 1, 1)
    loss = class_ddpm_loss(class_model, x0, labels, noise, t, abar, keep)
    np.testing.assert_allclose(loss.item(), np.mean((answer - noise.numpy()) ** 2), rtol=1e-12)


def test_a_model_that_knows_the_answer_has_no_loss():
    x0, noise, t = draw(*SHAPE), draw(*SHAPE, seed=1), torch.tensor([0, 100, 299])
    assert denoiser_loss(lambda z: x0, x0, noise, 0.5) == 0
    assert ddpm_loss(lambda x_t, s: noise, x0, noise, t, ABAR) == 0


def test_models_see_fractions_in_the_images_dtype():
    x0, noise, t = draw(*SHAPE), draw(*SHAPE, seed=1), torch.tensor([0, 150, 299])
    seen = []

    def model(x_t, c, s, keep):
        seen.extend([c, s, keep])
        return x_t

    labels, keep = torch.tensor([1, 2, 3]), torch.tensor([1.0, 0.0, 1.0])
    class_ddpm_loss(model, x0, labels, noise, t, ABAR, keep)
    assert torch.equal(seen[0], labels) and torch.equal(seen[2], keep)
    torch.testing.assert_close(seen[1], torch.tensor([0.0, 0.5, 299 / 300]))


def test_losses_are_differentiable_in_model_and_image():
    x0, noise, t = draw(2, 1, 2, 3, dtype=torch.float64), draw(2, 1, 2, 3, seed=1).double(), torch.tensor([3, 200])
    x0.requires_grad_()
    network = nn.Linear(3, 3).double()
    abar = ABAR.double()
    assert torch.autograd.gradcheck(lambda x0: denoiser_loss(network, x0, noise, 0.5), x0)
    assert torch.autograd.gradcheck(lambda x0: ddpm_loss(lambda x_t, s: network(x_t), x0, noise, t, abar), x0)
    denoiser_loss(network, x0, noise, 0.5).backward()
    assert network.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("network", NETWORKS)
def test_one_batch_can_be_overfitted(network):
    model = build(network, num_hiddens=8).train()
    # Bars, so that there is something to learn that is not noise.
    x0 = torch.zeros(4, 1, 28, 28)
    for i in range(4):
        x0[i, :, :, 4 + 5 * i : 8 + 5 * i] = 1
    noise, t, labels = draw(*x0.shape, seed=1), torch.tensor([20, 100, 180, 260]), torch.arange(4)
    losses = {
        UnconditionalUNet: lambda: denoiser_loss(model, x0, noise, 0.5),
        TimeConditionalUNet: lambda: ddpm_loss(model, x0, noise, t, ABAR),
        ClassConditionalUNet: lambda: class_ddpm_loss(model, x0, labels, noise, t, ABAR, torch.ones(4)),
    }
    adam = torch.optim.Adam(model.parameters(), lr=1e-2)
    values = []
    for _ in range(60):
        adam.zero_grad()
        loss = losses[network]()
        loss.backward()
        adam.step()
        values.append(loss.item())
    assert values[-1] < 0.15 * values[0]
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


@pytest.mark.bad_input
def test_bad_network_arguments():
    x, c, t = draw(2, 1, 28, 28), torch.tensor([1, 2]), torch.tensor([0.1, 0.2])
    plain, timed, classed = (build(network).eval() for network in NETWORKS)
    cases = [
        ("in_channels", lambda: UnconditionalUNet(0)),
        ("num_hiddens", lambda: TimeConditionalUNet(1, 0)),
        ("num_classes", lambda: ClassConditionalUNet(1, 0)),
        ("x", lambda: plain(x[0])),
        ("x", lambda: plain(x[..., :24])),
        ("x", lambda: plain(draw(2, 1, 32, 32))),
        ("x", lambda: plain(x.repeat(1, 3, 1, 1))),
        ("t", lambda: timed(x, t[:1])),
        ("t", lambda: timed(x, t[:, None])),
        ("t", lambda: timed(x, c)),
        ("t", lambda: timed(x, 0.5)),
        ("c", lambda: classed(x, c[:1], t)),
        ("c", lambda: classed(x, t, t)),
        ("c", lambda: classed(x, c + 9, t)),
        ("c", lambda: classed(x, c - 3, t)),
        ("keep", lambda: classed(x, c, t, torch.ones(1))),
        ("keep", lambda: classed(x, c, t, torch.ones(2, 1))),
        ("keep", lambda: classed(x, c, t, c)),
    ]
    for argument, call in cases:
        with pytest.raises(ValueError, match=f"^{argument}:"):
            call()


@pytest.mark.bad_input
def test_bad_loss_arguments():
    x0, t, c, keep = draw(2, 1, 3, 4), torch.tensor([1, 2]), torch.tensor([1, 2]), torch.ones(2)
    same, same_t, same_c = (lambda z: z), (lambda z, t: z), (lambda z, c, t, keep: z)
    cases = [
        ("x0", lambda: denoiser_loss(same, x0[0], x0[0], 0.5)),
        ("noise", lambda: denoiser_loss(same, x0, x0[:1], 0.5)),
        ("sigma", lambda: denoiser_loss(same, x0, x0, -0.5)),
        ("model", lambda: denoiser_loss(lambda z: z[:, :, :1], x0, x0, 0.5)),
        ("x0", lambda: ddpm_loss(same_t, x0[0], x0, t, ABAR)),
        ("noise", lambda: ddpm_loss(same_t, x0, x0.double(), t, ABAR)),
        ("t", lambda: ddpm_loss(same_t, x0, x0, 1, ABAR)),
        ("t", lambda: ddpm_loss(same_t, x0, x0, t[:1], ABAR)),
        ("t", lambda: ddpm_loss(same_t, x0, x0, t + 298, ABAR)),
        ("t", lambda: ddpm_loss(same_t, x0, x0, t / 300, ABAR)),
        ("alphas_cumprod", lambda: ddpm_loss(same_t, x0, x0, t, ABAR.double())),
        ("model", lambda: ddpm_loss(lambda z, t: z[:1], x0, x0, t, ABAR)),
        ("labels", lambda: class_ddpm_loss(same_c, x0, c[:1], x0, t, ABAR, keep)),
        ("labels", lambda: class_ddpm_loss(same_c, x0, c.float(), x0, t, ABAR, keep)),
        ("keep", lambda: class_ddpm_loss(same_c, x0, c, x0, t, ABAR, keep[:1])),
        ("keep", lambda: class_ddpm_loss(same_c, x0, c, x0, t, ABAR, c)),
    ]
    for argument, call in cases:
        with pytest.raises(ValueError, match=f"^{argument}:"):
            call()
