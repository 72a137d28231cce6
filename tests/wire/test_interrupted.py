"""What an interrupted fetch had read is there for the next one: whole, for a while, for its owner alone."""

import os
import random
import stat
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from arkit import columns, frames
from arkit.wire import interrupted
from arkit.wire.interrupted import Interrupted, Rest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "interrupted"


def invoices(count: int = 3) -> pa.Table:
    """Invoices with a value of every kind, and with members that nobody declared."""
    records = [
        {
            "invoiceId": f"I{number:03}",
            "netAmount": Decimal("1234567890123456.78"),
            "dueDate": "2026-09-30",
            "createdOn": "2026-08-24T19:15:22Z",
            "dispatched": number % 2 == 0,
            "receivableStatus": {"label": "Paid", "name": "PAID"},
            "description": "आशा\r\n",
            "share": Decimal("0.5"),
            "never": None,
        }
        for number in range(count)
    ]
    return columns.from_records(records, frames.grain(frames.Invoices))


def store(folder: Path, *marks: str, **filters: object) -> Interrupted:
    return Interrupted(folder, *(marks or ("account", "search")), filters=filters)


def kept(folder: Path) -> Path:
    """The one file that was kept."""
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize("count", [0, 1, 300])
def test_what_is_kept_is_taken_as_it_was(folder: Path, count: int) -> None:
    store(folder).keep(Rest(invoices(count), 4_321))
    rest = store(folder).take()
    assert rest is not None
    assert rest.table.equals(invoices(count))
    assert rest.table.schema.equals(invoices(count).schema, check_metadata=True)
    assert rest.position == 4_321


def test_it_is_gone_once_it_was_taken(folder: Path) -> None:
    store(folder).keep(Rest(invoices(), 3))
    assert store(folder).take() is not None
    assert store(folder).take() is None
    assert list(folder.iterdir()) == []


def test_nothing_kept_is_nothing_taken(folder: Path) -> None:
    assert store(folder).take() is None
    assert not folder.exists()


def test_only_its_owner_may_read_it(folder: Path) -> None:
    store(folder).keep(Rest(invoices(), 3))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(kept(folder).stat().st_mode) == 0o600


def test_the_newer_of_two_stays(folder: Path) -> None:
    store(folder).keep(Rest(invoices(1), 1))
    store(folder).keep(Rest(invoices(2), 2))
    rest = store(folder).take()
    assert rest is not None
    assert (len(rest.table), rest.position) == (2, 2)


@pytest.mark.parametrize(
    ("marks", "filters"),
    [
        (("other account", "search"), {"due": "2026-09-30"}),
        (("account", "other search"), {"due": "2026-09-30"}),
        (("account", "search"), {"due": "2026-10-01"}),
        (("account", "search"), {"due": "2026-09-30", "customer_ids": ["KC1"]}),
        (("account", "search"), {}),
    ],
)
def test_another_search_has_no_part_in_it(
    folder: Path, marks: tuple[str, str], filters: dict[str, object]
) -> None:
    own = store(folder, due="2026-09-30")
    own.keep(Rest(invoices(), 3))
    assert store(folder, *marks, **filters).take() is None
    assert own.take() is not None


def test_neither_the_account_nor_the_filters_stand_in_the_name_of_the_file(folder: Path) -> None:
    store(folder, "CEKTEST0001", "search", customer_legal_name="Asha").keep(Rest(invoices(), 3))
    assert not [word for word in ("CEKTEST0001", "Asha") if word in kept(folder).name]


@pytest.mark.parametrize("age_s", [interrupted.KEPT_S + 1, -60.0, 10**9])
def test_what_is_too_old_or_from_the_future_is_not_taken_and_goes(folder: Path, age_s: float) -> None:
    for filters in ({}, {"due": "2026-09-30"}):
        store(folder, **filters).keep(Rest(invoices(), 3))
    (folder / ".arkit-left.part").write_text("what a killed process left")
    then = time.time() - age_s
    for path in folder.iterdir():
        os.utime(path, (then, then))
    assert store(folder).take() is None
    assert list(folder.iterdir()) == []


def test_what_is_fresh_is_left_for_its_own_search(folder: Path) -> None:
    then = time.time() - interrupted.KEPT_S + 60
    store(folder, due="2026-09-30").keep(Rest(invoices(), 3))
    os.utime(kept(folder), (then, then))
    assert store(folder).take() is None
    assert store(folder, due="2026-09-30").take() is not None


def test_a_file_that_was_spoiled_anywhere_is_not_taken_and_goes(folder: Path) -> None:
    store(folder).keep(Rest(invoices(), 3))
    good = kept(folder).read_bytes()
    chance = random.Random(4)
    cut = [good[: chance.randrange(len(good))] for _ in range(50)]
    longer = [good + b"\0", b"\0" + good, b"no such thing " * 40]
    flipped = [bytearray(good) for _ in range(200)]
    for content in flipped:
        content[chance.randrange(len(good))] ^= 1 << chance.randrange(8)
    for content in [b"", *cut, *longer, *flipped]:
        store(folder).keep(Rest(invoices(1), 1))
        kept(folder).write_bytes(content)
        assert store(folder).take() is None
        assert list(folder.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_no_reason_to_fail(tmp_path: Path) -> None:
    """Whoever was interrupted has an error of another kind to see."""
    (tmp_path / "file").write_text("in the way")
    store(tmp_path / "file").keep(Rest(invoices(), 3))
    assert store(tmp_path / "file").take() is None
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


NO_ROOM = """
import resource, sys
from pathlib import Path
import pyarrow as pa
from arkit.wire.interrupted import Interrupted, Rest

kept = Interrupted(Path(sys.argv[1]), "account", filters={})
kept.keep(Rest(pa.table({"id": ["I1"]}), 1))
resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, 8_192))
kept.keep(Rest(pa.table({"id": [f"I{number}" for number in range(50_000)]}), 2))
print(kept.take().position)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="this system limits no files")
def test_without_room_on_the_disk_what_was_there_stays(folder: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", NO_ROOM, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout, told.stderr) == (0, "1\n", "")
    assert list(folder.iterdir()) == []
