"""From the answer of a search to a page of records in a typed table.

The shape of search answers is not documented: a bare array and an object holding one array are both
understood.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from arkit import columns
from arkit.columns import Grain
from arkit.errors import ContractError
from arkit.wire import envelopes
from arkit.wire.transport import Answer

LARGE_BYTES = 2**18
NO_ID = r"^$|[\s\p{Z}\p{C}]"
"""What no id is: nothing, or a text with spaces or with characters that nobody sees."""

Record = Mapping[str, Any]


class Page(NamedTuple):
    """The records of one answer, their ids, and the total if the server names one."""

    table: pa.Table
    ids: list[str]
    total: int | None


class Reader:
    """Reads the answers of one search.

    The first answer is read value by value, which shows how this server writes its records. Large ones after
    it go through arrow's own reader, which is many times faster and as strict; whatever it does not take is
    read value by value again, so that a fault is named by its place.
    """

    def __init__(self, grain: Grain, *, id_column: str, where: str) -> None:
        self._grain = grain
        self._id_column = id_column
        self._where = where
        self._schema: pa.Schema | None = None
        self._shape = _Shape([], None)

    def page(self, answer: Answer) -> Page:
        """One page.

        Raises:
            AuthenticationError, ApiError: the server refused the search or failed.
            ContractError: the answer has another shape, a member is of another kind, or a record has no id.
        """
        is_large = len(answer.body) > LARGE_BYTES and not envelopes.is_heavy(answer.body)
        page = self._at_once(answer) if self._schema and is_large else None
        return page or self._one_by_one(answer)

    def _at_once(self, answer: Answer) -> Page | None:
        try:
            answer.body.decode("utf-8")
            records = self._shape.decode(answer.body)
            if not records:
                return None
            rest = _without(answer.body, records)
            payload = envelopes.payload(Answer(answer.status, answer.headers, rest), where=self._where)
            _, total = listed(payload, where=self._where)
            table = columns.from_lines(b"\n".join(records), self._schema, self._grain)
        except (msgspec.MsgspecError, pa.ArrowException, ContractError, ValueError, RecursionError):
            return None
        return self._whole(table, total) if len(table) == len(records) else None

    def _one_by_one(self, answer: Answer) -> Page:
        payload = envelopes.payload(answer, where=self._where)
        records, total = listed(payload, where=self._where)
        # As another column a list of texts would become one text, and a labelled status its name.
        ids = [record.get(self._grain.members[self._id_column]) for record in records]
        self._require_id(next((place for place, each in enumerate(ids) if not isinstance(each, str)), -1))
        self._schema = columns.raw_schema(records, self._grain)
        self._shape = _Shape(payload, self._schema)
        return self._whole(columns.from_records(records, self._grain), total)

    def _whole(self, table: pa.Table, total: int | None) -> Page:
        column = table[self._id_column]
        is_none = pc.fill_null(pc.match_substring_regex(column, NO_ID), True)
        self._require_id(pc.index(is_none, True).as_py())
        return Page(table, column.to_pylist(), total)

    def _require_id(self, position: int) -> None:
        """Refuse the record at this position; -1 stands for none."""
        if position >= 0:
            member = self._grain.members[self._id_column]
            raise broken(f"record {position} of a page has no usable {member}.", self._where)


def listed(payload: Any, *, where: str) -> tuple[list[Record], int | None]:
    """The records of one answer, and the total if exactly one whole number stands beside them.

    Raises:
        ContractError: it is neither a list of records nor an object that holds one list; the message says
            what came.
    """
    total = None
    records = payload
    if isinstance(payload, dict):
        arrays = [value for value in payload.values() if isinstance(value, list)]
        if len(arrays) != 1:
            raise broken(f"{len(arrays)} arrays came where one was expected.", where)
        records = arrays[0]
        totals = [value for name, value in payload.items() if _is_total(name, value)]
        total = totals[0] if len(totals) == 1 else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise broken(f"a {type(records).__name__} came where a list of records was expected.", where)
    return records, total


def broken(message: str, where: str) -> ContractError:
    """The error for a search that is not answered as any search can be."""
    return ContractError(
        message,
        code="page",
        where=where,
        server_state="known",
        next_step="Fetch again; if it stays so, the server's search has another shape than known.",
    )


def _is_total(name: str, value: Any) -> bool:
    """Whether it counts records; ``totalPages`` and ``totalAmount`` do not."""
    is_count = re.fullmatch(r"total_?(count|elements|hits|items|records|results|rows|size)?", name.lower())
    return is_count is not None and isinstance(value, int) and not isinstance(value, bool) and value >= 0


class _Shape:
    """Where the records stand in the answers of one server: in the payload itself, or in one member of it."""

    def __init__(self, payload: Any, schema: pa.Schema | None) -> None:
        self._member = (
            next((n for n, value in payload.items() if isinstance(value, list)), "")
            if isinstance(payload, dict)
            else ""
        )
        exact = [field.name for field in schema or () if pa.types.is_decimal(field.type)]
        names = {f"number_{place}": member for place, member in enumerate(exact)}
        fields = [(name, int | float | None, None) for name in names]
        self._texts = self._decoder(msgspec.Raw)
        self._numbers = self._decoder(msgspec.defstruct("Numbers", fields, rename=names))

    def decode(self, body: bytes) -> list[msgspec.Raw]:
        """The records of an answer, each as the JSON text that it is; all of them are views of the answer.

        Raises:
            MsgspecError: it has another shape, or a text stands for an amount; arrow would read that as one.
        """
        self._numbers.decode(body)
        payload: Any = self._texts.decode(body).payload
        records: list[msgspec.Raw] = payload.records if self._member else payload
        return records

    def _decoder(self, record: Any) -> msgspec.json.Decoder[Any]:
        records: Any = list[record]
        if self._member:
            records = msgspec.defstruct("Payload", [("records", records)], rename={"records": self._member})
        return msgspec.json.Decoder(msgspec.defstruct("Envelope", [("payload", records)]))


def _without(body: bytes, records: list[msgspec.Raw]) -> bytes:
    """The answer with an empty list in place of its records."""
    start = pa.py_buffer(body).address
    first, last = pa.py_buffer(records[0]), pa.py_buffer(records[-1])
    return body[: first.address - start] + body[last.address + last.size - start :]
