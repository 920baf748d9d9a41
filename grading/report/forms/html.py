"""A small page of one submission: a table, and what is told of each function. It needs nothing from anywhere."""

import html
from typing import Any

from .gradescope_html import as_html

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
th, td { padding: .2rem 1rem .2rem 0; text-align: left }
pre { overflow-x: auto; padding: .5rem; border: 1px solid }
"""


def rendered(document: dict[str, Any]) -> str:
    if not document["tests"]:
        title, _, rest = document["output"].partition("\n")
        return page(title, as_html(rest))
    told = document["extra_data"]
    points = f"{told['points']['reached']:g} of {told['points']['automatic']:g} points"
    rows = "\n".join(map(_row, document["tests"]))
    told_of = "\n".join(_told(test) for test in document["tests"] if test["output"])
    return page(
        points,
        f"<table><thead><tr><th>function</th><th>verdict</th><th>points</th></tr></thead>\n<tbody>{rows}</tbody></table>"
        f"\n{told_of}\n<hr>\n{as_html(document['output'])}",
    )


def page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n<h1>{html.escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def _row(test: dict[str, Any]) -> str:
    score = f"{test['score']:g}" if "score" in test else "–"
    cells = (test["name"], test["extra_data"]["verdict"], f"{score} of {test['max_score']:g}")
    return f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"


def _told(test: dict[str, Any]) -> str:
    heading = f"{test['name']}: {test['extra_data']['verdict']}"
    return f"<section><h2>{html.escape(heading)}</h2>\n{as_html(test['output'])}</section>"
