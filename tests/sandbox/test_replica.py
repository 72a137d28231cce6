"""Reading that lags behind writing."""

import time
from collections.abc import Callable

import pytest

from .conftest import Api

LAG_S = 0.6


def pin(api: Api, customer_id: str) -> str:
    return str(api.customer(customer_id)["pinCode"])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_change_is_seen_when_the_lag_has_passed_and_not_before(api: Api, ids: list[str]) -> None:
    before = pin(api, ids[0])
    api.sandbox.faults.lag(LAG_S)
    start = time.monotonic()
    assert api.change(ids[0], {"pinCode": "560001"}).json()["payload"]["pinCode"] == "560001"
    assert pin(api, ids[0]) == before
    wait_until(lambda: pin(api, ids[0]) == "560001")
    assert LAG_S <= time.monotonic() - start < LAG_S + 1


def test_each_change_has_a_lag_of_its_own(api: Api, ids: list[str]) -> None:
    before = pin(api, ids[0])
    api.sandbox.faults.lag(LAG_S)
    for number in ("560001", "560002", "560003"):
        time.sleep(LAG_S / 6)
        api.change(ids[0], {"pinCode": number})
    seen = [pin(api, ids[0])]
    assert seen == [before]
    wait_until(lambda: [seen.append(pin(api, ids[0]))] and seen[-1] == "560003")
    assert seen == sorted(seen, key=[before, "560001", "560002", "560003"].index)


def test_filters_totals_and_single_invoices_lag_behind_too(api: Api, ids: list[str]) -> None:
    invoice_id = api.invoices()["invoices"][0]["invoiceId"]
    path = f"/api/v0/invoice/{invoice_id}"
    api.sandbox.faults.lag(LAG_S)
    api.upload(f"customerId,uniqueRefNo\n{ids[0]},NEW-1\n")
    api.send("DELETE", f"/api/v0/customer/{ids[1]}")
    api.send("POST", "/api/v0/invoice/bulk/delete", json={"invoiceIds": [invoice_id]})

    def seen() -> tuple[int, int, int, int]:
        found = api.customers({"uniqueRefNo": "NEW-1"})["totalCount"]
        customers, invoices = api.customers()["totalCount"], api.invoices()["totalCount"]
        return found, customers, invoices, api.send("GET", path).status_code

    assert seen() == (0, 8, 20, 200)
    wait_until(lambda: seen() == (1, 7, 19, 404))


def test_what_somebody_else_changes_lags_behind_as_well(api: Api, ids: list[str]) -> None:
    api.sandbox.faults.lag(LAG_S)
    api.sandbox.faults.add(operation="searchCustomer", mutate=[{"do": "delete", "record": 0}])
    assert api.customers()["totalCount"] == 8
    wait_until(lambda: api.customers()["totalCount"] == 7)


def test_changes_before_the_lag_was_set_are_seen_at_once_and_all_are_without_one(
    api: Api, ids: list[str]
) -> None:
    api.change(ids[0], {"pinCode": "560001"})
    api.sandbox.faults.lag(60)
    assert pin(api, ids[0]) == "560001"
    api.change(ids[0], {"pinCode": "560002"})
    assert pin(api, ids[0]) == "560001"
    api.sandbox.faults.lag(0)
    assert pin(api, ids[0]) == "560002"
    api.sandbox.faults.lag(60)
    assert pin(api, ids[0]) == "560002"


def test_a_lag_can_be_scripted_over_http(api: Api, ids: list[str]) -> None:
    login = api.sandbox.credentials
    url, auth = f"{api.sandbox.url}/sandbox/lag", (login.client_id, login.client_secret)
    assert api.session.post(url, json={"seconds": 60}, auth=auth, timeout=5).status_code == 200
    api.change(ids[0], {"pinCode": "560001"})
    assert pin(api, ids[0]) != "560001"
    assert api.session.post(url, json={"seconds": -1}, auth=auth, timeout=5).status_code == 400
    with pytest.raises(ValueError):
        api.sandbox.faults.lag(-1)
