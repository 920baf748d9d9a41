"""One tab a file: ``TITLE``, and ``build(studio)``, which lays out its controls and calls ``running``."""

NAMES = ("draw", "edit", "invert", "illusions", "sample", "distil")  # in the order of the page
