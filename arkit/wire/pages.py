"""Pages of a search, put together so that the whole is complete or says that it is not."""

import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from arkit.errors import ContractError, IncompleteWarning, UnprovedWarning

LIMIT = 5_000
MAX_PAGES = 10_000

Record = Mapping[str, Any]
Page = Callable[[int, int], Any]


def collect(page: Page, *, id_member: str, where: str, limit: int = LIMIT) -> list[Record]:
    """All records of a search, each once, in the order in which they came first.

    The shape of search answers is not documented: a bare array and an object holding one array are both
    understood. The next page begins after the records received, since a server may send fewer than asked.
    The search ends when the total that the server gave is reached, or with a page that brings nothing new.

    Warns with `IncompleteWarning` if records came twice, and with `UnprovedWarning` if no total came beside
    them: that may be a server that knows no offset and has more than it showed.

    Args:
        page: the payload for a limit and an offset.
        id_member: the member that tells records apart.

    Raises:
        ContractError: an answer has another shape, a record has no id, one id stands for two different
            records, or fewer records came than the server counts.
    """
    found: dict[str, Record] = {}
    total: int | None = None
    received = repeated = 0
    for _ in range(MAX_PAGES):
        records, count = listed(page(limit, received), where=where)
        total = total if count is None else count
        news = _add(found, records, id_member, where)
        received += len(records)
        repeated += len(records) - news
        if not news or (total is not None and len(found) >= total):
            break
    else:
        raise _broken(f"more than {MAX_PAGES} pages came.", where)
    if total is not None and len(found) < total:
        raise ContractError(
            f"{len(found)} records came, and the server counts {total}.",
            code="incomplete",
            where=where,
            server_state="known",
            next_step="The list changed while it was read, or offset means pages here: fetch again.",
        )
    if repeated:
        text = f"{where}: {repeated} records came twice and are kept once."
        doubt = UnprovedWarning(f"{text} The server names no total, so there may be more.")
        warnings.warn(doubt if total is None else IncompleteWarning(text), stacklevel=2)
    return list(found.values())


def listed(payload: Any, *, where: str) -> tuple[list[Record], int | None]:
    """The records of one answer, and the total if exactly one whole number stands beside them."""
    total = None
    records = payload
    if isinstance(payload, dict):
        arrays = [value for value in payload.values() if isinstance(value, list)]
        if len(arrays) != 1:
            raise _broken(f"{len(arrays)} arrays came where one was expected.", where)
        records = arrays[0]
        totals = [value for name, value in payload.items() if _is_total(name, value)]
        total = totals[0] if len(totals) == 1 else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise _broken(f"a {type(records).__name__} came where a list of records was expected.", where)
    return records, total


def _is_total(name: str, value: Any) -> bool:
    """Whether it counts records; ``totalPages`` and ``totalAmount`` do not."""
    is_count = re.fullmatch(r"total_?(count|elements|hits|items|records|results|rows|size)?", name.lower())
    return is_count is not None and isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _add(found: dict[str, Record], records: list[Record], id_member: str, where: str) -> int:
    news = 0
    for position, record in enumerate(records):
        identity = record.get(id_member)
        if not isinstance(identity, str) or not identity.strip():
            raise _broken(f"record {position} of a page has no {id_member}.", where)
        if identity not in found:
            found[identity] = record
            news += 1
        elif found[identity] != record:
            raise _broken("one record came twice with different content.", where)
    return news


def _broken(message: str, where: str) -> ContractError:
    return ContractError(
        message,
        code="page",
        where=where,
        server_state="known",
        next_step="Fetch again; if it stays so, the server's search has another shape than known.",
    )
