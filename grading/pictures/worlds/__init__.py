"""The courses' own pretrained networks: where they come from, and the submission's functions around them.

| room                  | what is there                                                                            |
| --------------------- | ---------------------------------------------------------------------------------------- |
| ``weights.py``        | the register: sources, sizes, licences; where a weight lies on this machine              |
| ``fetch.py``          | ``nox -s weights``: brings them here ahead of time                                        |
| ``conventions.py``    | schedules and predictions of diffusers' models in the contract's terms                   |
| ``faces.py``          | an unconditional DDPM of faces: DDPM, DDIM, DPS                                           |
| ``stable_diffusion.py`` | Stable Diffusion: latents, prompts, noise                                              |
| ``distillation.py``   | SDS, and VSD with a LoRA, in its latent space                                             |
| ``deepfloyd.py``      | DeepFloyd IF, both stages                                                                 |
| ``stylegan2.py``      | StyleGAN2-ADA's generator, from NVIDIA's pickles, of which no code is run                |

As in the smoke run the networks work on ``device``, and the functions see float32 tensors on the CPU. A network here has
what :class:`grading.smoke.stage.Stage` has of them: ``schedule``, ``eps``, ``embed``, ``null``.
"""
