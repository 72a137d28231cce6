"""The two searches of the API: pages put together, into a table of one grain."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from arkit import settings
from arkit.columns import Grain
from arkit.progress import counter
from arkit.wire import pages
from arkit.wire.ahead import Ahead, Place
from arkit.wire.calls import Calls, Patience
from arkit.wire.interrupted import Interrupted
from arkit.wire.operations import Operation
from arkit.wire.records import Reader
from arkit.wire.transport import Answer


def search(
    calls: Calls,
    operation: Operation,
    filters: Mapping[str, Any],
    grain: Grain,
    *,
    id_column: str,
    is_resumed: bool = False,
) -> pa.Table:
    """All records that meet the filters, in ascending order of their ids; errors as in `pages.collect`.

    Args:
        is_resumed: go on where the same search broke off a few minutes ago.
    """
    patience = Patience()

    def ask(place: Place) -> Answer:
        query = {
            "orderBy": grain.members[id_column],
            "direction": "DESC" if place.is_descending else "ASC",
            "limit": str(place.limit),
            "offset": str(place.offset),
        }
        return calls.answer(operation, query=query, body=filters, patience=patience)

    reader = Reader(grain, id_column=id_column, where=operation.name)
    with counter(grain.name) as progress:
        return pages.collect(
            Ahead(ask, reader),
            grain,
            id_column=id_column,
            where=operation.name,
            progress=progress,
            interrupted=_interrupted(calls, operation, filters) if is_resumed else None,
        )


def _interrupted(calls: Calls, operation: Operation, filters: Mapping[str, Any]) -> Interrupted:
    folder = settings.workspace() / "interrupted"
    return Interrupted(folder, calls.profile.account, calls.profile.origin, operation.name, filters=filters)
