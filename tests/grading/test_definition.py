"""Which statements a line stands in is found without a look into the others."""

import ast

import pytest

from grading.paths import ROOT
from grading.report.definition import _around, _first

FILES = sorted((ROOT / "tests" / "solutions" / "classes").rglob("*.py"))
ODD = """
@decorated(
    1)
class A:
    @property
    async def b(self): return [c for c in (lambda: 1)()]
try:
    x = 1; y = 2
except ValueError:
    def z(): pass
match x:
    case 1:
        w = 3
"""


@pytest.mark.parametrize("text", [ODD, *(path.read_text(encoding="utf-8") for path in FILES)])
def test_they_are_those_of_the_whole_tree(text):
    tree = ast.parse(text)
    for line in range(1, text.count("\n") + 2):
        all_of = [one for one in ast.walk(tree) if isinstance(one, ast.stmt)]
        assert _around(line, tree) == [one for one in all_of if _first(one) <= line <= one.end_lineno]
