"""The course files: points as the handouts give them, only functions that exist, none twice."""

from fractions import Fraction

import pytest

from grading.courses import NAMES, load
from grading.report import number, rows, totals
from grading.tasks import all_tasks, chosen
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


def test_eecs_part_b_is_sixty_points_in_seven_tasks_of_equal_worth():
    assert points("eecs498-hw5", part="Part B") == 60
    tasks = {}
    for item in load("eecs498-hw5").items:
        if item.part.startswith("Part B"):
            tasks[item.number.split(".")[0]] = tasks.get(item.number.split(".")[0], 0) + item.points
    assert tasks == dict.fromkeys(["B1", "B2", "B3", "B4", "B5", "B6", "B7"], Fraction(60, 7))


def test_cmu_part_3_is_thirty_points_and_the_bonus_four():
    assert points("cmu16726-hw5", part="Part 3") == 30
    assert points("cmu16726-hw5", part="Bells") == 4


def test_cs180_counts_ten_for_each_section_of_part_a():
    sections = {}
    for item in load("cs180-proj5").items:
        if item.part.startswith("Part A"):
            # "1.4.2" is the second function of 1.4; 1.7.2 and 1.7.3 are sections of their own
            section = next((s for s in ("1.7.2", "1.7.3") if item.number.startswith(s)), item.number[:3])
            sections[section] = sections.get(section, 0) + item.points
    assert set(sections.values()) == {10}
    assert points("cs180-proj5", part="Part A") == 110


@pytest.mark.parametrize("course", COURSES)
def test_automatic_points_and_points_by_hand_make_the_total(course):
    reached, automatic, by_hand = totals(rows(load(course), {}))
    assert reached == 0
    assert automatic == points(course, function=True)
    assert by_hand == points(course, function=False)
    assert automatic + by_hand == points(course)


@pytest.mark.parametrize("course", NAMES)
def test_full_marks_reach_every_automatic_point(course):
    verdicts = {task: Verdict(task, PASSED) for task in all_tasks()}
    reached, automatic, _ = totals(rows(load(course), verdicts))
    assert reached == automatic


@pytest.mark.parametrize("outcome", [FAILED, NOT_IMPLEMENTED, NOT_GRADED])
def test_nothing_else_reaches_a_point(outcome):
    table = rows(load("all"), {task: Verdict(task, outcome) for task in all_tasks()})
    assert totals(table)[0] == 0
    assert {row.score for row in table} == {None if outcome == NOT_GRADED else Fraction(0)}


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
