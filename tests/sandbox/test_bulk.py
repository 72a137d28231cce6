"""The bulk file, from the upload to the result files."""

import csv
import io
from time import perf_counter
from typing import Any

import openpyxl
import pytest
import requests

from arkit.sandbox import Sandbox, identifiers

from .conftest import Api

FIELDS = """failureRequests failure_count failure_count_second_file failure_file_name failure_file_url
successRequests success_count success_file_name success_file_url total_amount total_count warn_count"""
RESPONSE_FIELDS = set(FIELDS.split())


def accepted(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    payload = answer.json()["payload"]
    assert set(payload) == RESPONSE_FIELDS
    assert payload["total_count"] == payload["success_count"] + payload["failure_count"]
    assert payload["successRequests"] == [{}] * payload["success_count"]
    assert payload["failureRequests"] == [{}] * payload["failure_count"]
    assert (payload["total_amount"], payload["failure_count_second_file"]) == (0, 0)
    return payload


def refused(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errorResponse"]["errorType"]


def rows_of(url: str) -> list[dict[str, str]]:
    """A result file, fetched without a token."""
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_good_rows_are_applied_and_bad_rows_are_reported(api: Api, ids: list[str]) -> None:
    before = [api.customer(customer_id) for customer_id in ids[:4]]
    file = (
        "customerId,pinCode,address\n"
        f"{ids[0]},560001,\n"
        f"{ids[1]},56000,elsewhere\n"
        f'{ids[2]},,"12, Market Yard\nPune"\n'
        "KC00000000000000,560001,nowhere\n"
        f"{ids[3]},{before[3]['pinCode']},\n"
    )
    payload = accepted(api.upload(file))
    assert (payload["success_count"], payload["failure_count"], payload["warn_count"]) == (3, 2, 1)
    assert api.customer(ids[0])["pinCode"] == "560001"
    assert api.customer(ids[0])["address"] == before[0]["address"]
    assert api.customer(ids[2])["address"] == "12, Market Yard\nPune"
    assert [api.customer(ids[1]), api.customer(ids[3])] == [before[1], before[3]]
    done, failed = rows_of(payload["success_file_url"]), rows_of(payload["failure_file_url"])
    assert [row["customerId"] for row in done] == [ids[0], ids[2], ids[3]]
    assert list(done[0]) == ["customerId", "pinCode", "address"]
    assert list(failed[0]) == ["customerId", "pinCode", "address", "error"]
    assert ["pinCode" in row["error"] for row in failed] == [True, False]
    assert "customerId" in failed[1]["error"]
    changes = api.sandbox.applied_rows()
    assert [(row["customer_id"], row["field"]) for row in changes] == [
        (ids[0], "pinCode"),
        (ids[2], "address"),
    ]
    uploads = [row for row in api.sandbox.history() if row["operation"] == "bulkUpdate"]
    assert {row["request_id"] for row in changes} == {uploads[0]["id"]}


def test_every_correctable_column_is_stored(api: Api, ids: list[str]) -> None:
    wanted = {
        "legalName": "Ñandú, “Quoted” & Söhne",
        "panOrGstin": identifiers.gstin("27", "AAPFU0939F"),
        "accountNumber": "000123456789",
        "ifsc": "HDFC0000001",
        "address": "somewhere",
        "state": "Kerala",
        "pinCode": "682001",
        "contactNumber": "+91 9876543210",
        "assignedAgent": "A. Agent",
        "branchCodes": "BLR01; DEL01;;",
        "uniqueRefNo": "REF-1",
    }
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["customerId", *wanted], [ids[0], *wanted.values()]])
    payload = accepted(api.upload(text.getvalue().encode("utf-8-sig")))
    assert (payload["success_count"], payload["warn_count"]) == (1, 0)
    assert (payload["failure_file_name"], payload["failure_file_url"]) == ("", "")
    stored = api.customer(ids[0])
    assert {name: stored[name] for name in wanted} == {**wanted, "branchCodes": ["BLR01", "DEL01"]}


def test_a_workbook_is_read_whatever_its_name(api: Api, ids: list[str]) -> None:
    rows = [
        ["customerId", "pinCode", "contactNumber", "address"],
        [ids[0], 560001, 9876543210.0, None],
        [None, None, None, None],
        [ids[1], "560002", "9876543211", "12 Road"],
    ]
    payload = accepted(api.upload(workbook(rows), "corrections.csv"))
    assert (payload["total_count"], payload["success_count"]) == (2, 2)
    assert api.customer(ids[0])["pinCode"] == "560001"
    assert api.customer(ids[0])["contactNumber"] == "9876543210"
    assert api.customer(ids[1])["address"] == "12 Road"


def test_a_cell_in_the_far_corner_of_a_workbook_costs_no_memory(api: Api, ids: list[str]) -> None:
    book = openpyxl.Workbook()
    book.active.append(["customerId", "pinCode"])
    book.active.append([ids[0], "560001"])
    book.active.cell(1_048_576, 16_384, "x")
    content = io.BytesIO()
    book.save(content)
    assert refused(api.upload(content.getvalue())) == (422, "UNPROCESSABLE_REQUEST")


def test_a_row_far_below_the_others_is_read_too(api: Api, ids: list[str]) -> None:
    book = openpyxl.Workbook()
    book.active.append(["customerId", "pinCode"])
    book.active.append([ids[0], 560001])
    book.active.cell(30_000, 1, ids[1])
    book.active.cell(30_000, 2, 560002)
    content = io.BytesIO()
    book.save(content)
    assert accepted(api.upload(content.getvalue()))["success_count"] == 2
    assert api.customer(ids[1])["pinCode"] == "560002"


def test_no_file_and_no_table_are_client_request_errors(api: Api) -> None:
    path = "/api/v0/customer/bulk/update"
    answers = [
        api.send("POST", path),
        api.send("POST", path, json={}),
        api.send("POST", path, files={"other": ("a.csv", "customerId,pinCode\n")}),
        api.send("POST", path, data=b"--b\r\n", headers={"Content-Type": "multipart/form-data; boundary=b"}),
        api.send("POST", path, data=b"x", headers={"Content-Type": "multipart/form-data"}),
        api.upload("customerId,address\nK,é\n".encode("latin-1")),
        api.upload(b"%PDF-1.7\n\0\0\0"),
        api.upload(b"PK\x03\x04 no workbook"),
        api.upload('customerId,address\nK,"open'),
    ]
    assert [refused(answer) for answer in answers] == [(400, "CLIENT_REQUEST_ERROR")] * len(answers)


def test_a_multipart_body_cut_before_its_end_is_refused(api: Api, ids: list[str]) -> None:
    part = 'Content-Disposition: form-data; name="file"; filename="a.csv"'
    whole = (
        f"--b\r\n{part}\r\n\r\ncustomerId,pinCode\n{ids[0]},560001\n{ids[1]},560002\n\r\n--b--\r\n".encode()
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    for length in range(len(whole) - 9):
        answer = api.send("POST", "/api/v0/customer/bulk/update", data=whole[:length], headers=headers)
        assert refused(answer) == (400, "CLIENT_REQUEST_ERROR"), whole[:length]
    assert api.sandbox.applied_rows() == []


@pytest.mark.parametrize(
    "file",
    [
        "",
        "pinCode\n560001\n",
        "customerId\nKC00000000000000\n",
        "customerId,pin code\nKC00000000000000,560001\n",
        "customerId,status\nKC00000000000000,ACTIVE\n",
        "customerId,pinCode,pinCode\nKC00000000000000,560001,560002\n",
        "customerId,pinCode\nKC00000000000000,560001,x\n",
        "customerId,pinCode\nKC00000000000000\n",
        "customerId;pinCode\nKC00000000000000;560001\n",
        "customerId,pinCode\n" + "KC00000000000000,560001\n" * 5001,
    ],
)
def test_a_table_that_cannot_be_applied_is_unprocessable(api: Api, file: str) -> None:
    assert refused(api.upload(file)) == (422, "UNPROCESSABLE_REQUEST")
    assert api.sandbox.applied_rows() == []


def test_a_file_that_fails_anywhere_as_a_whole_changes_nothing(api: Api, ids: list[str]) -> None:
    answer = api.upload(f"customerId,pinCode\n{ids[0]},560001\n{ids[1]},560002,3\n")
    assert refused(answer) == (422, "UNPROCESSABLE_REQUEST")
    assert "row 3" in answer.json()["errorResponse"]["errorMessage"]
    assert api.sandbox.applied_rows() == []


def test_a_header_without_rows_does_nothing(api: Api) -> None:
    payload = accepted(api.upload("customerId,pinCode\n"))
    assert (payload["total_count"], payload["success_file_url"]) == (0, "")


def test_rows_of_one_customer_are_applied_in_their_order(api: Api, ids: list[str]) -> None:
    accepted(api.upload(f"customerId,pinCode\n{ids[0]},560001\n{ids[0]},560002\n"))
    assert api.customer(ids[0])["pinCode"] == "560002"
    assert [row["after"] for row in api.sandbox.applied_rows()] == ["560001", "560002"]


def test_five_thousand_rows_are_applied_in_a_few_seconds(api: Api, ids: list[str]) -> None:
    rows = [f"{ids[number % 8]},{560000 + number},{number} Road" for number in range(5000)]
    start = perf_counter()
    payload = accepted(api.upload("customerId,pinCode,address\n" + "\n".join(rows)))
    assert perf_counter() - start < 8
    assert payload["success_count"] == 5000
    assert len(rows_of(payload["success_file_url"])) == 5000


def test_result_files_outlive_the_server(tmp_path: Any) -> None:
    with Sandbox(db=tmp_path / "x.db", customers=2, invoices=0) as sandbox:
        api = Api(sandbox)
        url = accepted(api.upload("customerId,pinCode\nKC00000000000000,560001\n"))["failure_file_url"]
        assert url.startswith(f"{sandbox.url}/files/")
        api.session.close()
    with Sandbox(db=tmp_path / "x.db") as sandbox:
        token = url.rpartition("/")[2]
        assert len(rows_of(f"{sandbox.url}/files/{token}")) == 1
        assert requests.get(f"{sandbox.url}/files/{token}x", timeout=10).status_code == 404
