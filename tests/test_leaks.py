"""Nothing secret is shown or kept, and nobody's data is shown where it need not be.

The whole job is done through a server in between that sees every token, and everything that the commands
print or leave in the workspace is searched for the secrets, however they may be spelled.
"""

import base64
import html
import http.client
import json
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pandas as pd
import pytest
from command import Company, Ended, Run, Served, arkit, assert_fails, write_bulk

from arkit.sandbox import Sandbox

KIND = ("--kind", "customer-update")
# What a person types into a bulk file; all of it is somebody's.
TYPED = {
    "legalName": "Canary Kulkarni Traders",
    "panOrGstin": "27AAPFU0939F1ZV",
    "accountNumber": "778899001122334",
    "contactNumber": "9812345678",
    "address": "77 Canary Lane",
}
NOUNS = ("customers", "contacts", "invoices", "reminders")
PERSONAL = ("legal_name", "pan_or_gstin", "account_number", "contact_number", "address")


class Between:
    """Hands every request on to a server, and keeps the credentials that pass."""

    def __init__(self, url: str) -> None:
        self.seen: set[str] = set()
        place = urlsplit(url).netloc
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            def hand_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seen.add(self.headers.get("Authorization", "").partition(" ")[2])
                onward = http.client.HTTPConnection(place, timeout=10)
                onward.request(self.command, self.path, body, dict(self.headers))
                answer = onward.getresponse()
                content = answer.read()
                onward.close()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self.hand_on
                raise AttributeError(name)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    with Sandbox(tmp_path / "company.db", customers=20, invoices=40) as sandbox:
        company = Company(sandbox)
        for name, value in company.environment.items():
            monkeypatch.setenv(name, value)
        yield company


@pytest.fixture
def between(company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    between = Between(company.sandbox.url)
    monkeypatch.setenv("ARKIT_BASE_URL", between.url)
    yield between
    between.close()


@pytest.fixture
def everyone(company: Company, run: Run, tmp_path: Path) -> pd.DataFrame:
    """Customers as fetched; their file is what `check` is told to know."""
    assert run("fetch", "customers", "--out", tmp_path / "known.csv").code == 0
    return pd.read_csv(tmp_path / "known.csv", dtype=str)


def spellings(secret: str) -> set[bytes]:
    """A text as it may be found inside another one."""
    raw = secret.encode()
    found = {raw, raw[::-1], raw.hex().encode(), raw.hex().upper().encode()}
    found |= {
        quote(secret, safe="").encode(),
        html.escape(secret).encode(),
        json.dumps(secret)[1:-1].encode(),
    }
    for lead in range(3):
        # Inside a longer text the bits fall in one of three ways; ends that depend on neighbours are cut.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(b"\0" * lead + raw).rstrip(b"=")[4 if lead else 0 : -2])
    return found


def found_in(content: bytes, secrets: Iterable[str]) -> list[str]:
    return [secret for secret in secrets if any(spelled in content for spelled in spellings(secret))]


def printed(commands: Iterable[Ended]) -> bytes:
    return "\n".join(command.out + command.err for command in commands).encode()


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def data_of(frame: pd.DataFrame) -> list[str]:
    """Everybody's data, and what the file would make of it."""
    return [*frame[list(PERSONAL)].stack().dropna().unique(), *TYPED.values()]


def test_the_search_finds_what_it_looks_for() -> None:
    """A search that finds nothing anywhere would prove nothing."""
    secret = 'c4n/ry"&<=é'
    pair = f"someone:{secret}".encode()
    hidden = [
        f"password={secret}".encode(),
        urlencode({"password": secret}).encode(),
        json.dumps({"password": secret}).encode(),
        html.escape(f"<b>{secret}</b>").encode(),
        pair.hex().encode(),
        *(base64.b64encode(b"x" * lead + pair + b"tail") for lead in range(3)),
    ]
    for content in hidden:
        assert found_in(content, [secret]), content
    assert not found_in(b"something else", [secret])


def test_the_whole_job_shows_and_keeps_no_secret(
    run: Run, company: Company, between: Between, everyone: pd.DataFrame, tmp_path: Path, workspace: Path
) -> None:
    login = company.sandbox.credentials
    ids = everyone["customer_id"].tolist()
    good = write_bulk(tmp_path / "good.csv", dict.fromkeys(ids[:12], TYPED))
    bad = write_bulk(tmp_path / "bad.csv", {key: {"pinCode": "1"} for key in ids[:3]})
    commands = [run("check", bad, *KIND), run("plan", bad, *KIND)]
    planned = run("plan", good, *KIND, "--json")
    plan_id = planned.document["plan_id"]
    company.fault("searchCustomer", expire_tokens=True)
    company.fault("bulkUpdate", answer="lost")
    commands += [planned, arkit("apply", plan_id, "--confirm", plan_id[-6:], "--json")]
    assert commands[-1].document["counts"] == {"verified": 12}
    files = [f"{noun}{suffix}" for noun in NOUNS for suffix in (".csv", ".xlsx", ".parquet")]
    commands += [run("fetch", Path(name).stem, "--out", tmp_path / name) for name in files]
    commands += [
        run("resume"),
        run("status"),
        run("status", "--json"),
        run("doctor"),
        run("doctor", "--json"),
    ]
    assert [command.code for command in commands] == [3, 3, *[0] * (len(commands) - 2)]
    for name in (["fetch", "customers", "--out", tmp_path / "x.csv"], ["doctor"]):
        commands.append(arkit(*name, ARKIT_PASSWORD="c4n-ry-wrong"))
        assert commands[-1].code == 7

    pair = base64.b64encode(f"{login.client_id}:{login.client_secret}".encode()).decode()
    assert pair in between.seen
    tokens = between.seen - {pair}
    assert len(tokens) > 2
    secrets = [login.client_secret, login.password, "c4n-ry-wrong", pair, *tokens]
    assert found_in(printed(commands), secrets) == []
    for name, content in kept(workspace).items():
        assert (name, found_in(content, secrets)) == (name, [])
    for name in files:
        assert found_in((tmp_path / name).read_bytes(), secrets) == []


def test_only_its_owner_may_read_what_a_workspace_holds(
    run: Run, company: Company, everyone: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the umask grants to others."""
    new = tmp_path / "new" / "workspace"
    monkeypatch.setenv("ARKIT_WORKSPACE", str(new))
    good = write_bulk(tmp_path / "good.csv", {everyone["customer_id"][0]: TYPED})
    before = os.umask(0)
    try:
        plan_id = run("plan", good, *KIND, "--json").document["plan_id"]
        assert run("apply", plan_id, "--confirm", plan_id[-6:]).code == 0
        monkeypatch.delenv("ARKIT_BASE_URL")
        assert run("fetch", "customers", "--out", tmp_path / "of-the-sandbox.csv").code == 0
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [new, *new.iterdir()]}
    assert modes.pop("workspace") == 0o700
    assert {"journal.db", "sandbox.db"} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "of-the-sandbox.csv").stat().st_mode) == 0o600


def test_a_sandbox_s_secrets_are_in_no_file(tmp_path: Path, workspace: Path) -> None:
    with Served(workspace / "sandbox.db") as served:
        assert arkit("fetch", "customers", "--out", tmp_path / "a.csv", **served.environment).code == 0
        secrets = [served.login["client_secret"], served.login["password"]]
        for name, content in kept(workspace).items():
            assert (name, found_in(content, secrets)) == (name, [])


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_is_written_into_addresses_is_not_shown(
    run: Run, company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """Some put their credentials there, though arkit has no use for them."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "arkit").mkdir()
    (tmp_path / "arkit" / "profiles.toml").write_text(
        '[production]\nproxy = "http://someone:c4n-ry-proxy@127.0.0.1:9"\n'
    )
    told = [run("doctor", "--profile", "production", *options)]
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:c4n-ry-proxy@127.0.0.1:9")
    for place in ("http://someone:c4n-ry-url@127.0.0.1:9/", "https://someone:c4n-ry-url@127.0.0.1:9/"):
        monkeypatch.setenv("ARKIT_BASE_URL", place)
        told.append(run("doctor", *options))
    assert [command.code for command in told] == [9, 9, 9]
    assert found_in(printed(told), ["c4n-ry-proxy", "c4n-ry-url"]) == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({}, 0),
        ({"status": 422, "error_type": "INVALID_REQUEST"}, 4),
        ({"applies": "none", "lying_counts": True}, 6),
        ({"normalise": True}, 0),
    ],
)
def test_applying_shows_nobody_s_data(
    run: Run, company: Company, everyone: pd.DataFrame, tmp_path: Path, fault: dict[str, Any], code: int
) -> None:
    path = write_bulk(tmp_path / "good.csv", dict.fromkeys(everyone["customer_id"][:3], TYPED))
    plan_id = run("plan", path, *KIND, "--json").document["plan_id"]
    if fault:
        company.fault("bulkUpdate", **fault)
    told = run("apply", plan_id, "--confirm", plan_id[-6:])
    assert told.code == code
    assert "3 " in told.out
    assert found_in(printed([told]), data_of(everyone)) == []


def test_fetching_shows_nobody_s_data(
    run: Run, company: Company, everyone: pd.DataFrame, tmp_path: Path
) -> None:
    told = [
        run("fetch", noun, "--out", tmp_path / "a.xlsx", *option)
        for noun in NOUNS
        for option in ([], ["--json"])
    ]
    assert {command.code for command in told} == {0}
    assert found_in(printed(told), data_of(everyone)) == []


def test_a_command_that_fails_shows_nobody_s_data(
    run: Run, company: Company, everyone: pd.DataFrame, tmp_path: Path
) -> None:
    ids = everyone["customer_id"].tolist()
    mistyped = {
        **TYPED,
        "panOrGstin": "27AAPFU0939F1ZO",
        "accountNumber": "77889900",
        "contactNumber": "981234567",
    }
    values = [*TYPED.values()]
    headless = tmp_path / "headless.csv"
    headless.write_text("".join(f"{key},{','.join(values)}\n" for key in ids[:3]))
    ragged = tmp_path / "ragged.csv"
    ragged.write_text(f"customerId,legalName\n{ids[0]},{','.join(values)}\n")
    files = [
        write_bulk(tmp_path / "mistyped.csv", dict.fromkeys(ids, mistyped)),
        write_bulk(tmp_path / "unknown.csv", {"KC0000000000ZZZZ": TYPED}),
        headless,
        ragged,
    ]
    for path in files:
        told = run("plan", path, *KIND)
        assert_fails(told, 3)
        assert told.out == ""
        assert found_in(printed([told]), [*data_of(everyone), *mistyped.values()]) == []
