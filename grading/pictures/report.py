"""The pictures, the pages and the JSON of a smoke run."""

import base64
import io
import json
import platform
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch
from jinja2 import Environment
from PIL import Image, ImageDraw, ImageFont

from reference.data.grids import grid

from .demonstration import Shown
from .lent import with_lent
from .run import Outcome

__all__ = ["animate", "inlined", "sheet", "write"]

LINE = 16  # pixels of a caption
BETWEEN = 16  # and between two pictures that are compared
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Smoke run: {{ submission }}</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h2 { margin-top: 2.5rem; } h1, h2, p { overflow-wrap: anywhere; } figure { margin: .6rem 0; } figcaption { font-size: .85rem; }
.passed { color: light-dark(#17652f, #6fcf8e); } .failed { color: light-dark(#a3150f, #ff8a80); }
.skipped { color: light-dark(#666, #aaa); }
img { image-rendering: pixelated; max-width: 100%; } table { border-collapse: collapse; }
td, th { padding: .15rem .6rem .15rem 0; text-align: left; vertical-align: top; }
td + td { font-variant-numeric: tabular-nums; white-space: nowrap; } td.says { white-space: normal; min-width: 14rem; }
.pair { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; } .pair small { display: block; } .wide { overflow-x: auto; }
</style></head><body>
<h1>Smoke run of {{ submission }}</h1>
<p>{{ summary }} Seed {{ seed }}, on {{ device }}, torch {{ torch }}.</p>
{% for one in outcomes %}
<h2>{{ one.name }}: <span class="{{ one.outcome }}">{{ one.outcome }}</span></h2>
{% if one.with_lent %}<p>{{ one.with_lent }}</p>{% endif %}
{% for problem in one.problems %}<p class="{{ one.outcome }}">{{ problem }}</p>{% endfor %}
{% for caption, picture, right in one.rows %}
<figure><figcaption>{{ caption }}</figcaption>{% if right %}<div class="pair">
<div><small>yours</small><img src="{{ picture }}" alt="yours: {{ caption }}"></div>
<div><small>the reference's</small><img src="{{ right }}" alt="the reference's: {{ caption }}"></div></div>
{% else %}<img src="{{ picture }}" alt="{{ caption }}">{% endif %}</figure>
{% endfor %}
{% if one.animation %}<p><img src="{{ one.animation }}" width="128" alt="the animation of {{ one.name }}"></p>{% endif %}
{% if one.measures %}<div class="wide"><table><tr><th>measured</th><th>value</th><th>passes</th><th>reference</th><th>it is</th></tr>
{% for name, m in one.measures.items() %}<tr><td>{{ name }}</td><td>{{ "%.4g"|format(m.value) }}</td>
<td>{{ "≥" if m.better == "higher" else "≤" }} {{ "%.4g"|format(m.limit) }}</td><td>{{ "%.4g"|format(m.reference) }}</td>
<td class="says">{{ m.says }}</td></tr>
{% endfor %}</table></div>{% endif %}
<p>{{ "%.1f"|format(one.seconds) }} s</p>
{% endfor %}
</body></html>
"""


MARKDOWN = """# {{ submission }}: what its functions make

{{ summary }} Seed {{ seed }}, on {{ device }}, torch {{ torch }}. Everything at once: `nox -s smoke -- {{ submission }}`

{% for one in outcomes %}
## {{ one.name }}: {{ one.outcome }}

{% if one.with_lent %}{{ one.with_lent }}

{% endif %}
{% for problem in one.problems %}{{ problem }}

{% endfor %}
{% if one.picture %}![what {{ one.name }} made]({{ one.picture }})

{% endif %}
{% if one.animation %}![the animation of {{ one.name }}]({{ one.animation }})

{% endif %}
    nox -s smoke -- {{ submission }} --only "{{ one.name }}"

{% if one.measures %}
| measured | value | passes | reference | it is |
| --- | --- | --- | --- | --- |
{% for name, m in one.measures.items() %}
| {{ name }} | {{ "%.4g"|format(m.value) }} | {{ "≥" if m.better == "higher" else "≤" }} {{ "%.4g"|format(m.limit) }} | {{ "%.4g"|format(m.reference) }} | {{ m.says }} |
{% endfor %}

{% endif %}
{% endfor %}
"""


def sheet(shown: Shown, title: str = "", beside: Shown | None = None) -> Image.Image:
    """All rows of a demonstration under their captions; beside them the reference's."""
    font, large = ImageFont.load_default(12), ImageFont.load_default(14)
    rows = [
        (f"{caption} (left: yours, right: the reference's)", _joined(mine, right)) if right else (caption, mine)
        for caption, mine, right in _rows(shown, beside)
    ]
    texts = [large.getlength(title), *(font.getlength(caption) for caption, _ in rows)]
    width = max(*(picture.width for _, picture in rows), int(max(texts)) + 8)
    height = sum(picture.height + LINE for _, picture in rows) + (LINE + 4 if title else 0)
    page = Image.new("RGB", (width, height), "white")
    pen, top = ImageDraw.Draw(page), 0
    if title:
        pen.text((2, 2), title, fill="black", font=large)
        top = LINE + 4
    for caption, picture in rows:
        pen.text((2, top + 1), caption, fill="#444", font=font)
        page.paste(picture, (0, top + LINE))
        top += LINE + picture.height
    return page


def _rows(shown: Shown, beside: Shown | None) -> Iterator[tuple[str, Image.Image, Image.Image | None]]:
    """Caption, picture, and the reference's of that row."""
    others = beside.rows if beside is not None else []
    for (caption, images), other in zip_longest(shown.rows, others[: len(shown.rows)]):
        yield caption, grid(images, len(images)), grid(other[1], len(other[1])) if other is not None else None


def _joined(left: Image.Image, right: Image.Image) -> Image.Image:
    joined = Image.new("RGB", (left.width + BETWEEN + right.width, max(left.height, right.height)), "white")
    joined.paste(left, (0, 0))
    joined.paste(right, (left.width + BETWEEN, 0))
    return joined


def write(outcomes: list[Outcome], submission: str, seed: int, device: str, outdir: Path) -> None:
    """A picture for each demonstration, ``contact-sheet.png``, ``results.json``, and two pages.

    ``README.md`` shows the pictures, ``index.html`` has them in it and needs no other file.
    """
    outdir.mkdir(parents=True, exist_ok=True)
    entries, sheets, on_page = [], [], []
    for one in outcomes:
        entry, stem = one.plain(), re.sub(r"[^a-z0-9]+", "-", one.name.lower()).strip("-")
        inline: dict[str, Any] = {"with_lent": with_lent(one.lent)}
        if one.shown is not None:
            entry["picture"] = f"{stem}.png"
            picture = sheet(one.shown, beside=one.beside)
            picture.save(outdir / entry["picture"], optimize=True)
            sheets.append(sheet(one.shown, f"{one.name}: {one.outcome} {with_lent(one.lent)}".strip(), one.beside))
            inline["rows"] = [
                (caption, inlined(mine), inlined(right) if right else "")
                for caption, mine, right in _rows(one.shown, one.beside)
            ]
            if one.shown.frames is not None:
                entry["animation"] = f"{stem}.gif"
                animation = outdir / entry["animation"]
                animate(one.shown.frames, animation)
                inline["animation"] = _data_uri(animation.read_bytes(), "gif")
        entries.append(entry)
        on_page.append(entry | inline)
    if sheets:
        _columns(sheets).save(outdir / "contact-sheet.png", optimize=True)
    counts = {word: sum(one.outcome == word for one in outcomes) for word in ("passed", "failed", "skipped")}
    seconds = sum(one.seconds for one in outcomes)
    about = {
        "submission": submission,
        "summary": ", ".join(f"{count} {word}" for word, count in counts.items() if count) + f", in {seconds:.0f} s.",
        "seed": seed,
        "device": device if device != "cpu" else platform.processor() or platform.machine(),
        "torch": torch.__version__,
    }
    page = Environment(autoescape=True).from_string(PAGE).render(outcomes=on_page, **about)
    named = [
        one | entry for one, entry in zip(on_page, entries, strict=True)
    ]  # Markdown names files, the animation's too
    text = Environment(trim_blocks=True).from_string(MARKDOWN).render(outcomes=named, **about)
    (outdir / "README.md").write_text(text.rstrip() + "\n", encoding="utf-8")
    (outdir / "index.html").write_text(page, encoding="utf-8")
    document = about | {"demonstrations": entries}
    (outdir / "results.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def inlined(picture: Image.Image) -> str:
    """A picture within a page."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return _data_uri(buffer.getvalue(), "png")


def _data_uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def animate(frames: torch.Tensor, path: Path) -> None:
    """There and back again, 15 frames a second."""
    pictures = [grid(frame[None], 1, scale=4, gap=0) for frame in frames]
    there_and_back = pictures + pictures[-2:0:-1]
    there_and_back[0].save(path, save_all=True, append_images=there_and_back[1:], duration=66, loop=0)


def _columns(sheets: list[Image.Image], count: int = 3) -> Image.Image:
    """The sheets in columns of about one height, in their order."""
    limit = sum(one.height for one in sheets) / count
    columns: list[list[Image.Image]] = [[]]
    for one in sheets:
        full = sum(other.height for other in columns[-1]) >= limit
        if full and len(columns) < count:
            columns.append([])
        columns[-1].append(one)
    gap = 12
    widths = [max(one.width for one in column) + gap for column in columns]
    page = Image.new("RGB", (sum(widths), max(sum(one.height + gap for one in column) for column in columns)), "white")
    for column, left in zip(columns, (sum(widths[:index]) for index in range(len(widths)))):
        top = 0
        for one in column:
            page.paste(one, (left, top))
            top += one.height + gap
    return page
