"""The next page of a search is asked for while the last one is read, since both take their time."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

from arkit.wire.records import Page, Reader
from arkit.wire.transport import Answer

THREAD_NAME = "arkit-page"


class Place(NamedTuple):
    """Which page of a search."""

    limit: int
    offset: int
    is_descending: bool = False


class Ahead:
    """Pages of one search.

    A page as long as the one before it is expected after each page. If another one is wanted, what came is
    dropped.
    """

    def __init__(self, ask: Callable[[Place], Answer], reader: Reader) -> None:
        self._ask = ask
        self._reader = reader
        self._expected: Place | None = None
        self._coming: Future[Answer] | None = None
        self._size = 0
        self._total: int | None = None

    def __call__(self, limit: int, offset: int, *, descending: bool = False) -> Page:
        """One page; the errors are those of the request and of `Reader.page`."""
        place = Place(limit, offset, descending)
        coming, self._coming = self._coming, None
        answer = coming.result() if coming and place == self._expected else self._ask(place)
        self._expect(place)
        page = self._reader.page(answer)
        self._size, self._total = len(page.ids), page.total
        return page

    def _expect(self, place: Place) -> None:
        offset = place.offset + self._size - 1
        is_last = self._total is not None and offset >= self._total - 1
        if self._size > 1 and not is_last and not place.is_descending:
            self._expected = place._replace(offset=offset)
            self._coming = Future()
            # A thread of a pool would keep a process that was told to stop until its request has ended.
            threading.Thread(
                target=self._answer, args=(self._coming, self._expected), name=THREAD_NAME, daemon=True
            ).start()

    def _answer(self, coming: "Future[Answer]", place: Place) -> None:
        try:
            coming.set_result(self._ask(place))
        except BaseException as error:
            coming.set_exception(error)
