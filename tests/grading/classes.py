"""Classes for the tests, made on the spot: hand-ins of every kind, and the names that systems give them.

A hand-in is a dictionary from the names of its files to their bytes. ``KINDS`` holds small ones, ``class_of`` draws a class
of any size from them, and ``canvas`` packs it as Canvas does.
"""

import io
import itertools
import zipfile

from grading.paths import ROOT

from .conftest import PLAIN

RIGHT = (PLAIN / "guidance.py").read_bytes()
WRONG = RIGHT.replace(b"eps_uncond + scale", b"eps_cond + scale")
assert WRONG != RIGHT
KITS = {"eecs498": "whole", "cs180": "notebook", "kaist492d": "plain"}  # a filling of each

_DEFINED = b"def classifier_free_guidance(*args, **more):\n    "

KINDS = {
    "right": {"guidance.py": RIGHT},
    "wrong": {"guidance.py": WRONG},
    "several": {"guidance.py": RIGHT, "ddpm.py": (PLAIN / "ddpm.py").read_bytes()},
    "empty": {"guidance.py": b""},
    "nothing": {"README.md": b"I had no time"},
    "no Python": {"guidance.py": b"def classifier_free_guidance(:\n"},
    "raises": {"guidance.py": _DEFINED + b"raise RuntimeError('<script>alert(1)</script>')\n"},
    "dies": {"guidance.py": b"import os\nos._exit(0)\n"},
    "reads": {"guidance.py": _DEFINED + b"return len(open('/etc/passwd').read()) + 0 * args[0]\n"},
}
NAMES = (
    "Doe, Jane",
    "Müller, Jörg",
    "O'Neill, Áine",
    "李, 小龙",
    "=cmd|' /C calc'!A0",
    "Smith-Jones, Bob",
    "van der Berg, Ann",
)


def kit(name):
    """A whole filling of a course's own kit."""
    folder = ROOT / "tests" / "kits" / name / KITS[name]
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def whole(seed=0):
    """A complete right solution; no two seeds give the same bytes."""
    return {path.name: path.read_bytes() + f"\n# {seed}\n".encode() for path in sorted(PLAIN.glob("*.py"))}


def class_of(number, kinds=KINDS):
    """``number`` hand-ins, each kind in turn, no two the same to the byte; by the names of those who handed them in."""
    turns = itertools.cycle(kinds.items())
    made = {}
    for i, (kind, files) in zip(range(number), turns):
        own = {name: content + f"\n# {i}\n".encode() * name.endswith(".py") for name, content in files.items()}
        made[f"{NAMES[i % len(NAMES)]} {kind} {i}"] = own
    return made


def packed(files):
    """The bytes of a .zip."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # always of the same time
    return data.getvalue()


def canvas_name(student, user, file, display, late=False):
    """As Canvas names an attachment: a sortable name, of which only letters, digits and ``_`` are left."""
    name = "".join(one for one in student.lower() if one.isalnum() or one == "_")
    return "_".join([*filter(None, [name]), *["LATE"] * late, str(user), str(file), display])


def canvas(path, students):
    """A Canvas download; who has one file hands it in as it is, the others a .zip."""
    entries = {}
    for i, (student, files) in enumerate(students.items()):
        ((display, content),) = files.items() if len(files) == 1 else {"hw5.zip": packed(files)}.items()
        entries[canvas_name(student, 4000 + i, 90_000 + i, display, late=i % 5 == 4)] = content
    path.write_bytes(packed(entries))
    return path


def folder(path, students):
    """A folder for each."""
    for student, files in students.items():
        for name, content in files.items():
            file = path / student / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return path
