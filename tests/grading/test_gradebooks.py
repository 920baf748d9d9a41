"""What goes back to Canvas and Moodle: read as their importers read it, and not a byte is another one beside it."""

import csv
import io
import re
import zipfile

import pytest

from grading.__main__ import main
from grading.gradebooks import sheet
from grading.verdicts import FAILED, NOT_GRADED, PASSED

from . import graded_classes
from .graded_classes import entry

THREE, FOUR = (PASSED, FAILED, PASSED, PASSED), (PASSED,) * 4
HEADER = "Student,ID,SIS User ID,SIS Login ID,Section,Homework 5 (123),Essay (7),Assignments Current Score,Final Grade"


@pytest.fixture
def filled(tmp_path, capsys):
    """``filled(form, text or bytes, *entries)``: the bytes that come back, and what was said."""

    def filled(form, content, *entries, arguments=(), code=0):
        out = graded_classes.write(tmp_path, *entries)
        export, back = tmp_path / "export.csv", tmp_path / "filled.csv"
        export.write_bytes(content if isinstance(content, bytes) else content.encode())
        assert main(["gradebook", str(out), form, str(export), "--out", str(back), *arguments]) == code
        said = capsys.readouterr()
        return (back.read_bytes() if code == 0 else b"", said.out + said.err)

    return filled


# --- Canvas's rules, as its source has them -------------------------------------------------------------------------


def canvas_reads(content, delimiter=","):
    """Student's ID → assignment's number → score, as gradebook_importer.rb takes it; "" and "-" are no change."""
    table = list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter=delimiter))
    header = table[0]
    assert "Student" in header[0] and "ID" in header[1] and len(header) > 3 and "Section" in header
    numbers = {i: match[2] for i, name in enumerate(header) if (match := re.fullmatch(r"(.*)\s\((\d+)\)", name))}
    students = [row for row in table[1:] if row and "Points Possible" not in row[0] and "".join(row).strip("; ,")]
    scores = {
        row[1]: {number: row[i] for i, number in numbers.items() if row[i] not in ("", "-")}
        for row in students
        if row[1]
    }
    return {student: of for student, of in scores.items() if of}


def canvas_infers(name):
    """User and attachment: the first two parts of a name that are numbers (Assignment#infer_comment_context_from_filename)."""
    numbers = [part for part in name.split("_") if re.fullmatch(r"\d+", part)]
    return tuple(numbers[:2])


NASTY = (
    "\ufeffStudent;ID;SIS User ID;SIS Login ID;Section;Homework 5, γ (123);Essay (7);Final Score;Final Grade\r\n"
    ";;;;;Manual Posting;;(read only);(read only)\r\n"
    "    Points Possible;;;;;4,00;10,5;(read only);(read only)\r\n"
    '"Müller, Jörg ""JJ""";4711;s1;jorg;"A; B";;7,25;70,5;C\r\n'
    "Óṡé, Áine;4712;;aine;A;1,5;;;\r\n"
    '"=cmd|x, Eve";4713;;eve;A;"0,5";;;\r\n'
    "Nobody, Ned;4714;;ned;A;N/A;;;\r\n"
    "Excused, Ed;4715;;ed;A;EX;;;\r\n"
    "Student, Test;;;;A;;;;\r\n"
    ";;;;;;;;\r\n"
)


def test_only_the_cells_of_one_column_change_and_nothing_else_to_the_byte(filled):
    students = [
        entry("a", "müllerjörg", THREE, ids={"user": "4711"}),
        entry("b", "óṡéáine", FOUR, ids={"user": "4712"}),
        entry("c", "cmdxeve", THREE, ids={"user": "4713"}),
        entry("d", "nobodyned", FOUR, ids={"user": "4714"}),
        entry("e", "excuseded", FOUR, ids={"user": "4715"}),
        entry("f", "elsewhere", FOUR, ids={"user": "9999"}),
    ]
    back, said = filled("canvas", NASTY, *students, arguments=["--column", "123"])
    expected = NASTY.replace('"A; B";;7,25', '"A; B";3;7,25').replace(";A;1,5;", ";A;4;").replace('"0,5"', '"3"')
    assert back == expected.encode()
    assert "nobodyned (d): N/A stands there and is kept" in said and "excuseded (e): EX stands there" in said
    assert "elsewhere (f): no row has these ids or this name" in said
    assert canvas_reads(back, ";")["4711"] == {"123": "3", "7": "7,25"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_are_kept(filled, end, last):
    text = end.join([HEADER, "    Points Possible,,,,,4,10,,", "Doe,1,,,A,,,,"]) + end * last
    back, _ = filled("canvas", text, entry("a", "doe", THREE, ids={"user": "1"}), arguments=["--column", "123"])
    assert back == text.replace("Doe,1,,,A,,", "Doe,1,,,A,3,").encode()


def test_bytes_that_are_no_utf_8_are_kept(filled):
    text = HEADER.encode() + b"\nM\xfcller,1,,,A,,,,\n"
    back, _ = filled("canvas", text, entry("a", "m", THREE, ids={"user": "1"}), arguments=["--column", "Homework 5"])
    assert back == text.replace(b"A,,,,", b"A,3,,,")


ROWS = """
"Doe, Jane",1,sid1,jane,A,,,,
"Roe, Rich",2,sid2,rich@x.edu,A,,,,
"Same, Sam",3,,,A,,,,
"Same, Sam",4,,,A,,,,
"Poe, Zoë",5,,,A,,,,
"""
WHO = {  # who handed in → the row that is theirs
    "by the number": (("x", {"user": "1"}), "1"),
    "by the SIS id": (("x", {"sid": "sid2"}), "2"),
    "by the login": (("x", {"username": "jane"}), "1"),
    "by the address": (("x", {"sid": "unknown", "email": "rich@x.edu"}), "2"),
    "by the sortable name": (("Doe, Jane", {}), "1"),
    "by the name, as another system writes it": (("Zoe\u0308 Poe", {}), "5"),
    "one of two of the same name": (("Sam Same", {}), None),
    "a number that is not there, though the name is": (("Doe, Jane", {"user": "77"}), None),
    "somebody else": (("Jane", {}), None),
}


@pytest.mark.parametrize("how", WHO)
def test_a_student_is_found_as_canvas_finds_one(how, filled):
    (name, ids), row = WHO[how]
    back, said = filled("canvas", HEADER + ROWS, entry("k", name, THREE, ids=ids), arguments=["--column", "123"])
    assert canvas_reads(back) == ({row: {"123": "3"}} if row else {})
    assert (f"{name} (k): " in said) == (row is None)


def test_two_hand_ins_for_one_row_are_named_and_neither_is_taken(filled):
    students = [entry("first", "Doe, Jane", THREE), entry("second", "Jane Doe", FOUR)]
    back, said = filled("canvas", HEADER + ROWS, *students, arguments=["--column", "123"])
    assert canvas_reads(back) == {}
    assert said.count("2 hand-ins are for one row: first, second") == 2


def test_who_has_something_not_graded_keeps_what_stands_there(filled):
    text = HEADER + "\nDoe,1,,,A,80,,,\nRoe,2,,,A,,,,\n"
    students = [
        entry("a", "doe", (PASSED, NOT_GRADED, PASSED, PASSED), ids={"user": "1"}),
        entry("b", "roe", ids={"user": "2"}, reason="it is encrypted"),
    ]
    back, said = filled("canvas", text, *students, arguments=["--column", "123"])
    assert back == text.encode()
    assert "doe (a): not graded: ddpm.posterior_step" in said and "roe (b): unusable: it is encrypted" in said


def test_all_members_of_a_group_are_filled_in(filled):
    members = [{"name": "Jane Doe", "ids": {"sid": "sid1"}}, {"name": "Rich Roe", "ids": {"email": "rich@x.edu"}}]
    group = entry("g", "Jane Doe, Rich Roe", THREE, members=members)
    back, _ = filled("canvas", HEADER + ROWS, group, arguments=["--column", "123"])
    assert canvas_reads(back) == {"1": {"123": "3"}, "2": {"123": "3"}}


def test_points_possible_that_nobody_can_reach_are_told(filled):
    text = HEADER + "\n    Points Possible,,,,,60,10,(read only),\nDoe,1,,,A,,,,\n"
    _, said = filled("canvas", text, entry("a", "doe", THREE, ids={"user": "1"}), arguments=["--column", "123"])
    assert "points possible: Canvas has 60, what was graded here is of 4" in said


UNUSABLE = {
    "another table": ("a,b,c\n1,2,3\n", [], "expected a gradebook that Canvas has exported"),
    "empty": ("", [], "expected a gradebook that Canvas has exported"),
    "UTF-16": (HEADER.encode("utf-16"), [], "no text in UTF-8"),
    "an open quote": (HEADER + '\n"Doe,1', [], "a quote is not closed, in line 2"),
    "two assignments, none named": (HEADER + "\n", [], "Homework 5 (123); Essay (7)"),
    "an assignment that is not there": (HEADER + "\n", ["--column", "Homework 6"], "'Homework 6'"),
    "a total": (HEADER + "\n", ["--column", "Final Grade"], "'Final Grade'"),
    "one that cannot be changed": (
        HEADER + "\n    Points Possible,,,,,(read only),10,,\n",
        ["--column", "123"],
        "there are Essay (7)",
    ),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_an_export_that_cannot_be_filled_is_refused_by_name(kind, filled):
    content, arguments, words = UNUSABLE[kind]
    _, said = filled("canvas", content, entry("a", "doe"), arguments=arguments, code=2)
    assert "export.csv" in said and words in said and len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "text", ['a,"b""c",\r\n,"d\ne"\n\n"",x', "a;b\n;\n", '"a"', "", '\ufeff"x",y\n', "a,b,\n", "é,\u2028\x0b,z\n"]
)
def test_cells_are_those_that_pythons_csv_reads(text):
    read = sheet.Sheet(text, None)
    plain = text.removeprefix("\ufeff")
    expected = [row or [""] for row in csv.reader(io.StringIO(plain, newline=""), delimiter=read.delimiter)]
    assert [[cell.value for cell in row] for row in read.rows] == expected
    assert read.bytes() == text.encode()


# --- Moodle's rules -------------------------------------------------------------------------------------------------

WORKSHEET = (
    "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    'Participant 41,"Doe, Jane",jane@x.edu,Submitted for grading,,4.00,Yes,"Monday, 2 June 2025, 9:00 AM",-,\n'
    'Participant 42,Zoë Poe,zoe@x.edu,Submitted for grading,2.00,4.00,Yes,-,"Tuesday, 3 June 2025, 9:00 AM",<p>old</p>\n'
    "Participant 43,=1+1,x@x.edu,Submitted for grading,,4.00,No,-,-,\n"
)


def moodle_reads(content):
    """Participant → (grade, when it was last changed, comment), as feedback/offline/importgradeslib.php takes them."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return {
        row["Identifier"].removeprefix("Participant "): (
            row["Grade"],
            row["Last modified (grade)"],
            row["Feedback comments"],
        )
        for row in rows
    }


def moodle_infers(path):
    """Participant and plugin of a feedback file: the parts of a folder's name, or of a file's."""
    for part in path.split("/"):
        parts = part.split("_")
        if len(parts) >= 4 and parts[1].isdigit():
            return parts[1], parts[2], parts[3]
    return None


def test_a_worksheet_has_grades_and_comments_and_is_else_as_it_was(filled):
    students = [
        entry("a", "Doe, Jane", THREE, ids={"participant": "41"}),
        entry("b", "Zoë Poe", FOUR, ids={"participant": "42"}),
        entry("c", "=1+1", FOUR, ids={"participant": "43"}),
    ]
    back, said = filled("moodle", WORKSHEET, *students)
    read = moodle_reads(back)
    assert read["41"] == ("3", "-", "3 of 4 points: 3 passed, 1 failed")
    assert read["42"] == ("4", "Tuesday, 3 June 2025, 9:00 AM", "4 of 4 points: 4 passed")
    assert read["43"] == ("", "-", "") and "=1+1 (c): Moodle says that the grade cannot be changed" in said
    comments = ('-,"3 of 4 points: 3 passed, 1 failed"\n', "4 of 4 points: 4 passed\n")
    expected = WORKSHEET.replace("grading,,4.00,Yes", "grading,3,4.00,Yes").replace("grading,2.00", "grading,4")
    expected = expected.replace('AM",-,\n', f'AM",{comments[0]}').replace("<p>old</p>\n", comments[1])
    assert back == expected.encode()


def test_a_decimal_comma_is_written_where_moodle_writes_one(filled):
    text = WORKSHEET.replace("4.00", '"4,00"').replace("2.00", '"2,50"')
    half = entry("a", "x", THREE, ids={"participant": "41"})
    half["points"] = {"reached": 2.5, "automatic": 4.0}
    back, _ = filled("moodle", text, half)
    assert moodle_reads(back)["41"][0] == "2,5" and b'grading,"2,5","4,00"' in back


@pytest.mark.parametrize("missing", ["Identifier", "Last modified (grade)"])
def test_a_worksheet_without_what_moodle_needs_is_refused(missing, filled):
    _, said = filled("moodle", WORKSHEET.replace(missing, "Kennung"), entry("a", "x"), code=2)
    assert "export.csv" in said and missing in said


# --- feedback -------------------------------------------------------------------------------------------------------


def zipped(tmp_path, capsys, form, *entries):
    out = graded_classes.write(tmp_path, *entries)
    path = tmp_path / "feedback.zip"
    assert main(["gradebook", str(out), form, "--out", str(path)]) == 0
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}, capsys.readouterr().out


CANVAS_FILES = {
    "doejane_4711_99887_hw5.zip": ("4711", "99887"),
    "doejane_LATE_4711_99887_hw5-1.zip": ("4711", "99887"),
    "doe2jane_4711_99887_12_hw_5.ipynb": ("4711", "99887"),
    "4711_99887_hw5.zip": ("4711", "99887"),
}


@pytest.mark.parametrize("name", CANVAS_FILES)
def test_canvas_finds_whose_the_feedback_is(name, tmp_path, capsys):
    user, _ = CANVAS_FILES[name]
    pages, _ = zipped(tmp_path, capsys, "canvas-feedback", entry("a", "x", ids={"user": user}, files=[name]))
    assert [canvas_infers(called) for called in pages] == [CANVAS_FILES[name]]
    assert next(iter(pages)).endswith("_report.html")


@pytest.mark.parametrize("name", ["anon_a1B2c_99887_hw5.zip", "hw5.zip", "12_4711_99887_hw5.zip"])
def test_whom_canvas_would_not_find_is_named(name, tmp_path, capsys):
    pages, said = zipped(tmp_path, capsys, "canvas-feedback", entry("a", "x", files=[name]))
    assert all(canvas_infers(called) == ("12", "4711") for called in pages)  # of a name without letters
    assert bool(pages) != ("x (a): nothing in its name tells the system whose it is" in said)


MOODLE_FILES = {
    "Jane Doe_4711_assignsubmission_file": "Jane Doe_4711_assignsubmission_file/report.html",
    "Jane Doe_4711_assignsubmission_file_": "Jane Doe_4711_assignsubmission_file_/report.html",
    "Participant_4711_assignsubmission_file": "Participant_4711_assignsubmission_file/report.html",
    "Jane Doe_4711_assignsubmission_file_hw5.zip": "Jane Doe_4711_assignsubmission_file_report.html",
}


@pytest.mark.parametrize("name", MOODLE_FILES)
def test_moodle_finds_whose_the_feedback_is(name, tmp_path, capsys):
    students = [entry("a", "Jane", ids={"participant": "4711"}, files=[name]), entry("b", "other", files=["x.zip"])]
    pages, said = zipped(tmp_path, capsys, "moodle-feedback", *students)
    assert list(pages) == [MOODLE_FILES[name]]
    assert moodle_infers(MOODLE_FILES[name]) == ("4711", "assignsubmission", "file")
    assert "other (b): nothing in its name" in said


def test_feedback_is_the_page_where_there_is_one_else_the_results_escaped(tmp_path, capsys):
    files = "jane_{0}_5_x.py".format
    students = [entry(f"k{i}", "x", ids={"user": str(i)}, files=[files(i)]) for i in (1, 2)]
    students.append(entry("k3", "x", ids={"user": "3"}, files=[files(3)], reason="<b>encrypted</b>"))
    out = graded_classes.write(tmp_path, *students)
    (out / "submissions" / "k1" / "page.html").write_text("<p>the page</p>", encoding="utf-8")
    pages, _ = zipped(tmp_path, capsys, "canvas-feedback", *students)
    own, made, unusable = (pages[f"jane_{i}_5_report.html"] for i in (1, 2, 3))
    assert own == "<p>the page</p>"
    assert "3 of 4 points" in made and "ddpm.posterior_step: failed" in made
    assert "<script" not in made and "&lt;script&gt;" in made
    assert "&lt;b&gt;encrypted" in unusable and "<b>" not in unusable


@pytest.mark.parametrize(
    "arguments", [["canvas"], ["junit", "x.csv"], ["moodle", "x.csv", "--column", "Grade"], ["xml"]]
)
def test_arguments_that_do_not_fit_are_refused(arguments, tmp_path, capsys):
    graded_classes.write(tmp_path, entry("a", "x"))
    try:
        code = main(["gradebook", str(tmp_path), *arguments, "--out", str(tmp_path / "x")])
    except SystemExit as end:
        code = end.code
    assert code == 2 and arguments[0] in capsys.readouterr().err


def test_results_that_are_gone_are_named(tmp_path, capsys):
    graded_classes.write(tmp_path, entry("a", "x"))
    (tmp_path / "submissions" / "a" / "results.json").unlink()
    assert main(["gradebook", str(tmp_path), "junit", "--out", str(tmp_path / "x")]) == 2
    assert str(tmp_path / "submissions" / "a") in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, "{", "[]", '{"hand_ins": 7}'])
def test_what_is_no_class_is_refused_by_name(content, tmp_path, capsys):
    if content is not None:
        (tmp_path / "class.json").write_text(content)
    assert main(["gradebook", str(tmp_path), "junit", "--out", str(tmp_path / "x")]) == 2
    assert f"{tmp_path / 'class.json'}: " in capsys.readouterr().err
