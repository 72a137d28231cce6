"""Records held on a customer: taken from the customers found, or else asked for one customer at a time."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec
import pandera.pandas as pa
from pandera.typing import DataFrame

from arkit import columns, frames
from arkit.columns import JSON_TEXT, PLAIN_TEXT, Grain
from arkit.resources.bodies import ids
from arkit.resources.customers import search_ids
from arkit.resources.searches import search
from arkit.wire.calls import Calls
from arkit.wire.operations import SEARCH_CUSTOMERS, Operation
from arkit.wire.records import listed

Row = TypeVar("Row", bound=pa.DataFrameModel)


def fetch(
    calls: Calls, model: type[Row], member: str, operation: Operation, customer_ids: Iterable[str] | None
) -> DataFrame[Row]:
    """The records that customers hold under this member of theirs.

    The search for customers is documented and brings those of thousands at once, if the server shows them
    there; the operation made for them is not, and takes a request for each customer.
    """
    column = columns.snake(member)
    grain = Grain(
        "customers",
        {"customer_id": PLAIN_TEXT, column: JSON_TEXT},
        {"customer_id": "customerId", column: member},
        is_open=False,
    )
    if customer_ids is None:
        table = search(calls, SEARCH_CUSTOMERS, {}, grain, id_column="customer_id")
    else:
        table = search_ids(calls, ids("customer_ids", customer_ids), grain)
    records: list[Mapping[str, Any]] = []
    for customer_id, text in zip(table["customer_id"].to_pylist(), table[column].to_pylist(), strict=True):
        held = None if text is None else _decoder.decode(text)
        if not isinstance(held, list) or not all(isinstance(record, dict) for record in held):
            held = of_customer(calls, operation, customer_id)
        records += [{**record, "customerId": customer_id} for record in held]
    return frames.to_frame(columns.from_records(records, frames.grain(model)), model)


def of_customer(
    calls: Calls, operation: Operation, customer_id: str, *, query: Mapping[str, str] | None = None
) -> list[Mapping[str, Any]]:
    """The records of one customer, asked for by the operation made for them."""
    has_path = "{customerId}" in operation.path
    payload = calls.read(
        operation,
        path={"customerId": customer_id} if has_path else {},
        query={**({} if has_path else {"customerId": customer_id}), **(query or {})},
    )
    records, _ = listed(payload, where=operation.name)
    return [{**record, "customerId": customer_id} for record in records]


_decoder = msgspec.json.Decoder()
