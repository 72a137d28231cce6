"""The two searches of the API: pages put together, into a table of one grain."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from arkit.columns import Grain
from arkit.progress import counter
from arkit.wire import pages
from arkit.wire.calls import Calls, Patience
from arkit.wire.operations import Operation
from arkit.wire.records import Page, Reader


def search(
    calls: Calls, operation: Operation, filters: Mapping[str, Any], grain: Grain, *, id_column: str
) -> pa.Table:
    """All records that meet the filters, in ascending order of their ids; errors as in `pages.collect`."""
    reader = Reader(grain, id_column=id_column, where=operation.name)
    patience = Patience()

    def page(limit: int, offset: int, *, descending: bool = False) -> Page:
        query = {
            "orderBy": grain.members[id_column],
            "direction": "DESC" if descending else "ASC",
            "limit": str(limit),
            "offset": str(offset),
        }
        return reader.page(calls.answer(operation, query=query, body=filters, patience=patience))

    with counter(grain.name) as progress:
        return pages.collect(page, grain, id_column=id_column, where=operation.name, progress=progress)
