"""Pages of a search, put together so that the whole is complete or says that it is not.

The API knows a limit and an offset and nothing else, so a list can change between two of its pages. Against
that stand three things:

* Each page begins with the last record of the page before; another record in its place shows that the list
  moved.
* A set of several pages is read twice, and taken when both readings agree.
* A set of very many pages is read once if the server shows that it orders them by id. Then a page that begins
  at or before the last id leaves no gap behind, whatever was added or removed meanwhile.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pyarrow import Table

from arkit.columns import Grain
from arkit.errors import ContractError
from arkit.wire.interrupted import Interrupted
from arkit.wire.readings import MANY_PAGES, Progress, Reading, Search

LIMIT = 5_000
MOST_READINGS = 5


def collect(
    search: Search,
    grain: Grain,
    *,
    id_column: str,
    where: str,
    limit: int = LIMIT,
    progress: Progress = lambda received, total: None,
    interrupted: Interrupted | None = None,
) -> Table:
    """All records of a search, each once, in ascending order of their ids.

    The next page is asked for by the records received, since a server may send fewer than asked. Warns with
    `IncompleteWarning` if the list would not hold still, though nothing that was there throughout is missing,
    and with `UnprovedWarning` if nothing shows where it ends: that may be a server that knows no offset and
    has more than it showed.

    Args:
        progress: is told after each page how many records came, and the server's count if it names one.
        interrupted: where a long search is kept if it breaks off, and taken up again. Records of before are
            then as they were before, which `IncompleteWarning` says.

    Raises:
        ContractError: an answer has another shape, fewer records came than the server counts, one id stands
            for two different records, or the list changes too fast to be read.
    """
    before: Reading | None = None
    for _ in range(MOST_READINGS):
        reading = Reading(grain, id_column=id_column, where=where)
        if interrupted and before is None and (rest := interrupted.take()):
            reading.go_on_after(rest)
        with _kept_if_broken_off(reading, interrupted):
            reading.read(search, limit, progress)
        if reading.is_proof(search) or (before and reading.confirms(before)):
            return reading.result()
        is_habit = before is not None and reading.goes_like(before)
        if is_habit or (before and reading.pages > MANY_PAGES):
            break
        before = reading
    return reading.doubtful_result(search, is_habit=is_habit)


@contextmanager
def _kept_if_broken_off(reading: Reading, interrupted: Interrupted | None) -> Iterator[None]:
    try:
        yield
    except ContractError:
        raise
    except BaseException:
        if interrupted and (rest := reading.rest()):
            interrupted.keep(rest)
        raise
