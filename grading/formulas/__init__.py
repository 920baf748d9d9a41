"""Tested formulas: LaTeX that is read, evaluated and held against the functions that it stands for.

``latex/`` reads it, ``symbols/`` says what each function's symbols are, ``evaluation`` and ``agreement`` compare; ``sources/``
holds how courses and papers write the same, with their equations, and ``inquiry`` answers an instructor.
"""
