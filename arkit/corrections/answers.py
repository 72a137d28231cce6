"""What the answer to an upload says of its rows: decided without I/O, repeatable from the journal."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from arkit.corrections import files
from arkit.corrections.kinds import FIELDS, KEY
from arkit.errors import ApiError, ArkitError, AuthenticationError, InputRefused
from arkit.wire import envelopes
from arkit.wire.transport import Answer

READ_CHARACTERS = 4_000
# With the few words of ours around it, a reason stays below 200.
SHOWN_CHARACTERS = 160
SHORTEST_HIDDEN = 4
COUNTS = ("success_count", "failure_count", "total_count")


@dataclass(frozen=True)
class Verdict:
    """What the server says of the rows of one upload.

    Attributes:
        doubt: why nothing may be concluded from the answer; empty if it is clear.
        refusals: key to reason in the server's own words, of the rows that it says it did not do.
    """

    doubt: str = ""
    refusals: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """The part of a bulk answer that a verdict needs."""

    verdict: Verdict | None
    failures: int = 0
    failure_file_url: str = ""


def summary(answer: Answer, keys: Collection[str], *, where: str) -> Summary:
    """The counts of a bulk answer; with a verdict at once if they leave nothing to look up.

    Counts are a hint and never a proof: unless they are complete and add up, every row is in doubt.
    """
    try:
        payload = envelopes.payload(answer, where=where)
    except ArkitError as error:
        return Summary(_of_failure(error, keys))
    counts = _counts(payload)
    if counts is None:
        return Summary(Verdict(doubt="The server gave no counts that can be read."))
    succeeded, failed, total = counts
    if total != len(keys) or succeeded + failed != total:
        return Summary(Verdict(doubt="The server's counts do not add up."))
    if not failed:
        return Summary(Verdict())
    return Summary(None, failed, str(payload.get("failure_file_url") or ""))


def of_failures(content: bytes, failures: int, keys: Collection[str]) -> Verdict:
    """The refusals in a file of failed rows, matched by key and never by position."""
    unnamed = Verdict(doubt="The server refused rows and did not say which.")
    try:
        sheet = files.parse(content, name="result file")
    except InputRefused:
        return unnamed
    header = [name.strip() for name in sheet.header]
    if KEY not in header:
        return unnamed
    place = header.index(KEY)
    said = [position for position, name in enumerate(header) if name not in (KEY, *FIELDS)]
    found = {
        cells[place].strip(): "; ".join(cells[position] for position in said if cells[position])
        for _, cells in sheet.rows()
    }
    refusals = {key: reason or "it gives no reason." for key, reason in found.items() if key in keys}
    return Verdict(refusals=refusals) if len(refusals) == failures else unnamed


def of_single(answer: Answer, key: str, *, where: str) -> Verdict:
    """The verdict on an operation that changes one record."""
    try:
        envelopes.payload(answer, where=where)
    except ArkitError as error:
        return _of_failure(error, [key])
    return Verdict()


def plain(text: str, *, hidden: Iterable[str | None] = ()) -> str:
    """A server's words as one short line without anything that a screen would act on.

    Args:
        text: what the server says.
        hidden: values of the row, which a server may quote and which a reason must not show.
    """
    line = _line(text[:READ_CHARACTERS])
    # The longest first: a PAN is a part of a GSTIN.
    for value in sorted({_line(value) for value in hidden if value}, key=len, reverse=True):
        if len(value) >= SHORTEST_HIDDEN:
            line = re.sub(re.escape(value), "…", line, flags=re.IGNORECASE)
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _of_failure(error: ArkitError, keys: Collection[str]) -> Verdict:
    """A refusal of the whole is one of each row; trouble, or a token that ended, says nothing of them."""
    is_refusal = isinstance(error, ApiError) and error.code == "refused" and error.status != 429
    if is_refusal or (isinstance(error, AuthenticationError) and error.code == "forbidden"):
        return Verdict(refusals=dict.fromkeys(keys, f"The whole request was refused: {error.message}"))
    return Verdict(doubt=f"{error.message} Whether it was done is not known.")


def _counts(payload: Any) -> tuple[int, int, int] | None:
    if not isinstance(payload, dict):
        return None
    counts = [payload.get(name) for name in COUNTS]
    if not all(isinstance(count, int) and not isinstance(count, bool) and count >= 0 for count in counts):
        return None
    succeeded, failed, total = counts
    return (succeeded, failed, total)  # type: ignore[return-value]
