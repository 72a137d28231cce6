"""The script of faults: each kind, in order, and nothing by chance."""

import base64
import gzip
import io
import time
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
import requests

from arkit.sandbox import Raw

from .conftest import Api


def file_of(ids: list[str]) -> str:
    rows = [f"{customer_id},{560001 + place}" for place, customer_id in enumerate(ids)]
    return "customerId,pinCode\n" + "\n".join(rows) + "\n"


def applied(api: Api) -> list[str]:
    return [row["customer_id"] for row in api.sandbox.applied_rows()]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def status(api: Api) -> int:
    return api.send("POST", "/api/v0/customer/search", json={}).status_code


def test_lines_wait_strike_and_follow_each_other_per_operation(api: Api) -> None:
    faults = api.sandbox.faults
    faults.add(operation="searchCustomer", status=500, after=2, times=2)
    faults.add(operation="searchCustomer", status=404, error_type="RECORD_NOT_FOUND")
    faults.add(operation="searchCustomer", status=422, after=1)
    faults.add(operation="getInvoice", status=500)
    assert [status(api) for _ in range(8)] == [200, 200, 500, 500, 404, 200, 422, 200]


def test_a_line_may_strike_a_share_of_the_requests(api: Api) -> None:
    api.sandbox.faults.add(operation="searchCustomer", status=429, share=(3, 5), times=6, after=1)
    struck = [200, 429, 200, 429, 429]
    assert [status(api) for _ in range(13)] == [200, *struck, *struck, 200, 200]


def test_a_line_may_be_for_the_requests_that_hold_a_text(api: Api, ids: list[str]) -> None:
    poison = ids[3]
    refusal = {"status": 422, "error_type": "UNPROCESSABLE_REQUEST", "holding": poison, "times": 3}
    api.sandbox.faults.add(operation="bulkUpdate", **refusal)
    book = openpyxl.Workbook()
    book.active.append(["customerId", "pinCode"])
    book.active.append([poison, "560001"])
    book.save(workbook := io.BytesIO())
    files = [file_of(ids), file_of(ids[:3]), workbook.getvalue(), file_of(ids[4:]), file_of(ids[2:4])]
    assert [api.upload(file).status_code for file in files] == [422, 200, 422, 200, 422]
    assert applied(api) == [*ids[:3], *ids[4:]]
    assert api.upload(file_of([poison])).status_code == 200


def test_requests_that_were_not_let_in_do_not_use_up_the_script(api: Api) -> None:
    api.sandbox.faults.add(operation="searchCustomer", status=500)
    url = f"{api.sandbox.url}/api/v0/customer/search"
    assert requests.post(url, json={}, timeout=5).status_code == 401
    assert [status(api), status(api)] == [500, 200]


def test_a_cleared_script_strikes_nobody(api: Api) -> None:
    api.sandbox.faults.add(operation="searchCustomer", status=500, times=100)
    api.sandbox.faults.clear()
    assert status(api) == 200


@pytest.mark.parametrize(
    "members",
    [
        {"operation": "searchCustomers", "status": 500},
        {"operation": "searchCustomer", "status": "500"},
        {"operation": "searchCustomer", "statuz": 500},
        {"operation": "searchCustomer", "times": 0},
        {"operation": "searchCustomer", "answer": "status"},
        {"operation": "searchCustomer", "answer": "lost", "status": 500},
        {"operation": "bulkUpdate", "applies": "some"},
        {"operation": "bulkUpdate", "applies": -1},
        {"operation": "searchCustomer", "status": 429, "share": (6, 5)},
        {"operation": "searchCustomer", "status": 429, "share": (0, 5)},
        {"operation": "searchCustomer", "answer": "body"},
        {"operation": "searchCustomer", "answer": {"body": "<html>"}},
        {"operation": "searchCustomer", "sent": {"bytes_per_s": 0}},
        {"operation": "searchCustomer", "mutate": [{"do": "rename", "record": 0}]},
        {"status": 500},
    ],
)
def test_a_line_that_makes_no_sense_is_refused(api: Api, members: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        api.sandbox.faults.add(**members)


@pytest.mark.parametrize("code", [500, 504])
def test_a_status_alone_does_nothing(api: Api, ids: list[str], code: int) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", status=code, error_type="SYSTEM_ERROR")
    answer = api.upload(file_of(ids))
    assert answer.status_code == code
    assert answer.json()["errorResponse"]["errorType"] == "SYSTEM_ERROR"
    assert applied(api) == []


@pytest.mark.parametrize(("applies", "count"), [("all", 8), ("none", 0), (3, 3), (0, 0), (100, 8), (None, 8)])
def test_a_lost_answer_is_a_reset_after_so_many_rows(
    api: Api, ids: list[str], applies: Any, count: int
) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", answer="lost", applies=applies)
    with pytest.raises(requests.ConnectionError, match="reset"):
        api.upload(file_of(ids))
    assert applied(api) == ids[:count]
    uploads = [row for row in api.sandbox.history() if row["operation"] == "bulkUpdate"]
    assert [row["status"] for row in uploads] == [None]
    assert api.upload(file_of(ids)).json()["payload"]["warn_count"] == count


def test_a_lost_answer_of_a_reading_operation_is_a_reset_too(api: Api) -> None:
    api.sandbox.faults.add(operation="searchCustomer", answer="lost")
    with pytest.raises(requests.ConnectionError):
        status(api)
    assert status(api) == 200


@pytest.mark.parametrize(("applies", "count"), [("all", 8), ("none", 0), (5, 5)])
def test_a_status_may_come_after_the_work(api: Api, ids: list[str], applies: Any, count: int) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", answer="status", status=500, applies=applies)
    assert api.upload(file_of(ids)).status_code == 500
    assert applied(api) == ids[:count]


def test_an_answer_may_be_slow(api: Api) -> None:
    api.sandbox.faults.add(operation="searchCustomer", delay_s=0.3)
    start = time.monotonic()
    assert status(api) == 200
    assert time.monotonic() - start >= 0.3


def test_the_work_is_done_before_a_slow_answer_so_that_an_impatient_client_can_find_it(
    api: Api, ids: list[str]
) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", delay_s=2)
    url = f"{api.sandbox.url}/api/v0/customer/bulk/update"
    with pytest.raises(requests.ReadTimeout):
        api.session.post(url, files={"file": ("a.csv", file_of(ids))}, timeout=0.4)
    assert applied(api) == ids
    assert api.sandbox.history()[-1]["status"] is None


def test_lying_counts_claim_that_all_rows_succeeded(api: Api, ids: list[str]) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", lying_counts=True)
    payload = api.upload(file_of([ids[0], "KC00000000000000", ids[1]])).json()["payload"]
    assert (payload["success_count"], payload["failure_count"], payload["warn_count"]) == (3, 0, 0)
    assert payload["failure_file_url"] == ""
    assert requests.get(payload["success_file_url"], timeout=5).text.count("\n") == 4
    assert applied(api) == [ids[0], ids[1]]


def test_an_acknowledged_file_may_be_dropped(api: Api, ids: list[str]) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", applies=1)
    assert api.upload(file_of(ids)).json()["payload"]["success_count"] == 8
    assert applied(api) == ids[:1]


@pytest.mark.parametrize("script", [{"status": 504}, {"answer": "lost"}, {}])
def test_a_file_may_land_after_its_answer(api: Api, ids: list[str], script: dict[str, Any]) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", landing_s=0.4, applies=6, **script)
    start = time.monotonic()
    if script.get("answer"):
        with pytest.raises(requests.ConnectionError):
            api.upload(file_of(ids))
    else:
        assert api.upload(file_of(ids)).status_code == script.get("status", 200)
    assert time.monotonic() - start < 0.35
    assert applied(api) == []
    wait_until(lambda: applied(api) == ids[:6])
    assert time.monotonic() - start >= 0.4


def test_what_has_not_landed_when_the_server_closes_never_lands(api: Api, ids: list[str]) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", landing_s=0.2)
    assert api.upload(file_of(ids)).status_code == 200
    api.sandbox.close()
    time.sleep(0.4)
    assert applied(api) == []


def test_a_patch_can_be_lost_late_and_dropped_like_a_file(api: Api, ids: list[str]) -> None:
    faults = api.sandbox.faults
    faults.add(operation="updateCustomer", answer="lost", applies="all")
    faults.add(operation="updateCustomer", applies="none")
    faults.add(operation="updateCustomer", landing_s=0.2)
    with pytest.raises(requests.ConnectionError):
        api.change(ids[0], {"pinCode": "560001"})
    assert api.change(ids[1], {"pinCode": "560001"}).json()["payload"]["pinCode"] == "560001"
    assert applied(api) == [ids[0]]
    assert api.change(ids[2], {"pinCode": "560001"}).status_code == 200
    wait_until(lambda: applied(api) == [ids[0], ids[2]])


def test_tokens_end_at_the_request_the_script_names(api: Api, ids: list[str]) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", expire_tokens=True)
    assert status(api) == 200
    answer = api.upload(file_of(ids))
    assert (answer.status_code, answer.json()["errorResponse"]["errorType"]) == (401, "UNAUTHORIZED")
    assert status(api) == 401
    api.log_in()
    assert api.upload(file_of(ids)).status_code == 200
    assert applied(api) == ids


def test_counts_may_also_claim_that_all_rows_failed(api: Api, ids: list[str]) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", lying_counts="failure")
    payload = api.upload(file_of(ids)).json()["payload"]
    assert (payload["success_count"], payload["failure_count"], payload["success_file_url"]) == (0, 8, "")
    rows = requests.get(payload["failure_file_url"], timeout=5).text.splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ids == applied(api)


@pytest.mark.parametrize("code", [200, 201, 503])
def test_an_error_may_come_under_any_status(api: Api, ids: list[str], code: int) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", answer="status", status=code, error_type="NEW_ERROR")
    answer = api.upload(file_of(ids))
    assert (answer.status_code, answer.json()["payload"]) == (code, None)
    assert answer.json()["errorResponse"]["errorType"] == "NEW_ERROR"
    assert applied(api) == ids


@pytest.mark.parametrize("code", [404, 500])
def test_a_success_may_come_under_the_status_of_a_failure(api: Api, ids: list[str], code: int) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", answer="body", status=code)
    answer = api.upload(file_of(ids))
    assert (answer.status_code, answer.json()["payload"]["success_count"]) == (code, 8)
    assert applied(api) == ids


def test_members_of_an_answer_may_be_missing_or_others(api: Api, ids: list[str]) -> None:
    edit = {"response_code": 7, "payload": {"success_count": None, "failureRequests": [{}, {}]}}
    api.sandbox.faults.add(operation="bulkUpdate", edit=edit)
    answer = api.upload(file_of(ids)).json()
    assert answer["response_code"] == 7
    assert answer["payload"]["failureRequests"] == [{}, {}]
    assert "success_count" not in answer["payload"]
    assert answer["payload"]["total_count"] == 8
    assert applied(api) == ids


def test_the_answer_of_a_log_in_may_say_anything_of_the_token_s_life(api: Api) -> None:
    for life in (0, -1, "soon", 10**12, None):
        api.sandbox.faults.add(operation="getAuthenticationToken", edit={"expires_in": life})
        assert api.token().json().get("expires_in") == life
    api.log_in()
    assert status(api) == 200


def test_amounts_stay_exact_in_an_answer_with_another_member(api: Api) -> None:
    path = "/api/v0/invoice/search"
    before = api.send("POST", path, json={}).json(parse_float=str)["payload"]["invoices"]
    api.sandbox.faults.add(operation="searchCollectionInvoices", edit={"payload": {"totalCount": None}})
    assert api.send("POST", path, json={}).json(parse_float=str)["payload"] == {"invoices": before}


def test_an_answer_may_have_headers_of_the_script_one_of_them_twice(api: Api) -> None:
    headers = {"Retry-After": ["2", "soon"], "Content-Type": "text/plain"}
    api.sandbox.faults.add(operation="searchCustomer", status=429, headers=headers)
    answer = api.send("POST", "/api/v0/customer/search", json={})
    assert answer.raw.headers.getlist("Retry-After") == ["2", "soon"]
    assert answer.headers["Content-Type"] == "text/plain"
    assert "Retry-After" not in api.send("POST", "/api/v0/customer/search", json={}).headers


def test_a_log_in_may_be_redirected(api: Api) -> None:
    target = "http://127.0.0.1:9/elsewhere"
    headers = {"Location": target}
    api.sandbox.faults.add(operation="getAuthenticationToken", status=307, headers=headers)
    login = api.sandbox.credentials
    url, auth = f"{api.sandbox.url}/oauth/token", (login.client_id, login.client_secret)
    answer = api.session.post(url, data={"username": "x"}, auth=auth, timeout=5, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, target)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><h1>Bad Gateway</h1></html>",
        b'{"payload": {"success_count": 1, "success_count": 2}}',
        b'{"payload": NaN}',
        b'{"payload": "\xff\xfe"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
    ],
)
def test_an_answer_may_be_any_bytes_under_any_status(api: Api, ids: list[str], body: bytes) -> None:
    for code in (200, 502):
        line = {"status": code, "answer": Raw(body), "headers": {"Content-Type": "text/html"}}
        api.sandbox.faults.add(operation="bulkUpdate", applies="none", **line)
        answer = api.upload("this is no bulk file")
        assert (answer.status_code, answer.content) == (code, body)
        assert answer.headers["Content-Type"] == "text/html"
    api.sandbox.faults.add(operation="bulkUpdate", answer=Raw(body))
    assert api.upload(file_of(ids)).content == body
    assert applied(api) == ids


def test_an_answer_may_be_packed_though_nobody_asked_for_it(api: Api) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    line = {"answer": Raw(bomb), "headers": {"Content-Encoding": "gzip"}}
    api.sandbox.faults.add(operation="searchCustomer", **line)
    answer = api.send("POST", "/api/v0/customer/search", json={}, stream=True)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(bomb) < 20_000
    assert len(answer.content) == 10_000_000


def test_a_server_with_narrow_columns_cuts_names(api: Api, ids: list[str]) -> None:
    for operation in ("bulkUpdate", "updateCustomer"):
        api.sandbox.faults.add(operation=operation, cuts_text_at=40)
    name = "A" * 300
    api.upload(f"customerId,legalName,uniqueRefNo\n{ids[0]},{name},{'R' * 300}\n")
    assert (api.customer(ids[0])["legalName"], api.customer(ids[0])["uniqueRefNo"]) == ("A" * 40, "R" * 300)
    assert api.change(ids[1], {"legalName": name}).json()["payload"]["legalName"] == "A" * 40


def test_a_tidying_server_stores_other_values_than_it_was_sent(api: Api, ids: list[str]) -> None:
    api.sandbox.faults.add(operation="bulkUpdate", normalise=True)
    api.sandbox.faults.add(operation="updateCustomer", normalise=True)
    header = "customerId,panOrGstin,contactNumber,address"
    api.upload(f"{header}\n{ids[0]},27aapfu0939f1zv,+91 9876543210,  12 Road \n")
    stored = api.customer(ids[0])
    assert stored["panOrGstin"] == "27AAPFU0939F1ZV"
    assert (stored["contactNumber"], stored["address"]) == ("9876543210", "12 Road")
    answer = api.change(ids[1], {"panOrGstin": " aapfu0939f "})
    assert answer.json()["payload"]["panOrGstin"] == "AAPFU0939F"


def test_the_script_can_be_written_over_http(api: Api, ids: list[str]) -> None:
    login = api.sandbox.credentials
    auth = (login.client_id, login.client_secret)
    line = {"operation": "bulkUpdate", "answer": "status", "status": 500, "applies": 2}
    encoded = {"operation": "bulkUpdate", "answer": {"body": base64.b64encode(b"\xff").decode()}}
    for members in (line, encoded):
        answer = requests.post(f"{api.sandbox.url}/sandbox/faults", json=members, auth=auth, timeout=5)
        assert answer.status_code == 200, answer.text
    assert api.upload(file_of(ids)).status_code == 500
    assert applied(api) == ids[:2]
    assert api.upload(file_of(ids)).content == b"\xff"
    for members in ({"operation": "x"}, {"self": 1}):
        bad = requests.post(f"{api.sandbox.url}/sandbox/faults", json=members, auth=auth, timeout=5)
        assert bad.json()["errorResponse"]["errorType"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "faults"), ("GET", "history"), ("GET", "applied-rows")]
)
def test_the_control_addresses_want_the_client_s_secret(api: Api, method: str, path: str) -> None:
    assert api.send(method, f"/sandbox/{path}", json={}).status_code == 401


def test_history_and_changes_can_be_read_over_http(api: Api, ids: list[str]) -> None:
    api.session.headers["Idempotency-Key"] = "attempt-1"
    api.change(ids[0], {"pinCode": "560001"})
    login = api.sandbox.credentials
    auth = (login.client_id, login.client_secret)
    history = requests.get(f"{api.sandbox.url}/sandbox/history", auth=auth, timeout=5).json()["payload"]
    assert history == api.sandbox.history()
    last = history[-1]
    assert (last["method"], last["operation"], last["status"]) == ("PATCH", "updateCustomer", 200)
    assert last["path"] == f"/api/v0/customer/{ids[0]}"
    assert last["body_bytes"] == len('{"pinCode": "560001"}')
    assert len(last["body_sha256"]) == 64
    assert last["idempotency_headers"] == {"Idempotency-Key": "attempt-1"}
    rows = requests.get(f"{api.sandbox.url}/sandbox/applied-rows", auth=auth, timeout=5).json()["payload"]
    assert rows == api.sandbox.applied_rows()
    assert [row["request_id"] for row in rows] == [last["id"]]
