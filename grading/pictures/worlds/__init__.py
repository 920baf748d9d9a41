"""The worlds that techniques run in, one file each.

| world                 | what it is                                                                                |
| --------------------- | ----------------------------------------------------------------------------------------- |
| ``world.py``          | what a technique knows of any of them                                                      |
| ``shipped.py``        | the shipped models                                                                         |
| ``digits.py``         | the shipped flow model of digits, which hears classes and has no schedule                 |
| ``faces.py``          | an unconditional DDPM of faces                                                             |
| ``stable_diffusion.py`` | Stable Diffusion                                                                         |
| ``deepfloyd.py``      | DeepFloyd IF, both stages                                                                  |
| ``stylegan2.py``      | StyleGAN2-ADA's generator, from NVIDIA's pickles, of which no code is run                  |
| ``conventions.py``    | schedules and predictions of diffusers' models in the contract's terms                     |

``WEIGHTS`` of a file are what it needs to have downloaded; ``nox -s weights`` finds them there.
"""
