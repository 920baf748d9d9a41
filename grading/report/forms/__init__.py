"""The forms of one submission's results: each a file with ``rendered(document) -> str``, made of Gradescope's document.

Gradescope's own forms hold all, with what students may see of it; to the others goes what students are shown.

| file              | form                                                                             |
| ----------------- | -------------------------------------------------------------------------------- |
| ``gradescope``    | the document itself                                                              |
| ``gradescope_html`` | the same with HTML in place of plain text, of tags that Gradescope lets through |
| ``html``          | a small page                                                                     |
| ``junit``         | JUnit's XML, as pytest writes it                                                 |
| ``prairielearn``  | PrairieLearn's results.json                                                      |
| ``classroom50``   | Classroom 50's result.json                                                       |
| ``check50``       | what check50 prints with ``--output json``                                       |
"""

import importlib
from typing import Any

from ..visible import document_for_students

ENDINGS = {  # of the file that a form is kept in
    "gradescope": "json",
    "gradescope-html": "json",
    "html": "html",
    "junit": "xml",
    "prairielearn": "json",
    "classroom50": "json",
    "check50": "json",
}
NAMES = tuple(ENDINGS)
HOLD_ALL = ("gradescope", "gradescope-html")


def rendered(form: str, document: dict[str, Any]) -> str:
    shown = document if form in HOLD_ALL else document_for_students(document)
    return importlib.import_module(f"{__name__}.{form.replace('-', '_')}").rendered(shown)
