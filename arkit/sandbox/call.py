"""One request on its way through an operation."""

import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Request

from . import clock, contract, dunning, messages, stamps
from .answers import Refusal
from .company import instant
from .faults import Fault, Faults
from .replica import Replica
from .stamps import Stamp
from .store import Store

T = TypeVar("T")

# Work inside one transaction.
Work = Callable[[sqlite3.Connection, Stamp], T]


@dataclass
class Service:
    """What all requests share."""

    store: Store
    facts: dict[str, str]
    token_lifetime_s: int
    lockout_s: float
    faults: Faults
    url: str = ""
    closing: threading.Event = field(default_factory=threading.Event)
    replica: Replica = field(init=False)

    def __post_init__(self) -> None:
        self.replica = Replica(self.store, self.faults)

    @property
    def company_id(self) -> str:
        return self.facts["companyId"]

    def messages(self) -> list[dict[str, Any]]:
        """Every message up to now."""
        with self.store.write() as connection:
            dunning.catch_up(connection, clock.now(connection))
            return messages.sent(connection)

    def set_clock_forward(self, days: int) -> str:
        """Let so many days of the company pass at once; its new time."""
        with self.store.write() as connection:
            clock.set_forward(connection, days)
            now = clock.now(connection)
            dunning.catch_up(connection, now)
            return instant(now)


@dataclass
class Call:
    """A request that was let in: what it asks, and what the script says about it."""

    service: Service
    request_id: str
    operation: str
    request: Request
    path: dict[str, str]
    fault: Fault | None

    def query(self, *known: str) -> dict[str, str]:
        """The query parameters, of which the operation knows these."""
        return contract.query(self.request.args, known)

    def body(self, kind: type[T]) -> T:
        """The JSON body."""
        return contract.decode(self.request.mimetype, self.request.get_data(), kind)

    def as_stored(self, values: Mapping[str, object]) -> dict[str, object]:
        """What takes the place of the values sent, if the script says so."""
        return dict(values) if self.fault is None else self.fault.as_stored(values)

    def carry_out(self, work: Work[T]) -> T:
        """Do the work, or as much of it and as late as the script says; answer as if it had been done."""
        fault = self.fault
        if fault is None or (fault.rows is None and not fault.landing_s):
            with self.service.replica.change() as connection:
                return self._do(work, connection, None)
        with self.service.store.write(keep=False) as connection:
            result = self._do(work, connection, None)
        if fault.landing_s:
            threading.Thread(target=self._land, args=(work, fault), daemon=True).start()
        else:
            self._apply(work, fault)
        return result

    def _land(self, work: Work[T], fault: Fault) -> None:
        if self.service.closing.wait(fault.landing_s):
            return
        # What became impossible in the meantime stays undone; its client was answered long ago.
        with suppress(Refusal):
            self._apply(work, fault)

    def _apply(self, work: Work[T], fault: Fault) -> None:
        if fault.rows == 0:
            return
        with self.service.replica.change() as connection:
            self._do(work, connection, fault.rows)

    def _do(self, work: Work[T], connection: sqlite3.Connection, limit: int | None) -> T:
        now = clock.now(connection)
        dunning.catch_up(connection, now)
        return work(connection, stamps.stamp(self.request_id, now, limit))
