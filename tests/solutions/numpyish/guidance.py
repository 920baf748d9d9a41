"""Guidance; the network is not asked for an estimate that would count 0 times."""


def classifier_free_guidance(eps_uncond, eps_cond, scale):
    return eps_cond * scale - eps_uncond * (scale - 1)


def guided_eps(model, x_t, t, cond, null_cond, scale):
    weighted = [(scale, cond), (1 - scale, null_cond)]
    return sum(weight * model(x_t, t, condition) for weight, condition in weighted if weight != 0)
