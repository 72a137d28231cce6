"""Ten thousand damaged files give a check or an error of arkit's own; no process dies of one."""

import random
import resource
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from arkit.corrections import checks, files, reading_child
from arkit.corrections.checks import Check
from arkit.corrections.kinds import KINDS
from arkit.corrections.readers import Reader
from arkit.errors import ArkitError, InputRefused

from .packing import HEAD, packed, parts, text_cell, with_rows

ROOT = Path(__file__).parents[2]
THREADS = 2
CSV_FILES, BROKEN_WORKBOOKS, WORKBOOKS = 7_500, 1_700, 800
"""Together ten thousand; a workbook whose package is whole costs a process of its own."""
SAMPLES = sorted(
    path
    for path in [*(ROOT / "data").glob("corrections-*"), *(ROOT / "tests" / "files").iterdir()]
    if path.suffix in (".csv", ".xlsx") and path.stat().st_size
)
TEXTS = [content for path in SAMPLES if not (content := path.read_bytes()).startswith(b"PK")]
BOOKS = [
    content
    for path in SAMPLES
    if zipfile.is_zipfile(path) and b"xl/workbook.xml" in (content := path.read_bytes())
]
PIECES = [
    b'"',
    b",",
    b"\r",
    b"\n",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"<",
    b">",
    b"&",
    b"&#xD800;",
    b"_x0000_",
    b"]]>",
    b"<!--",
    b"9" * 400,
    b"1E999",
    b"NaN",
    b"-1",
    b'r="A1"',
    b'r="XFD1048576"',
    b't="s"',
    b't="e"',
    b"<f>",
    b"</c></row>",
    b"PK\x03\x04",
]


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The bytes with some of them changed, cut out, doubled, turned round or put elsewhere."""
    found = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 2, 5, 20])):
        place = chance.randrange(len(found) + 1)
        length = chance.choice([1, 1, 2, 8, 64, 512])
        piece = bytes(found[place : place + length])
        put = chance.choice([chance.randbytes(length), b"", piece * 2, piece[::-1], chance.choice(PIECES)])
        found[place : place + length] = put
    if chance.random() < 0.05:
        del found[chance.randrange(len(found) + 1) :]
    return bytes(found)


def mutated_part(content: bytes, chance: random.Random) -> bytes:
    """The workbook with one of its parts changed, left out or exchanged, and packed anew."""
    members = parts(content)
    name = chance.choice([name for name in members if not name.startswith(("docProps", "xl/theme"))])
    kind = chance.random()
    if kind < 0.03:
        del members[name]
    elif kind < 0.06:
        members[name] = members[chance.choice(list(members))]
    else:
        members[name] = mutated(members[name], chance)
    return packed(members)


def damaged() -> Iterator[tuple[int, str]]:
    """The number of each file and what is to be done to make it."""
    kinds = ["text"] * CSV_FILES + ["package"] * BROKEN_WORKBOOKS + ["part"] * WORKBOOKS
    random.Random(0).shuffle(kinds)
    yield from enumerate(kinds)


def made(number: int, kind: str) -> bytes:
    chance = random.Random(number)
    if kind == "text":
        return mutated(chance.choice(TEXTS), chance)
    book = chance.choice(BOOKS)
    return mutated(book, chance) if kind == "package" else mutated_part(book, chance)


def ending(path: Path, number: int) -> str:
    """How the check of a file ends; whatever else than a check or an error of arkit arises fails the test."""
    try:
        checked = checks.check(path, kind=list(KINDS)[number % len(KINDS)])
    except ArkitError as error:
        return f"error {error.code}"
    assert isinstance(checked, Check)
    assert checked.ok or len(checked.problems)
    assert len(checked.accepted) <= checked.rows
    if checked.sheet is None:
        return str(checked.problems["rule"].iloc[0])
    return "checked"


def test_a_damaged_file_gives_a_check_whatever_is_wrong_with_it(tmp_path: Path) -> None:
    folder = threading.local()

    def judged(task: tuple[int, str]) -> tuple[str, str]:
        number, kind = task
        if not hasattr(folder, "path"):
            folder.path = tmp_path / f"damaged-{threading.get_ident()}"
        folder.path.write_bytes(made(number, kind))
        try:
            return kind, ending(folder.path, number)
        except BaseException as error:
            raise AssertionError(f"file {number}, made as {kind}") from error

    with ThreadPoolExecutor(THREADS) as pool:
        endings = Counter(pool.map(judged, damaged()))
    assert sum(endings.values()) == CSV_FILES + BROKEN_WORKBOOKS + WORKBOOKS
    assert endings["text", "checked"] > CSV_FILES * 0.3
    assert endings["package", "workbook"] > BROKEN_WORKBOOKS * 0.3
    assert endings["part", "checked"] > WORKBOOKS * 0.2
    assert {"workbook", "checked", "encoding", "csv", "format"} <= {found for _, found in endings}


def refusal_in_s(content: bytes) -> tuple[InputRefused, float]:
    began = time.monotonic()
    with pytest.raises(InputRefused) as caught:
        files.parse(content, name="file")
    return caught.value, time.monotonic() - began


def grown_bytes() -> int:
    """The most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_a_sheet_that_asks_for_all_memory_ends_in_a_refusal() -> None:
    """Two cells far apart are a table of seventeen thousand million cells to a reader that is not told so."""
    far = f'<row r="1048576">{text_cell("XFD1048576", "x")}</row>'
    before = grown_bytes()
    error, seconds = refusal_in_s(with_rows(HEAD + far))
    assert error.code in ("workbook", "too_large")
    assert seconds < reading_child.MAX_SECONDS
    assert grown_bytes() - before < 512 * 2**20


def test_a_reader_that_does_not_come_back_is_ended() -> None:
    """It waits for the title of a sheet here; a workbook that keeps it busy is ended alike."""
    began = time.monotonic()
    with (
        Reader(with_rows(HEAD), "file", waited_seconds=0.5) as child,
        pytest.raises(InputRefused) as caught,
    ):
        child.texts()
    assert caught.value.code == "workbook"
    assert time.monotonic() - began < 10


LIMITED = """
import sys
sys.path.insert(0, {folder!r})
import reading_child
reading_child._limit()
{action}
"""


@pytest.mark.parametrize(
    ("action", "told"),
    [("bytearray(2**30)", "MemoryError"), ("bytearray(2**26)", "")],
    ids=["too much", "enough"],
)
def test_the_reader_gets_no_more_memory_than_is_said(action: str, told: str) -> None:
    script = LIMITED.format(folder=str(Path(reading_child.__file__).parent), action=action)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert bool(done.returncode) == bool(told)
    assert told in done.stderr


def test_the_reader_gets_no_more_time_than_is_said() -> None:
    limits = ("resource.RLIMIT_CPU", "resource.RLIMIT_CORE")
    action = "import resource\n" + "\n".join(f"print(*resource.getrlimit({limit}))" for limit in limits)
    script = LIMITED.format(folder=str(Path(reading_child.__file__).parent), action=action)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["20", "20", "0", "0"]
