"""The page of real mistakes says what the grader answers today."""

import textwrap

import pytest

from grading.audit.examples import EXAMPLES, PAGE, answer


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.title)
def test_the_page_is_what_the_grader_answers(example, fork_server):
    page = PAGE.read_text(encoding="utf-8")
    assert textwrap.dedent(example.source).strip() in page
    told = answer(fork_server, example)
    diagnosis = told[: next(i for i, line in enumerate(told) if "✗" in line)]
    assert len(diagnosis) > 1, "the mistake is named"
    assert "\n".join(diagnosis) in page, "run python -m grading.audit.examples"
