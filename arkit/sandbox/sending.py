"""How the bytes of an answer leave: in one go as a rule, otherwise cut, dripping, chunked or without end."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Times = Annotated[int, Meta(ge=1)] | Literal["endless"]

# Small bodies that are repeated leave many at a time.
BLOCK_BYTES = 2**16
PIECES_A_SECOND = 20


class Raw(Struct, frozen=True, forbid_unknown_fields=True):
    """A body to be sent as it is, so many times over; in JSON its bytes are written in base64."""

    body: bytes
    repeat: Times = 1


class Sent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to a body on its way, whatever it is."""

    # In chunks, instead of after its length.
    chunked: bool = False
    # So many bytes of the body, then the connection ends as if that were all.
    cut_at: Count | None = None
    bytes_per_s: Annotated[float, Meta(gt=0)] | None = None
    # The connection is said to be kept alive, and closed so long after the answer.
    closes_after_s: Seconds | None = None


@dataclass
class Delivery:
    """What the handler of a connection shall do with the answer to one request."""

    # A reset connection in place of the answer.
    is_lost: bool = False
    sent: Sent = field(default_factory=Sent)
    repeat: Times = 1

    def length(self, body: bytes) -> int | None:
        """How long the whole body will be; None if it has no end."""
        return None if self.repeat == "endless" else len(body) * self.repeat

    def pieces(self, body: bytes) -> Iterator[bytes]:
        """The body in the portions in which it is to leave."""
        if not body:
            return
        blocks: Iterable[bytes] = [body]
        if self.repeat != 1:
            many = max(BLOCK_BYTES // len(body), 1)
            blocks = _repeated(body, many, self.repeat)
        rate = self.sent.bytes_per_s
        size = None if rate is None else max(int(rate / PIECES_A_SECOND), 1)
        left = self.sent.cut_at
        for block in blocks:
            for start in range(0, len(block), size or len(block)):
                piece = block[start : start + (size or len(block))][:left]
                if left is not None:
                    left -= len(piece)
                if piece:
                    yield piece
                if left == 0:
                    return


def _repeated(body: bytes, many: int, repeat: Times) -> Iterator[bytes]:
    if repeat == "endless":
        yield from itertools.repeat(body * many)
        return
    yield from itertools.repeat(body * many, repeat // many)
    yield body * (repeat % many)
