"""A line that says how far a long fetch is; nothing for a short one, or where nobody looks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm.auto import tqdm


@contextmanager
def counter(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Takes the numbers received and expected; shows them after a second, on a terminal or in a notebook."""
    with tqdm(desc=what, unit="", unit_scale=True, delay=1, disable=None, leave=False) as bar:

        def update(received: int, total: int | None) -> None:
            bar.total = total
            bar.update(received - bar.n)

        yield update
