"""``arkit doctor``: what may stand in the way, each thing named, no secret shown, and an exit code."""

import os
import re
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import keyring
import pytest
from command import Company, Ended, Run, assert_fails
from keyring.backend import KeyringBackend
from keyring.backends import null

from arkit import doctor
from arkit.corrections.journal import Journal, Move
from arkit.corrections.states import State

from .conftest import Odd

ALL = ["installation", "workspace", "journal", "profile", "keyring", "server", "clock", "search"]
OFFLINE = ALL[:5]
CUSTOMER = b'{"payload": {"customers": [{"customerId": "KC1"}], "totalCount": 40}}'


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A home and an environment in which nobody has set anything."""
    for names in doctor.IGNORED.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "settings"))
    before = keyring.get_keyring()
    keyring.set_keyring(null.Keyring())
    yield home
    keyring.set_keyring(before)


@pytest.fixture
def odd(company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Odd]]:
    """Puts another server in the company's place."""
    servers: list[Odd] = []

    def odd(answer: bytes = CUSTOMER, *arguments: str, **members: Any) -> Odd:
        servers.append(Odd(answer, *arguments, **members))
        monkeypatch.setenv("ARKIT_BASE_URL", servers[-1].url)
        return servers[-1]

    yield odd
    for server in servers:
        server.close()


def findings(told: Ended) -> dict[str, dict[str, Any]]:
    """The findings of a document by their names."""
    assert told.document["schema"] == "arkit.doctor/1"
    found = told.document["findings"]
    for finding in found:
        assert list(finding) == ["name", "detail", "exit_code", "is_doubtful"]
    return {finding["name"]: finding for finding in found}


def doubtful(told: Ended) -> dict[str, str]:
    return {name: finding["detail"] for name, finding in findings(told).items() if finding["is_doubtful"]}


def marks(told: Ended) -> dict[str, str]:
    """The mark in front of each thing that was looked at; lines that go on have none."""
    return {name: mark for mark, name in re.findall(r"^  (\S) (\w+) ", told.out, re.MULTILINE)}


# Nothing in the way


def test_where_nothing_stands_in_the_way_every_line_says_so(run: Run, company: Company) -> None:
    told = run("doctor")
    assert (told.code, told.err) == (0, "")
    assert marks(told) == dict.fromkeys(ALL, "✓")
    assert "journal       plans: 0\n" in told.out
    assert f"log-in accepted by {company.sandbox.url}" in told.out
    assert "asked for 1 customer, 1 came; the server counts 40" in told.out


def test_a_program_gets_one_document_of_the_same_findings(run: Run, company: Company) -> None:
    told = run("doctor", "--json")
    assert (told.code, told.err) == (0, "")
    assert list(findings(told)) == ALL
    assert {finding["exit_code"] for finding in findings(told).values()} == {0}
    assert doubtful(told) == {}


def test_the_server_is_asked_for_one_log_in_and_one_customer(run: Run, company: Company) -> None:
    run("doctor")
    assert company.requests() == ["getAuthenticationToken", "searchCustomer"]
    assert company.writes() == []


def test_without_settings_the_sandbox_is_looked_at(run: Run) -> None:
    told = run("doctor")
    assert (told.code, told.err) == (0, "")
    assert "profile       sandbox" in told.out
    assert marks(told)["search"] == "✓"


def test_the_versions_are_told(run: Run, company: Company) -> None:
    detail = findings(run("doctor", "--json"))["installation"]["detail"]
    assert re.match(r"arkit \d+\.\d+\.\d+, Python 3\.\d+\.\d+, pandas \d", detail)
    assert "pyarrow" in detail


# What stands in the way


@pytest.mark.parametrize("options", [["--json"], []])
@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"ARKIT_CLIENT_SECRET": "", "ARKIT_PASSWORD": ""}, "missing: client_secret, password"),
        ({"ARKIT_PROFILE": "nowhere"}, "no profile 'nowhere'"),
        ({"ARKIT_BASE_URL": "http://example.com"}, "https://"),
        ({"ARKIT_DEADLINE_S": "soon"}, "ARKIT_DEADLINE_S"),
    ],
)
def test_a_broken_profile_ends_with_2_and_nothing_is_sent(
    run: Run,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    says: str,
    options: list[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    told = run("doctor", *options)
    assert_fails(told, 2, says="profile")
    if options:
        assert list(findings(told)) == OFFLINE
        assert findings(told)["profile"]["exit_code"] == 2
        assert says in findings(told)["profile"]["detail"]
    else:
        assert says in told.out
        assert marks(told) == {**dict.fromkeys(OFFLINE, "✓"), "profile": "✗"}
    assert company.requests() == []


def test_a_file_of_profiles_that_cannot_be_read_ends_with_2(run: Run, bare: Path) -> None:
    file = bare / "settings" / "arkit" / "profiles.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[production\npassword = 'canary'")
    told = run("doctor", "--profile", "production", "--json")
    assert_fails(told, 2, says="profile")
    assert "cannot be read as TOML" in findings(told)["profile"]["detail"]
    assert "canary" not in told.out + told.err


@pytest.mark.parametrize("options", [["--json"], []])
def test_a_wrong_password_ends_with_7(
    run: Run, company: Company, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.setenv("ARKIT_PASSWORD", "not-the-password")
    told = run("doctor", *options)
    assert_fails(told, 7, says="server")
    assert "answered 401 to the log-in" in told.out
    assert "not-the-password" not in told.out + told.err
    assert company.requests() == ["getAuthenticationToken"]


def test_asking_again_and_again_does_not_lock_the_account(
    run: Run, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARKIT_PASSWORD", "not-the-password")
    told = [run("doctor") for _ in range(4)]
    assert [each.code for each in told] == [7] * 4
    assert "might lock the account" in told[-1].out
    monkeypatch.setenv("ARKIT_PASSWORD", company.environment["ARKIT_PASSWORD"])
    assert run("doctor").code == 0


def test_a_workspace_that_cannot_be_made_ends_with_8_and_nothing_is_sent(
    run: Run, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARKIT_WORKSPACE", "/dev/null/workspace")
    told = run("doctor", "--json")
    assert_fails(told, 8, says="workspace")
    assert list(findings(told)) == ["installation", "workspace", "profile", "keyring"]
    assert findings(told)["workspace"]["exit_code"] == 8
    assert company.requests() == []


def test_a_journal_that_cannot_be_read_ends_with_8_and_the_rest_is_looked_at(
    run: Run, company: Company, workspace: Path
) -> None:
    journal = workspace / "journal.db"
    journal.write_bytes(b"this is no journal, and long enough to be looked at" * 40)
    before = journal.read_bytes()
    told = run("doctor", "--json")
    assert_fails(told, 8, says="journal")
    assert list(findings(told)) == ALL
    assert findings(told)["journal"]["exit_code"] == 8
    assert findings(told)["search"]["exit_code"] == 0
    assert journal.read_bytes() == before


def test_a_server_that_cannot_be_reached_ends_with_9(
    run: Run, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ARKIT_BASE_URL", f"http://127.0.0.1:{unheard.getsockname()[1]}")
        told = run("doctor", "--json")
    assert_fails(told, 9, says="server")
    assert list(findings(told)) == [*OFFLINE, "server"]
    assert "cannot be reached" in findings(told)["server"]["detail"]


@pytest.mark.parametrize(
    ("answer", "kind", "name", "says"),
    [
        (b"<html>Please log in</html>", "text/html", "server", "text/html"),
        (b'{"payload": "none"}', "application/json", "search", "where a list of records was expected"),
    ],
)
def test_a_server_that_breaks_its_contract_ends_with_9(
    run: Run, odd: Callable[..., Odd], answer: bytes, kind: str, name: str, says: str
) -> None:
    odd(answer, kind)
    told = run("doctor", "--json")
    assert_fails(told, 9, says=name)
    assert says in findings(told)[name]["detail"]


def test_a_company_without_the_right_to_search_ends_with_7(run: Run, company: Company) -> None:
    company.fault("searchCustomer", status=403, error_type="INVALID_ACCESS")
    told = run("doctor", "--json")
    assert_fails(told, 7, says="search")
    assert {name: found["exit_code"] for name, found in findings(told).items() if name in ALL[5:]} == {
        "server": 0,
        "clock": 0,
        "search": 7,
    }


# What deserves a look


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        (0, None),
        (1, None),
        (10, "10 minutes behind"),
        (-10, "10 minutes ahead of"),
        (-2_880, "2,880 minutes ahead of"),
    ],
)
def test_a_clock_that_differs_from_the_server_s_is_doubted(
    run: Run, odd: Callable[..., Odd], minutes: int, says: str | None
) -> None:
    odd(date=format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True))
    told = run("doctor", "--json")
    assert told.code == 0
    if says is None:
        assert doubtful(told) == {}
    else:
        assert doubtful(told) == {"clock": f"{says} the server's; check it"}


@pytest.mark.parametrize("date", ["", "soon", "Tue, 24 Nov 2026", "Tue, 24 Nov 2026 10:00:00 -0000"])
def test_a_server_without_a_clock_is_doubted(run: Run, odd: Callable[..., Odd], date: str) -> None:
    odd(date=date)
    told = run("doctor")
    assert told.code == 0
    assert "! clock         the server does not say what time it is" in told.out


def test_a_server_that_knows_no_limit_is_doubted(run: Run, odd: Callable[..., Odd]) -> None:
    odd(b'{"payload": [{"customerId": "KC1"}, {"customerId": "KC2"}]}')
    assert doubtful(run("doctor", "--json")) == {
        "search": "asked for 1 customer, 2 came; the server names no total"
    }


def test_files_that_others_may_read_are_named(run: Run, company: Company, workspace: Path) -> None:
    assert run("doctor").code == 0
    (workspace / "results").mkdir()
    for name in ("notes.csv", "results/failed.csv"):
        (workspace / name).write_text("x")
        (workspace / name).chmod(0o644)
    assert doubtful(run("doctor", "--json")) == {
        "workspace": f"{workspace}; others may read notes.csv, results/failed.csv"
    }
    for number in range(20):
        (workspace / f"{number}.csv").touch(0o640)
    assert doubtful(run("doctor", "--json")) == {"workspace": f"{workspace}; others may read 22 of its files"}


def test_what_arkit_itself_writes_is_its_owner_s_alone(
    run: Run, company: Company, planned: Callable[..., str]
) -> None:
    plan_id = planned()
    assert run("apply", plan_id, "--confirm", plan_id[-6:]).code == 0
    assert run("plan", "nowhere.csv", "--kind", "customer-update").code == 3
    assert doubtful(run("doctor", "--json")) == {}


def test_rows_in_doubt_are_counted(
    run: Run, company: Company, planned: Callable[..., str], workspace: Path
) -> None:
    plan_id = planned(3)
    with Journal(workspace) as journal:
        rows = journal.rows(plan_id)[:2]
        journal.begin_attempt("attempt", plan_id, rows, operation="bulkUpdate", body_sha256="0", at=0)
        sent = journal.rows(plan_id, states={State.SENT})
        journal.move(plan_id, [Move(sent[0], State.IN_DOUBT)])
    told = run("doctor", "--json")
    assert told.code == 0
    assert doubtful(told) == {"journal": "plans: 1, rows in doubt: 2; arkit resume settles them"}


@pytest.mark.parametrize(
    ("variable", "instead"),
    [
        ("HTTPS_PROXY", "set proxy in the profile"),
        ("http_proxy", "set proxy in the profile"),
        ("ALL_PROXY", "set proxy in the profile"),
        ("REQUESTS_CA_BUNDLE", "set ca_file in the profile"),
        ("CURL_CA_BUNDLE", "set ca_file in the profile"),
        ("SSL_CERT_FILE", "set ca_file in the profile"),
        ("SSL_CERT_DIR", "set ca_file in the profile"),
        ("NETRC", "secrets come from ARKIT_* or the keyring"),
    ],
)
def test_a_setting_of_other_programs_is_named_not_shown_and_not_heeded(
    run: Run, company: Company, monkeypatch: pytest.MonkeyPatch, variable: str, instead: str
) -> None:
    monkeypatch.setenv(variable, "http://someone:canary@127.0.0.1:9")
    told = run("doctor", "--json")
    assert told.code == 0
    detail = doubtful(told)["environment"]
    assert detail.startswith(f"{variable.upper()} not heeded; ")
    assert instead in detail
    assert "canary" not in told.out + told.err


def test_a_netrc_is_named_and_not_heeded(run: Run, company: Company, bare: Path) -> None:
    (bare / ".netrc").write_text("machine 127.0.0.1 login someone password canary\n")
    (bare / ".netrc").chmod(0o600)
    told = run("doctor", "--json")
    assert told.code == 0
    assert doubtful(told) == {"environment": "~/.netrc not heeded"}
    assert "canary" not in told.out


# Where things come from


def test_it_is_told_where_each_setting_comes_from_and_none_is_shown(
    run: Run, company: Company, monkeypatch: pytest.MonkeyPatch, bare: Path
) -> None:
    file = bare / "settings" / "arkit" / "profiles.toml"
    file.parent.mkdir(parents=True)
    own = ("base_url", "client_id", "username", "company_id")
    lines = [f'{name} = "{company.environment["ARKIT_" + name.upper()]}"' for name in own]
    file.write_text("\n".join(["[production]", *lines]))
    for name in own:
        monkeypatch.delenv(f"ARKIT_{name.upper()}")
    told = run("doctor", "--profile", "production", "--json")
    assert told.code == 0
    assert findings(told)["profile"]["detail"] == (
        "production: base_url, client_id, username, company_id from profiles.toml;"
        " client_secret, password from the environment"
    )
    for name, value in company.environment.items():
        assert value not in findings(told)["profile"]["detail"], name


def test_a_keyring_that_keeps_secrets_is_named(run: Run, company: Company) -> None:
    class Keyring(KeyringBackend):
        priority = -1.0

        def get_password(self, service: str, username: str) -> str:
            return "canary"

        def set_password(self, service: str, username: str, password: str) -> None:
            raise AssertionError("arkit writes no secrets")

    assert findings(run("doctor", "--json"))["keyring"]["detail"].startswith("none that keeps secrets well")
    Keyring.__module__ = "keyring.backends.SecretService"
    keyring.set_keyring(Keyring())
    told = run("doctor", "--json")
    assert findings(told)["keyring"]["detail"] == "keyring.backends.SecretService"
    assert "canary" not in told.out


def test_looking_changes_nothing(run: Run, company: Company, workspace: Path, bare: Path) -> None:
    run("doctor")
    before = {path: path.stat() for path in [*workspace.rglob("*"), *bare.rglob("*")]}
    environment = dict(os.environ)
    run("doctor")
    assert {path: path.stat() for path in [*workspace.rglob("*"), *bare.rglob("*")]} == before
    assert dict(os.environ) == environment
