"""The company as it is read: as it was some seconds ago, if the script says that reading lags behind."""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from .faults import Faults
from .store import Store, copied


class Replica:
    """Reading and changing one company.

    While there is a lag, the whole file is copied before each change and kept until it is as old as the lag:
    what is read then is the copy from before the oldest change that is not to be seen yet. So a lag is for
    small companies, and hides the changes of this process alone.
    """

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults
        self._lock = threading.Lock()
        self._copies: deque[tuple[float, bytes]] = deque()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction that changes the company."""
        with self._store.write() as connection:
            copy = self._copy() if self._faults.lag_s else None
            yield connection
            if copy is not None:
                with self._lock:
                    self._copies.append((time.monotonic(), copy))

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The company as it is to be seen now."""
        seen_until = time.monotonic() - self._faults.lag_s
        with self._lock:
            while self._copies and self._copies[0][0] <= seen_until:
                self._copies.popleft()
            copy = self._copies[0][1] if self._copies else None
        with self._store.read() if copy is None else copied(copy) as connection:
            yield connection

    def _copy(self) -> bytes:
        with self._store.read() as connection:
            return connection.serialize()
