"""A report is one page that fetches nothing, shows data as data, and is complete or not there."""

import datetime as dt
import stat
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from arkit import money
from arkit.errors import DiskError
from arkit.reports import html
from arkit.reports.html import Section

HOSTILE = '<img src="x" onerror=alert(1)>&{{ 7 * 7 }}'
RESOURCES = ("src", "href", "srcset", "data", "action", "poster")


class Page(HTMLParser):
    """What a browser makes of a page: elements with their attributes, and the cells of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self._is_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._is_cell = tag in ("td", "th")
        if self._is_cell:
            self.cells.append(("", dict(attrs).get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        self._is_cell = False

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._is_cell:
            text, kind = self.cells[-1]
            self.cells[-1] = (text + data, kind)

    def tags(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def written(folder: Path, *sections: Section, **texts: Any) -> str:
    path = folder / "report.html"
    html.write(path, **{"title": "Title", "subtitle": "", "facts": {}, **texts}, sections=sections)
    return path.read_text(encoding="utf-8")


def bar(label: str = "a") -> go.Figure:
    return go.Figure(go.Bar(x=[label], y=[1]))


def test_every_text_is_shown_as_it_is_and_never_obeyed(tmp_path: Path) -> None:
    table = pd.DataFrame({HOSTILE: [HOSTILE]})
    section = Section(HOSTILE, HOSTILE, table=table, figure=bar(f"</script>{HOSTILE}"))
    page = Page(written(tmp_path, section, title=HOSTILE, subtitle=HOSTILE, facts={HOSTILE: HOSTILE}))
    assert page.tags("img") == []
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert page.texts.count(HOSTILE) == 10
    assert page.cells == [(HOSTILE, ""), (HOSTILE, "")]


def test_the_page_fetches_nothing(tmp_path: Path) -> None:
    page = Page(written(tmp_path, Section("One", figure=bar()), Section("Two", figure=bar())))
    assert page.tags("link") == []
    addresses = [
        attributes[name] for _, attributes in page.elements for name in RESOURCES if name in attributes
    ]
    assert addresses == []


def test_the_script_of_the_figures_is_there_once(tmp_path: Path) -> None:
    one = len(written(tmp_path, Section("One", figure=bar())))
    two = len(written(tmp_path, Section("One", figure=bar()), Section("Two", figure=bar())))
    assert one > 1_000_000
    assert two - one < 50_000


def test_rupees_and_counts_stand_at_the_right(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "Balance": pd.array([Decimal("1234567.50")], dtype=money.RUPEES),
            "Invoices": [12],
            "Customer": ["Asha"],
        }
    )
    page = Page(written(tmp_path, Section("Balances", table=table)))
    assert page.cells == [
        ("Balance", "number"),
        ("Invoices", "number"),
        ("Customer", ""),
        ("₹12,34,567.50", "number"),
        ("12", "number"),
        ("Asha", ""),
    ]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (pd.array([Decimal("-0.05"), None], dtype=money.RUPEES), ["-₹0.05", ""]),
        ([dt.date(2026, 9, 30), None], ["30 Sep 2026", ""]),
        ([pd.Timestamp("2026-09-30 14:00", tz="Asia/Kolkata"), pd.NaT], ["30 Sep 2026", ""]),
        (pd.Categorical(["PAID", None]), ["PAID", ""]),
        ([1.5, np.nan], ["1.5", ""]),
        ([["A", "B"], []], ["['A', 'B']", "[]"]),
    ],
)
def test_a_value_is_shown_by_its_kind_and_a_missing_one_is_blank(
    tmp_path: Path, values: Any, shown: list[str]
) -> None:
    page = Page(written(tmp_path, Section("Values", table=pd.DataFrame({"v": values}))))
    assert [text for text, _ in page.cells[1:]] == shown


def test_a_long_table_is_cut_and_says_how_much_is_missing(tmp_path: Path) -> None:
    text = written(tmp_path, Section("Long", table=pd.DataFrame({"n": range(html.MOST_ROWS + 7)})))
    assert len(Page(text).cells) == 1 + html.MOST_ROWS
    assert "and 7 more rows" in text


def test_a_table_of_the_longest_length_is_shown_whole(tmp_path: Path) -> None:
    text = written(tmp_path, Section("Long", table=pd.DataFrame({"n": range(html.MOST_ROWS)})))
    assert len(Page(text).cells) == 1 + html.MOST_ROWS
    assert "more rows" not in text


def test_a_table_without_rows_shows_its_columns(tmp_path: Path) -> None:
    page = Page(written(tmp_path, Section("Empty", table=pd.DataFrame(columns=["Row", "Problem"]))))
    assert [text for text, _ in page.cells] == ["Row", "Problem"]


def test_only_the_owner_may_read_a_report(tmp_path: Path) -> None:
    written(tmp_path)
    assert stat.S_IMODE((tmp_path / "report.html").stat().st_mode) == 0o600


def test_a_report_replaces_the_one_before(tmp_path: Path) -> None:
    written(tmp_path, title="Old")
    assert "Old" not in written(tmp_path, title="New")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("place", ["nowhere/report.html", "folder", "file/report.html"])
def test_a_report_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    with pytest.raises(DiskError, match=r"cannot be written .*Choose another place") as caught:
        html.write(tmp_path / place, title="Title", subtitle="", facts={}, sections=[])
    assert caught.value.where == Path(place).name
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


def test_half_a_character_is_no_reason_to_lose_the_report(tmp_path: Path) -> None:
    """A file's name may hold one, where its bytes are not of the machine's encoding."""
    assert "corrections-?.csv" in written(tmp_path, title="corrections-\udcff.csv")
