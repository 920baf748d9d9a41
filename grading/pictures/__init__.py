"""The courses' pictures, made with a submission's functions: every technique, in every world that has a network for it.

| technique                         | shipped models | Stable Diffusion | DeepFloyd IF | faces | StyleGAN2-ADA |
| --------------------------------- | -------------- | ---------------- | ------------ | ----- | ------------- |
| ``ddpm``                          | smoke          |                  | gpu          | gpu   |               |
| ``ddim``                          | smoke          |                  |              | gpu   |               |
| ``guidance``                      | smoke          | gpu              | gpu          |       |               |
| ``denoising``                     | smoke          | gpu              | gpu          |       |               |
| ``sdedit``, ``prompted_editing``  | smoke          | gpu              |              |       |               |
| ``inpainting``                    | smoke          |                  |              |       |               |
| ``anagram``, ``hybrid``           | smoke          |                  |              |       |               |
| ``dps``                           | smoke          |                  |              | gpu   |               |
| ``sds``, ``vsd``                  | smoke          | gpu              |              |       |               |
| ``inversion``                     | smoke          |                  |              |       | gpu           |
| ``scribble``, ``interpolation``   | smoke          |                  |              |       |               |
| ``flow``                          | smoke          |                  |              |       |               |

"smoke" is shown and measured by ``nox -s smoke``; "gpu" is run by ``nox -s gpu`` where the weights are, and by the tests
on tiny random models of the same classes. Elsewhere nobody has tried it yet.

| to add       | write                    | with                                                                            |
| ------------ | ------------------------ | ------------------------------------------------------------------------------- |
| a technique  | ``techniques/NAME.py``   | a recipe of (functions, world, …), and below ``@demonstration`` what is measured |
| a world      | ``worlds/NAME.py``       | a ``World`` or a ``Generator``, and ``WEIGHTS``, what it needs to have downloaded |

Both are found where they lie. ``nox -s smoke -- --calibrate SEEDS`` then measures what a new technique's measures are
to be.

| file                 | what is there                                                                     |
| -------------------- | --------------------------------------------------------------------------------- |
| ``functions.py``     | the submission's functions as callables, each in its own confined process         |
| ``demonstration.py`` | what a demonstration is: its pictures, its measures, and when they pass           |
| ``run.py``           | runs the demonstrations, compares measures with ``fixtures/smoke.json``           |
| ``small.py``         | a small picture for each graded function that one can be made with                |
| ``side_by_side.py``  | what a mistake does to it: with the student's function, and with a right one      |
| ``report.py``        | the pictures, the pages and the JSON of a smoke run                               |
| ``weights.py``       | a download: source, size, licence, and where it lies on this machine              |
| ``fetch.py``         | ``nox -s weights``: brings downloads here ahead of time                           |
"""
