"""One tab a file: ``TITLE``, and ``build(studio)``, which lays out its controls and calls ``running``."""

NAMES = ("sample",)  # in the order of the page
