"""Reminder rules: kept on customers, and falling due while the company's clock runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from arkit.sandbox import Sandbox

from .conftest import Api
from .contract import errors_against

PATH = "/api/v0/customer-reminder"
RULE = {"reminderType": "ONCE", "dueDateDifference": 3, "reminderTime": "10:00", "stage": "BEFORE_DUE"}
CONTACT = {
    "deleted": False,
    "legalName": "Example Traders",
    "name": "A. Analyst",
    "mobile": "9000000000",
    "email": "analyst@example.com",
    "mail_enabled": True,
    "sms_enabled": True,
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """A company without customers, so that nobody else's rules fall due."""
    with Sandbox(db=tmp_path / "sandbox.db", customers=0, invoices=0) as sandbox:
        api = Api(sandbox)
        yield api
        api.session.close()


def customer_of(api: Api) -> str:
    """A new customer with one contact who takes mail and SMS."""
    body = {"legalName": "Example Traders", "customerKeyContacts": [CONTACT]}
    return str(api.send("POST", "/api/v0/customer", json=body).json()["payload"]["customerId"])


@pytest.fixture
def customer_id(api: Api) -> str:
    return customer_of(api)


def add(api: Api, customer_id: str, **changes: Any) -> dict[str, Any]:
    body = {"customerId": customer_id, **RULE, **changes}
    answer = api.send("POST", PATH, json={name: value for name, value in body.items() if value is not None})
    assert answer.status_code == 200, answer.text
    rule: dict[str, Any] = answer.json()["payload"]
    assert errors_against("CustomerReminderRead", rule) == []
    return rule


def invoice(api: Api, customer_id: str, due: str, **changes: Any) -> str:
    """A dispatched invoice of 100 rupees that is due that day."""
    body = {"customerId": customer_id, "baseAmount": 100, "dueDate": due, "dispatchNow": True, **changes}
    return str(api.send("POST", "/api/v0/invoice", json=body).json()["payload"]["invoiceId"])


def change(api: Api, invoice_id: str, **fields: Any) -> None:
    assert api.send("PATCH", f"/api/v0/invoice/{invoice_id}", json=fields).status_code == 200


def end(api: Api, how: str, invoice_id: str, rule: dict[str, Any]) -> None:
    """Bring about that there is nothing more to remind of."""
    if how == "deleted":
        api.send("POST", "/api/v0/invoice/bulk/delete", json={"invoiceIds": [invoice_id]})
    if how == "paid":
        change(api, invoice_id, totalReceived=100)
    if how == "rule removed":
        api.send("DELETE", f"{PATH}/{rule['customerReminderId']}")
    if how == "customer deleted":
        api.send("DELETE", f"/api/v0/customer/{rule['customerId']}")


def reminded(api: Api) -> list[tuple[str, str]]:
    """About which invoice, and when; on one channel, for they agree."""
    sent = [m for m in api.sandbox.messages() if m["kind"] == "REMINDER"]
    by_channel = [
        [(m["invoice_id"], m["at"]) for m in sent if m["channel"] == channel] for channel in ("mail", "sms")
    ]
    assert by_channel[0] == by_channel[1]
    return by_channel[0]


def refused(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errorResponse"]["errorType"]


def test_a_rule_is_made_listed_read_changed_and_removed(api: Api, customer_id: str) -> None:
    rule = add(api, customer_id)
    path = f"{PATH}/{rule['customerReminderId']}"
    assert rule == {**rule, **RULE, "customerId": customer_id, "reminderInterval": None}
    assert api.send("GET", path).json()["payload"] == rule
    assert api.send("GET", PATH, params={"customerId": customer_id}).json()["payload"] == [rule]
    assert api.customer(customer_id)["customerReminders"] == [rule]

    answer = api.send("PATCH", path, json={"stage": None, "reminderTime": "11:30"})
    assert answer.json()["payload"] == {**rule, "stage": None, "reminderTime": "11:30"}
    assert api.send("GET", path).json()["payload"] == answer.json()["payload"]

    assert isinstance(api.send("DELETE", path).json()["payload"], str)
    assert api.send("GET", PATH, params={"customerId": customer_id}).json()["payload"] == []
    for method, body in (("GET", None), ("PATCH", {"stage": "x"}), ("DELETE", None)):
        assert refused(api.send(method, path, json=body)) == (404, "RECORD_NOT_FOUND")

    rows = [row for row in api.sandbox.applied_rows() if row["kind"] == "reminder"]
    assert {(row["record_id"], row["customer_id"]) for row in rows} == {
        (rule["customerReminderId"], customer_id)
    }
    assert [row["field"] for row in rows] == ["created", "reminderTime", "stage", "deleted"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reminderType": "DAILY"}, "reminderType"),
        ({"reminderTime": "24:00"}, "reminderTime"),
        ({"reminderTime": "9:00"}, "reminderTime"),
        ({"reminderInterval": 0}, "reminderInterval"),
        ({"dueDateDifference": 3651}, "dueDateDifference"),
        ({"dueDateDifference": "3"}, "dueDateDifference"),
    ],
)
def test_a_rule_against_the_contract_is_refused_with_the_field_named(
    api: Api, customer_id: str, body: dict[str, Any], field: str
) -> None:
    rule = add(api, customer_id)
    for answer in (
        api.send("POST", PATH, json={"customerId": customer_id, **body}),
        api.send("PATCH", f"{PATH}/{rule['customerReminderId']}", json=body),
    ):
        assert refused(answer) == (400, "VALIDATION_ERROR")
        assert [error["field"] for error in answer.json()["errorResponse"]["apiSubErrors"]] == [field]


def test_a_rule_needs_a_customer_of_this_company(api: Api, customer_id: str) -> None:
    unknown = "KC00000000000000"
    answers = [
        api.send("POST", PATH, json=RULE),
        api.send("POST", PATH, json={**RULE, "customerId": "kc1"}),
        api.send("POST", PATH, json={**RULE, "customerId": unknown}),
        api.send("POST", PATH, json={**RULE, "customerId": customer_id, "customerReminderId": "CRM1"}),
        api.send("POST", PATH, json=RULE, params={"parentCompanyId": "CEK0000000"}),
        api.send("GET", PATH),
        api.send("GET", PATH, params={"customerId": unknown}),
        api.send("GET", f"{PATH}/CRM1", params={"parentCompanyId": "CEK0000000"}),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 422, 422, 403, 400, 404, 403]


def test_a_reminder_goes_out_to_every_contact_and_channel_when_its_moment_passes(
    api: Api, customer_id: str
) -> None:
    rule = add(api, customer_id)
    invoice_id = invoice(api, customer_id, "2026-10-10")
    api.sandbox.advance(days=6)
    assert reminded(api) == []
    api.sandbox.advance(days=1)
    assert reminded(api) == [(invoice_id, "2026-10-07T04:30:00Z")]
    (person,) = api.customer(customer_id)["customerKeyContacts"]
    sent = [m for m in api.sandbox.messages() if m["kind"] == "REMINDER"]
    assert {(m["reminder_id"], m["customer_id"], m["contact_id"]) for m in sent} == {
        (rule["customerReminderId"], customer_id, person["keyContactPersonId"])
    }


def test_a_reminder_goes_out_once_however_often_one_looks(api: Api, customer_id: str) -> None:
    add(api, customer_id)
    invoice(api, customer_id, "2026-10-10")
    for _ in range(5):
        api.sandbox.advance(days=4)
        api.change(customer_id, {"pinCode": "560001"})
        api.sandbox.messages()
    assert len(reminded(api)) == 1


def test_a_recurring_rule_repeats_until_the_invoice_is_paid(api: Api, customer_id: str) -> None:
    add(api, customer_id, reminderType="RECURRING", dueDateDifference=-1, reminderInterval=7)
    paid, unpaid = (invoice(api, customer_id, "2026-10-02") for _ in range(2))
    api.sandbox.advance(days=11)
    change(api, paid, totalReceived=100)
    api.sandbox.advance(days=14)
    days = [(invoice_id, at[8:10]) for invoice_id, at in reminded(api)]
    assert sorted(day for invoice_id, day in days if invoice_id == paid) == ["03", "10"]
    assert sorted(day for invoice_id, day in days if invoice_id == unpaid) == ["03", "10", "17", "24"]
    assert days == sorted(days, key=lambda sent: sent[1])


@pytest.mark.parametrize("how", ["not dispatched", "deleted", "paid", "rule removed", "customer deleted"])
def test_no_reminder_goes_out_where_there_is_nothing_to_remind_of(
    api: Api, customer_id: str, how: str
) -> None:
    rule = add(api, customer_id)
    invoice_id = invoice(api, customer_id, "2026-10-10", dispatchNow=how != "not dispatched")
    end(api, how, invoice_id, rule)
    api.sandbox.advance(days=30)
    assert reminded(api) == []


@pytest.mark.parametrize("then", ["paid", "deleted", "rule removed", "customer deleted"])
def test_what_was_so_at_the_moment_counts_and_not_what_is_so_when_one_looks(
    api: Api, customer_id: str, then: str
) -> None:
    invoice_id = invoice(api, customer_id, "2026-10-10")
    rule = add(api, customer_id)
    # The clock passes the moment before anybody looks.
    with api.sandbox._service.store.write() as connection:
        connection.execute("INSERT INTO fact VALUES ('clockForwardDays', '8')")
    end(api, then, invoice_id, rule)
    assert reminded(api) == [(invoice_id, "2026-10-07T04:30:00Z")]


def test_a_moment_before_the_rule_was_made_is_past(api: Api, customer_id: str) -> None:
    invoice_id = invoice(api, customer_id, "2026-09-01")
    add(api, customer_id, reminderType="RECURRING", dueDateDifference=-9, reminderInterval=10)
    api.sandbox.advance(days=2)
    assert reminded(api) == []
    api.sandbox.advance(days=9)
    assert reminded(api) == [(invoice_id, "2026-10-10T04:30:00Z")]


def test_rules_that_came_with_the_customer_fall_due_too(api: Api) -> None:
    body = {
        "legalName": "Example Traders",
        "customerKeyContacts": [CONTACT],
        "customerReminders": [{"dueDateDifference": 0}],
    }
    customer_id = api.send("POST", "/api/v0/customer", json=body).json()["payload"]["customerId"]
    invoice_id = invoice(api, customer_id, "2026-10-10")
    api.sandbox.advance(days=12)
    assert reminded(api) == [(invoice_id, "2026-10-10T04:30:00Z")]


def test_the_clock_goes_forward_for_every_process_on_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with Sandbox(db=path, customers=0, invoices=0) as one, Sandbox(db=path) as other:
        api = Api(one)
        customer_id = customer_of(api)
        add(api, customer_id)
        invoice(api, customer_id, "2026-10-10")
        assert one.advance(days=5)[:10] == "2026-10-05"
        assert other.advance(days=5)[:10] == "2026-10-10"
        assert one.messages() == other.messages()
        assert len(reminded(api)) == 1
        api.session.close()
    with Sandbox(db=path) as again:
        assert again.advance(days=0)[:10] == "2026-10-10"


def test_clock_and_messages_can_be_had_over_http(api: Api, customer_id: str) -> None:
    add(api, customer_id)
    invoice(api, customer_id, "2026-10-10")
    login = api.sandbox.credentials
    auth = (login.client_id, login.client_secret)
    url = f"{api.sandbox.url}/sandbox"
    answer = requests.post(f"{url}/clock", json={"days": 10}, auth=auth, timeout=5)
    assert answer.json()["payload"]["now"].startswith("2026-10-10T")
    sent = requests.get(f"{url}/messages", auth=auth, timeout=5).json()["payload"]
    assert sent == api.sandbox.messages()
    assert [m["kind"] for m in sent] == ["DISPATCH", "DISPATCH", "REMINDER", "REMINDER"]
    for days in (-1, 0.5, "1"):
        assert requests.post(f"{url}/clock", json={"days": days}, auth=auth, timeout=5).status_code == 400
    assert requests.post(f"{url}/clock", json={"days": 1}, timeout=5).status_code == 401
    assert "setClockForward" not in [row["operation"] for row in api.sandbox.history()]
