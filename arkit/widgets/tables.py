"""A table of any length, 25 rows a page, with a filter."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import ipywidgets as ipw

from arkit.widgets import markup

PAGE_ROWS = 25
ALL = ""

Record = TypeVar("Record")


def button(text: str, *, style: str = "") -> ipw.Button:
    """A button as wide as its text; its layout is its own, since it may be hidden."""
    return ipw.Button(description=text, button_style=style, layout=ipw.Layout(width="auto"))


class Table(Generic[Record]):
    """Records as rows; a row becomes HTML only when its page is shown.

    Attributes:
        view: the widget to place.
        chosen: the dropdown that filters by group.
    """

    def __init__(
        self,
        title: str,
        headings: Sequence[str],
        *,
        cells: Callable[[Record], Sequence[str]],
        group: Callable[[Record], str],
        group_words: Callable[[str], str],
        filter_label: str,
        guarded: Callable[[Callable[..., Any]], Callable[..., Any]],
        beside: Sequence[ipw.Widget] = (),
    ) -> None:
        """An empty table.

        Args:
            cells: the fragments of HTML of one record, one a heading.
            group: what the filter tells records apart by.
            group_words: a group as people call it.
            beside: widgets to place beside the filter.
        """
        self._title, self._headings = title, headings
        self._cells, self._group, self._group_words = cells, group, group_words
        self._records: Sequence[Record] = ()
        self._first = 0
        self.chosen = ipw.Dropdown(
            options=[("all", ALL)],
            description=filter_label,
            style={"description_width": "initial"},
            layout=ipw.Layout(width="auto", max_width="100%"),
        )
        self.earlier = button("‹ Previous")
        self.later = button("Next ›")
        self._place = ipw.HTML()
        self._rows = ipw.HTML(layout=ipw.Layout(width="auto"))
        self._pager = ipw.HBox(
            [self.earlier, self.later, self._place], layout=ipw.Layout(align_items="center")
        )
        top = ipw.HBox([self.chosen, *beside], layout=ipw.Layout(align_items="center"))
        self.view = ipw.VBox([top, self._rows, self._pager])
        self.chosen.observe(guarded(lambda _: self._turn_to(0)), "value")
        self.earlier.on_click(guarded(lambda _: self._turn_to(self._first - PAGE_ROWS)))
        self.later.on_click(guarded(lambda _: self._turn_to(self._first + PAGE_ROWS)))

    def show(self, records: Sequence[Record]) -> None:
        """Show these records from the first one on, unfiltered."""
        self._records = records
        groups = Counter(map(self._group, records))
        named = [(f"{self._group_words(name)} ({number:,})", name) for name, number in groups.most_common()]
        self.chosen.options = [(f"all ({len(records):,})", ALL), *named]
        self.chosen.value = ALL
        self._turn_to(0)

    def draw(self) -> None:
        """Draw the page again that is shown."""
        kept = [record for record in self._records if self.chosen.value in (ALL, self._group(record))]
        page = kept[self._first : self._first + PAGE_ROWS]
        self._rows.value = markup.table(self._title, self._headings, map(self._cells, page))
        last = self._first + len(page)
        place = f"rows {self._first + 1:,}–{last:,} of {len(kept):,}" if kept else "no rows"
        self._place.value = markup.block(markup.quiet(place))
        self.earlier.disabled = self._first == 0
        self.later.disabled = last >= len(kept)
        self._pager.layout.display = "none" if len(kept) <= PAGE_ROWS else ""
        self._rows.layout.display = "" if self._records else "none"

    def _turn_to(self, first: int) -> None:
        self._first = max(0, first)
        self.draw()
