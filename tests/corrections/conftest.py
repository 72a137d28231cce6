"""An office: a small company of its own, a client of it, a colleague, and hands on what passes the wire."""

import csv
import dataclasses
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from arkit import settings
from arkit.corrections import checks, plans, uploads
from arkit.corrections.checks import Check
from arkit.corrections.journal import Row
from arkit.corrections.outcomes import Outcome
from arkit.corrections.plans import Plan
from arkit.resources import Customers
from arkit.sandbox import Sandbox
from arkit.wire.calls import Calls
from arkit.wire.transport import Answer, Request, Transport

QUIESCENCE_S = 0.4
WRITES = ("bulkUpdate", "updateCustomer")


def nothing() -> None:
    """Happens before and after a write unless a test wants something else to."""


class Staged(Transport):
    """The real transport, with a place for what a test lets happen around a write."""

    def __init__(self, deadline_s: float) -> None:
        super().__init__(deadline_s)
        self.before_write: Callable[[], None] = nothing
        self.after_write: Callable[[], None] = nothing
        self.answered: Callable[[Answer], Answer] = lambda answer: answer
        self.result_file: bytes | None = None

    def write(self, request: Request, *, where: str) -> Answer:
        self.before_write()
        answer = super().write(request, where=where)
        self.after_write()
        return self.answered(answer)

    def read(self, request: Request, *, where: str, **limits: int) -> Answer:
        answer = super().read(request, where=where, **limits)
        if where == "result file" and self.result_file is not None:
            return Answer(200, answer.headers, self.result_file)
        return answer


class Office:
    """A sandbox, somebody who works on it with arkit, and a colleague who does so without."""

    def __init__(self, sandbox: Sandbox, folder: Path, *, company_id: str = "") -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.workspace = settings.workspace()
        login = dataclasses.asdict(sandbox.credentials)
        if company_id:
            login["company_id"] = company_id
        self.profile = settings.sandbox_profile({"base_url": sandbox.url, **login})
        self.wire = Staged(self.profile.deadline_s)
        self.calls = Calls(self.profile, self.wire)
        self.customers = Customers(self.calls, self.workspace)
        self._session = requests.Session()
        self._session.trust_env = False

    @property
    def ids(self) -> list[str]:
        return [str(key) for key in self.customers.fetch()["customer_id"]]

    def check(self, rows: Mapping[str, Mapping[str, str]]) -> Check:
        """The file that asks for these fields of these customers, checked."""
        path = self.folder / "corrections.csv"
        fields = list(dict.fromkeys(name for row in rows.values() for name in row))
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["customerId", *fields])
            writer.writerows([key, *(row.get(name, "") for name in fields)] for key, row in rows.items())
        return checks.check(path)

    def plan(self, rows: Mapping[str, Mapping[str, str]]) -> Plan:
        return self.plan_of(self.check(rows))

    def plan_of(self, checked: Check) -> Plan:
        return plans.plan(checked, self.customers, self.calls, self.workspace)

    def addresses(self, count: int, text: str = "New Road") -> Plan:
        """A plan that gives the first customers an address each."""
        return self.plan({key: {"address": f"{n} {text}"} for n, key in enumerate(self.ids[:count], 1)})

    def apply(self, plan: Plan, **options: Any) -> Outcome:
        return plan.apply(confirm=plan.id[-6:], **options)

    def resume(self) -> Outcome | None:
        return uploads.resume(customers=self.customers, calls=self.calls, workspace=self.workspace)

    def colleague(self, key: str, **fields: object) -> None:
        """Somebody else changes a customer at the server, without arkit."""
        login = self.sandbox.credentials
        form = {
            "username": login.username,
            "password": login.password,
            "grant_type": "password",
            "clientId": login.company_id,
        }
        auth = (login.client_id, login.client_secret)
        token = self._session.post(f"{self.sandbox.url}/oauth/token", data=form, auth=auth, timeout=10)
        answer = self._session.patch(
            f"{self.sandbox.url}/api/v0/customer/{key}",
            json=fields,
            headers={"Authorization": f"Bearer {token.json()['access_token']}"},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text

    def remove(self, key: str) -> None:
        """Somebody else removes a customer, for which the API has no operation."""
        with closing(sqlite3.connect(self.sandbox.db)) as database, database:
            database.execute("UPDATE customer SET deleted = 1 WHERE customerId = ?", (key,))

    def value(self, key: str, field: str) -> Any:
        """What the server holds now."""
        with closing(sqlite3.connect(self.sandbox.db)) as database:
            (found,) = database.execute(
                f"SELECT {field} FROM customer WHERE customerId = ?", (key,)
            ).fetchone()
        return found

    def uploads(self) -> list[dict[str, Any]]:
        """What arkit sent to change something, oldest first; the colleague's requests bear no such mark."""
        return [
            request
            for request in self.sandbox.history()
            if request["operation"] in WRITES and request["idempotency_headers"]
        ]

    def applications(self) -> list[tuple[str, str]]:
        """Customer and field of every change that the server made for arkit, oldest first."""
        ours = {request["id"] for request in self.uploads()}
        return [
            (change["customer_id"], change["field"])
            for change in self.sandbox.applied_rows()
            if change["request_id"] in ours
        ]

    def close(self) -> None:
        self._session.close()
        self.calls.close()


def states(outcome: Outcome) -> list[str]:
    """The states of the rows, in the order of the file."""
    return [str(row.state) for row in outcome.records]


def reasons(outcome: Outcome) -> list[str]:
    return [row.reason for row in outcome.records]


def row(number: int = 2, **changes: Any) -> Row:
    """A row of a plan, for tests that need no server."""
    members = {"key": f"KC{number:014}", "before": {"address": "Old"}, "target": {"address": "New"}}
    return Row(number, **{**members, **changes})


def tampered(checked: Check, **columns: str) -> Check:
    """The same check, as if its rules had let these values of the first row pass; the server's do not."""
    accepted = checked.accepted.copy()
    for name, value in columns.items():
        accepted.loc[0, name] = value
    lenient = dataclasses.replace(checked)
    # The frame is made once, when it is first asked for, and kept by this name.
    vars(lenient)["accepted"] = accepted
    return lenient


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short quiescence window, so that a lost answer costs a test no more than that."""
    monkeypatch.setenv("ARKIT_QUIESCENCE_S", str(QUIESCENCE_S))


@pytest.fixture
def sandbox(tmp_path: Path, quick: None) -> Iterator[Sandbox]:
    with Sandbox(db=tmp_path / "sandbox.db", customers=16, invoices=0) as sandbox:
        yield sandbox


@pytest.fixture
def office(sandbox: Sandbox, tmp_path: Path) -> Iterator[Office]:
    """An office over a company of the test's own, of 16 customers."""
    office = Office(sandbox, tmp_path)
    yield office
    office.close()
