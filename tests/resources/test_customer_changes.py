"""What is done to a customer: seen in the company afterwards, and in what was sent."""

import json
from typing import Any

import pytest
from wire.conftest import behind_log_in, envelope, profile_of

from arkit.client import Client
from arkit.errors import ApiError, InferredWarning, UsageError
from arkit.resources import LEAVE, KeyContact, ReminderRule
from arkit.sandbox import Sandbox

from .conftest import ClientOf, Json, Plain, Serve, changes

CONTACT = KeyContact(name="Asha", mobile="9812345678", legal_name="Asha Traders")
UNKNOWN = "KC00000000000000"
VALUES = {
    "legal_name": "Himalaya Tools Private Limited",
    "pan_or_gstin": "27AAPFU0939F1ZV",
    "account_number": "001234567890",
    "ifsc": "HDFC0000001",
    "address": "12, Sector 29, Gurugram",
    "state": "Haryana",
    "pin_code": "122001",
    "contact_number": "9812345678",
    "assigned_agent": "A. Analyst",
    "branch_codes": ["DEL", "BLR"],
    "unique_ref_no": "CUST-1003",
}
MEMBERS = {
    "legal_name": "legalName",
    "pan_or_gstin": "panOrGstin",
    "account_number": "accountNumber",
    "ifsc": "ifsc",
    "address": "address",
    "state": "state",
    "pin_code": "pinCode",
    "contact_number": "contactNumber",
    "assigned_agent": "assignedAgent",
    "branch_codes": "branchCodes",
    "unique_ref_no": "uniqueRefNo",
}
CREATED = VALUES.keys() - {"assigned_agent", "branch_codes"}


@pytest.fixture
def customer(plain: Plain) -> Json:
    """One that has a value in every field, and somebody to be reminded."""
    (found, *_) = [
        each
        for each in plain.all("customer")
        if all(each[member] for member in MEMBERS.values()) and each["customerKeyContacts"]
    ]
    return found


# Creating


def test_a_new_customer_has_what_it_was_given(writer: Client, plain: Plain) -> None:
    given = {name: VALUES[name] for name in CREATED}
    customer_id = writer.customers.create(
        key_contacts=[CONTACT, KeyContact(name="Dev", mobile="9812345679", legal_name="Dev", email="d@x.in")],
        reminders=[ReminderRule(reminder_type="RECURRING", due_date_difference=-3, reminder_interval=7)],
        external_source=True,
        **given,
    )
    assert customer_id is not None
    made = plain.customer(customer_id)
    assert {name: made[MEMBERS[name]] for name in given} == given
    assert (made["status"], made["externalSource"]) == ("ACTIVE", True)
    people = [(person["name"], person["email"]) for person in made["customerKeyContacts"]]
    assert people == [("Asha", None), ("Dev", "d@x.in")]
    (rule,) = made["customerReminders"]
    assert (rule["reminderType"], rule["dueDateDifference"], rule["reminderInterval"]) == ("RECURRING", -3, 7)


def test_the_least_that_a_customer_needs_is_sent_and_nothing_else(serve: Serve, client_of: ClientOf) -> None:
    server = serve(behind_log_in(lambda request: [envelope(None)]))
    client_of(profile_of(server.url)).customers.create(legal_name="Asha Traders", key_contacts=[CONTACT])
    person = {"name": "Asha", "mobile": "9812345678", "legalName": "Asha Traders", "deleted": False}
    sent = {"legalName": "Asha Traders", "customerKeyContacts": [person]}
    assert json.loads(server.seen[-1].body) == sent


@pytest.mark.parametrize(
    ("payload", "identity"),
    [
        ({"customerId": UNKNOWN}, UNKNOWN),
        (UNKNOWN, UNKNOWN),
        ("created", None),
        (None, None),
        ({}, None),
        ({"customerId": 17}, None),
        ([UNKNOWN], None),
    ],
)
def test_the_id_is_what_the_answer_names_if_it_names_one(
    serve: Serve, client_of: ClientOf, payload: Any, identity: str | None
) -> None:
    client = client_of(profile_of(serve(behind_log_in(lambda request: [envelope(payload)])).url))
    assert client.customers.create(legal_name="Asha", key_contacts=[CONTACT]) == identity


def test_a_customer_that_the_server_refuses_is_not_made(writer: Client, own: Sandbox) -> None:
    with pytest.raises(ApiError) as caught:
        writer.customers.create(legal_name="Asha", key_contacts=[CONTACT], ifsc="no code")
    assert (caught.value.status, caught.value.error_type) == (400, "VALIDATION_ERROR")
    assert own.applied_rows() == []


# Updating


@pytest.mark.parametrize("name", VALUES)
def test_a_value_changes_one_field_and_leaves_the_others(
    writer: Client, own: Sandbox, customer: Json, name: str
) -> None:
    customer_id, value = customer["customerId"], VALUES[name]
    others = {other: LEAVE for other in VALUES if other != name}
    writer.customers.update(customer_id, **{**others, name: value})
    after = json.dumps(value) if isinstance(value, list) else value
    assert changes(own) == {(customer_id, MEMBERS[name], after)}


@pytest.mark.parametrize("name", VALUES.keys() - {"legal_name"})
def test_none_clears_one_field_and_leaves_the_others(
    writer: Client, own: Sandbox, customer: Json, name: str
) -> None:
    writer.customers.update(customer["customerId"], **{name: None})
    assert changes(own) == {(customer["customerId"], MEMBERS[name], None)}


def test_a_name_that_the_server_does_not_let_go_is_its_refusal(
    writer: Client, own: Sandbox, customer: Json
) -> None:
    with pytest.raises(ApiError) as caught:
        writer.customers.update(customer["customerId"], legal_name=None)
    assert (caught.value.status, caught.value.error_type) == (422, "UNPROCESSABLE_REQUEST")
    assert own.applied_rows() == []


def test_what_is_left_is_not_sent_and_what_is_cleared_is_sent_as_null(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(behind_log_in(lambda request: [envelope(None)]))
    customers = client_of(profile_of(server.url)).customers
    customers.update(UNKNOWN, ifsc=None, address="1 New Road", branch_codes=[], state=LEAVE)
    assert json.loads(server.seen[-1].body) == {"ifsc": None, "address": "1 New Road", "branchCodes": []}
    assert server.seen[-1].line == f"PATCH /api/v0/customer/{UNKNOWN} HTTP/1.1"
    customers.update(UNKNOWN, key_contacts=None, reminders=None)
    assert json.loads(server.seen[-1].body) == {"customerKeyContacts": None, "customerReminders": None}


def test_nothing_to_change_is_not_sent(writer: Client, own: Sandbox, customer: Json) -> None:
    before = len(own.history())
    with pytest.raises(UsageError, match="nothing is to be changed"):
        writer.customers.update(customer["customerId"], ifsc=LEAVE)
    assert len(own.history()) == before


def test_a_person_with_an_id_is_changed_and_one_without_is_added(
    writer: Client, plain: Plain, customer: Json
) -> None:
    first, *others = customer["customerKeyContacts"]
    known = KeyContact(
        key_contact_person_id=first["keyContactPersonId"],
        name=first["name"],
        legal_name=first["legalName"],
        mobile="9812345670",
        sms_enabled=True,
    )
    writer.customers.update(customer["customerId"], key_contacts=[known, CONTACT])
    changed, *left, added = plain.customer(customer["customerId"])["customerKeyContacts"]
    assert changed == {**first, "mobile": "9812345670", "sms_enabled": True}
    assert left == others
    assert (added["name"], added["mobile"]) == ("Asha", "9812345678")


def test_a_person_marked_as_deleted_is_gone(writer: Client, plain: Plain, customer: Json) -> None:
    first, *others = customer["customerKeyContacts"]
    gone = KeyContact(
        key_contact_person_id=first["keyContactPersonId"],
        name=first["name"],
        legal_name=first["legalName"],
        mobile=first["mobile"],
        deleted=True,
    )
    writer.customers.update(customer["customerId"], key_contacts=[gone])
    assert plain.customer(customer["customerId"])["customerKeyContacts"] == others


def test_a_person_shows_nothing_of_himself() -> None:
    assert repr(CONTACT) == str(CONTACT) == f"{CONTACT}" == "<key contact>"


# On, off and away


def test_a_customer_is_made_inactive_and_active_again(writer: Client, plain: Plain, customer: Json) -> None:
    customer_id = customer["customerId"]
    with pytest.warns(InferredWarning, match="deactivateCustomer"):
        writer.customers.deactivate(customer_id)
    assert plain.customer(customer_id)["status"] == "INACTIVE"
    writer.customers.activate(customer_id)
    assert plain.customer(customer_id)["status"] == "ACTIVE"
    # Twice is once, and what is a guess was said already.
    writer.customers.activate(customer_id)
    writer.customers.deactivate(customer_id)
    writer.customers.deactivate(customer_id)
    assert plain.customer(customer_id)["status"] == "INACTIVE"


def test_a_customer_that_is_deleted_is_not_found_and_the_others_are(
    writer: Client, plain: Plain, customer: Json
) -> None:
    customer_id = customer["customerId"]
    before = writer.customers.fetch()
    writer.customers.delete(customer_id)
    after = writer.customers.fetch()
    assert {*before["customer_id"]} - {*after["customer_id"]} == {customer_id}
    with pytest.raises(ApiError, match="no customer of this id"):
        writer.customers.get(customer_id)


@pytest.mark.filterwarnings("ignore::arkit.errors.InferredWarning")
@pytest.mark.parametrize(
    "call",
    [
        lambda customers: customers.update(UNKNOWN, address="1 New Road"),
        lambda customers: customers.activate(UNKNOWN),
        lambda customers: customers.deactivate(UNKNOWN),
        lambda customers: customers.delete(UNKNOWN),
    ],
)
def test_a_customer_that_nobody_knows_is_an_error_of_the_server(
    writer: Client, own: Sandbox, call: Any
) -> None:
    with pytest.raises(ApiError) as caught:
        call(writer.customers)
    assert (caught.value.status, caught.value.error_type) == (404, "RECORD_NOT_FOUND")
    assert own.applied_rows() == []
