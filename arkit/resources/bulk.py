"""The files that go up in one piece, and what the server says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arkit.errors import UsageError
from arkit.wire.calls import Calls
from arkit.wire.operations import Operation

KINDS = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class BulkAnswer:
    """What the server says of an uploaded file: a hint, and no proof that a row was done.

    Everything is optional in the API, so each may be None. The addresses of the result files may let in
    whoever knows them and stay out of the repr; `arkit.wire.calls.Calls.result_file` fetches one.
    """

    total_count: int | None
    success_count: int | None
    failure_count: int | None
    warn_count: int | None
    success_file_url: str | None = field(repr=False)
    failure_file_url: str | None = field(repr=False)


def upload(calls: Calls, operation: Operation, file: Path | str, query: Mapping[str, str]) -> BulkAnswer:
    """Send a file as it is; the errors are those of `Calls.change`.

    Raises:
        UsageError: it cannot be read, or is neither CSV nor XLSX; nothing was sent.
    """
    path = Path(file)
    kind = KINDS.get(path.suffix.lower())
    try:
        if kind is None or not path.is_file():
            raise OSError
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            "the file cannot be read, or is neither .csv nor .xlsx.",
            code="file",
            where=path.name,
            next_step="Give the path of a CSV or XLSX file.",
        ) from error
    return _answer(calls.upload(operation, query=query, name=path.name, content=content, kind=kind))


def _answer(payload: Any) -> BulkAnswer:
    """Only members of the right kind count."""
    members = payload if isinstance(payload, dict) else {}

    def one(name: str, kind: type) -> Any:
        value = members.get(name)
        return value if type(value) is kind else None

    return BulkAnswer(
        **{name: one(name, int) for name in ("total_count", "success_count", "failure_count", "warn_count")},
        **{name: one(name, str) for name in ("success_file_url", "failure_file_url")},
    )
