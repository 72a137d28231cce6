"""Scripted faults: what the server shall do wrong, to which operation, how often. Nothing here is random."""

import threading
from collections import defaultdict, deque
from collections.abc import Collection
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Count = Annotated[int, Meta(ge=0)]


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the script.

    `operation` is an operationId of the contract. The line lets `after` requests of it pass, then meets
    `times` requests, then the next line of that operation begins. Only requests that were let in count.
    """

    operation: str
    times: Annotated[int, Meta(ge=1)] = 1
    after: Count = 0
    # What the client sees: this status, with the word in `error_type`, or a reset connection.
    status: Annotated[int, Meta(ge=400, le=599)] | None = None
    error_type: str = "SYSTEM_ERROR"
    answer: Literal["status", "lost"] | None = None
    delay_s: Seconds = 0
    # What becomes of the company: how many of the rows sent are applied, and how long after the answer.
    applies: Literal["all", "none"] | Count | None = None
    landing_s: Seconds = 0
    # The answer of a bulk file claims that every row succeeded.
    lying_counts: bool = False
    # All tokens end, and this request is the first to notice.
    expire_tokens: bool = False
    # Tidies values before storing them: trims, upper-cases panOrGstin, strips +91.
    normalise: bool = False

    def __post_init__(self) -> None:
        if self.answer == "status" and self.status is None:
            raise ValueError("answer='status' needs a status")
        if self.answer == "lost" and self.status is not None:
            raise ValueError("a lost answer has no status")

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


class _Line:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.waiting = fault.after
        self.remaining = fault.times


class Faults:
    """The script: for each operation a queue of lines, used up in the order they were added."""

    def __init__(self, operations: Collection[str]) -> None:
        self._operations = operations
        self._lock = threading.Lock()
        self._lines: defaultdict[str, deque[_Line]] = defaultdict(deque)

    def add(self, /, **members: object) -> Fault:
        """Append a line, given as the members of `Fault`; ValueError names what is wrong with it."""
        try:
            fault = msgspec.convert(members, Fault)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error
        if fault.operation not in self._operations:
            raise ValueError(f"unknown operation {fault.operation!r}: one of {', '.join(self._operations)}")
        with self._lock:
            self._lines[fault.operation].append(_Line(fault))
        return fault

    def take(self, operation: str) -> Fault | None:
        """The fault that this request of the operation meets, if any."""
        with self._lock:
            lines = self._lines[operation]
            if not lines:
                return None
            line = lines[0]
            if line.waiting:
                line.waiting -= 1
                return None
            line.remaining -= 1
            if not line.remaining:
                lines.popleft()
            return line.fault

    def clear(self) -> None:
        """Forget what is left of the script."""
        with self._lock:
            self._lines.clear()
