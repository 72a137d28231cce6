"""The ways in which a server may page, each seen by a plain client."""

from typing import Any

import pytest

from .conftest import Api

CUSTOMERS, INVOICES = "searchCustomer", "searchCollectionInvoices"


def page(api: Api, offset: int, limit: int = 3, **order: str) -> list[str]:
    found = api.customers(offset=offset, limit=limit, **order)
    return [customer["customerId"] for customer in found["customers"]]


def test_paging_lasts_until_it_is_changed_and_concerns_one_search(api: Api, ids: list[str]) -> None:
    api.sandbox.faults.paging(CUSTOMERS, caps_at=2)
    assert [page(api, 0), page(api, 2)] == [ids[:2], ids[2:4]]
    assert len(api.invoices()["invoices"]) == 20
    api.sandbox.faults.paging(CUSTOMERS)
    assert page(api, 0) == ids[:3]
    api.sandbox.faults.paging(CUSTOMERS, caps_at=2)
    api.sandbox.faults.clear()
    assert page(api, 0) == ids[:3]


def test_the_offset_may_count_pages(api: Api, ids: list[str]) -> None:
    api.sandbox.faults.paging(CUSTOMERS, offset_counts="pages")
    assert [page(api, number) for number in range(4)] == [ids[:3], ids[3:6], ids[6:], []]


def test_the_limit_may_be_ignored_capped_or_exceeded(api: Api, ids: list[str]) -> None:
    api.sandbox.faults.paging(CUSTOMERS, page_size=5)
    assert [page(api, 0, limit=2), page(api, 1, limit=5000)] == [ids[:5], ids[1:6]]
    api.sandbox.faults.paging(CUSTOMERS, caps_at=4)
    assert [page(api, 0, limit=3), page(api, 0, limit=5000)] == [ids[:3], ids[:4]]
    api.sandbox.faults.paging(CUSTOMERS, excess=1)
    assert [page(api, 0), page(api, 3), page(api, 6)] == [ids[:4], ids[3:7], ids[6:]]


def test_the_last_page_may_come_for_ever(api: Api, ids: list[str]) -> None:
    api.sandbox.faults.paging(CUSTOMERS, repeats_last_page=True)
    assert [page(api, offset) for offset in (3, 6, 9, 12, 3000)] == [ids[3:6], *[ids[6:]] * 4]
    assert [page(api, offset, limit=4) for offset in (4, 8)] == [ids[4:]] * 2
    assert page(api, 8, limit=0) == []
    assert api.customers({"status": "NO_SUCH"}, offset=10)["customers"] == []


def test_the_total_may_be_wrong_or_missing(api: Api) -> None:
    for operation, search in ((CUSTOMERS, api.customers), (INVOICES, api.invoices)):
        api.sandbox.faults.paging(operation, total=3)
        assert search()["totalCount"] == 3
        api.sandbox.faults.paging(operation, total="absent")
        assert "totalCount" not in search()


@pytest.mark.parametrize(("operation", "name"), [(CUSTOMERS, "customers"), (INVOICES, "invoices")])
def test_the_records_may_come_in_another_shape(api: Api, operation: str, name: str) -> None:
    search = {CUSTOMERS: api.customers, INVOICES: api.invoices}[operation]
    ordinary = search(limit=5)
    records, total = ordinary[name], ordinary["totalCount"]
    api.sandbox.faults.paging(operation, shape="array")
    assert search(limit=5) == records
    api.sandbox.faults.paging(operation, shape="two arrays")
    assert search(limit=5) == {name: records, "recentlyViewed": records[:3], "totalCount": total}
    api.sandbox.faults.paging(operation, shape="spring")
    assert search(limit=5) == {"content": records, "totalElements": total, "size": 5}


@pytest.mark.parametrize(("operation", "kind"), [(CUSTOMERS, "customer"), (INVOICES, "invoice")])
def test_one_record_in_the_whole_may_have_an_odd_id_or_none(api: Api, operation: str, kind: str) -> None:
    key, name = f"{kind}Id", f"{kind}s"
    search = {CUSTOMERS: api.customers, INVOICES: api.invoices}[operation]
    ids = [record[key] for record in search()[name]]
    for odd, shown in [
        ({"place": 4, "lacks": [key]}, None),
        ({"place": 4, "sets": {key: 12345}}, 12345),
        ({"place": 4, "sets": {key: f" {ids[4]} "}}, f" {ids[4]} "),
    ]:
        api.sandbox.faults.paging(operation, odd=[odd])
        pages = [search(limit=3, offset=offset)[name] for offset in (0, 3, 6)]
        found = [record.get(key) for records in pages for record in records]
        assert found[: len(ids)] == [*ids[:4], shown, *ids[5:9]][: len(found)]


def test_every_record_may_have_further_missing_and_null_members(api: Api) -> None:
    odd = {"sets": {"rating": "A", "status": {"label": "Active", "name": "ACTIVE"}, "ifsc": None}}
    api.sandbox.faults.paging(CUSTOMERS, odd=[{**odd, "lacks": ["address"]}])
    for customer in api.customers()["customers"]:
        assert (customer["rating"], customer["status"]["name"], customer["ifsc"]) == ("A", "ACTIVE", None)
        assert "address" not in customer


def test_amounts_of_an_odd_record_stay_exact(api: Api) -> None:
    path = "/api/v0/invoice/search"
    before = api.send("POST", path, json={}).json(parse_float=str)
    api.sandbox.faults.paging(INVOICES, odd=[{"sets": {"rating": "A"}}])
    after = api.send("POST", path, json={}).json(parse_float=str)
    assert all(record.pop("rating") == "A" for record in after["payload"]["invoices"])
    assert after == before


def test_ties_may_stand_otherwise_on_every_page(still: Api) -> None:
    whole = page(still, 0, limit=5000, orderBy="companyId")
    try:
        still.sandbox.faults.paging(CUSTOMERS, shuffles_ties=True)
        pages = [page(still, offset, limit=100, orderBy="companyId") for offset in (0, 100)]
        again = [page(still, offset, limit=100, orderBy="companyId") for offset in (0, 100)]
        unique = [page(still, offset, limit=100, orderBy="uniqueRefNo") for offset in (0, 100)]
    finally:
        still.sandbox.faults.clear()
    assert pages == again
    assert len({*pages[0], *pages[1]}) == 100
    assert {*pages[0], *pages[1]} < set(whole)
    assert unique[0] + unique[1] == page(still, 0, limit=5000, orderBy="uniqueRefNo")


def test_the_order_may_be_ignored(api: Api, ids: list[str]) -> None:
    assert page(api, 0, limit=8, orderBy="legalName") != ids
    api.sandbox.faults.paging(CUSTOMERS, ignores_order=True)
    assert page(api, 0, limit=8, orderBy="legalName", direction="DESC") == ids


def test_ways_of_paging_combine_and_go_with_lines_of_the_script(api: Api, ids: list[str]) -> None:
    api.sandbox.faults.paging(CUSTOMERS, offset_counts="pages", caps_at=2, shape="array", total="absent")
    api.sandbox.faults.add(operation=CUSTOMERS, after=1, expire_tokens=True)
    records = api.customers(offset=1, limit=100)
    assert [customer["customerId"] for customer in records] == ids[2:4]
    assert api.send("POST", "/api/v0/customer/search", json={}).status_code == 401


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("bulkUpdate", {}),
        ("nothing", {}),
        (CUSTOMERS, {"caps_at": 0}),
        (CUSTOMERS, {"cap": 100}),
        (CUSTOMERS, {"shape": "round"}),
        (CUSTOMERS, {"total": "many"}),
        (CUSTOMERS, {"odd": [{"place": -1}]}),
    ],
)
def test_a_way_that_makes_no_sense_is_refused(api: Api, operation: str, members: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        api.sandbox.faults.paging(operation, **members)


def test_paging_can_be_scripted_over_http(api: Api, ids: list[str]) -> None:
    login = api.sandbox.credentials
    url, auth = f"{api.sandbox.url}/sandbox/paging", (login.client_id, login.client_secret)
    answer = api.session.post(url, json={"operation": CUSTOMERS, "caps_at": 2}, auth=auth, timeout=5)
    assert answer.status_code == 200, answer.text
    assert page(api, 0) == ids[:2]
    for members in ({"operation": CUSTOMERS, "cap": 2}, {"caps_at": 2}):
        bad = api.session.post(url, json=members, auth=auth, timeout=5)
        assert bad.json()["errorResponse"]["errorType"] == "VALIDATION_ERROR"
