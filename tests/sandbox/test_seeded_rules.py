"""The reminder rules of the seeded company and the messages of its last months."""

from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from arkit.sandbox import Sandbox, fields

from .conftest import Api
from .contract import errors_against


@pytest.fixture(scope="module")
def rules(still: Api) -> dict[str, dict[str, Any]]:
    customers = still.customers(limit=5000)["customers"]
    reminders = [rule for customer in customers for rule in customer["customerReminders"]]
    return {rule["customerReminderId"]: rule for rule in reminders}


@pytest.fixture(scope="module")
def reminders(still: Api) -> list[dict[str, Any]]:
    """The messages that were there when the company was founded."""
    sent = [message for message in still.sandbox.messages() if message["kind"] == "REMINDER"]
    return [message for message in sent if message["at"] <= "2026-09-30T13:00:00Z"]


def test_most_customers_have_rules_that_the_server_would_take(
    still: Api, rules: dict[str, dict[str, Any]]
) -> None:
    assert [error for rule in rules.values() for error in fields.rule_faults(rule)] == []
    assert [error for rule in rules.values() for error in errors_against("CustomerReminderRead", rule)] == []
    holders = {rule["customerId"] for rule in rules.values()}
    assert 90 < len(holders) < 150
    assert {rule["reminderType"] for rule in rules.values()} == {"ONCE", "RECURRING"}
    assert all(
        (rule["reminderType"] == "RECURRING") == bool(rule["reminderInterval"]) for rule in rules.values()
    )
    assert min(rule["dueDateDifference"] for rule in rules.values()) < 0
    assert max(rule["dueDateDifference"] for rule in rules.values()) > 0


def test_a_few_customers_were_reminded_in_the_last_three_months(
    still: Api, rules: dict[str, dict[str, Any]], reminders: list[dict[str, Any]]
) -> None:
    assert {message["customer_id"] for message in reminders} < {rule["customerId"] for rule in rules.values()}
    months = Counter(message["at"][:7] for message in reminders)
    assert {"2026-08", "2026-09"} <= set(months) <= {"2026-06", "2026-07", "2026-08", "2026-09"}
    assert [message["at"] for message in reminders] == sorted(message["at"] for message in reminders)


def test_nobody_was_reminded_by_a_rule_before_it_was_made(
    still: Api, reminders: list[dict[str, Any]]
) -> None:
    with still.sandbox._service.store.read() as connection:
        made_on = dict(connection.execute("SELECT customerReminderId, createdOn FROM reminder").fetchall())
    assert all(made_on[message["reminder_id"]] < message["at"] for message in reminders)


def test_nobody_was_reminded_of_what_was_not_sent_or_was_paid(
    still: Api, reminders: list[dict[str, Any]]
) -> None:
    invoices = {invoice["invoiceId"]: invoice for invoice in still.invoices()["invoices"]}
    for message in reminders:
        invoice = invoices[message["invoice_id"]]
        assert invoice["dispatchedOn"] <= message["at"]
        assert invoice["balanceAmount"] > 0 or message["at"] < invoice["modifiedOn"]


def test_the_same_seed_gives_the_same_rules_and_messages(tmp_path: Path) -> None:
    found = []
    for name in ("one.db", "two.db"):
        with Sandbox(db=tmp_path / name, customers=300, invoices=2000, seed=3) as sandbox:
            api = Api(sandbox)
            customers = api.customers(limit=5000)["customers"]
            found.append(([customer["customerReminders"] for customer in customers], sandbox.messages()))
            api.session.close()
    assert found[0] == found[1]
    assert found[0][1]


def test_a_large_company_s_month_passes_in_a_second_or_two(tmp_path: Path) -> None:
    sandbox = Sandbox(db=tmp_path / "large.db", customers=3_000, invoices=60_000)
    start = perf_counter()
    sandbox.advance(days=30)
    assert perf_counter() - start < 5
    assert len(sandbox.messages()) > 1_000
    sandbox.close()
