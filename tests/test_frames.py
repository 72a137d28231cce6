"""Records as frames: the declared columns always, the others kept, nothing guessed."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arkit import columns, frames
from arkit.errors import ContractError
from arkit.money import RUPEES

INVOICE = {
    "invoiceId": "I1",
    "invoiceDate": "2026-08-24T19:15:22Z",
    "dueDate": "2026-09-30",
    "netAmount": Decimal("1234567890123456.78"),
    "cgst": 9,
    "receivableStatus": {"label": "Paid", "name": "PAID"},
    "dispatched": True,
    "dispatchedOn": "2026-08-24T14:15:22.5Z",
    "createdOn": "2026-08-24 14:15:22",
    "description": "Spares",
}


def to_frame(records: list[dict[str, Any]], model: Any) -> pd.DataFrame:
    return frames.to_frame(columns.from_records(records, frames.grain(model)), model)


def invoice(**members: Any) -> "pd.Series[Any]":
    return to_frame([{**INVOICE, **members}], frames.Invoices).iloc[0]


@pytest.mark.parametrize("model", [frames.Customers, frames.Invoices])
def test_a_frame_without_rows_has_all_columns_and_their_types(model: Any) -> None:
    empty = to_frame([], model)
    identity = columns.camel(next(iter(model.to_schema().columns)))
    full = to_frame([{identity: "X1"}], model)
    assert list(empty.columns) == list(model.to_schema().columns) == list(full.columns)
    assert empty.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()
    assert len(empty) == 0


def test_each_column_has_its_type_even_when_nothing_is_in_it() -> None:
    dtypes = to_frame([], frames.Invoices).dtypes
    assert dtypes["net_amount"] == RUPEES
    kinds = dtypes.astype(str)[["due_date", "created_on", "receivable_status", "dispatched", "invoice_id"]]
    assert kinds.tolist() == [
        "date32[day][pyarrow]",
        "datetime64[us, Asia/Kolkata]",
        "category",
        "boolean",
        "str",
    ]


def test_a_record_becomes_a_row_of_exact_values() -> None:
    row = invoice()
    assert row["net_amount"] == Decimal("1234567890123456.78")
    assert row["cgst"] == Decimal("9.00")
    # Late on the 24th in London is the 25th in India.
    assert row["invoice_date"] == dt.date(2026, 8, 25)
    assert row["due_date"] == dt.date(2026, 9, 30)
    assert row["dispatched_on"] == pd.Timestamp("2026-08-24T14:15:22.5Z")
    assert row["created_on"] == pd.Timestamp("2026-08-24 14:15:22", tz="Asia/Kolkata")
    assert row["receivable_status"] == "PAID"
    assert bool(row["dispatched"])
    assert pd.isna(row["po_number"])
    assert pd.isna(row["total_received"])


@pytest.mark.parametrize("text", ["2026-08-24T14:15:22+05:30", "2026-08-24T08:45:22.000+0000"])
def test_an_instant_may_have_any_zone(text: str) -> None:
    assert invoice(createdOn=text)["created_on"] == pd.Timestamp("2026-08-24T08:45:22Z")


@pytest.mark.parametrize("member", ["dueDate", "createdOn"])
def test_an_empty_text_is_no_date(member: str) -> None:
    assert pd.isna(invoice(**{member: ""})[columns.snake(member)])


PLANTED = "Ramesh 9876543210"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *(
            ("netAmount", value)
            for value in [PLANTED, "1.00", 1.5, True, Decimal("1.005"), 10**16, 10**40, [1]]
        ),
        *(("dueDate", value) for value in [PLANTED, "30/09/2026", 20260930, 1790726400000, True, {}]),
        *(("createdOn", value) for value in [PLANTED, "now", "01/02/2026 10:00", 1790726400000, True, []]),
        *(("dispatched", value) for value in [PLANTED, "true", 1, 0, {}]),
        *(("description", value) for value in [98765, Decimal("1.5"), True, {"text": PLANTED}, [PLANTED, 1]]),
        *(("receivableStatus", value) for value in [1, {"label": PLANTED, "name": 1}, {"code": PLANTED}]),
        *(("invoiceId", value) for value in [None, 1, {}]),
    ],
)
def test_a_value_of_another_kind_is_named_by_its_member_and_not_repeated(member: str, value: Any) -> None:
    records = [INVOICE, {**INVOICE, "invoiceId": "I2", member: value}]
    with pytest.raises(ContractError) as caught:
        to_frame(records, frames.Invoices)
    assert caught.value.where == f"invoices.{member}"
    assert caught.value.exit_code == 9
    assert PLANTED not in str(caught.value)
    assert str(value) not in caught.value.message or value in (0, 1, True, None)


def test_the_record_at_fault_is_numbered() -> None:
    with pytest.raises(ContractError, match="record 1 does not hold"):
        to_frame([{"customerId": "K1"}, {"customerId": "K2", "legalName": 7}], frames.Customers)


def test_two_records_of_one_id_are_refused() -> None:
    with pytest.raises(ContractError, match=r"customers\.customerId"):
        to_frame([{"customerId": "K1"}, {"customerId": "K1"}], frames.Customers)


def test_members_of_another_grain_are_no_columns() -> None:
    record = {"customerId": "K1", "customerKeyContacts": [{"name": "Asha"}], "customerReminders": []}
    frame = to_frame([record], frames.Customers)
    assert list(frame.columns) == list(frames.Customers.to_schema().columns)


def test_members_that_nobody_declared_follow_in_the_dtypes_of_their_kind() -> None:
    records = [
        {"customerId": "K1", "creditLimit": Decimal("5000.10"), "segment": {"label": "Big", "name": "BIG"}},
        {"customerId": "K2", "tags": ["north", "old"], "vip": True, "nested": {"a": 1}, "segment": None},
        {"customerId": "K3", "orders": 2**53 + 1},
    ]
    frame = to_frame(records, frames.Customers)
    declared = list(frames.Customers.to_schema().columns)
    extra = {
        "credit_limit": "decimal128(38, 9)[pyarrow]",
        "segment": "str",
        "tags": "str",
        "vip": "boolean",
        "nested": "str",
        "orders": "Int64",
    }
    assert list(frame.columns) == [*declared, *extra]
    assert frame.dtypes.astype(str)[list(extra)].to_dict() == extra
    assert frame["credit_limit"].iloc[0] == Decimal("5000.10")
    assert frame["orders"].iloc[2] == 2**53 + 1
    assert frame["segment"].iloc[0] == "BIG"
    assert frame["tags"].iloc[1] == "north;old"
    assert frame["nested"].iloc[1] == '{"a":1}'
    assert frame[list(extra)].isna().sum().tolist() == [2] * len(extra)


@pytest.mark.parametrize("members", [{"net_amount": 1}, {"taxCode": "a", "tax_code": "b"}])
def test_two_members_for_one_column_are_refused(members: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match="two members stand for one column"):
        invoice(**members)


def test_branch_codes_are_joined_and_statuses_nobody_knows_are_kept() -> None:
    records = [
        {"customerId": "K1", "branchCodes": ["BLR01", "BOM01"], "status": "ACTIVE"},
        {"customerId": "K2", "branchCodes": [], "status": {"label": "On hold", "name": "ON_HOLD"}},
        {"customerId": "K3"},
    ]
    frame = to_frame(records, frames.Customers)
    assert frame["branch_codes"].tolist()[:2] == ["BLR01;BOM01", ""]
    assert frame["status"].tolist()[:2] == ["ACTIVE", "ON_HOLD"]
    assert frame["status"].dtype == "category"
    assert frame.loc[2, ["branch_codes", "status"]].isna().all()


def test_identifiers_stay_text() -> None:
    frame = to_frame([{"customerId": "K1", "accountNumber": "00012345678901234567"}], frames.Customers)
    assert frame["account_number"].iloc[0] == "00012345678901234567"


@pytest.mark.parametrize("model", [frames.Customers, frames.Invoices])
def test_each_column_s_name_leads_to_its_member_and_back(model: Any) -> None:
    for name in model.to_schema().columns:
        assert columns.snake(columns.camel(name)) == name


@settings(max_examples=30)
@given(amounts=st.lists(st.integers(-(10**18) + 1, 10**18 - 1), max_size=5))
def test_amounts_arrive_to_the_paisa(amounts: list[int]) -> None:
    records = [
        {"invoiceId": str(place), "netAmount": Decimal(amount).scaleb(-2)}
        for place, amount in enumerate(amounts)
    ]
    column = to_frame(records, frames.Invoices)["net_amount"]
    assert [int(amount.scaleb(2)) for amount in column] == amounts


@pytest.mark.parametrize("records", [[], [{"customerId": "K1"}, {"customerId": "K2", "status": None}]])
def test_the_statuses_of_a_frame_without_any_are_text_all_the_same(records: list[dict[str, Any]]) -> None:
    full = to_frame([{"customerId": "K1", "status": "ACTIVE"}], frames.Customers)
    frame = to_frame(records, frames.Customers)
    assert frame["status"].cat.categories.dtype == full["status"].cat.categories.dtype
    assert [*frame.dtypes.drop("status")] == [*full.dtypes.drop("status")]
    assert frame["status"].isna().all()
