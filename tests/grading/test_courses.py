"""The course files: points as the handouts give them, only functions that exist, none twice."""

from fractions import Fraction

import pytest

from grading.contract.courses import NAMES, load
from grading.contract.functions import all_tasks, chosen
from grading.paths import ROOT
from grading.report import number, rows, totals
from grading.verdicts import FAILED, NOT_GRADED, NOT_IMPLEMENTED, PASSED, Verdict

COURSES = [name for name in NAMES if name != "all"]


def points(course, *, part="", function=None):
    items = [item for item in load(course).items if item.part.startswith(part)]
    return sum((i.points for i in items if function is None or bool(i.function) == function), Fraction(0))


def test_the_three_courses_are_there():
    assert {"all", "eecs498-hw5", "cmu16726-hw5", "cs180-proj5"} <= set(NAMES)


@pytest.mark.parametrize("course", NAMES)
def test_every_function_exists_and_none_counts_twice(course):
    functions = load(course).functions
    assert set(functions) <= set(all_tasks())
    assert len(functions) == len(set(functions))
    assert functions


@pytest.mark.parametrize("course", NAMES)
def test_every_item_is_worth_something_and_has_a_number_of_its_own(course):
    items = load(course).items
    assert all(item.points > 0 and item.number and item.title and item.part for item in items)
    numbers = [item.number for item in items if item.function]
    assert len(numbers) == len(set(numbers))


def test_all_is_every_function_at_one_point():
    assert load("all").functions == list(all_tasks())
    assert {item.points for item in load("all").items} == {1}


def by_task(course, part):
    """Points by the handout's task: "B1.2" is the second function of B1."""
    tasks = {}
    for item in load(course).items:
        if item.part.startswith(part):
            tasks[item.number.split(".")[0]] = tasks.get(item.number.split(".")[0], 0) + item.points
    return tasks


def most(course, part):
    """The handout's points for a part."""
    (points,) = (points for title, points in load(course).parts.items() if title.startswith(part))
    return points


def test_eecs_part_a_is_forty_points_in_five_tasks_of_equal_worth():
    assert points("eecs498-hw5", part="Part A") == most("eecs498-hw5", "Part A") == 40
    assert by_task("eecs498-hw5", "Part A") == dict.fromkeys(["A1", "A2", "A3", "A4", "A5"], 8)


def test_eecs_part_b_is_sixty_points_in_seven_tasks_of_equal_worth():
    assert points("eecs498-hw5", part="Part B") == most("eecs498-hw5", "Part B") == 60
    tasks = dict.fromkeys(["B1", "B2", "B3", "B4", "B5", "B6", "B7"], Fraction(60, 7))
    assert by_task("eecs498-hw5", "Part B") == tasks


def test_eecs_optional_questions_are_ten_extra_points():
    assert points("eecs498-hw5", part="Optional") == most("eecs498-hw5", "Optional") == 10
    assert all(item.extra for item in load("eecs498-hw5").items if item.part.startswith("Optional"))


def test_cmu_parts_are_thirty_forty_and_thirty_points():
    for part, worth in (("Part 1", 30), ("Part 2", 40), ("Part 3", 30)):
        assert points("cmu16726-hw5", part=part) == most("cmu16726-hw5", part) == worth


def test_cmu_bells_add_up_to_more_than_the_fifteen_that_count():
    bells = [item for item in load("cmu16726-hw5").items if item.part.startswith("Bells")]
    assert all(item.extra for item in bells)
    assert most("cmu16726-hw5", "Bells") == 15
    assert list(by_task("cmu16726-hw5", "Bells").values()) == [4, 2, 3, 3, 3, 5, 4, 4, 5]
    _, automatic, by_hand = totals(load("cmu16726-hw5"), rows(load("cmu16726-hw5"), {}))
    assert automatic + by_hand == 30 + 40 + 30 + 15


def test_both_editions_of_cs180_have_the_same_part_a():
    old, new = (
        [i for i in load(name).items if i.part.startswith("Part A")] for name in ("cs180-proj5", "cs180-proj5-fm")
    )
    assert old == new and old


def test_the_readme_says_how_many_functions_there_are():
    assert f"student_stubs/: {len(all_tasks())} functions" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_cs180_counts_ten_for_each_section_of_part_a():
    sections = {}
    for item in load("cs180-proj5").items:
        if item.part.startswith("Part A"):
            # "1.4.2" is the second function of 1.4; 1.7.2 and 1.7.3 are sections of their own
            section = next((s for s in ("1.7.2", "1.7.3") if item.number.startswith(s)), item.number[:3])
            sections[section] = sections.get(section, 0) + item.points
    assert set(sections.values()) == {10}
    assert points("cs180-proj5", part="Part A") == 110


def test_cs180_counts_ten_for_each_section_of_part_b():
    sections = {}
    for item in load("cs180-proj5").items:
        if item.part.startswith("Part B"):
            section = ".".join(item.number.split(".")[:2])  # "B 2.2.1" is the first function of B 2.2
            sections[section] = sections.get(section, 0) + item.points
    assert sections == dict.fromkeys(["B 1.1", "B 1.2", "B 2.1", "B 2.2", "B 2.4", "B 2.5"], 10)
    assert points("cs180-proj5", part="Part B") == most("cs180-proj5", "Part B") == 60


@pytest.mark.parametrize("course", NAMES)
def test_a_part_is_worth_what_its_items_are(course):
    """Of extra credit there may be more than counts."""
    document = load(course)
    assert {item.part for item in document.items} == document.parts.keys()
    for part, worth in document.parts.items():
        items = [item for item in document.items if item.part == part]
        total = sum((item.points for item in items), Fraction(0))
        assert len({item.extra for item in items}) == 1
        assert total >= worth if items[0].extra else total == worth


def test_what_is_no_extra_credit_makes_a_hundred():
    for course in ("eecs498-hw5", "cmu16726-hw5"):
        assert sum(item.points for item in load(course).items if not item.extra) == 100


@pytest.mark.parametrize("course", NAMES)
def test_automatic_points_and_points_by_hand_make_the_total(course):
    reached, automatic, by_hand = totals(load(course), rows(load(course), {}))
    assert reached == 0
    assert automatic == points(course, function=True)
    assert automatic + by_hand == sum(load(course).parts.values())
    surplus = points(course) - sum(load(course).parts.values())  # extra credit beyond what counts
    assert by_hand == points(course, function=False) - surplus
    assert (surplus > 0) == (course == "cmu16726-hw5")


@pytest.mark.parametrize("course", NAMES)
def test_full_marks_reach_every_automatic_point(course):
    verdicts = {task: Verdict(task, PASSED) for task in all_tasks()}
    reached, automatic, _ = totals(load(course), rows(load(course), verdicts))
    assert reached == automatic > 0


@pytest.mark.parametrize("outcome", [FAILED, NOT_IMPLEMENTED, NOT_GRADED])
@pytest.mark.parametrize("course", NAMES)
def test_nothing_else_reaches_a_point(course, outcome):
    table = rows(load(course), {task: Verdict(task, outcome) for task in all_tasks()})
    assert totals(load(course), table)[0] == 0
    graded = {row.score for row in table if row.item.function}
    assert graded == {None if outcome == NOT_GRADED else Fraction(0)}
    assert {row.score for row in table if not row.item.function} <= {None}


@pytest.mark.parametrize("course", NAMES)
def test_each_function_reaches_its_own_points(course):
    document = load(course)
    for item in document.items:
        if item.function:
            table = rows(document, {item.function: Verdict(item.function, PASSED)})
            assert totals(document, table)[0] == item.points


def test_a_selection_keeps_points_and_numbers():
    course = load("eecs498-hw5")
    part = course.only(["ddim.ddim_step"])
    assert part.functions == ["ddim.ddim_step"]
    assert part.items[0] in course.items


def test_names_are_chosen_in_teaching_order():
    tasks = list(all_tasks())
    assert chosen("guidance,ddpm.predict_x0", tasks)[0] == "ddpm.predict_x0"
    assert chosen("ddpm,ddpm.predict_x0", tasks) == chosen("ddpm", tasks)
    with pytest.raises(ValueError, match="did you mean"):
        chosen("ddpm.predict_x", tasks)


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(60, 7), "8.57"), (Fraction(10), "10"), (Fraction(5, 2), "2.5"), (Fraction(0), "0"), (100, "100")],
)
def test_points_are_written_as_people_do(value, text):
    assert number(Fraction(value)) == text
