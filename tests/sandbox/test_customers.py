"""Searching and changing customers."""

from typing import Any

import pytest

from arkit.sandbox import identifiers

from .conftest import Api

FIELDS = """customerId status accountNumber address assignedAgent branchCodes companyId contactNumber
customerCompanyId customerKeyContacts customerReminders externalSource ifsc legalName panOrGstin pinCode state
uniqueRefNo"""
READ_FIELDS = set(FIELDS.split())
CONTACT = {"deleted": False, "legalName": "Example Traders", "name": "A. Analyst", "mobile": "9000000000"}


def test_a_page_holds_fifty_customers_by_default_in_order_of_their_ids(still: Api) -> None:
    found = still.customers()
    ids = [customer["customerId"] for customer in found["customers"]]
    assert len(ids) == 50
    assert ids == sorted(ids)
    assert found["totalCount"] == 200


def test_every_field_of_the_contract_is_in_each_record(still: Api) -> None:
    for customer in still.customers()["customers"]:
        assert set(customer) >= READ_FIELDS
        assert all(contact["keyContactPersonId"] for contact in customer["customerKeyContacts"])


def test_offset_counts_records_and_the_pages_make_up_the_whole(still: Api) -> None:
    whole = still.customers(limit=5000)["customers"]
    pages = [still.customers(limit=70, offset=offset)["customers"] for offset in (0, 70, 140, 210)]
    assert [len(page) for page in pages] == [70, 70, 60, 0]
    assert [customer for page in pages for customer in page] == whole


@pytest.mark.parametrize("order_by", sorted(READ_FIELDS | {"createdOn", "modifiedOn"}))
def test_customers_can_be_ordered_by_any_field_both_ways(still: Api, order_by: str) -> None:
    up = still.customers(limit=5000, orderBy=order_by)["customers"]
    down = still.customers(limit=5000, orderBy=order_by, direction="DESC")["customers"]
    assert up == down[::-1]
    if order_by not in {"customerKeyContacts", "customerReminders", "branchCodes", "customerCompanyId"}:
        values = [customer[order_by] for customer in up]
        assert values == sorted(values)


@pytest.mark.parametrize(
    "name",
    ["accountNumber", "assignedAgent", "customerId", "legalName", "status", "contactNumber", "uniqueRefNo"],
)
def test_a_filter_finds_exactly_the_customers_with_that_value(still: Api, name: str) -> None:
    whole = still.customers(limit=5000)["customers"]
    value = whole[3][name]
    found = still.customers({name: value}, limit=5000)
    assert found["customers"] == [customer for customer in whole if customer[name] == value]
    assert found["totalCount"] == len(found["customers"]) >= 1


def test_a_name_is_found_by_any_part_of_it_whatever_the_case(still: Api) -> None:
    whole = still.customers(limit=5000)["customers"]
    found = still.customers({"legalName": "pRIVATE"}, limit=5000)["customers"]
    assert found == [customer for customer in whole if "private" in customer["legalName"].lower()]
    assert found


def test_a_removed_contact_no_longer_counts_in_the_order(api: Api, ids: list[str]) -> None:
    for customer_id in ids:
        api.change(customer_id, {"customerKeyContacts": None})
        api.change(customer_id, {"customerKeyContacts": [{**CONTACT, "name": "Zoya Zaveri"}]})
    found = api.customers(orderBy="customerKeyContacts")["customers"]
    assert [customer["customerId"] for customer in found] == sorted(ids)


def test_customers_are_found_by_a_list_of_ids_and_by_a_contact_s_email(still: Api) -> None:
    some = still.customers(limit=3, offset=90)["customers"]
    ids = [customer["customerId"] for customer in some]
    assert still.customers({"customerIds": [*ids, "KC00000000000000"]})["customers"] == some
    email = some[1]["customerKeyContacts"][0]["email"].upper()
    assert still.customers({"email": email})["customers"] == [some[1]]
    assert still.customers({"customerIds": []})["totalCount"] == 0


def test_filters_are_joined_by_and(still: Api) -> None:
    customer = still.customers()["customers"][0]
    filters = {"customerId": customer["customerId"], "status": "NO_SUCH_STATUS"}
    assert still.customers(filters)["totalCount"] == 0


def test_an_absent_field_is_left_null_clears_and_a_value_is_set(api: Api, ids: list[str]) -> None:
    before = api.customer(ids[0])
    answer = api.change(ids[0], {"ifsc": None, "pinCode": "560001", "branchCodes": ["BLR09", "DEL02"]})
    assert answer.status_code == 200
    after = answer.json()["payload"]
    assert after == api.customer(ids[0])
    assert after.pop("modifiedOn") > before.pop("modifiedOn")
    assert after == {**before, "ifsc": None, "pinCode": "560001", "branchCodes": ["BLR09", "DEL02"]}


def test_a_change_to_the_same_values_changes_nothing(api: Api, ids: list[str]) -> None:
    before = api.customer(ids[0])
    same = {name: before[name] for name in ("legalName", "ifsc", "branchCodes", "pinCode")}
    assert api.change(ids[0], same).json()["payload"] == before
    assert api.change(ids[0], {}).json()["payload"] == before
    assert api.sandbox.applied_rows() == []


def test_changes_are_recorded_field_by_field(api: Api, ids: list[str]) -> None:
    before = api.customer(ids[0])
    answer = api.change(ids[0], {"pinCode": "560001", "address": None, "state": before["state"]})
    assert answer.status_code == 200
    rows = api.sandbox.applied_rows()
    request = api.sandbox.history()[-1]
    assert {(row["field"], row["before"], row["after"]) for row in rows} == {
        ("pinCode", before["pinCode"], "560001"),
        ("address", before["address"], None),
    }
    assert {(row["request_id"], row["customer_id"]) for row in rows} == {(request["id"], ids[0])}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accountNumber", "1234"),
        ("accountNumber", "12345678 9"),
        ("ifsc", "HDFC1000001"),
        ("contactNumber", "98765"),
        ("pinCode", "56000"),
        ("pinCode", ""),
        ("panOrGstin", "27AAPFU0939F1ZO"),
        ("panOrGstin", "27aapfu0939f1zv"),
    ],
)
def test_a_value_against_its_pattern_is_refused_with_the_field_named(
    api: Api, ids: list[str], field: str, value: str
) -> None:
    before = api.customer(ids[0])
    answer = api.change(ids[0], {field: value, "address": "elsewhere"})
    error = answer.json()["errorResponse"]
    assert (answer.status_code, error["errorType"]) == (400, "VALIDATION_ERROR")
    assert [sub_error["field"] for sub_error in error["apiSubErrors"]] == [field]
    assert error["apiSubErrors"][0]["message"]
    assert api.customer(ids[0]) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"pinCode": 560001}, "pinCode"),
        ({"branchCodes": "BLR01"}, "branchCodes"),
        ({"branchCodes": [None]}, "branchCodes[0]"),
        ({"customerKeyContacts": [{**CONTACT, "deleted": "no"}]}, "customerKeyContacts[0].deleted"),
        ({"customerKeyContacts": [{"deleted": False}]}, "customerKeyContacts[0].legalName"),
        ({"customerKeyContacts": [CONTACT, {**CONTACT, "email": "x"}]}, "customerKeyContacts[1].email"),
        ({"customerKeyContacts": [{**CONTACT, "mobile": "1"}]}, "customerKeyContacts[0].mobile"),
        ({"customerReminders": [{"reminderType": "DAILY"}]}, "customerReminders[0].reminderType"),
        ([], "body"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_its_place(
    api: Api, ids: list[str], body: Any, field: str
) -> None:
    answer = api.change(ids[0], body)
    error = answer.json()["errorResponse"]
    assert (answer.status_code, error["errorType"]) == (400, "VALIDATION_ERROR")
    assert [sub_error["field"] for sub_error in error["apiSubErrors"]] == [field]


@pytest.mark.parametrize(
    "body", [{"legalName": None}, {"legalName": " "}, {"customerId": "KC00000000000000"}]
)
def test_what_is_well_formed_and_cannot_be_done_is_unprocessable(
    api: Api, ids: list[str], body: dict[str, Any]
) -> None:
    answer = api.change(ids[0], {**body, "address": "elsewhere"})
    assert answer.status_code == 422
    assert answer.json()["errorResponse"]["errorType"] == "UNPROCESSABLE_REQUEST"
    assert api.sandbox.applied_rows() == []


def test_the_customer_s_own_id_may_be_sent_along(api: Api, ids: list[str]) -> None:
    assert api.change(ids[0], {"customerId": ids[0], "pinCode": "560002"}).status_code == 200


def test_key_contacts_are_merged_by_their_ids(api: Api, ids: list[str]) -> None:
    (first, *others) = api.customer(ids[0])["customerKeyContacts"]
    first_again = {**CONTACT, "keyContactPersonId": first["keyContactPersonId"], "name": "New Name"}
    answer = api.change(ids[0], {"customerKeyContacts": [first_again, {**CONTACT, "email": "a@example.com"}]})
    found = answer.json()["payload"]["customerKeyContacts"]
    assert found[0] == {**first, **first_again}
    assert found[1:-1] == others
    assert (found[-1]["name"], found[-1]["email"]) == ("A. Analyst", "a@example.com")


def test_a_contact_marked_deleted_disappears_and_null_removes_all(api: Api, ids: list[str]) -> None:
    (first, *others) = api.customer(ids[0])["customerKeyContacts"]
    gone = {**CONTACT, "keyContactPersonId": first["keyContactPersonId"], "deleted": True}
    answer = api.change(ids[0], {"customerKeyContacts": [gone]})
    assert answer.json()["payload"]["customerKeyContacts"] == others
    answer = api.change(ids[0], {"customerKeyContacts": None})
    assert answer.json()["payload"]["customerKeyContacts"] == []


def test_another_customer_s_contact_cannot_be_taken_over(api: Api, ids: list[str]) -> None:
    other = api.customer(ids[1])["customerKeyContacts"][0]
    stolen = {**CONTACT, "keyContactPersonId": other["keyContactPersonId"]}
    answer = api.change(ids[0], {"pinCode": "560001", "customerKeyContacts": [stolen]})
    assert answer.status_code == 422
    assert api.sandbox.applied_rows() == []


def test_reminders_are_kept_as_given(api: Api, ids: list[str]) -> None:
    rule = {"reminderType": "ONCE", "dueDateDifference": -3, "reminderTime": "10:00"}
    answer = api.change(ids[0], {"customerReminders": [rule]})
    *others, kept = answer.json()["payload"]["customerReminders"]
    assert kept == {**kept, **rule, "customerId": ids[0]}
    answer = api.change(ids[0], {"customerReminders": [{"customerReminderId": kept["customerReminderId"]}]})
    assert answer.json()["payload"]["customerReminders"] == [*others, kept]


def test_a_valid_gstin_and_a_pan_are_both_stored(api: Api, ids: list[str]) -> None:
    for number in (identifiers.gstin("29", "AAFCC9980M"), "AAFCC9980M"):
        assert api.change(ids[0], {"panOrGstin": number}).json()["payload"]["panOrGstin"] == number
