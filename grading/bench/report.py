"""From pytest-benchmark's JSON to a page, its Markdown twin and their pictures."""

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment

from . import plots
from .answers import answers
from .claims import claims
from .measured import Group, Measured, duration

__all__ = ["rows", "write"]

#: Figures beside a contender's time: their column, and how they are written. Others are for sentences and plots.
FIGURES = {
    "generator evaluations": ("evaluations", "{:,}"),
    "evaluations": ("network evaluations", "{:,}"),
    "frechet": ("Fréchet distance", "{:.2f}"),
    "recognised": ("recognised", "{:.1%}"),
    "misfit": ("misfit of the measurement", "{:.2g}"),
    "error": ("error to the truth", "{:.3f}"),
    "loss": ("lowest loss", "{:.3f}"),
    "forward passes a step": ("passes forward", "{:.0f}"),
    "backward passes a step": ("passes backward", "{:.0f}"),
    "outside": ("outside the network", "{:.2%}"),
    "difference": ("largest difference of pixels", "{:.1g}"),
    "samples a second": ("samples a second", "{:.0f}"),
    "functions": ("functions", "{}"),
    "passed": ("passed", "{}"),
    "functions a second": ("functions a second", "{:.1f}"),
}

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Timings of {{ code }}</title>
<style>
:root { color-scheme: light dark; --ink: #222; --soft: #666; --line: #ddd; --paper: #fff; --good: #17652f; --bad: #a3150f; }
@media (prefers-color-scheme: dark) {
:root { --ink: #ddd; --soft: #999; --line: #444; --paper: #181818; --good: #7fcf96; --bad: #f2968f; } }
body { font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem;
color: var(--ink); background: var(--paper); }
h2 { margin-top: 2.5rem; } h3 { margin-bottom: .2rem; } .soft { color: var(--soft); } p { margin: .3rem 0; }
.shown { color: var(--good); } .not { color: var(--bad); }
img { max-width: 100%; background: #fff; border-radius: 6px; } .wide { overflow-x: auto; }
table { border-collapse: collapse; } td, th { padding: .15rem .8rem .15rem 0; text-align: right; vertical-align: top; }
td { border-top: 1px solid var(--line); font-variant-numeric: tabular-nums; }
td:first-child, th:first-child { text-align: left; } dt { font-weight: 600; margin-top: 1rem; } dd { margin: 0; }
</style></head><body>
<h1>Timings of {{ code }}</h1>
<p>Every ratio is of one run in which its contenders took turns; each counts with its best round. Processor time is that of the
one thread that a contender runs in: what the wall clock shows where nothing else runs.</p>
{% if isolated %}<p>{{ isolated }}</p>{% endif %}
<h2>What the handouts ask</h2>
<dl>{% for one in answers %}<dt>{{ one.question }}</dt><dd class="soft">{{ one.source }}</dd><dd>{{ one.sentence }}</dd>
{% endfor %}</dl>
<h2>What the project has to show</h2>
{% for one in claims %}<p><span class="{{ "shown" if one.verdict == "shown" else "not" }}">{{ one.verdict }}</span>:
{{ one.sentence }}</p>{% endfor %}
{% for one in problems %}<p class="not">not measured: {{ one.group }}: {{ one.reason }}</p>{% endfor %}
<h2>Pictures</h2>
{% for title, picture in pictures.items() %}<h3>{{ title }}</h3>
<p><img src="data:image/png;base64,{{ picture }}" alt="{{ title }}"></p>{% endfor %}
<h2>Tables</h2>
{% for group in groups %}<h3>{{ group.name }}</h3>
<p class="soft">{{ group.facts.about }}; {{ group.facts.clock }}</p>
<div class="wide"><table><tr>{% for cell in group.rows[0] %}<th>{{ cell }}</th>{% endfor %}</tr>
{% for row in group.rows[1:] %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table></div>
{% endfor %}
<h2>Machine and versions</h2>
<table>{% for name, value in machine.items() %}<tr><td>{{ name }}</td><td>{{ value }}</td></tr>
{% endfor %}</table>
</body></html>
"""

MARKDOWN = """# Timings of {{ code }}

Every ratio is of one run in which its contenders took turns; each counts with its best round. Processor time is that of the
one thread that a contender runs in: what the wall clock shows where nothing else runs.
{% if isolated %}
{{ isolated }}
{% endif %}
## What the handouts ask
{% for one in answers %}
**{{ one.question }}** ({{ one.source }})
{{ one.sentence }}
{% endfor %}
## What the project has to show
{% for one in claims %}
- {{ one.verdict }}: {{ one.sentence }}
{%- endfor %}
{%- for one in problems %}
- not measured: {{ one.group }}: {{ one.reason }}
{%- endfor %}

## Pictures
{% for title, name in files.items() %}
![{{ title }}]({{ name }})
{% endfor %}
## Tables
{% for group in groups %}
### {{ group.name }}

{{ group.facts.about }}; {{ group.facts.clock }}

| {{ group.rows[0] | join(" | ") }} |
|{{ " --- |" * (group.rows[0] | length) }}
{%- for row in group.rows[1:] %}
| {{ row | join(" | ") }} |
{%- endfor %}
{% endfor %}
## Machine and versions

| | |
| --- | --- |
{%- for name, value in machine.items() %}
| {{ name }} | {{ value }} |
{%- endfor %}
"""


def rows(group: Group) -> list[list[str]]:
    """A group as a table: its head, then a row for each contender."""
    shown = [name for name in FIGURES if any(name in one for one in group.contenders.values())]
    table = [["", "time", "ratio", *(FIGURES[name][0] for name in shown)]]
    for name, contender in group.contenders.items():
        figures = [FIGURES[key][1].format(contender[key]) if key in contender else "" for key in shown]
        table.append([name, duration(group.seconds(name)), _ratio(group.ratio(name)), *figures])
    return table


def _ratio(value: float) -> str:
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"


def write(document: dict[str, Any], outdir: Path) -> None:
    """``index.html``, which holds its pictures; ``report.md`` with the same pictures beside it."""
    outdir.mkdir(parents=True, exist_ok=True)
    m = Measured(document)
    pictures = plots.draw(m)
    for name, picture in pictures.items():
        (outdir / _file(name)).write_bytes(picture)
    content = {
        "code": m.machine.get("code", "unknown code"),
        "isolated": _isolated(m),
        "answers": answers(m),
        "claims": claims(m),
        "problems": m.problems,
        "groups": [{"name": group.name, "facts": group.facts, "rows": rows(group)} for group in m.groups.values()],
        "machine": m.machine,
        "pictures": {name: base64.b64encode(picture).decode() for name, picture in pictures.items()},
        "files": {name: _file(name) for name in pictures},
    }
    page = Environment(autoescape=True).from_string(PAGE).render(content)
    (outdir / "index.html").write_text(page, encoding="utf-8")
    text = Environment(autoescape=False, keep_trailing_newline=True).from_string(MARKDOWN).render(content)
    (outdir / "report.md").write_text(text, encoding="utf-8")


def _file(title: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower()) + ".png"


def _isolated(m: Measured) -> str:
    """What a reader has to know of a submission's times; nothing for the reference's."""
    if "isolated" not in m.machine.get("code", ""):
        return ""
    transport = m.groups.get("calls into a worker")
    cost = (
        f"a call's way there and back takes {duration(transport.fact('round_trip'))}, a network's "
        f"{duration(transport.fact('callback'))}"
        if transport and "round_trip" in transport.facts
        else "which this run did not measure alone"
    )
    return (
        "The functions ran in confined processes of their own, as in grading, the networks in the grader's: each time "
        f"includes the transport ({cost}), and compares with the reference's only after that is taken off."
    )
