"""The formulas of three generative-model courses, each written once, plainly and to the contract.

One module per topic; a module's ``__all__`` is the list of its graded functions. Every other tool of this project
(student stubs, golden fixtures, the grader's task list) is derived from these modules.

Read them in this order: :mod:`noising`, :mod:`ddpm`, :mod:`ddim`, :mod:`guidance`, :mod:`editing`,
:mod:`illusions`, :mod:`dps`, :mod:`distillation`; then the GAN half: :mod:`gan_losses`, :mod:`augment`,
:mod:`latents`, :mod:`inversion`, :mod:`bells`, :mod:`unet`; and :mod:`flow`.

Conventions that hold everywhere (each docstring says who differs):

* images are float tensors ``(B, C, H, W)`` in [-1, 1]; nothing is clipped unless a docstring says so;
* ``alphas_cumprod[t]`` is abar_t for t = 0 … T-1, index 0 being one step of noise; ``t_prev = -1`` is the clean
  image, where abar is exactly 1;
* alpha and beta belong to the stride: alpha = abar_t / abar_prev, beta = 1 - alpha, never a table's ``betas[t]``;
* randomness is an argument: formulas take ``noise``, samplers take ``noise_fn``;
* no argument is changed in place; results have the image's dtype and device.
"""
