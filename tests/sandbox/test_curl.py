"""The main job by hand: log in, upload a bulk file and fetch the result files, with nothing but curl."""

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from .conftest import Api
from .contract import errors_against

# Every field of BulkResponse, with the types that JSON gives them.
FIELDS: dict[str, type | tuple[type, ...]] = {
    "failureRequests": list,
    "failure_count": int,
    "failure_count_second_file": int,
    "failure_file_name": str,
    "failure_file_url": str,
    "successRequests": list,
    "success_count": int,
    "success_file_name": str,
    "success_file_url": str,
    "total_amount": (int, float),
    "total_count": int,
    "warn_count": int,
}


def curl(*arguments: str) -> bytes:
    """What curl receives; an answer other than 200 is an error."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed: the upload with a foreign client is not tested")
    command = [program, "--silent", "--show-error", "--fail-with-body", "--noproxy", "*", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def token(api: Api) -> str:
    login = api.sandbox.credentials
    form = {
        "username": login.username,
        "password": login.password,
        "grant_type": "password",
        "clientId": login.company_id,
    }
    fields = [part for name, value in form.items() for part in ("--data-urlencode", f"{name}={value}")]
    user = f"{login.client_id}:{login.client_secret}"
    answer = json.loads(curl("--user", user, *fields, f"{api.sandbox.url}/oauth/token"))
    assert errors_against("TokenResponse", answer) == []
    return str(answer["access_token"])


def rows_by_key(url: str) -> dict[str, dict[str, str]]:
    text = curl(url).decode()
    return {row["customerId"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


def sent(api: Api, method: str, path: str, body: dict[str, Any]) -> Any:
    """The payload that comes back for a JSON body."""
    headers = [f"Authorization: Bearer {token(api)}", "Content-Type: application/json"]
    given = [part for header in headers for part in ("--header", header)]
    answer = curl("--request", method, *given, "--data", json.dumps(body), api.sandbox.url + path)
    return json.loads(answer)["payload"]


def write(path: Path, rows: list[list[Any]]) -> None:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        return
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


@pytest.mark.parametrize("name", ["corrections.csv", "corrections.xlsx"])
def test_a_file_uploaded_with_curl_is_answered_as_the_contract_says(
    api: Api, ids: list[str], tmp_path: Path, name: str
) -> None:
    good, bad, same = ids[:3]
    before = {customer_id: api.customer(customer_id) for customer_id in (good, bad, same)}
    # Numbers stand in number cells of the workbook.
    rows = [
        ["customerId", "pinCode", "address"],
        [good, 560001, "12, Market Yard, “Pune”"],
        [bad, 56000, "elsewhere"],
        [same, int(before[same]["pinCode"]), None],
    ]
    write(tmp_path / name, rows)
    company = api.sandbox.credentials.company_id
    answer = json.loads(
        curl(
            "--header", f"Authorization: Bearer {token(api)}",
            "--form", f"file=@{tmp_path / name}",
            f"{api.sandbox.url}/api/v0/customer/bulk/update?parentCompanyId={company}",
        )
    )  # fmt: skip

    assert errors_against("BulkResponseEnvelope", answer) == []
    assert (answer["errorResponse"], answer["response_code"]) == (None, 0)
    payload = answer["payload"]
    assert errors_against("BulkResponse", payload) == []
    assert set(payload) == set(FIELDS)
    assert [field for field, kind in FIELDS.items() if not isinstance(payload[field], kind)] == []
    counts = {field: payload[field] for field in FIELDS if field.endswith("_count")}
    assert counts == {"total_count": 3, "success_count": 2, "failure_count": 1, "warn_count": 1}
    assert (len(payload["successRequests"]), len(payload["failureRequests"])) == (2, 1)

    assert payload["success_file_name"] != payload["failure_file_name"]
    succeeded, failed = rows_by_key(payload["success_file_url"]), rows_by_key(payload["failure_file_url"])
    assert succeeded == {
        good: {"customerId": good, "pinCode": "560001", "address": "12, Market Yard, “Pune”"},
        same: {"customerId": same, "pinCode": before[same]["pinCode"], "address": ""},
    }
    assert set(failed) == {bad}
    assert failed[bad].pop("error").startswith("pinCode ")
    assert failed[bad] == {"customerId": bad, "pinCode": "56000", "address": "elsewhere"}

    assert api.customer(good)["pinCode"] == "560001"
    assert [api.customer(bad), api.customer(same)] == [before[bad], before[same]]


def test_a_customer_is_made_and_sent_an_invoice_with_curl(api: Api) -> None:
    person = {"deleted": False, "legalName": "Example Traders", "name": "A. Analyst", "mobile": "9000000000"}
    body = {"legalName": "Example Traders", "customerKeyContacts": [{**person, "sms_enabled": True}]}
    customer = sent(api, "POST", "/api/v0/customer", body)
    assert errors_against("CustomerRead", customer) == []
    order = {"customerId": customer["customerId"], "baseAmount": 1000.5, "igst": 180.09}
    order["dueDate"] = "2027-01-31"
    invoice = sent(api, "POST", "/api/v0/invoice", order)
    assert errors_against("Invoice", invoice) == []
    assert (invoice["netAmount"], invoice["dispatched"]) == (1180.59, False)
    sent(api, "POST", "/api/v0/invoice/bulk/dispatch", {"invoiceIds": [invoice["invoiceId"]]})
    (message,) = [m for m in api.sandbox.messages() if m["invoice_id"] == invoice["invoiceId"]]
    assert (message["kind"], message["channel"]) == ("DISPATCH", "sms")
