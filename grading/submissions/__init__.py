"""A hand-in as an object with a lifetime: ``with opened(path) as submission:``.

What is graded is a copy of what was handed in, made once, with nothing in it that leads out of it. Each way of handing
in is a file here; whatever it opens ends as a folder that works as a package.

| file         | opens                                                                              |
| ------------ | ---------------------------------------------------------------------------------- |
| ``opening``  | ``opened``: finds the way, gives the submission its package name                   |
| ``kits/``    | the courses' own starter kits, filled in                                           |
| ``folder``   | a folder, copied without following what leads out                                  |
| ``archive``  | a .zip, .tar or .tar.gz, of which nothing is believed                              |
| ``notebook`` | a notebook: a folder with a file for each cell                                     |
| ``single``   | one .py file                                                                       |
| ``inner``    | what lies in any of them: archives in folders, notebooks in archives               |
| ``finding``  | no container: in which of the files a graded function stands                       |
"""

from .opening import EXPECTED, Submission, opened

__all__ = ["EXPECTED", "Submission", "opened"]
