"""Which fields people said the columns of a header are, kept in the workspace for the next file like it.

A header is kept as a hash, since the first row of a file that lacks one is somebody's data.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from arkit import outputs
from arkit.corrections.kinds import Kind

FILE = "mappings.json"


def recall(header: list[str], kind: Kind, workspace: Path) -> dict[int, str]:
    """The fields of a header's columns by their place, as they were confirmed; empty if they never were."""
    kept = _kept(workspace).get(_fingerprint(header, kind), {})
    fields = [(place, field) for place, field in kept.items() if field in kind.columns]
    return {int(place): field for place, field in fields if place.isdecimal()}


def remember(header: list[str], kind: Kind, fields: Mapping[int, str], workspace: Path) -> None:
    """Keep the fields of a header's columns, which somebody confirmed.

    Raises:
        DiskError: they cannot be written.
    """
    kept = _kept(workspace)
    told = {str(place): field for place, field in sorted(fields.items())}
    if kept.get(_fingerprint(header, kind)) == told:
        return
    kept[_fingerprint(header, kind)] = told
    with outputs.whole(workspace / FILE) as part:
        part.write_text(json.dumps(kept, indent=1), encoding="utf-8")


def _kept(workspace: Path) -> dict[str, dict[str, str]]:
    try:
        kept = json.loads((workspace / FILE).read_text(encoding="utf-8"))
        return {
            str(key): {str(place): str(field) for place, field in value.items()}
            for key, value in kept.items()
        }
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _fingerprint(header: list[str], kind: Kind) -> str:
    return hashlib.sha256(json.dumps([kind.name, *header]).encode()).hexdigest()
