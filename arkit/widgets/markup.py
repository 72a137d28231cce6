"""Fragments of HTML for screens; every text goes through `escaped` on its way into one.

Colours are JupyterLab's own, so that a screen follows the light and the dark theme.
"""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence

CURRENT = ' aria-current="step"'

STYLE = """<style>
.arkit { color: var(--jp-ui-font-color1, inherit); font-size: 13px; line-height: 1.5; }
.arkit p { margin: 4px 0; }
.arkit code { font-size: 12px; }
.arkit-banner { border: 1px solid var(--arkit-tone); border-left-width: 6px; border-radius: 3px;
  padding: 4px 10px; }
.arkit-good { --arkit-tone: var(--jp-success-color1, #388e3c); }
.arkit-bad { --arkit-tone: var(--jp-error-color1, #d32f2f); }
.arkit-odd { --arkit-tone: var(--jp-warn-color1, #f57c00); }
.arkit-plain { --arkit-tone: var(--jp-border-color1, #8a8a8a); }
.arkit ol.arkit-steps { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; margin: 6px 0 2px;
  padding: 0; color: var(--jp-ui-font-color2, inherit); }
.arkit ol.arkit-steps li { margin: 0; padding: 2px 1px; }
.arkit ol.arkit-steps li[aria-current] { color: var(--jp-ui-font-color0, inherit); font-weight: 600;
  border-bottom: 2px solid var(--jp-brand-color1, #1976d2); }
.arkit-cards { display: flex; flex-wrap: wrap; gap: 8px; margin: 6px 0; }
.arkit-card { border: 1px solid var(--jp-border-color2, #8a8a8a); border-top: 3px solid var(--arkit-tone);
  border-radius: 3px; padding: 4px 14px 6px; min-width: 72px; }
.arkit-card b { display: block; font-size: 20px; line-height: 1.3; font-weight: 600;
  font-variant-numeric: tabular-nums; }
.arkit-scroll { overflow-x: auto; border: 1px solid var(--jp-border-color2, #8a8a8a);
  border-radius: 3px; }
.arkit-scroll table { border-collapse: collapse; width: 100%; margin: 0; font-size: 13px; }
.arkit-scroll th { background: var(--jp-layout-color2, Canvas); text-align: left;
  font-weight: 600; padding: 5px 10px; white-space: nowrap; }
.arkit-scroll td { border-top: 1px solid var(--jp-border-color2, #8a8a8a); padding: 4px 10px;
  text-align: left; vertical-align: top; white-space: pre-wrap; overflow-wrap: break-word; min-width: 3em;
  max-width: 34em; }
.arkit-scroll .arkit-number { text-align: right; font-variant-numeric: tabular-nums; }
.arkit-found { outline: 1px solid var(--arkit-tone); outline-offset: 2px; border-radius: 1px; }
.arkit-sign { color: var(--arkit-tone); font-weight: 600; }
.arkit-fact { white-space: nowrap; }
.arkit-quiet { color: var(--jp-ui-font-color2, inherit); }
.arkit del { color: var(--jp-ui-font-color2, inherit); }
.arkit ins { text-decoration: none; font-weight: 600; }
.arkit-error { border: 1px solid var(--arkit-tone); border-left-width: 6px; border-radius: 3px;
  padding: 6px 10px; }
.arkit a { color: var(--jp-content-link-color, #1976d2); text-decoration: underline; }
</style>"""


def escaped(text: object) -> str:
    """A text that a page shows and never obeys."""
    return html.escape(str(text))


def block(*parts: str) -> str:
    """Fragments as one block in the style of a screen."""
    return f'<div class="arkit">{"".join(parts)}</div>'


def paragraph(text: object) -> str:
    """A text as a paragraph."""
    return f"<p>{escaped(text)}</p>"


def quiet(text: object) -> str:
    """A text of less weight."""
    return f'<span class="arkit-quiet">{escaped(text)}</span>'


def sign(mark: str, text: object, tone: str) -> str:
    """A text behind a mark of that tone."""
    return f'<span class="arkit-sign arkit-{tone}">{escaped(mark)}</span> {escaped(text)}'


def found(text: object, tone: str) -> str:
    """A value that is outlined because of what it is."""
    return f'<span class="arkit-found arkit-{tone}">{escaped(text)}</span>'


def banner(word: str, text: str, tone: str) -> str:
    """The line on top that says where the screen is at work."""
    return STYLE + block(
        f'<div class="arkit-banner arkit-{tone}"><b>{escaped(word)}</b> · {escaped(text)}</div>'
    )


def steps(names: Sequence[str], current: int) -> str:
    """The steps of a screen in order; the ones before the current one are ticked."""
    items = []
    for place, name in enumerate(names):
        mark = "✓" if place < current else f"{place + 1}"
        items.append(f"<li{CURRENT if place == current else ''}>{mark} {escaped(name)}</li>")
    return block(f'<ol class="arkit-steps">{"".join(items)}</ol>')


def status(text: str) -> str:
    """What is going on, announced by screen readers when they have time."""
    return block(f'<div role="status" aria-live="polite">{escaped(text)}</div>')


def error(text: str) -> str:
    """What went wrong, announced at once."""
    return block(f'<div role="alert" class="arkit-error arkit-bad"><b>✗</b> {escaped(text)}</div>')


def cards(figures: Iterable[tuple[object, str, str]]) -> str:
    """Figures side by side, each with its name and its tone."""
    items = (
        f'<div class="arkit-card arkit-{tone}"><b>{escaped(figure)}</b>{escaped(name)}</div>'
        for figure, name, tone in figures
    )
    return f'<div class="arkit-cards">{"".join(items)}</div>'


def facts(figures: Mapping[str, int]) -> str:
    """Counts by name in one line."""
    return " · ".join(
        f'<span class="arkit-fact">{escaped(name)} <b>{number:,}</b></span>'
        for name, number in figures.items()
    )


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that keys scroll too; cells are fragments, a heading that ends in ``#`` is of numbers."""
    kinds = [' class="arkit-number"' if name.endswith("#") else "" for name in headings]
    head = "".join(
        f'<th scope="col"{kind}>{escaped(name.removesuffix("#"))}</th>'
        for name, kind in zip(headings, kinds, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    return block(
        f'<div class="arkit-scroll" tabindex="0" role="region" aria-label="{escaped(title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def download(label: str, file_name: str, content: bytes, media_type: str) -> str:
    """A link that holds the file itself."""
    data = base64.b64encode(content).decode()
    return f'<a download="{escaped(file_name)}" href="data:{media_type};base64,{data}">{escaped(label)}</a>'
