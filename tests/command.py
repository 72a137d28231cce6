"""The arkit command as people and programs run it, and a sandbox that serves all of a test's processes."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import requests

from arkit import cli
from arkit.sandbox import Sandbox

ARKIT = str(Path(sys.executable).with_name("arkit"))
LONGEST_S = 60
QUIESCENCE_S = "0.4"
WRITES = ("bulkUpdate", "updateCustomer")

Rows = Mapping[str, Mapping[str, str]]
Run = Callable[..., "Ended"]


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What it wrote, which is one JSON document and nothing else."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document


def arkit(*arguments: object, **environment: str) -> Ended:
    """Run the command in a process of its own."""
    process = start(*arguments, **environment)
    return ended(process)


def start(*arguments: object, **environment: str) -> "subprocess.Popen[str]":
    """Start the command in a process of its own."""
    return subprocess.Popen(
        [ARKIT, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
        env={**os.environ, **environment},
    )


def run_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> Ended:
    """Run the command in the test's own process, which is quicker."""
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["arkit", *map(str, arguments)])
    code: Any = 0
    try:
        cli.main()
    except SystemExit as end:
        code = end.code
    return Ended(code or 0, *capsys.readouterr())


def ended(process: "subprocess.Popen[str]") -> Ended:
    """Wait for a command to end."""
    try:
        out, err = process.communicate(timeout=LONGEST_S)
    finally:
        process.kill()
    return Ended(process.returncode, out, err)


def assert_fails(command: Ended, code: int, *, says: str = "") -> None:
    """A command that fails says why in one block, and nothing that a script could take for success."""
    assert command.code == code, command
    assert command.err.startswith("arkit: ")
    assert says in command.err
    assert len(command.err) <= 2_000
    assert "Traceback" not in command.err
    assert "unexpected" not in command.err


def write_bulk(path: Path, rows: Rows) -> Path:
    """A customer-update file that asks for these fields of these customers."""
    fields = list(dict.fromkeys(name for row in rows.values() for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["customerId", *fields])
        writer.writerows([key, *(row.get(name, "") for name in fields)] for key, row in rows.items())
    return path


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    ends_at = time.monotonic() + LONGEST_S
    while not is_so():
        assert time.monotonic() < ends_at, "it never came about"
        time.sleep(0.02)


def environment_of(login: Mapping[str, str]) -> dict[str, str]:
    """The variables that select a server, from its url and the members of its credentials."""
    names = {"url": "ARKIT_BASE_URL"}
    values = {names.get(name, f"ARKIT_{name.upper()}"): value for name, value in login.items()}
    return {**values, "ARKIT_QUIESCENCE_S": QUIESCENCE_S}


class Company:
    """A sandbox in this process, with what a test asks of it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.environment = environment_of({"url": sandbox.url, **asdict(sandbox.credentials)})

    def fault(self, operation: str, **members: object) -> None:
        self.sandbox.faults.add(operation=operation, **members)

    def requests(self) -> list[str]:
        """The operations that it was asked for, oldest first."""
        return [request["operation"] for request in self.sandbox.history()]

    def writes(self) -> list[str]:
        """The operations that change something."""
        return [operation for operation in self.requests() if operation in WRITES]


class Served:
    """A sandbox that the command serves in a process of its own, known by the line that it prints."""

    def __init__(self, db: Path, *, customers: int = 40, invoices: int = 0) -> None:
        figures = ["--customers", customers, "--invoices", invoices]
        self._process = start("sandbox", "--json", "--db", db, "--port", 0, *figures)
        assert self._process.stdout is not None
        self.line = self._process.stdout.readline()
        self.login: dict[str, str] = {
            name: value for name, value in json.loads(self.line).items() if name != "schema"
        }
        self.environment = environment_of(self.login)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = (self.login["client_id"], self.login["client_secret"])

    def fault(self, operation: str, **members: object) -> None:
        answer = self._session.post(
            f"{self.login['url']}/sandbox/faults", json={"operation": operation, **members}, timeout=10
        )
        assert answer.status_code == 200, answer.text

    def writes(self) -> list[str]:
        """The operations that change something and that it was asked for, oldest first."""
        return [row["operation"] for row in self._told("history") if row["operation"] in WRITES]

    def changed(self) -> int:
        """How many fields it was made to change."""
        return len(self._told("applied-rows"))

    def _told(self, what: str) -> list[dict[str, Any]]:
        answer = self._session.get(f"{self.login['url']}/sandbox/{what}", timeout=10)
        told: list[dict[str, Any]] = answer.json()["payload"]
        return told

    def interrupt(self, signal: int) -> Ended:
        """Send it a signal, and wait until it has ended."""
        self._process.send_signal(signal)
        return ended(self._process)

    def close(self) -> None:
        """Take its process away, as when a machine fails."""
        self._session.close()
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
