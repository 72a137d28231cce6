"""What was worked out about an object, kept as long as the object lives and nothing else was asked about."""

import threading
import weakref
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")


class last(threading.local, Generic[Thing, Result]):  # noqa: N801 - read as a decorator
    """Keeps the result for the last object, by its identity; each thread has one of its own.

    Several rules look at one column in turn, and each begins with the same work.
    """

    def __init__(self, work: Callable[[Thing], Result]) -> None:
        self._work = work
        self._about: weakref.ref[Any] | None = None
        self._result: Result | None = None
        update_wrapper(self, work)

    def __call__(self, thing: Thing) -> Result:
        if self._about is None or self._about() is not thing:
            result = self._work(thing)
            self._result, self._about = result, weakref.ref(thing, self._forget)
            return result
        return self._result  # type: ignore[return-value]

    def _forget(self, about: "weakref.ref[Any]") -> None:
        if self._about is about:
            self._about = self._result = None
