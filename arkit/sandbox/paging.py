"""How a careless server pages: what it makes of limit, offset and order, and how it dresses what it found."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from .contract import Page
from .listings import Listing
from .sending import Count

Size = Annotated[int, Meta(ge=1, le=5_000)]

_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Odd(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The record at a place in the whole order, or every record, with other members than it has."""

    place: Count | None = None
    sets: dict[str, Any] = {}
    lacks: tuple[str, ...] = ()


class Paging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ways of one search. As it stands it is the documented one; they can be combined."""

    # The offset is the number of a page, from 0.
    offset_counts: Literal["records", "pages"] = "records"
    # Pages of this size whatever the limit; of this size at most; and so many records more than that.
    page_size: Size | None = None
    caps_at: Size | None = None
    excess: Count = 0
    # Beyond the end the last page comes again.
    repeats_last_page: bool = False
    total: Literal["right", "absent"] | Count = "right"
    # A bare array; beside the records a shorter array of the same records; a page as Spring writes it.
    shape: Literal["object", "array", "two arrays", "spring"] = "object"
    odd: tuple[Odd, ...] = ()
    # Records with equal values in the field of the order stand one way round and the other by turns.
    shuffles_ties: bool = False
    ignores_order: bool = False

    def ordered(self, listing: Listing, turn: int) -> Listing:
        """The listing in the order of this server; `turn` counts its requests."""
        if self.ignores_order:
            return replace(listing, order=f"{listing.table}.rowid", direction="ASC")
        return replace(listing, has_ties_reversed=self.shuffles_ties and turn % 2 == 1)

    def page(self, asked: Page, total: int) -> Page:
        """The page that is served in place of the one that was asked for."""
        limit = asked.limit if self.page_size is None else self.page_size
        limit = limit if self.caps_at is None else min(limit, self.caps_at)
        offset = asked.offset * limit if self.offset_counts == "pages" else asked.offset
        if self.repeats_last_page and limit and total and offset >= total:
            offset = (total - 1) // limit * limit
        return replace(asked, limit=limit + self.excess, offset=offset)

    def payload(self, name: str, records: Sequence[object], page: Page, total: int) -> object:
        """What is answered for the records found."""
        shown = self._shown(records, page.offset)
        number = total if self.total == "right" else self.total
        if self.shape == "array":
            return shown
        answer: dict[str, object] = {name: shown, "totalCount": number}
        if self.shape == "two arrays":
            answer["recentlyViewed"] = shown[:3]
        elif self.shape == "spring":
            answer = {"content": shown, "totalElements": number, "size": page.limit}
        return {member: value for member, value in answer.items() if value != "absent"}

    def _shown(self, records: Sequence[object], offset: int) -> list[object]:
        shown = list(records)
        for odd in self.odd:
            first = 0 if odd.place is None else odd.place - offset
            last = len(shown) - 1 if odd.place is None else first
            for place in range(max(first, 0), min(last, len(shown) - 1) + 1):
                shown[place] = _changed(shown[place], odd)
        return shown


def _changed(record: Any, odd: Odd) -> dict[str, object]:
    members = _decoder.decode(record) if isinstance(record, msgspec.Raw) else record
    changed = {**members, **odd.sets}
    return {name: value for name, value in changed.items() if name not in odd.lacks}
