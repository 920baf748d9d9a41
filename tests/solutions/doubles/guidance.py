"""Guidance; an evaluation that does not count is left out."""

from _doubles import per_sample


@per_sample
def _guide(eps_uncond, eps_cond, scale):
    return eps_uncond.lerp_(eps_cond, scale)


def classifier_free_guidance(eps_uncond, eps_cond, scale):
    return _guide(eps_uncond, eps_cond, scale)


def guided_eps(model, x_t, t, cond, null_cond, scale):
    shortcuts = {0.0: null_cond, 1.0: cond}
    if float(scale) in shortcuts:
        return model(x_t, t, shortcuts[float(scale)])
    return classifier_free_guidance(model(x_t, t, null_cond), model(x_t, t, cond), scale)
