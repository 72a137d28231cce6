"""Making, changing, dispatching and deleting invoices."""

from decimal import Decimal
from typing import Any

import pytest
import requests

from .conftest import Api, wait_until
from .contract import errors_against

CONTACT = {"deleted": False, "legalName": "Example Traders", "name": "A. Analyst", "mobile": "9000000000"}


@pytest.fixture
def new(ids: list[str]) -> dict[str, Any]:
    """The least that an invoice needs."""
    return {"customerId": ids[0], "baseAmount": 1000, "dueDate": "2027-01-31"}


@pytest.fixture
def made(api: Api, new: dict[str, Any]) -> dict[str, Any]:
    """An invoice of 1,180 rupees."""
    return answered(create(api, {**new, "cgst": 90, "sgst": 90}))


def create(api: Api, body: dict[str, Any]) -> requests.Response:
    return api.send("POST", "/api/v0/invoice", json=body)


def change(api: Api, invoice_id: str, body: dict[str, Any]) -> requests.Response:
    return api.send("PATCH", f"/api/v0/invoice/{invoice_id}", json=body)


def dispatch(api: Api, invoice_ids: list[str], **members: Any) -> requests.Response:
    return api.send("POST", "/api/v0/invoice/bulk/dispatch", json={"invoiceIds": invoice_ids, **members})


def delete(api: Api, invoice_ids: list[str]) -> requests.Response:
    return api.send("POST", "/api/v0/invoice/bulk/delete", json={"invoiceIds": invoice_ids})


def answered(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    invoice: dict[str, Any] = answer.json(parse_float=Decimal)["payload"]
    assert errors_against("Invoice", answer.json()["payload"]) == []
    return invoice


def refused(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errorResponse"]["errorType"]


def read(api: Api, invoice_id: str) -> dict[str, Any]:
    return answered(api.send("GET", f"/api/v0/invoice/{invoice_id}"))


def dispatches(api: Api) -> list[dict[str, Any]]:
    """The messages that dispatching makes."""
    return [message for message in api.sandbox.messages() if message["kind"] == "DISPATCH"]


def amounts(invoice: dict[str, Any]) -> tuple[str, str, str]:
    state = invoice["receivableStatus"]["name"]
    return str(invoice["netAmount"]), str(invoice["balanceAmount"]), state


def test_a_new_invoice_is_pending_numbered_and_found_as_it_was_answered(
    api: Api, new: dict[str, Any]
) -> None:
    numbers = {invoice["invoiceNumber"] for invoice in api.invoices()["invoices"]}
    first, second = answered(create(api, new)), answered(create(api, new))
    assert read(api, first["invoiceId"]) == first
    assert api.invoices()["totalCount"] == 22
    serials = [invoice["invoiceNumber"].rpartition("/") for invoice in (first, second)]
    assert {series for series, _, _ in serials} == {"AR/26-27"}
    in_series = sorted(number for number in numbers if number.startswith("AR/26-27/"))
    assert [int(serial) for _, _, serial in serials] == [len(in_series) + 1, len(in_series) + 2]
    assert (first["dispatched"], first["via"], first["dueDate"]) == (False, "API", "2027-01-31")
    assert first["createdOn"] == first["invoiceDate"] > "2026-09-30T13:00"
    assert first["createdByName"] == "Asha Kulkarni"
    assert amounts(first) == ("1000.00", "1000.00", "PENDING")


@pytest.mark.parametrize(
    ("invoice_date", "series"),
    [
        ("2026-03-31", "AR/25-26"),
        ("2026-04-01", "AR/26-27"),
        ("2026-03-31T18:29:59Z", "AR/25-26"),
        ("2026-03-31T18:30:00Z", "AR/26-27"),
    ],
)
def test_a_number_is_of_the_financial_year_in_which_the_invoice_is_issued_in_india(
    api: Api, new: dict[str, Any], invoice_date: str, series: str
) -> None:
    invoice = answered(create(api, {**new, "invoiceDate": invoice_date}))
    assert invoice["invoiceNumber"].startswith(f"{series}/")


def test_what_the_caller_gives_is_stored_as_given(api: Api, new: dict[str, Any]) -> None:
    given = {
        "invoiceNumber": "X-1",
        "externalId": "ERP-1",
        "poNumber": "PO-1",
        "description": 'A "quoted"\nline',
        "payableReferenceId": "P-1",
        "via": "ELSEWHERE",
        "partialPaymentAllowed": True,
    }
    statuses = {"approvalStatus": "BANK_APPROVED", "receivableStatus": "DISPUTED"}
    invoice = answered(create(api, {**new, **given, **statuses, "netAmount": 7, "balanceAmount": 0.5}))
    assert {name: invoice[name] for name in given} == given
    assert {name: invoice[name]["name"] for name in statuses} == statuses
    assert amounts(invoice) == ("7.00", "0.50", "DISPUTED")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cgst": 90, "sgst": 90}, ("1180.00", "1180.00", "PENDING")),
        ({"igst": 180, "tds": 20}, ("1160.00", "1160.00", "PENDING")),
        ({"igst": 180, "tds": 20, "gstExclusive": False}, ("980.00", "980.00", "PENDING")),
        ({"igst": 180, "totalReceived": 0.01}, ("1180.00", "1179.99", "PARTIALLY_PAID")),
        ({"igst": 180, "totalReceived": 1180}, ("1180.00", "0.00", "PAID")),
        ({"netAmount": 900, "totalReceived": 100}, ("900.00", "800.00", "PARTIALLY_PAID")),
        ({"balanceAmount": 12}, ("1000.00", "12.00", "PENDING")),
    ],
)
def test_amounts_that_are_left_out_follow_from_the_others(
    api: Api, new: dict[str, Any], given: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    assert amounts(answered(create(api, {**new, **given}))) == expected


@pytest.mark.parametrize(
    ("change_to", "expected"),
    [
        ({"totalReceived": 180}, ("1180.00", "1000.00", "PARTIALLY_PAID")),
        ({"totalReceived": 1180}, ("1180.00", "0.00", "PAID")),
        ({"baseAmount": 2000}, ("2180.00", "2180.00", "PENDING")),
        ({"cgst": None}, ("1090.00", "1090.00", "PENDING")),
        ({"gstExclusive": False}, ("1000.00", "1000.00", "PENDING")),
        ({"netAmount": 5}, ("5.00", "5.00", "PENDING")),
        ({"balanceAmount": 5}, ("1180.00", "5.00", "PENDING")),
        ({"poNumber": "PO-2"}, ("1180.00", "1180.00", "PENDING")),
    ],
)
def test_a_change_keeps_the_amounts_consistent_where_it_leaves_them_out(
    api: Api, made: dict[str, Any], change_to: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    assert amounts(answered(change(api, made["invoiceId"], change_to))) == expected


def test_an_amount_that_was_given_stays_until_what_it_follows_from_is_given(
    api: Api, made: dict[str, Any]
) -> None:
    path = made["invoiceId"]
    assert amounts(answered(change(api, path, {"netAmount": 5}))) == ("5.00", "5.00", "PENDING")
    assert amounts(answered(change(api, path, {"description": "x"}))) == ("5.00", "5.00", "PENDING")
    assert amounts(answered(change(api, path, {"netAmount": None}))) == ("1180.00", "1180.00", "PENDING")


def test_a_status_that_somebody_chose_is_not_replaced_by_the_server_s(api: Api, made: dict[str, Any]) -> None:
    answered(change(api, made["invoiceId"], {"receivableStatus": "DISPUTED"}))
    invoice = answered(change(api, made["invoiceId"], {"totalReceived": 180}))
    assert amounts(invoice) == ("1180.00", "1000.00", "DISPUTED")
    answered(change(api, made["invoiceId"], {"receivableStatus": "PAID"}))
    invoice = answered(change(api, made["invoiceId"], {"description": "settled elsewhere"}))
    assert amounts(invoice) == ("1180.00", "1000.00", "PAID")


def test_an_absent_field_is_left_and_null_clears(api: Api, made: dict[str, Any]) -> None:
    path = made["invoiceId"]
    full = {
        "poNumber": "PO-2",
        "description": "x",
        "invoiceDate": "2026-09-01",
        "partialPaymentAllowed": True,
    }
    before = answered(change(api, path, full))
    assert before["invoiceDate"] == "2026-09-01T06:30:00Z"
    after = answered(change(api, path, {"poNumber": None, "partialPaymentAllowed": None}))
    assert after == {**before, "poNumber": "", "partialPaymentAllowed": False}
    assert read(api, path) == after


def test_a_change_is_recorded_field_by_field_in_rupees(api: Api, made: dict[str, Any]) -> None:
    answered(change(api, made["invoiceId"], {"totalReceived": 180.1, "dueDate": "2027-02-01"}))
    made_row, *rows = api.sandbox.applied_rows()
    assert (made_row["field"], made_row["after"]["invoiceNumber"]) == ("created", made["invoiceNumber"])
    assert {(row["kind"], row["record_id"], row["customer_id"]) for row in [made_row, *rows]} == {
        ("invoice", made["invoiceId"], made["customerId"])
    }
    assert {row["field"]: (row["before"], row["after"]) for row in rows} == {
        "totalReceived": (Decimal("0.00"), Decimal("180.10")),
        "balanceAmount": (Decimal("1180.00"), Decimal("999.90")),
        "dueDate": ("2027-01-31", "2027-02-01"),
        "receivableStatus": ("PENDING", "PARTIALLY_PAID"),
        "payoutStatus": ("PENDING", "PARTIALLY_PAID"),
    }


def test_a_change_to_the_same_values_changes_nothing(api: Api, made: dict[str, Any]) -> None:
    same = {name: made[name] for name in ("dueDate", "invoiceDate", "poNumber", "invoiceNumber")}
    api.sandbox.advance(days=1)
    assert answered(change(api, made["invoiceId"], {**same, "baseAmount": 1000})) == made
    assert len(api.sandbox.applied_rows()) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"baseAmount": 0.09}, "baseAmount"),
        ({"baseAmount": "1000"}, "baseAmount"),
        ({"baseAmount": True}, "baseAmount"),
        ({"baseAmount": 1.001}, "baseAmount"),
        ({"baseAmount": 10**13}, "baseAmount"),
        ({"tds": 1e-30}, "tds"),
        ({"customerId": "kc1"}, "customerId"),
        ({"dueDate": "2027-02-30"}, "dueDate"),
        ({"dueDate": "31/01/2027"}, "dueDate"),
        ({"invoiceDate": "yesterday"}, "invoiceDate"),
        ({"invoiceDate": "2026-09-01T10:00:00"}, "invoiceDate"),
        ({"approvalStatus": "PAID"}, "approvalStatus"),
        ({"dispatchNow": "yes"}, "dispatchNow"),
    ],
)
def test_a_value_against_the_contract_is_named(
    api: Api, new: dict[str, Any], given: dict[str, Any], field: str
) -> None:
    first = api.invoices()["invoices"][0]["invoiceId"]
    for answer in (create(api, {**new, **given}), change(api, first, given)):
        assert refused(answer) == (400, "VALIDATION_ERROR")
        assert [error["field"] for error in answer.json()["errorResponse"]["apiSubErrors"]] == [field]
    assert api.sandbox.applied_rows() == []


def test_money_is_read_to_the_last_digit(api: Api, new: dict[str, Any]) -> None:
    members = f'"customerId": "{new["customerId"]}", "dueDate": "2027-01-31"'
    body = f'{{{members}, "baseAmount": 9999999999999.99}}'
    headers = {"Content-Type": "application/json"}
    invoice = answered(api.send("POST", "/api/v0/invoice", data=body, headers=headers))
    assert str(invoice["netAmount"]) == "9999999999999.99"


@pytest.mark.parametrize("name", ["baseAmount", "dueDate", "invoiceDate", "invoiceNumber"])
def test_what_an_invoice_cannot_be_without_cannot_be_cleared(
    api: Api, made: dict[str, Any], name: str
) -> None:
    answer = change(api, made["invoiceId"], {name: None})
    assert refused(answer) == (422, "UNPROCESSABLE_REQUEST")
    assert [error["field"] for error in answer.json()["errorResponse"]["apiSubErrors"]] == [name]
    assert read(api, made["invoiceId"]) == made


def test_a_customer_that_is_unknown_or_deleted_gets_no_invoice(
    api: Api, new: dict[str, Any], made: dict[str, Any], ids: list[str]
) -> None:
    api.send("DELETE", f"/api/v0/customer/{ids[1]}")
    for customer_id in ("KC00000000000000", ids[1]):
        wrong = {**new, "customerId": customer_id}
        assert refused(create(api, wrong)) == (422, "UNPROCESSABLE_REQUEST")
        assert refused(change(api, made["invoiceId"], wrong)) == (422, "UNPROCESSABLE_REQUEST")
    moved = answered(change(api, made["invoiceId"], {"customerId": ids[2]}))
    assert moved["customerLegalName"] == api.customer(ids[2])["legalName"]


def test_the_same_references_may_be_given_twice(api: Api, new: dict[str, Any]) -> None:
    same = {**new, "invoiceNumber": "X-1", "externalId": "ERP-1"}
    first, second = answered(create(api, same)), answered(create(api, same))
    assert first["invoiceId"] != second["invoiceId"]
    created = [row["after"] for row in api.sandbox.applied_rows() if row["field"] == "created"]
    assert [row["externalId"] for row in created] == ["ERP-1", "ERP-1"]


def test_an_invoice_that_lands_late_is_the_one_that_was_answered(api: Api, new: dict[str, Any]) -> None:
    api.sandbox.faults.add(operation="createInvoice", landing_s=0.2)
    invoice = answered(create(api, new))
    path = f"/api/v0/invoice/{invoice['invoiceId']}"
    assert api.send("GET", path).status_code == 404
    wait_until(lambda: api.send("GET", path).status_code == 200)


def test_dispatching_marks_invoices_and_tells_every_contact_on_every_channel_of_his(
    api: Api, new: dict[str, Any], ids: list[str]
) -> None:
    people = [
        {**CONTACT, "name": "Mail and WhatsApp", "mail_enabled": True, "whatsapp_enabled": True},
        {**CONTACT, "name": "SMS", "sms_enabled": True, "mail_enabled": False},
        {**CONTACT, "name": "Nothing"},
        {**CONTACT, "name": "Gone", "mail_enabled": True, "deleted": True},
    ]
    api.change(ids[0], {"customerKeyContacts": None})
    customer = api.change(ids[0], {"customerKeyContacts": people}).json()["payload"]
    names = {person["keyContactPersonId"]: person["name"] for person in customer["customerKeyContacts"]}
    one, two = (answered(create(api, new))["invoiceId"] for _ in range(2))

    assert dispatch(api, [one, two, one], partialPaymentAllowed=True).status_code == 200
    for invoice_id in (one, two):
        invoice = read(api, invoice_id)
        assert (invoice["dispatched"], invoice["partialPaymentAllowed"]) == (True, True)
        assert invoice["dispatchedOn"] > "2026-09-30T13:00"
    sent = dispatches(api)
    assert [(m["invoice_id"], names[m["contact_id"]], m["channel"]) for m in sent] == [
        (invoice_id, name, channel)
        for invoice_id in (one, two)
        for name, channel in (
            ("Mail and WhatsApp", "mail"),
            ("Mail and WhatsApp", "whatsapp"),
            ("SMS", "sms"),
        )
    ]
    assert {(m["kind"], m["customer_id"], m["at"], m["reminder_id"]) for m in sent} == {
        ("DISPATCH", ids[0], read(api, one)["dispatchedOn"], None)
    }


def test_dispatching_again_tells_everybody_again(api: Api, made: dict[str, Any]) -> None:
    first = dispatch(api, [made["invoiceId"]]).json()["payload"]["messageCount"]
    dispatch(api, [made["invoiceId"]])
    assert len(dispatches(api)) == 2 * first > 0


@pytest.mark.parametrize("when", ["on creation", "on a change"])
def test_dispatch_now_dispatches(api: Api, new: dict[str, Any], made: dict[str, Any], when: str) -> None:
    orders = {**new, "dispatchNow": True}
    answer = create(api, orders) if when == "on creation" else change(api, made["invoiceId"], orders)
    invoice = answered(answer)
    assert invoice["dispatched"]
    assert {message["invoice_id"] for message in dispatches(api)} == {invoice["invoiceId"]}


def test_a_deleted_invoice_is_gone(api: Api, made: dict[str, Any]) -> None:
    other = api.invoices()["invoices"][0]["invoiceId"]
    assert delete(api, [made["invoiceId"], other]).status_code == 200
    assert api.invoices()["totalCount"] == 19
    answers = [
        api.send("GET", f"/api/v0/invoice/{other}"),
        change(api, other, {"poNumber": "x"}),
        dispatch(api, [other]),
        delete(api, [other]),
    ]
    assert {refused(answer) for answer in answers} == {(404, "RECORD_NOT_FOUND")}
    deleted = [row for row in api.sandbox.applied_rows() if row["field"] == "deleted"]
    assert [(row["record_id"], row["after"]) for row in deleted] == [(made["invoiceId"], True), (other, True)]


@pytest.mark.parametrize("do", [dispatch, delete])
def test_a_collection_that_names_an_unknown_invoice_is_refused_as_a_whole(
    api: Api, made: dict[str, Any], do: Any
) -> None:
    assert refused(do(api, [made["invoiceId"], "INV0"])) == (404, "RECORD_NOT_FOUND")
    assert read(api, made["invoiceId"]) == made
    assert dispatches(api) == []


@pytest.mark.parametrize("operation", ["dispatchInvoiceCollection", "deleteInvoiceCollection"])
def test_of_a_collection_a_part_can_be_done(api: Api, operation: str) -> None:
    waiting = [invoice["invoiceId"] for invoice in api.invoices(limit=3)["invoices"]]
    do = dispatch if operation.startswith("dispatch") else delete
    api.sandbox.faults.add(operation=operation, applies=1)
    assert do(api, waiting).status_code == 200
    assert {row["record_id"] for row in api.sandbox.applied_rows()} == {waiting[0]}


def test_an_empty_collection_does_nothing(api: Api) -> None:
    assert dispatch(api, []).status_code == 200
    assert api.send("POST", "/api/v0/invoice/bulk/dispatch", json={}).status_code == 200
    assert delete(api, []).status_code == 200
    assert api.sandbox.applied_rows() == []
