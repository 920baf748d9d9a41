"""The studio: a page in the browser on which the techniques are tried by hand, with right functions or a submission's.

A tab is two files of one name. To add one:

1. ``recipes/NAME.py``, without Gradio: ``Settings``, a frozen dataclass of numbers, words and paths of pictures, each with
   a default; and ``make(settings, f, worlds, tell) -> Made``, which calls the submission's functions as ``f(task, …)``.
   It calls ``tell(done, made)`` with what there is to see by now (``done`` from 0 to 1): that is where a run is stopped. For
   settings that cannot be used it raises ``Unusable`` with what was expected. All draws come from ``settings.seed``.
2. ``tabs/NAME.py``: ``build(studio)`` lays out a control for each setting, left, and calls ``running(…)``, right, which
   brings the rest: whose functions, Make, Stop and Go on, progress, both side by side, saving, the command line.
3. Its name in ``tabs.NAMES``.

The same ``make`` serves the page, the comparison and ``python -m grading studio PATH --make NAME --set steps=25 --out FILE``.

| file          | what is there                                                                             |
| ------------- | ----------------------------------------------------------------------------------------- |
| ``made.py``   | what a recipe gives back: rows of pictures, stages, losses, measures                      |
| ``worlds.py`` | the networks found on this machine, loaded once                                           |
| ``own.py``, ``drawing.py`` | pictures and drawings from files, as the networks take them                               |
| ``whose.py``  | the reference's functions, or the submission's in their sandbox                           |
| ``seen.py``, ``followed.py`` | what a sampler asks its network, shown step by step                       |
| ``work.py``   | runs in threads, one a side: progress, time left, stopping, trouble in its place          |
| ``settings.py`` | settings as words of a command line, and back                                           |
| ``shown.py``, ``moving.py`` | what was made, as HTML; pictures that turn and go away in the browser       |
| ``saved.py``  | what was made, as files                                                                   |
| ``running.py``| the half of a tab that all tabs share                                                     |
| ``app.py``    | the page                                                                                  |
| ``demo.py``   | a recording of it for the README                                                          |
"""
