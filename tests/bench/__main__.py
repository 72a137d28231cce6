"""How fast arkit is beside what else there is, measured in one run: ``make bench``.

Times differ from machine to machine and from minute to minute; only the ratios mean something.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
from stdnum.in_ import gstin

import arkit
from arkit import identifiers
from arkit.sandbox.identifiers import gstin as gstin_of

from . import fetching

ROWS = 100_000
REPEATS = 3


def main() -> None:
    """Measure and print one line each: ours, the other, the ratio."""
    print(f"{'what':<44}{'arkit':>10}{'beside it':>12}{'ratio':>8}  beside it stands")
    with tempfile.TemporaryDirectory() as folder:
        path, gstins = _bulk_file(Path(folder))
        _row("import arkit", *_imports(), "import pandas, pandera")
        _row(
            f"check of a CSV of {ROWS:,} rows, 1 % bad",
            _seconds(lambda: arkit.check(path)),
            _seconds(lambda: _read_as_text(path)),
            "pyarrow reading the file as text",
        )
        column = pd.Series(gstins, dtype="str")
        _row(
            f"{ROWS:,} GSTINs, shape and check character",
            _seconds(lambda: _judge(column)),
            _seconds(lambda: sum(gstin.is_valid(value) for value in gstins), repeats=1),
            "python-stdnum",
        )
        _fetch(Path(folder))


def _judge(column: pd.Series) -> None:
    assert identifiers.matches(column, identifiers.GSTIN).all()
    assert identifiers.has_right_check_character(column).all()


def _fetch(folder: Path) -> None:
    found = fetching.measure(folder)
    what = f"fetch of {found['rows']:,} invoices into a frame"
    _row(what, found["fetch_s"], found["raw_s"], "the same pages as bytes")
    share_s, mib = found["fetch_s"] - found["raw_s"], 2**20
    frame, memory = found["frame_bytes"] / mib, found["memory_bytes"] / mib
    print(f"  of that arkit's own: {share_s:.1f} s, {found['own_cpu_s']:.1f} s of processor time")
    print(f"  memory: {memory:,.0f} MiB for a frame of {frame:,.0f} MiB, {memory / frame:.1f} times")
    print(f"  equal to the database row for row; {found['seeded_s']:.0f} s to seed the company")


def _bulk_file(folder: Path) -> tuple[Path, list[str]]:
    """A bulk file whose telephone numbers are good but for one in a hundred, and the GSTINs in it."""
    chance = random.Random(1)
    gstins = [_gstin(chance) for _ in range(ROWS)]
    lines = [
        f"KC{number:014d},{value},{chance.randint(10**10, 10**14)},HDFC0{chance.randint(0, 999_999):06d},"
        f"{chance.randint(110_000, 799_999)},{'98765' if number % 100 == 0 else 9_000_000_000 + number},"
        f"Meera Iyer,{chance.randint(1, 200)} Station Road"
        for number, value in enumerate(gstins)
    ]
    header = "customerId,panOrGstin,accountNumber,ifsc,pinCode,contactNumber,assignedAgent,address"
    path = folder / "bulk.csv"
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    return path, gstins


def _gstin(chance: random.Random) -> str:
    letters = "".join(chance.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=5))
    return gstin_of(f"{chance.randint(1, 24):02d}", f"{letters}{chance.randint(1, 9_999):04d}K")


def _read_as_text(path: Path) -> pa.Table:
    names = pyarrow.csv.read_csv(path).column_names
    kinds = dict.fromkeys(names, pa.string())
    return pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(column_types=kinds))


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
