"""Files that go up in one piece: what they do, and what is made of the server's word for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from wire.conftest import Seen, behind_log_in, envelope, profile_of

from arkit.client import Client
from arkit.errors import ApiError, UsageError
from arkit.resources import BulkAnswer
from arkit.sandbox import Sandbox

from .conftest import ClientOf, Json, Plain, Serve, changes

Upload = Callable[[Client, Any], BulkAnswer]

UPLOADS: dict[str, Upload] = {
    "/api/v0/customer/bulk": lambda client, file: client.customers.bulk_create(file),
    "/api/v0/customer/bulk/update": lambda client, file: client.customers.bulk_update(file),
    "/api/v0/invoice/bulk/create": lambda client, file: client.invoices.bulk_create(file),
}
each_upload = pytest.mark.parametrize("path", UPLOADS)


@pytest.fixture
def customer(plain: Plain) -> Json:
    return plain.all("customer")[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("customerId,pinCode\nKC00000000000000,122001\n")
    return path


def counts(answer: BulkAnswer) -> tuple[int | None, int | None, int | None]:
    return answer.total_count, answer.success_count, answer.failure_count


# What they do


def test_a_file_of_customers_makes_them(writer: Client, plain: Plain, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text(
        "uniqueRefNo,legalName,name,mobile\nREF-1,Asha Traders,Asha,9812345678\nREF-2,Dev,Dev,no phone\n"
    )
    answer = writer.customers.bulk_create(path)
    assert counts(answer) == (2, 1, 1)
    references = {each["uniqueRefNo"]: each["legalName"] for each in plain.all("customer")}
    assert references["REF-1"] == "Asha Traders"
    assert "REF-2" not in references
    assert b"REF-2" in writer.calls.result_file(str(answer.failure_file_url))


@pytest.mark.parametrize("kind", ["csv", "xlsx", "CSV"])
def test_a_file_of_corrections_is_carried_out(
    writer: Client, own: Sandbox, customer: Json, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"corrections.{kind}"
    rows = [["customerId", "pinCode"], [customer["customerId"], "122009"], ["KC00000000000000", "122001"]]
    if kind == "xlsx":
        book = Workbook()
        for row in rows:
            book.worksheets[0].append(row)
        book.save(path)
    else:
        path.write_text("\n".join(",".join(row) for row in rows))
    answer = writer.customers.bulk_update(str(path))
    assert counts(answer) == (2, 1, 1)
    assert changes(own) == {(customer["customerId"], "pinCode", "122009")}


def test_a_file_of_invoices_makes_them(writer: Client, plain: Plain, customer: Json, tmp_path: Path) -> None:
    path = tmp_path / "invoices.csv"
    row = f"SO-1,{customer['customerId']},1000.10,2027-01-31"
    path.write_text(f"externalId,customerId,baseAmount,dueDate\n{row}\n")
    assert counts(writer.invoices.bulk_create(path)) == (1, 1, 0)
    (made,) = [each for each in plain.all("invoice") if each["externalId"] == "SO-1"]
    assert (made["customerId"], str(made["baseAmount"])) == (customer["customerId"], "1000.10")


# What goes out


@each_upload
def test_a_file_goes_out_once_as_it_is_and_under_its_name(
    serve: Serve, client_of: ClientOf, tmp_path: Path, path: str
) -> None:
    server = serve(behind_log_in(lambda request: [envelope(None)]))
    content = bytes(range(256)) * 100 + b"\r\n--\r\n"
    file = tmp_path / "für Asha, März.csv"
    file.write_bytes(content)
    UPLOADS[path](client_of(profile_of(server.url)), file)
    (seen,) = server.seen[1:]
    assert seen.line.split("?")[0].split(" ")[:2] == ["POST", path]
    head = b'name="file"; filename="%s"\r\nContent-Type: text/csv\r\n\r\n' % file.name.encode()
    assert head + content + b"\r\n" in seen.body


@pytest.mark.parametrize(
    ("upload", "query"),
    [
        (lambda client, file: client.customers.bulk_create(file), "companyId=CEKTEST0001"),
        (lambda client, file: client.customers.bulk_create(file, company_id="CEK2"), "companyId=CEK2"),
        (lambda client, file: client.customers.bulk_update(file), ""),
        (
            lambda client, file: client.customers.bulk_update(file, parent_company_id="CEK2"),
            "parentCompanyId=CEK2",
        ),
        (lambda client, file: client.invoices.bulk_create(file, seller_id="CEK2"), "sellerId=CEK2"),
    ],
)
def test_the_company_is_the_profile_s_own_where_one_must_be_named(
    serve: Serve, client_of: ClientOf, file: Path, upload: Upload, query: str
) -> None:
    server = serve(behind_log_in(lambda request: [envelope(None)]))
    upload(client_of(profile_of(server.url)), file)
    assert server.seen[-1].line.split(" ")[1].partition("?")[2] == query


@each_upload
@pytest.mark.parametrize("name", ["missing.csv", "rows.txt", "rows", "folder.csv", "rows.xls"])
def test_what_is_no_file_of_a_known_kind_is_refused_before_anything_is_sent(
    client: Client, sandbox: Sandbox, tmp_path: Path, path: str, name: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    for other in ("rows.txt", "rows", "rows.xls"):
        (tmp_path / other).write_text("customerId\n")
    before = len(sandbox.history())
    with pytest.raises(UsageError) as caught:
        UPLOADS[path](client, tmp_path / name)
    assert (caught.value.where, caught.value.exit_code) == (name, 2)
    assert len(sandbox.history()) == before


# What comes back


FIELDS = (
    "total_count",
    "success_count",
    "failure_count",
    "warn_count",
    "success_file_url",
    "failure_file_url",
)
ADDRESSES = {"success_file_url": "https://files.example/s", "failure_file_url": "https://files.example/f"}


def answered(serve: Serve, client_of: ClientOf, file: Path, payload: Any) -> BulkAnswer:
    def answer(request: Seen) -> list[Any]:
        return [envelope(payload)]

    return client_of(profile_of(serve(behind_log_in(answer)).url)).customers.bulk_update(file)


def test_counts_and_addresses_are_the_server_s(serve: Serve, client_of: ClientOf, file: Path) -> None:
    said = {"total_count": 3, "success_count": 2, "failure_count": 1, "warn_count": 0, **ADDRESSES}
    answer = answered(serve, client_of, file, said | {"total_amount": 7.5, "failureRequests": [{}]})
    assert {name: getattr(answer, name) for name in FIELDS} == said


def test_an_address_that_lets_anybody_in_is_not_shown(serve: Serve, client_of: ClientOf, file: Path) -> None:
    answer = answered(serve, client_of, file, {"total_count": 3, **ADDRESSES})
    assert "files.example" not in f"{answer!r} {answer}"
    assert "total_count=3" in repr(answer)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        [],
        "accepted",
        {"total_count": "3", "success_count": True, "failure_count": 1.0, "warn_count": None},
        {"success_file_url": 7, "failure_file_url": None, "totalCount": 3},
    ],
)
def test_what_the_server_does_not_say_is_none(
    serve: Serve, client_of: ClientOf, file: Path, payload: Any
) -> None:
    answer = answered(serve, client_of, file, payload)
    assert [getattr(answer, name) for name in FIELDS] == [None] * len(FIELDS)


@each_upload
def test_a_file_that_the_server_refuses_is_its_error(
    writer: Client, own: Sandbox, tmp_path: Path, path: str
) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("colour\nred\n")
    with pytest.raises(ApiError) as caught:
        UPLOADS[path](writer, file)
    assert 400 <= caught.value.status < 500
    assert caught.value.server_state == "known"
    assert own.applied_rows() == []
