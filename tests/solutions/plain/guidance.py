"""Classifier-free guidance with two calls of the network."""


def classifier_free_guidance(eps_uncond, eps_cond, scale):
    return eps_uncond + scale * (eps_cond - eps_uncond)


def guided_eps(model, x_t, t, cond, null_cond, scale):
    eps_cond = model(x_t, t, cond)
    eps_uncond = model(x_t, t, null_cond)
    return classifier_free_guidance(eps_uncond, eps_cond, scale)
