"""Probes keep what they have computed: no caller may notice."""

import torch

from grading.sandbox.crossing.probes import eps_model, noise_per_sample, pattern, steady_noise


def test_what_is_kept_is_the_formula():
    x = torch.zeros(2, 3, 4, 5, dtype=torch.float32)
    index = torch.arange(60, dtype=torch.float64).reshape(3, 4, 5)
    assert torch.equal(pattern(x, 0.5), torch.sin(index * 12.9898 + index.sqrt() + 0.5).float())
    assert pattern(x.double(), 0.5).dtype == torch.float64
    assert not torch.equal(noise_per_sample(x, 0.5)[0], noise_per_sample(x, 0.5)[1])


def test_what_a_call_without_autograd_has_made_can_be_differentiated():
    """Tensors made in inference mode could not be saved for a gradient."""
    x = torch.ones(1, 1, 6, 7, dtype=torch.float64)
    with torch.inference_mode():
        pattern(x, 0.123), noise_per_sample(x, 0.123)
    x.requires_grad_()
    (gradient,) = torch.autograd.grad((x**2 * pattern(x, 0.123) * noise_per_sample(x, 0.123)).sum(), x)
    assert gradient.isfinite().all()


def test_transforms_within_transforms_leave_nothing_behind():
    x = torch.ones(1, 1, 6, 7, dtype=torch.float64)
    norm = lambda y: torch.func.grad(lambda z: (z**3 * pattern(z, 0.321)).sum())(y).square().sum()
    first, second = torch.func.grad(norm)(x), torch.func.grad(norm)(x)
    assert torch.equal(first, second)
    assert pattern(x, 0.321).isfinite().all()


def test_a_changed_result_changes_no_other():
    x = torch.zeros(2, 1, 3, 3)
    for probe in (steady_noise, lambda x: pattern(x, 0.7)):
        first = probe(x.double())
        expected = first.clone()
        first.zero_()
        assert torch.equal(probe(x.double()), expected)


def test_a_whole_number_and_a_tensor_are_the_same_timestep():
    x = torch.randn(3, 2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for t in (0, 7, 999):
        assert torch.allclose(eps_model(x, t), eps_model(x, torch.full((3,), t)), rtol=1e-12)
