"""Changes by somebody else, between the requests of a client."""

from decimal import Decimal
from typing import Any

import pytest

from arkit.sandbox import Mutation

from .conftest import Api

SEARCHES = {"customer": "searchCustomer", "invoice": "searchCollectionInvoices"}


def let_others(api: Api, *, before: int, kind: str = "customer", **members: Any) -> None:
    """Script a change just before the n-th search from now."""
    mutation = {"kind": kind, **members}
    api.sandbox.faults.add(operation=SEARCHES[kind], after=before - 1, mutate=[mutation])


def customer_pages(api: Api, **order: str) -> list[list[str]]:
    pages = [api.customers(limit=3, offset=offset, **order)["customers"] for offset in (0, 3, 6, 9)]
    return [[customer["customerId"] for customer in page] for page in pages]


def test_a_record_inserted_before_the_offset_is_met_twice(api: Api, ids: list[str]) -> None:
    let_others(api, before=2, do="insert", record=1, values={"legalName": "Newcomer"})
    pages = customer_pages(api)
    assert pages == [ids[:3], ids[2:5], ids[5:8], []]
    newcomer = api.customers({"legalName": "Newcomer"})["customers"][0]
    assert ids[0] < newcomer["customerId"] < ids[1]
    assert api.customers()["totalCount"] == 9


def test_a_record_deleted_before_the_offset_makes_another_one_missed(api: Api, ids: list[str]) -> None:
    let_others(api, before=3, do="delete", record=ids[0])
    assert customer_pages(api) == [ids[:3], ids[3:6], ids[7:], []]
    assert api.customers()["totalCount"] == 7


def test_a_renamed_record_moves_in_an_order_by_name(api: Api) -> None:
    ordered = [c["customerId"] for c in api.customers(orderBy="legalName")["customers"]]
    let_others(api, before=2, do="change", record=ordered[7], values={"legalName": "000 First"})
    assert customer_pages(api, orderBy="legalName") == [ordered[:3], ordered[2:5], ordered[5:7], []]


def test_the_same_id_may_come_with_other_content_on_the_next_page(api: Api, ids: list[str]) -> None:
    insertion = Mutation(do="insert", record=0)
    change = Mutation(do="change", record=ids[2], values={"pinCode": "560099", "branchCodes": ["BLR09"]})
    api.sandbox.faults.add(operation="searchCustomer", after=1, mutate=[insertion, change])
    first, second = (api.customers(limit=3, offset=offset)["customers"] for offset in (0, 3))
    assert first[2]["customerId"] == second[0]["customerId"]
    assert (second[0]["pinCode"], second[0]["branchCodes"]) == ("560099", ["BLR09"])
    assert second[0]["modifiedOn"] > first[2]["modifiedOn"]


def test_invoices_can_be_inserted_changed_and_deleted_too(api: Api) -> None:
    before = api.invoices()["invoices"]
    ids = [invoice["invoiceId"] for invoice in before]
    let_others(api, before=1, kind="invoice", do="delete", record=0)
    let_others(api, before=1, kind="invoice", do="insert", record=ids[5], values={"description": "twin"})
    let_others(api, before=1, kind="invoice", do="change", record=ids[7], values={"baseAmount": 123_45})
    assert [invoice["invoiceId"] for invoice in api.invoices()["invoices"]] == ids[1:]
    twin = api.invoices()["invoices"][4]
    assert {**twin, "invoiceId": "", "paymentLink": ""} == {
        **before[5],
        "description": "twin",
        "invoiceId": "",
        "paymentLink": "",
    }
    found = api.invoices()
    assert (found["totalCount"], found["invoices"][7]["invoiceId"]) == (20, ids[7])
    assert Decimal(str(found["invoices"][7]["baseAmount"])) == Decimal("123.45")


def test_two_records_inserted_at_one_place_have_two_ids(api: Api, ids: list[str]) -> None:
    insertions = [{"do": "insert", "record": ids[4]}] * 2
    api.sandbox.faults.add(operation="searchCustomer", mutate=insertions)
    found = [customer["customerId"] for customer in api.customers()["customers"]]
    assert [found[:4], found[6:]] == [ids[:4], ids[4:]]
    assert found == sorted(set(found))


def test_a_colleague_s_change_can_come_between_a_write_and_its_reading_back(api: Api, ids: list[str]) -> None:
    let_others(api, before=1, do="change", record=ids[0], values={"pinCode": "600001"})
    api.change(ids[0], {"pinCode": "560001"})
    assert api.customer(ids[0])["pinCode"] == "600001"
    assert [(row["before"], row["after"]) for row in api.sandbox.applied_rows()][1:] == [("560001", "600001")]


def test_the_history_tells_what_others_did(api: Api, ids: list[str]) -> None:
    steps = [
        {"do": "change", "record": ids[1], "values": {"pinCode": "600001"}},
        {"do": "delete", "record": ids[2]},
        {"do": "insert", "record": ids[3], "values": {"legalName": "Newcomer"}},
    ]
    api.sandbox.faults.add(operation="searchCustomer", mutate=steps)
    api.customers()
    rows = api.sandbox.applied_rows()
    assert {row["request_id"] for row in rows} == {"another user"}
    assert [row["field"] for row in rows] == ["pinCode", "deleted", "created"]


def test_a_record_or_field_that_does_not_exist_fails_the_request(api: Api) -> None:
    let_others(api, before=1, do="delete", record=99)
    let_others(api, before=1, do="change", record=0, values={"pincode": "600001"})
    for _ in range(2):
        answer = api.send("POST", "/api/v0/customer/search", json={})
        assert answer.json()["errorResponse"]["errorType"] == "SYSTEM_ERROR"
    assert api.sandbox.applied_rows() == []


@pytest.mark.parametrize("kind", ["customer", "invoice"])
def test_changes_can_be_scripted_over_http(api: Api, kind: str) -> None:
    login = api.sandbox.credentials
    line = {"operation": SEARCHES[kind], "mutate": [{"kind": kind, "do": "delete", "record": 0}]}
    auth = (login.client_id, login.client_secret)
    answer = api.session.post(f"{api.sandbox.url}/sandbox/faults", json=line, auth=auth, timeout=5)
    assert answer.status_code == 200, answer.text
    path = f"/api/v0/{kind}/search"
    totals = [api.send("POST", path, json={}).json()["payload"]["totalCount"] for _ in range(2)]
    assert totals == [{"customer": 7, "invoice": 19}[kind]] * 2
