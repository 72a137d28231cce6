"""Making customers, switching them on and off, deleting them."""

from typing import Any

import pytest
import requests

from .conftest import Api, wait_until
from .contract import errors_against

CONTACT = {
    "deleted": False,
    "legalName": "Example Traders",
    "name": "A. Analyst",
    "mobile": "9000000000",
    "email": "analyst@example.com",
    "mail_enabled": True,
    "sms_enabled": False,
    "whatsapp_enabled": False,
}
RULE = {"reminderType": "ONCE", "dueDateDifference": 3, "reminderTime": "10:00"}
NEW = {
    "legalName": "Example Traders",
    "panOrGstin": "AAPFU0939F",
    "accountNumber": "000123456789",
    "ifsc": "HDFC0000001",
    "address": "12, Market Yard",
    "state": "Maharashtra",
    "pinCode": "411001",
    "contactNumber": "9000000000",
    "customerCompanyId": "theirs",
    "externalSource": True,
    "uniqueRefNo": "REF-1",
    "customerKeyContacts": [CONTACT],
    "customerReminders": [RULE],
}


def create(api: Api, **changes: Any) -> requests.Response:
    body = {name: value for name, value in {**NEW, **changes}.items() if value is not None}
    return api.send("POST", "/api/v0/customer", json=body)


def created(api: Api, **changes: Any) -> dict[str, Any]:
    answer = create(api, **changes)
    assert answer.status_code == 200, answer.text
    customer: dict[str, Any] = answer.json()["payload"]
    assert errors_against("CustomerRead", customer) == []
    return customer


def refused(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errorResponse"]["errorType"]


def test_a_new_customer_is_active_and_found_as_it_was_answered(api: Api) -> None:
    customer = created(api)
    assert api.customer(customer["customerId"]) == customer
    assert {name: customer[name] for name in NEW if not name.startswith("customerKey")} == {
        **{name: value for name, value in NEW.items() if not name.startswith("customerKey")},
        "customerReminders": customer["customerReminders"],
    }
    assert (customer["status"], customer["companyId"]) == ("ACTIVE", api.sandbox.credentials.company_id)
    assert customer["createdOn"] == customer["modifiedOn"] > "2026-09-30T13:00"
    (contact,) = customer["customerKeyContacts"]
    assert contact == {**contact, **CONTACT}
    (rule,) = customer["customerReminders"]
    assert rule == {**rule, **RULE, "customerId": customer["customerId"]}
    assert api.customers()["totalCount"] == 9


def test_a_name_and_a_list_of_contacts_are_all_that_a_customer_needs(api: Api) -> None:
    answer = api.send("POST", "/api/v0/customer", json={"legalName": "A", "customerKeyContacts": []})
    customer = answer.json()["payload"]
    assert (customer["legalName"], customer["panOrGstin"], customer["customerKeyContacts"]) == ("A", None, [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"legalName": None}, "legalName"),
        ({"customerKeyContacts": None}, "customerKeyContacts"),
        ({"ifsc": "HDFC1000001"}, "ifsc"),
        ({"customerKeyContacts": [{**CONTACT, "email": "x"}]}, "customerKeyContacts[0].email"),
        ({"customerReminders": [{**RULE, "reminderTime": "25:00"}]}, "customerReminders[0].reminderTime"),
        ({"customerReminders": [RULE, {"reminderInterval": 0}]}, "customerReminders[1].reminderInterval"),
        ({"customerReminders": [{"dueDateDifference": 4000}]}, "customerReminders[0].dueDateDifference"),
    ],
)
def test_a_member_against_the_contract_is_named_and_nobody_is_made(
    api: Api, changes: dict[str, Any], field: str
) -> None:
    answer = create(api, **changes)
    assert refused(answer) == (400, "VALIDATION_ERROR")
    assert [error["field"] for error in answer.json()["errorResponse"]["apiSubErrors"]] == [field]
    assert api.customers()["totalCount"] == 8


def test_a_new_customer_belongs_to_this_company_and_has_new_contacts(api: Api, ids: list[str]) -> None:
    assert refused(create(api, companyId="CEK0000000")) == (403, "INVALID_ACCESS")
    known = api.customer(ids[0])["customerKeyContacts"][0]["keyContactPersonId"]
    stolen = {**CONTACT, "keyContactPersonId": known}
    assert refused(create(api, customerKeyContacts=[stolen])) == (422, "UNPROCESSABLE_REQUEST")
    assert refused(create(api, legalName=" ")) == (422, "UNPROCESSABLE_REQUEST")
    assert api.customers()["totalCount"] == 8


def test_the_history_tells_that_one_reference_was_made_twice(api: Api) -> None:
    ids = [created(api)["customerId"] for _ in range(2)]
    made = [row for row in api.sandbox.applied_rows() if row["field"] == "created"]
    assert [row["after"]["uniqueRefNo"] for row in made] == ["REF-1", "REF-1"]
    assert [row["record_id"] for row in made] == [row["customer_id"] for row in made] == ids
    assert {(row["kind"], row["before"]) for row in made} == {("customer", None)}
    requests_made = [row["id"] for row in api.sandbox.history() if row["operation"] == "createCustomer"]
    assert [row["request_id"] for row in made] == requests_made


def test_a_customer_that_lands_late_is_the_one_that_was_answered(api: Api) -> None:
    api.sandbox.faults.add(operation="createCustomer", landing_s=0.2)
    customer = created(api)
    known = {"customerId": customer["customerId"]}
    assert api.customers(known)["totalCount"] == 0
    wait_until(lambda: api.customers(known)["totalCount"] == 1)
    (landed,) = api.customers(known)["customers"]
    assert landed["customerKeyContacts"] == customer["customerKeyContacts"]


def test_a_customer_that_is_not_applied_is_answered_and_not_there(api: Api) -> None:
    api.sandbox.faults.add(operation="createCustomer", applies="none")
    customer = created(api)
    assert api.customers({"customerId": customer["customerId"]})["totalCount"] == 0
    assert api.sandbox.applied_rows() == []


def test_a_customer_is_switched_off_and_on(api: Api, ids: list[str]) -> None:
    for verb, status in (("deactivate", "INACTIVE"), ("activate", "ACTIVE"), ("activate", "ACTIVE")):
        own = {"parentCompanyId": api.sandbox.credentials.company_id}
        answer = api.send("PUT", f"/api/v0/customer/{verb}/{ids[0]}", params=own)
        assert errors_against("StringEnvelope", answer.json()) == []
        assert isinstance(answer.json()["payload"], str)
        assert api.customer(ids[0])["status"] == status
    changes = [(row["field"], row["after"]) for row in api.sandbox.applied_rows()]
    assert changes == [("status", "INACTIVE"), ("status", "ACTIVE")]


def test_a_deleted_customer_is_gone_and_its_invoices_are_not(api: Api) -> None:
    invoice = api.invoices()["invoices"][0]
    customer_id = invoice["customerId"]
    own = [i for i in api.invoices()["invoices"] if i["customerId"] == customer_id]
    answer = api.send("DELETE", f"/api/v0/customer/{customer_id}")
    assert errors_against("StringEnvelope", answer.json()) == []
    assert isinstance(answer.json()["payload"], str)
    assert api.customers({"customerId": customer_id})["totalCount"] == 0
    found = api.invoices({"customerDeleted": True})["invoices"]
    assert [i["invoiceId"] for i in found] == [i["invoiceId"] for i in own]
    assert {i["hasKeyContacts"] for i in found} == {False}
    assert api.invoices()["totalCount"] == 20
    (row,) = api.sandbox.applied_rows()
    assert (row["customer_id"], row["field"], row["after"]) == (customer_id, "deleted", True)


def test_nothing_can_be_done_with_a_deleted_customer(api: Api, ids: list[str]) -> None:
    assert api.send("DELETE", f"/api/v0/customer/{ids[0]}").status_code == 200
    answers = [
        api.send("DELETE", f"/api/v0/customer/{ids[0]}"),
        api.send("PUT", f"/api/v0/customer/activate/{ids[0]}"),
        api.send("PUT", f"/api/v0/customer/deactivate/{ids[0]}"),
        api.send("GET", f"/api/v0/customer/contact-details/{ids[0]}"),
        api.change(ids[0], {"pinCode": "560001"}),
    ]
    assert {refused(answer) for answer in answers} == {(404, "RECORD_NOT_FOUND")}


def test_the_contact_details_of_a_customer_are_its_key_contacts(api: Api, ids: list[str]) -> None:
    answer = api.send("GET", f"/api/v0/customer/contact-details/{ids[1]}")
    contacts = answer.json()["payload"]
    assert contacts == api.customer(ids[1])["customerKeyContacts"]
    assert [
        error for contact in contacts for error in errors_against("CustomerKeyContactRead", contact)
    ] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "activate/{}"),
        ("PUT", "deactivate/{}"),
        ("DELETE", "{}"),
        ("GET", "contact-details/{}"),
    ],
)
def test_an_id_that_is_none_and_another_company_are_refused(
    api: Api, ids: list[str], method: str, path: str
) -> None:
    def sent(customer_id: str, **query: str) -> requests.Response:
        return api.send(method, f"/api/v0/customer/{path.format(customer_id)}", params=query)

    assert refused(sent("kc1")) == (400, "VALIDATION_ERROR")
    assert refused(sent("KC00000000000000")) == (404, "RECORD_NOT_FOUND")
    assert refused(sent(ids[0], parentCompanyId="CEK0000000")) == (403, "INVALID_ACCESS")
    assert refused(sent(ids[0], force="true")) == (400, "VALIDATION_ERROR")
    assert api.sandbox.applied_rows() == []
