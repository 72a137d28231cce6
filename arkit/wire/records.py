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
        self._shape = _Shape([])

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
        self._shape = _Shape(payload)
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

    def __init__(self, payload: Any) -> None:
        self._member = (
            next((n for n, value in payload.items() if isinstance(value, list)), "")
            if isinstance(payload, dict)
            else ""
        )
        records: Any = list[msgspec.Raw]
        if self._member:
            records = msgspec.defstruct("Payload", [("records", records)], rename={"records": self._member})
        self._decoder = msgspec.json.Decoder(msgspec.defstruct("Envelope", [("payload", records)]))

    def decode(self, body: bytes) -> list[msgspec.Raw]:
        """The records of an answer, each as the JSON text that it is."""
        envelope: Any = self._decoder.decode(body)
        records: list[msgspec.Raw] = envelope.payload.records if self._member else envelope.payload
        return records


def _without(body: bytes, records: list[msgspec.Raw]) -> bytes:
    """The answer with an empty list in place of its records."""
    start, last = body.index(bytes(records[0])), bytes(records[-1])
    return body[:start] + body[body.rindex(last) + len(last) :]
