"""How fast arkit is beside what else there is, measured in one run: ``make bench``.

Times differ from machine to machine and from minute to minute; only the ratios mean something. In brackets
stands the ratio that is to be reached.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from . import checking, fetching

REPEATS = 3


def main() -> None:
    """Measure and print one line each: ours, the other, the ratio."""
    print(f"{'what':<44}{'arkit':>10}{'beside it':>12}{'ratio':>8}  beside it stands")
    with tempfile.TemporaryDirectory() as folder:
        _row("8  import arkit", *_imports(), "import pandas, pandera (1.3)")
        # First, since it measures the memory of this process.
        _fetch(Path(folder))
        rows, remarks = checking.measure(Path(folder))
        for row in rows:
            _row(*row)
        print("\n".join(remarks))


def _fetch(folder: Path) -> None:
    found = fetching.measure(folder)
    what = f"fetch of {found['rows']:,} invoices into a frame"
    _row(what, found["fetch_s"], found["raw_s"], "the same pages as bytes")
    share_s, mib = found["fetch_s"] - found["raw_s"], 2**20
    frame, memory = found["frame_bytes"] / mib, found["memory_bytes"] / mib
    print(f"  of that arkit's own: {share_s:.1f} s, {found['own_cpu_s']:.1f} s of processor time")
    print(f"  memory: {memory:,.0f} MiB for a frame of {frame:,.0f} MiB, {memory / frame:.1f} times")
    print(f"  equal to the database row for row; {found['seeded_s']:.0f} s to seed the company")


def _imports() -> tuple[float, float]:
    return tuple(
        _seconds(lambda code=code: subprocess.run([sys.executable, "-c", code], check=True))
        for code in ("import arkit", "import pandas, pandera.pandas")
    )


def _seconds(work: Callable[[], object], *, repeats: int = REPEATS) -> float:
    """The best of a few runs: the one that the rest of the machine disturbed least."""
    times = []
    for _ in range(repeats):
        started_at = time.perf_counter()
        work()
        times.append(time.perf_counter() - started_at)
    return min(times)


def _row(what: str, ours: float, other: float, name: str) -> None:
    print(f"{what:<44}{ours:>9.3f}s{other:>11.3f}s{ours / other:>8.2f}  {name}")


if __name__ == "__main__":
    main()
