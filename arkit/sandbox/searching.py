"""One page of a search, as the script of paging has it."""

import sqlite3
from collections.abc import Callable, Sequence

from .call import Call
from .contract import Page
from .listings import Listing


def payload(
    call: Call,
    listing: Listing,
    asked: Page,
    name: str,
    records_at: Callable[[sqlite3.Connection, Sequence[int]], Sequence[object]],
) -> object:
    """The records of the page and how many there are in all."""
    paging, turn = call.service.faults.paging_of(call.operation)
    listing = paging.ordered(listing, turn)
    with call.service.replica.read() as connection:
        total = listing.total(connection)
        page = paging.page(asked, total)
        records = records_at(connection, listing.places(connection, page, total))
    return paging.payload(name, records, page, total)
