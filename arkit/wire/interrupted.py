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
        with suppress(DiskError, OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (
                outputs.whole(self._path) as part,
                pa.OSFile(str(part), "wb") as file,
                pa.ipc.new_file(file, table.schema) as writer,
            ):
                writer.write_table(table)

    def take(self) -> Rest | None:
        """What was kept, if it is fresh; it is gone from the disk then, and so is what has grown old."""
        with suppress(OSError):
            for path in self._path.parent.glob("*.arrow"):
                if not 0 <= time.time() - path.stat().st_mtime < KEPT_S:
                    path.unlink()
        try:
            with pa.OSFile(str(self._path), "rb") as file:
                table = pa.ipc.open_file(file).read_all()
            position = int(table.schema.metadata[b"position"])
            self._path.unlink()
        except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError):
            return None
        return Rest(table.replace_schema_metadata(None), position)
