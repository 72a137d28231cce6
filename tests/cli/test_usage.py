"""Help, wrong calls and settings, and what every command keeps to."""

import json
import re
import stat
from pathlib import Path

import pytest
from command import Company, Run, arkit, assert_fails, write_bulk

from arkit import cli

from .conftest import KIND


@pytest.mark.parametrize("command", [[], *([name] for name in cli.cli.commands)])
def test_every_command_explains_itself(run: Run, command: list[str]) -> None:
    for option in ("--help", "-h"):
        told = run(*command, option)
        assert told.code == 0
        assert told.out.startswith(f"Usage: {' '.join(['arkit', *command])} ")
        assert told.err == ""


@pytest.mark.parametrize("command", sorted(cli.cli.commands))
def test_every_command_can_be_read_by_a_program(run: Run, command: str) -> None:
    assert "--json" in run(command, "--help").out


@pytest.mark.parametrize("command", sorted(cli.cli.commands))
def test_no_secret_can_be_given_where_every_user_of_the_machine_can_read_it(run: Run, command: str) -> None:
    options = re.findall(r"--[a-z-]+", run(command, "--help").out)
    assert not [name for name in options if re.search("password|secret|token|user", name)]


def test_the_version_is_told() -> None:
    told = arkit("--version")
    assert (told.code, told.err) == (0, "")
    assert re.fullmatch(r"arkit \d+\.\d+\.\d+\n", told.out)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["reticulate"], "No such command"),
        (["apply"], "PLAN_ID"),
        (["apply", "a" * 64], "--confirm"),
        (["apply", "a" * 64, "--confirm", "aaaaaa"], "0 plans"),
        (["apply", "abc", "--confirm", "abc"], "at least 6 characters"),
        (["check", "a.csv"], "--kind"),
        (["check", "a.csv", "--kind", "customers"], "customer-update"),
        (["check", "a.csv", *KIND, "--profile", "nowhere"], "no profile 'nowhere'"),
        (["fetch", "payments", "--out", "a.csv"], "reminders"),
        (["fetch", "customers"], "--out"),
        (["fetch", "customers", "--out", "a.xls"], ".csv, .xlsx, .parquet"),
        (["fetch", "customers", "--out", "a"], ".csv, .xlsx, .parquet"),
        *(
            (["fetch", noun, "--out", "a.csv", option, "2026-01-01"], "for invoices")
            for noun in ("customers", "contacts", "reminders")
            for option in ("--due-from", "--due-to")
        ),
        *(
            (["fetch", noun, "--out", "a.csv", "--status", "ACTIVE"], "for customers and invoices")
            for noun in ("contacts", "reminders")
        ),
        (["fetch", "invoices", "--out", "a.csv", "--due-to", "01/01/2026"], "yyyy-MM-dd"),
        (
            ["fetch", "invoices", "--out", "a.csv", "--due-from", "2026-02-01", "--due-to", "2026-01-31"],
            "--due-from is after --due-to",
        ),
        (["sandbox", "--port", "70000"], "70000"),
        (["doctor", "--profile"], "--profile"),
    ],
)
def test_a_call_that_is_wrong_ends_with_2(
    run: Run, arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = run(*arguments)
    assert_fails(told, 2, says=says)
    assert told.out == ""


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"ARKIT_CLIENT_SECRET": "", "ARKIT_PASSWORD": ""}, "missing: client_secret, password"),
        ({"ARKIT_BASE_URL": "http://example.com"}, "https://"),
        ({"ARKIT_QUIESCENCE_S": "soon"}, "ARKIT_QUIESCENCE_S"),
        ({"ARKIT_DEADLINE_S": "-1"}, "ARKIT_DEADLINE_S"),
    ],
)
def test_settings_that_are_wrong_end_with_2_and_name_the_variable(
    run: Run,
    company: Company,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    says: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert_fails(run("fetch", "customers", "--out", tmp_path / "a.csv"), 2, says=says)
    assert company.requests() == []


def test_a_sandbox_s_file_keeps_its_company(run: Run, company: Company, workspace: Path) -> None:
    told = run("sandbox", "--db", company.sandbox.db, "--customers", 41)
    assert_fails(told, 2, says="customers=40")
    assert list(workspace.iterdir()) == []


def test_a_workspace_that_cannot_be_made_ends_with_8(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARKIT_WORKSPACE", "/dev/null/workspace")
    assert_fails(run("status"), 8, says="ARKIT_WORKSPACE")


@pytest.mark.parametrize(
    ("environment", "options"),
    [
        ({"LC_ALL": "C"}, []),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, []),
        ({"PYTHONIOENCODING": "latin-1"}, []),
        ({"PYTHONIOENCODING": "latin-1"}, ["--json"]),
    ],
)
def test_names_in_any_script_pass_through_any_encoding(
    tmp_path: Path, environment: dict[str, str], options: list[str]
) -> None:
    path = write_bulk(tmp_path / "आशा.csv", {"KC00000000000001": {"legalName": " Zoë आशा 😀"}})
    told = arkit("check", path, *KIND, *options, **environment)
    assert_fails(told, 3, says="Nothing was sent")
    if options:
        assert json.loads(told.out)["problems"][0]["value"] == " Zoë आशा 😀"


def test_what_nobody_thought_of_is_one_line_and_a_log_for_its_owner(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that a later version adds, and that is broken."""

    def broken() -> None:
        raise RuntimeError("27AAPFU0939F1ZV")

    monkeypatch.setitem(cli.cli.commands, "broken", cli.cli.command("broken")(broken))
    told = run("broken")
    assert (told.code, told.out) == (1, "")
    assert told.err == (
        "arkit: unexpected RuntimeError. Please report it; details are in errors.log of the workspace.\n"
    )
    log = workspace / "errors.log"
    assert "in broken" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
