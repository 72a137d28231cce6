"""What an interrupted fetch had read, kept for a quarter of an hour, so that the next one goes on there."""

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from arkit import outputs
from arkit.errors import DiskError

KEPT_S = 900.0
DIGEST_BYTES = 32


class Rest(NamedTuple):
    """The pages that were read, as one table in the order of the list, and the offset behind them."""

    table: pa.Table
    position: int


class Interrupted:
    """The rest of one search, told apart by account, operation and filters; at most one at a time."""

    def __init__(self, folder: Path, *marks: str, filters: Mapping[str, Any]) -> None:
        text = json.dumps([*marks, filters], sort_keys=True, default=str)
        self._path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.arrow"

    def keep(self, rest: Rest) -> None:
        """Write it down where only its owner may read it; without room there is nothing to go on with."""
        table = rest.table.replace_schema_metadata({"position": str(rest.position)})
        content = pa.BufferOutputStream()
        with pa.ipc.new_stream(content, table.schema) as writer:
            writer.write_table(table)
        with suppress(DiskError, OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with outputs.whole(self._path) as part, part.open("wb") as file:
                file.write(hashlib.sha256(content.getvalue()).digest())
                file.write(content.getvalue())

    def take(self) -> Rest | None:
        """What was kept, if it is fresh and sound; gone from the disk then, and so is what has grown old."""
        with suppress(OSError):
            for path in self._path.parent.iterdir():
                if not 0 <= time.time() - path.stat().st_mtime < KEPT_S:
                    path.unlink()
        try:
            stored = memoryview(self._path.read_bytes())
            self._path.unlink()
        except OSError:
            return None
        digest, content = stored[:DIGEST_BYTES], stored[DIGEST_BYTES:]
        # What arrow reads it takes on trust, and a wrong offset would end the process.
        if digest != hashlib.sha256(content).digest():
            return None
        table = pa.ipc.open_stream(pa.py_buffer(content)).read_all()
        return Rest(table.replace_schema_metadata(None), int(table.schema.metadata[b"position"]))
