"""Commands as processes: signals, pipes, locks, and a server that goes away."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from command import ARKIT, Company, Ended, Run, Served, arkit, assert_fails, ended, start, until, write_bulk

from .conftest import KIND, apply, rows_of, states_of


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["--json"], []])
def test_an_output_that_cannot_be_written_ends_with_8(
    run: Run, planned: Callable[..., str], arguments: list[str]
) -> None:
    plan_id = planned()
    command = [ARKIT, "apply", plan_id, "--confirm", plan_id[-6:], *arguments]
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert told.returncode == 8, told.stderr
    assert "output cannot be written" in told.stderr
    assert states_of(run, plan_id) == {"verified"}


def test_a_server_that_dies_with_the_upload_leaves_rows_in_doubt_and_resume_settles_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose(served: Served) -> None:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)

    with Served(tmp_path / "served.db") as served:
        choose(served)
        assert run("fetch", "customers", "--out", tmp_path / "known.csv").code == 0
        ids = pd.read_csv(tmp_path / "known.csv", dtype=str)["customer_id"].tolist()
        path = write_bulk(tmp_path / "corrections.csv", {key: {"address": "7 New Road"} for key in ids[:12]})
        plan_id = run("plan", path, *KIND, "--json").document["plan_id"]
        served.fault("bulkUpdate", delay_s=30)
        applying = start("apply", plan_id, "--confirm", plan_id[-6:], "--json")
        until(lambda: served.changed() == 10)
        served.close()
        told = ended(applying)
    assert_fails(told, 5, says="arkit resume")
    assert told.document["counts"] == {"planned": 2, "in_doubt": 10}
    assert [row["source_row"] for row in rows_of(run, plan_id)] == list(range(2, 14))
    assert_fails(run("resume"), 5)
    with Served(tmp_path / "served.db") as served:
        choose(served)
        told = run("resume", "--json")
        assert (told.code, told.document["counts"]) == (0, {"verified": 12})
        assert served.writes() == ["bulkUpdate"] * 2


def test_a_second_process_sends_nothing_while_one_works(
    company: Company, run: Run, planned: Callable[..., str]
) -> None:
    plan_id = planned()
    company.fault("bulkUpdate", delay_s=4)
    first = start("apply", plan_id, "--confirm", plan_id[-6:], "--json")
    until(lambda: company.writes() == ["bulkUpdate"])
    for command in (["apply", plan_id, "--confirm", plan_id[-6:]], ["resume"]):
        told = run(*command, "--json")
        assert_fails(told, 8, says="another process")
        assert told.out == ""
    assert states_of(run, plan_id) == {"sent"}
    assert ended(first).document["counts"] == {"verified": 3}
    assert company.writes() == ["bulkUpdate"]


def test_one_interrupt_stops_after_the_chunk_and_leaves_nothing_in_doubt(
    company: Company, run: Run, planned: Callable[..., str]
) -> None:
    plan_id = planned(20)
    company.fault("bulkUpdate", delay_s=1)
    applying = start("apply", plan_id, "--confirm", plan_id[-6:], "--json")
    until(lambda: company.writes() == ["bulkUpdate"])
    applying.send_signal(signal.SIGINT)
    told = ended(applying)
    assert_fails(told, 5, says="Stopped.")
    assert told.document["counts"] == {"planned": 10, "verified": 10}
    assert apply(run, plan_id, "--json").document["counts"] == {"verified": 20}
    assert company.writes() == ["bulkUpdate"] * 2


def test_a_second_interrupt_breaks_off_and_says_what_is_in_doubt(
    company: Company, run: Run, planned: Callable[..., str]
) -> None:
    plan_id = planned(4)
    company.fault("bulkUpdate", delay_s=20)
    applying = start("apply", plan_id, "--confirm", plan_id[-6:], "--json")
    until(lambda: company.writes() == ["bulkUpdate"])
    assert applying.stderr is not None
    applying.send_signal(signal.SIGINT)
    assert "leaves rows in doubt" in applying.stderr.readline()
    applying.send_signal(signal.SIGINT)
    told = ended(applying)
    assert_fails(told, 5, says="whether 4 rows were done is not known. Run arkit resume")
    assert told.out == ""
    assert states_of(run, plan_id) == {"sent"}
    assert run("resume", "--json").document["counts"] == {"verified": 4}
    assert company.writes() == ["bulkUpdate"]


def test_a_reader_that_has_had_enough_gets_no_complaint(tmp_path: Path) -> None:
    rows = {f"KC{number:014}": {"pinCode": "1"} for number in range(5_000)}
    path = write_bulk(tmp_path / "bad.csv", rows)
    checking = start("check", path, *KIND, "--json")
    assert checking.stdout is not None
    assert checking.stdout.readline() == "{\n"
    checking.stdout.close()
    assert checking.stderr is not None
    told = checking.stderr.read()
    checking.wait(10)
    checking.stderr.close()
    # Whether it heard of it before it was done with its work is a matter of chance.
    assert told == "" or told.startswith("arkit: bad.csv: 5000 errors"), told


def test_a_closed_output_is_no_reason_to_fail() -> None:
    shell = subprocess.run(
        ["/bin/sh", "-c", '"$0" status >&-', ARKIT], capture_output=True, text=True, check=False
    )
    assert (shell.returncode, shell.stderr) == (0, "")


def test_a_served_sandbox_says_in_its_first_line_how_to_reach_it(tmp_path: Path) -> None:
    with Served(tmp_path / "served.db") as served:
        line = json.loads(served.line)
        assert list(line) == [
            "schema",
            "url",
            "client_id",
            "client_secret",
            "username",
            "password",
            "company_id",
        ]
        assert line["schema"] == "arkit.sandbox/1"
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", line["url"])
        told = arkit("fetch", "customers", "--out", tmp_path / "a.csv", "--json", **served.environment)
        assert told.document["rows"] == 40
        assert told.document["source"] == line["url"]
        gone = served.interrupt(signal.SIGINT)
    assert gone == Ended(0, "", "")


def test_plan_apply_and_fetch_see_one_company_without_any_server_being_named(
    run: Run, tmp_path: Path, workspace: Path
) -> None:
    known = tmp_path / "known.csv"
    assert run("fetch", "customers", "--out", known).code == 0
    key = pd.read_csv(known, dtype=str)["customer_id"][0]
    path = write_bulk(tmp_path / "corrections.csv", {key: {"address": "7 New Road"}})
    plan_id = run("plan", path, *KIND, "--json").document["plan_id"]
    assert apply(run, plan_id).code == 0
    assert run("fetch", "customers", "--out", known).code == 0
    assert pd.read_csv(known, dtype=str).set_index("customer_id")["address"][key] == "7 New Road"
    assert (workspace / "sandbox.db").exists()


def test_no_command_leaves_the_process_with_another_answer_to_an_interrupt(
    run: Run, company: Company, planned: Callable[..., str]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    apply(run, planned())
    assert signal.getsignal(signal.SIGINT) is before
    assert os.environ["ARKIT_BASE_URL"] == company.sandbox.url
