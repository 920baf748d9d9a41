"""A hand-in as an object with a lifetime: ``with opened(path) as submission:``.

What is graded is a copy of what was handed in, made once, with nothing in it that leads out of it. Each way of handing
in is a file here; whatever it opens ends as a folder that works as a package.

| file         | opens                                                                              |
| ------------ | ---------------------------------------------------------------------------------- |
| ``opening``  | ``opened``: finds the way, gives the submission its package name, checks it        |
| ``kits/``    | the courses' own starter kits, filled in                                           |
| ``folder``   | a folder, copied without following what leads out                                  |
"""

from .opening import Submission, opened

__all__ = ["Submission", "opened"]
