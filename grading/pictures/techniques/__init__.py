"""One technique a file.

First its recipe: what the courses do with the submission's functions, in any world. Below it its demonstrations: what
is shown, and measured, of it on the shipped models.
"""
