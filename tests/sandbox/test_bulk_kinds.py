"""The bulk files that make customers and invoices; test_bulk.py has what all bulk files share."""

import csv
import io
from datetime import date
from time import perf_counter
from typing import Any

import openpyxl
import pytest
import requests

from .conftest import Api
from .contract import errors_against


def upload(api: Api, path: str, content: bytes | str, **query: str) -> requests.Response:
    return api.send("POST", path, files={"file": ("new.csv", content)}, params=query)


def customers(api: Api, content: bytes | str) -> requests.Response:
    own = api.sandbox.credentials.company_id
    return upload(api, "/api/v0/customer/bulk", content, companyId=own)


def invoices(api: Api, content: bytes | str) -> requests.Response:
    return upload(api, "/api/v0/invoice/bulk/create", content)


def answered(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert errors_against("BulkResponseEnvelope", answer.json()) == []
    payload: dict[str, Any] = answer.json()["payload"]
    assert payload["total_count"] == payload["success_count"] + payload["failure_count"]
    return payload


def counts(payload: dict[str, Any]) -> tuple[int, int, int]:
    return payload["success_count"], payload["failure_count"], payload["warn_count"]


def rows_of(url: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(requests.get(url, timeout=10).text, newline="")))


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_customer_with_his_contact_is_made_of_each_good_row(api: Api) -> None:
    file = (
        "uniqueRefNo,legalName,name,mobile,email,mail_enabled,sms_enabled,pinCode,panOrGstin\n"
        "R-1,Example Traders,A. Analyst,9000000000,a@example.com,true,No,411001,AAPFU0939F\n"
        "R-2,Second,B. Buyer,9000000001,,,,,\n"
        "R-3,,C. Clerk,90000,not an address,perhaps,,4110,x\n"
    )
    payload = answered(customers(api, file))
    assert counts(payload) == (2, 1, 0)
    done, (failed,) = rows_of(payload["success_file_url"]), rows_of(payload["failure_file_url"])
    assert [row["uniqueRefNo"] for row in done] == ["R-1", "R-2"]
    for wrong in ("legalName", "mobile", "email", "mail_enabled", "pinCode", "panOrGstin"):
        assert f"{wrong} " in failed["error"]

    first, second = (api.customer(row["customerId"]) for row in done)
    assert (first["legalName"], first["uniqueRefNo"], first["status"]) == ("Example Traders", "R-1", "ACTIVE")
    assert first["companyId"] == api.sandbox.credentials.company_id
    (person,) = first["customerKeyContacts"]
    assert person == {
        **person,
        "legalName": "Example Traders",
        "name": "A. Analyst",
        "mobile": "9000000000",
        "email": "a@example.com",
        "mail_enabled": True,
        "sms_enabled": False,
        "whatsapp_enabled": None,
    }
    assert (second["pinCode"], second["panOrGstin"]) == (None, None)
    assert api.customers()["totalCount"] == 10


def test_an_invoice_is_made_of_each_good_row(api: Api, ids: list[str]) -> None:
    file = (
        "externalId,customerId,baseAmount,igst,dueDate,invoiceNumber,invoiceDate,gstExclusive,dispatchNow\n"
        f"E-1,{ids[0]},1000.50,180.09,2027-01-31,X-1,2026-09-01,,yes\n"
        f"E-2,{ids[1]},500,90,2027-01-31,,,false,\n"
        f"E-3,{ids[1]},0.05,a lot,2027-02-30,,,perhaps,\n"
        "E-4,KC00000000000000,10,,2027-01-31,,,,\n"
        f"E-5,{ids[1]},,,2027-01-31,,,,\n"
    )
    payload = answered(invoices(api, file))
    assert counts(payload) == (2, 3, 0)
    assert payload["total_amount"] == 1680.59
    done, failed = rows_of(payload["success_file_url"]), rows_of(payload["failure_file_url"])
    first, second = (api.send("GET", f"/api/v0/invoice/{row['invoiceId']}").json()["payload"] for row in done)
    assert (first["customerId"], first["externalId"], first["invoiceNumber"]) == (ids[0], "E-1", "X-1")
    assert (first["netAmount"], first["invoiceDate"][:10]) == (1180.59, "2026-09-01")
    assert (first["dispatched"], second["dispatched"]) == (True, False)
    assert (second["netAmount"], second["via"]) == (500.00, "BULK_UPLOAD")
    assert second["invoiceNumber"].startswith("AR/26-27/")
    dispatches = [message for message in api.sandbox.messages() if message["kind"] == "DISPATCH"]
    assert {message["invoice_id"] for message in dispatches} == {first["invoiceId"]}
    assert [row["externalId"] for row in failed] == ["E-3", "E-4", "E-5"]
    for wrong in ("baseAmount", "igst", "dueDate", "gstExclusive"):
        assert f"{wrong} must" in failed[0]["error"]
    assert "customerId is not" in failed[1]["error"]
    assert failed[2]["error"] == "baseAmount is missing"


def test_a_workbook_with_numbers_dates_and_truth_values_is_read(api: Api, ids: list[str]) -> None:
    rows = [
        ["customerId", "baseAmount", "dueDate", "partialPaymentAllowed", "mobileNumber"],
        [ids[0], 1000.5, date(2027, 1, 31), True, 9000000000],
    ]
    (row,) = rows_of(answered(invoices(api, workbook(rows)))["success_file_url"])
    invoice = api.send("GET", f"/api/v0/invoice/{row['invoiceId']}").json()["payload"]
    assert (invoice["baseAmount"], invoice["dueDate"]) == (1000.5, "2027-01-31")
    assert invoice["partialPaymentAllowed"]


def test_each_new_record_is_one_row_of_the_history(api: Api, ids: list[str]) -> None:
    answered(customers(api, "legalName,name,mobile,uniqueRefNo\nA,B,9000000000,R-1\nA,B,9000000000,R-1\n"))
    file = f"customerId,baseAmount,dueDate,externalId\n{ids[0]},10,2027-01-31,E-1\n"
    for _ in range(2):
        answered(invoices(api, file))
    made = [row for row in api.sandbox.applied_rows() if row["field"] == "created"]
    assert [row["after"].get("uniqueRefNo") for row in made] == ["R-1", "R-1", None, None]
    assert [row["after"].get("externalId") for row in made] == [None, None, "E-1", "E-1"]
    assert [row["kind"] for row in made] == ["customer", "customer", "invoice", "invoice"]


@pytest.mark.parametrize(
    "file",
    ["", "legalName,name\nA,B\n", "legalName,name,mobile,status\nA,B,9000000000,ACTIVE\n"],
)
def test_a_table_that_cannot_be_applied_makes_nobody(api: Api, file: str) -> None:
    answer = customers(api, file)
    assert answer.status_code == 422
    assert answer.json()["errorResponse"]["errorType"] == "UNPROCESSABLE_REQUEST"
    assert api.sandbox.applied_rows() == []


@pytest.mark.parametrize(
    ("path", "query", "status", "error_type"),
    [
        ("customer/bulk", {}, 400, "VALIDATION_ERROR"),
        ("customer/bulk", {"companyId": "CEK0000000"}, 403, "INVALID_ACCESS"),
        ("customer/bulk", {"parentCompanyId": "CEK0000000"}, 400, "VALIDATION_ERROR"),
        ("invoice/bulk/create", {"sellerId": "CEK0000000"}, 403, "INVALID_ACCESS"),
        ("invoice/bulk/create", {"sellerId": "CEK1"}, 400, "VALIDATION_ERROR"),
    ],
)
def test_the_company_is_looked_at_before_the_file(
    api: Api, path: str, query: dict[str, str], status: int, error_type: str
) -> None:
    answer = upload(api, f"/api/v0/{path}", "no table", **query)
    assert (answer.status_code, answer.json()["errorResponse"]["errorType"]) == (status, error_type)


def test_what_lands_of_a_file_bears_the_ids_that_were_answered(api: Api) -> None:
    rows = "".join(f"Customer {number},B,9000000000,R-{number}\n" for number in range(5))
    api.sandbox.faults.add(operation="createBulkCustomer", applies=3, lying_counts=True)
    payload = answered(customers(api, f"legalName,name,mobile,uniqueRefNo\n{rows}"))
    assert counts(payload) == (5, 0, 0)
    promised = rows_of(payload["success_file_url"])
    there = {row["record_id"]: row["after"]["uniqueRefNo"] for row in api.sandbox.applied_rows()}
    assert there == {row["customerId"]: row["uniqueRefNo"] for row in promised[:3]}


def test_five_thousand_invoices_are_made_in_a_few_seconds(api: Api, ids: list[str]) -> None:
    rows = "".join(f"{ids[number % 8]},{number + 1}.25,2027-01-31\n" for number in range(5000))
    start = perf_counter()
    payload = answered(invoices(api, f"customerId,baseAmount,dueDate\n{rows}"))
    assert perf_counter() - start < 8
    assert payload["success_count"] == 5000
    numbers = [
        invoice["invoiceNumber"] for invoice in api.invoices({"createdVia": "BULK_UPLOAD"})["invoices"]
    ]
    assert len(set(numbers)) == len(numbers) >= 5000
