"""The commands: one file each, with ``HELP``, ``add_arguments(parser)`` and ``run(arguments) -> exit code``.

A command's file says what its arguments mean and what it prints. It is imported for every ``--help``, so that whatever
takes time to load is imported where it is used.
"""

COMMANDS = (
    "grade",
    "class_",
    "gradebook",
    "compare",
    "autograder",
    "handout",
    "docs",
    "stubs",
    "smoke",
    "studio",
    "bench",
    "contract",
    "formula",
    "fixtures",
    "audit",
    "weights",
)

DONE, AMISS, UNUSABLE, AT_FAULT = 0, 1, 2, 3  # exit codes: the README's table
