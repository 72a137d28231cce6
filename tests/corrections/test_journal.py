"""The journal: durable, private, strict about what may follow what, and refused when it is not sound."""

import os
import random
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from arkit.corrections.journal import Journal, Move, Stored
from arkit.corrections.states import NEXT, State
from arkit.errors import JournalError, UsageError

from .conftest import Office, row, states

PLAN = "a" * 64

# The shortest way to each state.
WAYS = {
    State.PLANNED: [],
    State.SENT: [State.SENT],
    State.ACKNOWLEDGED: [State.SENT, State.ACKNOWLEDGED],
    State.IN_DOUBT: [State.SENT, State.IN_DOUBT],
    State.VERIFIED: [State.SENT, State.IN_DOUBT, State.VERIFIED],
    State.FAILED: [State.SENT, State.IN_DOUBT, State.FAILED],
    State.CONFLICT: [State.SENT, State.IN_DOUBT, State.CONFLICT],
    State.STALE: [State.STALE],
    State.SKIPPED_NOOP: [State.SKIPPED_NOOP],
}


def stored(plan_id: str = PLAN) -> Stored:
    return Stored(
        plan_id,
        "customer-update",
        "account",
        "https://api.example",
        "a.csv",
        "f" * 64,
        "c" * 64,
        "2026-01-01",
    )


def founded(folder: Path, rows: int = 3) -> Path:
    """A journal with one plan."""
    with Journal(folder) as journal:
        journal.add_plan(stored(), [row(n) for n in range(2, 2 + rows)])
        return journal.path


def test_a_plan_comes_back_row_by_row_as_it_was_stored(tmp_path: Path) -> None:
    rows = [
        row(2, before={"address": None, "legalName": "सुनील \u200d & Sons"}, target={"address": "=1;\n'\""}),
        row(7, target={"ifsc": None}, before={"ifsc": "HDFC0000001"}),
        row(9, state=State.SKIPPED_NOOP, reason="So already."),
    ]
    with Journal(tmp_path) as journal:
        journal.add_plan(stored(), reversed(rows))
    with Journal(tmp_path) as journal:
        assert journal.rows(PLAN) == rows
        assert journal.plans() == [stored()]


def test_a_plan_that_is_there_already_stays_as_it_is(tmp_path: Path) -> None:
    founded(tmp_path)
    with Journal(tmp_path) as journal:
        journal.move(PLAN, [Move(row(2), State.STALE, "Changed.")])
        journal.add_plan(stored(), [row(2), row(3), row(4)])
        assert [str(found.state) for found in journal.rows(PLAN)] == ["stale", "planned", "planned"]


def test_a_plan_is_found_by_the_beginning_of_its_id_if_that_is_long_enough_and_no_others(
    tmp_path: Path,
) -> None:
    founded(tmp_path)
    with Journal(tmp_path) as journal:
        journal.add_plan(stored("aaaaaab" + "0" * 57), [row(2)])
        assert journal.find("aaaaaaa").id == PLAN
        journal.add_plan(stored("b" * 64), [row(2)])
        for unclear in ("aaaaaa", "bbbbb", "", "cccccc", "%%%%%%"):
            with pytest.raises(UsageError):
                journal.find(unclear)


@pytest.mark.parametrize("before", list(State))
def test_a_row_moves_along_the_table_of_transitions_or_not_at_all(tmp_path: Path, before: State) -> None:
    legal, illegal = sorted(NEXT[before]), sorted(set(State) - NEXT[before])
    founded(tmp_path, rows=len(legal) + 2)
    with Journal(tmp_path) as journal:
        for state in WAYS[before]:
            journal.move(PLAN, [Move(row(number), state) for number in range(3, len(legal) + 4)])
        for after in illegal:
            with pytest.raises(JournalError):
                journal.move(PLAN, [Move(row(2), State.SENT), Move(row(3), after)])
        for number, after in enumerate(legal, 4):
            journal.move(PLAN, [Move(row(number), after)])
        # All rows of a move or none: the second row was refused every time, and the first never moved.
        assert [found.state for found in journal.rows(PLAN)] == [State.PLANNED, before, *legal]


def test_a_row_that_the_plan_does_not_have_cannot_move(tmp_path: Path) -> None:
    founded(tmp_path)
    with Journal(tmp_path) as journal, pytest.raises(JournalError):
        journal.move(PLAN, [Move(row(99), State.SENT)])


def test_an_attempt_and_its_rows_are_on_the_disk_before_the_call_returns(tmp_path: Path) -> None:
    path = founded(tmp_path)
    with Journal(tmp_path) as journal:
        journal.begin_attempt("one", PLAN, [row(2), row(3)], operation="bulkUpdate", body_sha256="b", at=12.5)
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("SELECT id, status FROM attempt").fetchall() == [("one", None)]
            kept = [state for (state,) in other.execute("SELECT state FROM row ORDER BY source_row")]
            assert kept == ["sent", "sent", "planned"]
        assert journal.last_sent_at(PLAN) == 12.5
        assert journal.attempts_of(PLAN) == {2: 1, 3: 1}


def test_an_answer_is_kept_byte_by_byte(tmp_path: Path) -> None:
    path = founded(tmp_path)
    body = bytes(range(256))
    with Journal(tmp_path) as journal:
        journal.begin_attempt("one", PLAN, [row(2)], operation="bulkUpdate", body_sha256="b", at=1)
        journal.store_answer("one", 200, body)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT status, answer FROM attempt").fetchall() == [(200, body)]


def test_what_happened_to_a_row_can_be_read_in_order(tmp_path: Path) -> None:
    path = founded(tmp_path)
    with Journal(tmp_path) as journal:
        for state in WAYS[State.CONFLICT]:
            journal.move(PLAN, [Move(row(2), state, f"now {state}")])
    with closing(sqlite3.connect(path)) as database:
        events = database.execute("SELECT was, became, reason FROM event ORDER BY number").fetchall()
    assert events == [
        ("planned", "sent", "now sent"),
        ("sent", "in_doubt", "now in_doubt"),
        ("in_doubt", "conflict", "now conflict"),
    ]


def test_the_journal_and_its_lock_are_its_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        path = founded(tmp_path)
        with Journal(tmp_path) as journal, journal.sole_writer():
            for file in (path, path.with_suffix(".lock")):
                assert stat.S_IMODE(file.stat().st_mode) == 0o600
    finally:
        os.umask(old)


def test_the_journal_never_needs_a_second_file_after_a_commit(tmp_path: Path) -> None:
    founded(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["journal.db"]


def test_many_may_found_one_journal_at_once(tmp_path: Path) -> None:
    barrier = threading.Barrier(6)
    troubles: list[Exception] = []

    def found() -> None:
        barrier.wait()
        try:
            founded(tmp_path)
        except Exception as error:  # whatever it is, the test shows it
            troubles.append(error)

    threads = [threading.Thread(target=found) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
    with Journal(tmp_path) as journal:
        assert len(journal.rows(PLAN)) == 3


def test_only_one_may_send_at_a_time(tmp_path: Path) -> None:
    with Journal(tmp_path) as one, Journal(tmp_path) as other:
        with one.sole_writer(), pytest.raises(JournalError) as refused, other.sole_writer():
            pass
        assert refused.value.code == "locked"
        with other.sole_writer():
            pass


def zeros(content: bytes) -> bytes:
    return bytes(len(content))


def text(content: bytes) -> bytes:
    return b"customerId,address\n" * 200


def noise(content: bytes) -> bytes:
    return random.Random(7).randbytes(len(content))


def other_database(content: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE thing (name)")
        return database.serialize()


def newer(content: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(content)
        database.execute("PRAGMA user_version = 99")
        database.commit()
        return database.serialize()


def altered(*statements: str) -> Callable[[bytes], bytes]:
    def alter(content: bytes) -> bytes:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(content)
            for statement in statements:
                database.execute(statement)
            database.commit()
            return database.serialize()

    return alter


def cut(share: float) -> Callable[[bytes], bytes]:
    return lambda content: content[: int(len(content) * share)]


def middle_lost(content: bytes) -> bytes:
    return content[:4096] + bytes(4096) + content[8192:]


UNSOUND = {
    "zeros": zeros,
    "text": text,
    "noise": noise,
    "another database": other_database,
    "newer": newer,
    "cut in the head": lambda content: content[:50],
    "cut in the first page": lambda content: content[:700],
    "cut to a third": cut(1 / 3),
    "cut to a half": cut(1 / 2),
    "last page lost": lambda content: content[:-4096],
    "a page of zeros": middle_lost,
    "a table gone": altered("DROP TABLE attempt"),
    "a value of another row": altered(
        'UPDATE row SET target = \'{"address": "Elsewhere"}\' WHERE source_row = 2'
    ),
    "another customer": altered("UPDATE row SET key = 'KC00000000000009' WHERE source_row = 2"),
    "two tables on one page": altered(
        "PRAGMA writable_schema = 1",
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'event')"
        " WHERE name = 'attempt_row'",
    ),
    "a row gone": altered("DELETE FROM row WHERE source_row = 2"),
    "no JSON": altered("UPDATE row SET target = '{' WHERE source_row = 2"),
    "no such state": altered("UPDATE row SET state = 'done' WHERE source_row = 2"),
}


@pytest.mark.parametrize("damage", UNSOUND.values(), ids=UNSOUND)
def test_nothing_is_sent_from_a_journal_that_is_not_sound_and_the_file_stays_for_rescue(
    office: Office, damage: Callable[[bytes], bytes]
) -> None:
    plan = office.addresses(3)
    path = office.workspace / "journal.db"
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(JournalError) as refused:
        office.apply(plan)
    assert refused.value.exit_code == 8
    assert refused.value.next_step
    assert not office.uploads()
    assert path.read_bytes() == damaged


def test_a_flipped_bit_is_noticed_or_changes_nothing_that_is_sent(office: Office) -> None:
    """Wherever it is: the values that arrive are those that were planned, or none."""
    chance = random.Random(11)
    plan = office.addresses(2)
    keys = [found.key for found in plan.rows]
    before = {key: office.value(key, "address") for key in keys}
    path = office.workspace / "journal.db"
    sound = path.read_bytes()
    used = [place for place, byte in enumerate(sound) if byte]
    for _ in range(40):
        flipped = bytearray(sound)
        flipped[chance.choice(used)] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        try:
            office.apply(plan)
        except (JournalError, UsageError):
            continue
        for key, wanted in zip(keys, ("1 New Road", "2 New Road"), strict=True):
            assert office.value(key, "address") in (wanted, before[key])
            office.colleague(key, address=before[key])
    assert {key for key, _ in office.applications()} <= set(keys)


def test_a_journal_that_went_away_is_not_replaced_by_an_empty_one_that_sends(office: Office) -> None:
    plan = office.addresses(3)
    path = office.workspace / "journal.db"
    for lose in (path.unlink, lambda: path.write_bytes(b"")):
        lose()
        with pytest.raises((JournalError, UsageError)):
            office.apply(plan)
        assert not office.uploads()


def test_a_workspace_that_is_no_folder_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "taken" / "journal.db").mkdir(parents=True)
    for place in (tmp_path / "file", tmp_path / "gone", tmp_path / "taken"):
        with pytest.raises(JournalError), Journal(place):
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="for root every folder can be written to")
def test_nothing_is_sent_if_the_workspace_cannot_be_written_to(office: Office) -> None:
    plan = office.addresses(3)
    for path, mode in ((office.workspace / "journal.db", 0o400), (office.workspace, 0o500)):
        old = path.stat().st_mode
        path.chmod(mode)
        try:
            with pytest.raises(JournalError):
                office.apply(plan)
        finally:
            path.chmod(old)
    assert not office.uploads()


def test_a_full_disk_stops_the_upload_before_a_byte_of_it_has_left(office: Office) -> None:
    """A trigger refuses the write-ahead, as a full disk or a quota would."""
    plan = office.addresses(3)
    path = office.workspace / "journal.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON attempt BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(JournalError):
        office.apply(plan)
    assert not office.uploads()
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TRIGGER full")
    assert states(office.apply(plan)) == ["verified"] * 3
