"""Work beside the kernel's own thread, so that a button is heard while it runs."""

import threading
import time
from collections.abc import Callable
from typing import Any

TOLD_EVERY_S = 0.1


class Job:
    """One piece of work in a thread of its own; stopping asks and never kills.

    A thread may set traits of widgets. What it prints or displays would be lost.
    """

    def __init__(self, work: Callable[["Job"], None], *, inline: bool = False) -> None:
        """Prepare the work.

        Args:
            work: is given the job, and deals with its own exceptions.
            inline: run in the caller's thread, so that a test need not wait.
        """
        self._work = work
        self._inline = inline
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin; returns at once unless inline."""
        if self._inline:
            self._work(self)
        else:
            threading.Thread(target=self._work, args=(self,), name="arkit-job", daemon=True).start()

    def stop(self) -> None:
        """Ask the work to end where it can."""
        self._stopped.set()

    def should_stop(self) -> bool:
        """Whether the work was asked to end."""
        return self._stopped.is_set()


def seldom(tell: Callable[..., None]) -> Callable[..., None]:
    """`tell`, with calls left out that come too soon after the last: a browser has more to do."""
    told_at = float("-inf")

    def tell_seldom(*args: Any) -> None:
        nonlocal told_at
        now = time.monotonic()
        if now - told_at >= TOLD_EVERY_S:
            told_at = now
            tell(*args)

    return tell_seldom
