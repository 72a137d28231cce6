"""Scripted faults: what the server shall do wrong, to which operation, how often. Nothing here is random."""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from . import fields
from .mutations import Mutation
from .paging import Paging
from .sending import Count, Raw, Seconds, Sent

T = TypeVar("T")

SEARCHES = ("searchCustomer", "searchCollectionInvoices")


class Lag(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far reading lags behind."""

    seconds: Seconds


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the script.

    `operation` is an operationId of the contract. The line lets `after` requests of it pass, then meets
    `times` requests, then the next line of that operation begins. Only requests that were let in count.
    """

    operation: str
    times: Annotated[int, Meta(ge=1)] = 1
    after: Count = 0
    # Of every so many requests it meets so many, evenly: (3, 5) lets the 1st and 3rd of five pass.
    share: tuple[int, int] = (1, 1)
    # Only requests count whose body, or a cell of whose file, holds this text.
    holding: str | None = None

    # What the client sees: this status, with the word in `error_type`; a reset connection; the ordinary body
    # under that status; or bytes that are no answer at all. Redirects have their Location among the headers.
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    error_type: str = "SYSTEM_ERROR"
    answer: Literal["status", "lost", "body"] | Raw | None = None
    # Members of the answer's JSON to put in place, null removing one (a merge patch, RFC 7396).
    edit: dict[str, Any] | None = None
    # Headers to put in place, a list of values for one that comes several times.
    headers: dict[str, str | list[str]] = {}
    delay_s: Seconds = 0
    sent: Sent = Sent()

    # What becomes of the company: how many of the rows sent are applied, and how long after the answer.
    applies: Literal["all", "none"] | Count | None = None
    landing_s: Seconds = 0
    # Changes values before storing them: trims, upper-cases panOrGstin, strips +91; cuts names and prose.
    normalise: bool = False
    cuts_text_at: Annotated[int, Meta(ge=1)] | None = None
    # What somebody else changes just before this request is carried out.
    mutate: tuple[Mutation, ...] = ()
    # The answer of a bulk file claims that every row succeeded, or that every row failed.
    lying_counts: bool | Literal["failure"] = False
    # All tokens end, and this request is the first to notice.
    expire_tokens: bool = False

    def __post_init__(self) -> None:
        if self.answer in {"status", "body"} and self.status is None:
            raise ValueError(f"answer={self.answer!r} needs a status")
        if self.answer == "lost" and self.status is not None:
            raise ValueError("a lost answer has no status")
        struck, of = self.share
        if not 1 <= struck <= of:
            raise ValueError("a share is so many of so many, as (3, 5)")

    @property
    def rows(self) -> int | None:
        """How many rows are applied; None for all."""
        applies = self.applies
        if applies is None:
            # A bare status "answers this, does nothing"; a landing announces that something will be done.
            applies = (
                "none" if self.status is not None and not self.landing_s and self.answer is None else "all"
            )
        if isinstance(applies, int):
            return applies
        return 0 if applies == "none" else None

    @property
    def is_made_up(self) -> bool:
        """Whether the answer owes nothing to the operation."""
        return isinstance(self.answer, Raw) or (self.status is not None and self.answer != "body")

    def as_stored(self, values: Mapping[str, object]) -> dict[str, object]:
        """What is stored in place of the values sent."""
        stored = dict(values)
        if self.normalise:
            stored = fields.normalised(stored)
        if self.cuts_text_at is not None:
            stored = fields.cut(stored, self.cuts_text_at)
        return stored


class _Line:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.waiting = fault.after
        self.remaining = fault.times
        self.met = 0

    def strikes(self) -> bool:
        """Whether the next request is one of those that the line is for."""
        if self.waiting:
            self.waiting -= 1
            return False
        struck, of = self.fault.share
        before = self.met * struck // of
        self.met += 1
        if self.met * struck // of == before:
            return False
        self.remaining -= 1
        return True


class Faults:
    """The script: for each operation a queue of lines, used up in the order they were added.

    Beside the lines, which are for single requests, stand ways of reading that last until they are changed.
    """

    def __init__(self, operations: Collection[str]) -> None:
        self._operations = operations
        self._lock = threading.Lock()
        self._lines: defaultdict[str, deque[_Line]] = defaultdict(deque)
        self._pagings: dict[str, Paging] = {}
        self._turns: Counter[str] = Counter()
        self.lag_s = 0.0

    def add(self, /, **members: object) -> Fault:
        """Append a line, given as the members of `Fault`; ValueError names what is wrong with it."""
        fault = _converted(members, Fault)
        self._check(fault.operation, self._operations)
        with self._lock:
            self._lines[fault.operation].append(_Line(fault))
        return fault

    def take(self, operation: str, holds: Callable[[str], bool]) -> Fault | None:
        """The fault that this request of the operation meets, if any; `holds` tells what is in it."""
        with self._lock:
            lines = self._lines[operation]
            if not lines:
                return None
            line = lines[0]
            if line.fault.holding is not None and not holds(line.fault.holding):
                return None
            if not line.strikes():
                return None
            if not line.remaining:
                lines.popleft()
            return line.fault

    def paging(self, operation: str, /, **members: object) -> Paging:
        """Let a search page so from now on, given as the members of `Paging`; without any, as documented."""
        paging = _converted(members, Paging)
        self._check(operation, SEARCHES)
        with self._lock:
            self._pagings[operation] = paging
        return paging

    def paging_of(self, operation: str) -> tuple[Paging, int]:
        """How a search pages, and how often it was asked so far."""
        with self._lock:
            self._turns[operation] += 1
            return self._pagings.get(operation, Paging()), self._turns[operation]

    def lag(self, seconds: float) -> None:
        """Let searches, and the reading of one invoice, show from now on what was so many seconds ago."""
        self.lag_s = _converted({"seconds": seconds}, Lag).seconds

    def clear(self) -> None:
        """Forget what is left of the script."""
        with self._lock:
            self._lines.clear()
            self._pagings.clear()
            self.lag_s = 0.0

    def _check(self, operation: str, known: Collection[str]) -> None:
        if operation not in known:
            raise ValueError(f"unknown operation {operation!r}: one of {', '.join(known)}")


def _converted(members: Mapping[str, object], kind: type[T]) -> T:
    try:
        return msgspec.convert(members, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
