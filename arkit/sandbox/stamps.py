"""What a change bears: the request behind it, the company's time, and the ids of what is new."""

import random
from dataclasses import dataclass, field

from .company import instant
from .identifiers import ALPHABET


@dataclass(frozen=True)
class Stamp:
    """One carrying out of a request.

    What is answered and what lands later are two, and give the same ids in the same order: the answer names
    the records that will be there.
    """

    request_id: str
    now: str
    chance: random.Random = field(repr=False)
    # How many of the records sent it shall do; None for all.
    limit: int | None = None

    def new_id(self, prefix: str, length: int = 13) -> str:
        """An id that nobody has yet."""
        return prefix + "".join(self.chance.choices(ALPHABET, k=length))


def stamp(request_id: str, now: int, limit: int | None) -> Stamp:
    """The stamp of a request that is carried out at that time of the company."""
    return Stamp(request_id, instant(now), random.Random(request_id), limit)  # noqa: S311
