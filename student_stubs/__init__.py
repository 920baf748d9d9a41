"""Your homework: every function that raises NotImplementedError is yours to write.

Each docstring gives the formula, the shapes and the convention; each TODO says what to do and where the traps are.
Grade yourself as often as you like: ``nox -s grade -- PATH`` for a folder with these files, or
``nox -s grade -- PATH --only ddpm.posterior_step`` for a single function.

This folder is generated from the course's reference. Work in a copy of it.
"""
