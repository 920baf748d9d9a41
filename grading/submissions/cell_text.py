"""The Python in a notebook's cell. Handouts hold this file, too."""

import ast
import re
import warnings

_OTHER_LINES = re.compile(r"\s*([%!?]|[\w, ]+=\s*[%!])|.*\?\s*$")  # of the notebook's own language
_PYTHON_AFTER_ALL = ("%%time", "%%capture", "%%prun", "%%check")  # … and %%timeit: the rest of such a cell is Python
_MOST_OTHER_LINES = 200  # in one cell


def python(text: str) -> tuple[list[str], Exception | None]:
    """A cell's lines, those of the notebook's own language (``%matplotlib inline``, ``!pip``) as comments.

    Such lines are found where Python stumbles over them: in the middle of a text they mean nothing. What else it
    stumbles over comes back as well.
    """
    lines = re.split(r"\r\n|\r|\n", text)
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(_PYTHON_AFTER_ALL):
        return [f"# {line}" for line in lines], None
    for _ in range(_MOST_OTHER_LINES):
        error = _error(lines)
        at = min((getattr(error, "lineno", None) or 1) - 1, len(lines) - 1)
        if error is None or not _OTHER_LINES.match(lines[at]):
            return lines, error
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        goes_on, lines[at] = lines[at].endswith("\\"), f"{indent}pass  # {lines[at].strip()}"
        while goes_on and at + 1 < len(lines):  # a shell's command, in the next line
            at += 1
            goes_on, lines[at] = lines[at].endswith("\\"), f"# {lines[at].strip()}"
    return lines, _error(lines)


def _error(lines: list[str]) -> Exception | None:
    try:
        with warnings.catch_warnings():  # about the student's text
            warnings.simplefilter("ignore")
            ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error
    return None
