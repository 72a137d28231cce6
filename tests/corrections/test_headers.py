"""Headers: which column is which field, and what is never taken for granted."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.corrections import headers
from arkit.corrections.checks import check
from arkit.corrections.headers import ALIASES, REASON_COLUMN, WEIGHTY
from arkit.corrections.kinds import KINDS, Kind
from arkit.corrections.sheets import folded
from arkit.errors import UsageError

from .tables import sheet, write

ID = "KC00000000000001"
UPDATE = KINDS["customer-update"]


def mapped(
    *names: str,
    kind: str = "customer-update",
    said: dict[str, str] | None = None,
    is_accepted: bool = False,
    confirmed: dict[int, str] | None = None,
) -> headers.Mapped:
    read = sheet({name: ["x"] for name in names})
    return headers.mapped(
        read, KINDS[kind], said=said or {}, is_accepted=is_accepted, confirmed=confirmed or {}
    )


def rules(found: headers.Mapped) -> list[tuple[str, str]]:
    return [(remark.rule, remark.found) for remark in found.remarks]


@pytest.mark.parametrize("kind", KINDS)
def test_the_api_s_own_names_are_fields_without_a_remark(kind: str) -> None:
    names = KINDS[kind].headers
    found = mapped(*names, kind=kind)
    assert found.fields == list(names)
    assert not found.remarks


@pytest.mark.parametrize("name", ["PINCODE", "pin code", "Pin-Code", "PIN", " pincode ", "ＰＩＮ"])
def test_a_field_of_little_weight_is_known_however_it_is_written_and_that_is_said(name: str) -> None:
    found = mapped("customerId", name)
    assert found.fields == ["customerId", "pinCode"]
    assert rules(found) == [("header_mapped", "pinCode")]


@pytest.mark.parametrize(
    ("kind", "name", "field"),
    [
        ("customer-update", "Customer ID", "customerId"),
        ("customer-update", "GSTIN", "panOrGstin"),
        ("customer-update", "account number", "accountNumber"),
        ("customer-update", "A/C No.", "accountNumber"),
        ("customer-update", "IFSC Code", "ifsc"),
        ("customer-update", "Ref No", "uniqueRefNo"),
        ("invoice-create", "Amount", "baseAmount"),
        ("invoice-create", "CGST", "cgst"),
        ("invoice-create", "Total", "netAmount"),
        ("invoice-create", "Bill No.", "invoiceNumber"),
        ("invoice-create", "TDS amount", "tds"),
    ],
)
def test_money_and_identifiers_are_proposed_and_wait_for_somebody_to_accept_them(
    kind: str, name: str, field: str
) -> None:
    found = mapped(name, kind=kind)
    assert found.fields == [""]
    assert ("header_proposed", field) in rules(found)
    accepted = mapped(name, kind=kind, is_accepted=True)
    assert accepted.fields == [field]
    assert ("header_mapped", field) in rules(accepted)


@pytest.mark.parametrize("kind", KINDS)
def test_no_weighty_field_is_ever_mapped_by_its_looks(kind: str) -> None:
    for name in headers.names(KINDS[kind]):
        (field,) = mapped(name, kind=kind).fields
        assert field not in WEIGHTY or name == field


@given(st.text(max_size=12))
def test_a_name_that_is_no_field_s_is_mapped_to_nothing(name: str) -> None:
    found = mapped(name)
    assert found.fields == [""] or folded(name) in headers.names(UPDATE)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_no_name_can_mean_two_fields_of_a_kind(kind: Kind) -> None:
    meanings: dict[str, set[str]] = {folded(field): {field} for field in kind.headers}
    for field in kind.headers:
        for alias in ALIASES.get(field, ()):
            meanings.setdefault(folded(alias), set()).add(field)
    assert {alias for alias, fields in meanings.items() if len(fields) > 1} == set()
    assert headers.names(kind) == meanings.keys()


@pytest.mark.parametrize(
    ("kind", "name", "field"),
    [
        ("invoice-create", "E-mail", "emailAddress"),
        ("invoice-create", "email", "emailAddress"),
        ("invoice-create", "mobile", "mobileNumber"),
        ("customer-create", "E-mail", "email"),
        ("customer-create", "Mobile No.", "mobile"),
        ("customer-create", "phone", "contactNumber"),
    ],
)
def test_an_alias_means_what_its_kind_has(kind: str, name: str, field: str) -> None:
    assert mapped(name, kind=kind).fields == [field]


def test_a_column_that_is_none_is_refused_with_the_name_most_like_it() -> None:
    found = mapped("customerId", "adress", "remarks", "legalname")
    assert rules(found) == [
        ("column_unknown", "address"),
        ("column_unknown", ""),
        ("header_mapped", "legalName"),
    ]


@pytest.mark.parametrize("other", ["pinCode", "PIN", "pincode", "pin code", "Pin\u00a0Code", "pin\u200bcode"])
def test_two_columns_of_one_field_are_refused_and_both_are_named(other: str) -> None:
    read = sheet({"customerId": ["x"]})
    read.header.extend(["pinCode", other])
    read.columns.extend([read.columns[0]] * 2)
    found = headers.mapped(read, UPDATE, said={}, is_accepted=False, confirmed={})
    assert ("header_twice", f"2 (pinCode) and 3 ({other.strip()})") in rules(found)


@pytest.mark.parametrize("is_accepted", [False, True])
def test_an_alias_beside_the_weighty_field_itself_is_that_field_twice(is_accepted: bool) -> None:
    found = mapped("customerId", "Customer ID", "state", is_accepted=is_accepted)
    assert ("header_twice", "1 (customerId) and 2 (Customer ID)") in rules(found)


def test_two_names_that_one_proposal_is_accepted_for_are_refused() -> None:
    found = mapped("customerId", "Account No", "A/C", is_accepted=True)
    assert ("header_twice", "2 (Account No) and 3 (A/C)") in rules(found)


def test_what_was_said_goes_before_what_a_name_looks_like() -> None:
    found = mapped("customerId", "PIN", "Remarks", said={"PIN": "address", "Remarks": "pinCode"})
    assert found.fields == ["customerId", "address", "pinCode"]
    assert rules(found) == [("header_mapped", "address"), ("header_mapped", "pinCode")]


@pytest.mark.parametrize("said", [{"Remark": "pinCode"}, {"Remarks": "pincode"}, {"Remarks": ""}])
def test_a_column_or_a_field_that_is_not_there_cannot_be_said(said: dict[str, str]) -> None:
    with pytest.raises(UsageError) as refused:
        mapped("customerId", "Remarks", said=said)
    assert refused.value.code == "columns"
    assert "pinCode" in refused.value.next_step


def test_what_is_missing_is_told_and_what_is_only_proposed_is_not_missing() -> None:
    assert rules(mapped("state")) == [("key_missing", "customerId")]
    assert rules(mapped("Customer ID", "state")) == [("header_proposed", "customerId")]
    assert [rule for rule, _ in rules(mapped("customerId"))] == ["no_field"]
    assert rules(mapped("dueDate", kind="invoice-create")) == [
        ("required_missing", "customerId"),
        ("required_missing", "baseAmount"),
        ("key_advised", "externalId or invoiceNumber"),
    ]


def test_a_column_without_a_name_is_refused_only_if_it_holds_something() -> None:
    assert rules(mapped("customerId", "state", "")) == [("header_blank", "3")]
    read = sheet({"customerId": ["x"], "state": ["x"], " ": [None]})
    assert not headers.mapped(read, UPDATE, said={}, is_accepted=False, confirmed={}).remarks


def test_the_reason_that_arkit_wrote_is_passed_over() -> None:
    found = mapped("customerId", "state", REASON_COLUMN)
    assert found.fields == ["customerId", "state", ""]
    assert not found.remarks


def test_a_proposed_header_keeps_every_row_out_until_it_is_accepted(tmp_path: Path) -> None:
    path = write(tmp_path, {"Customer ID": ID, "PINCODE": "403001"})
    checked = check(path)
    assert checked.problems[["column", "rule", "severity", "repair"]].astype(str).to_numpy().tolist() == [
        ["Customer ID", "header_proposed", "error", "customerId"],
        ["PINCODE", "header_mapped", "warning", ""],
    ]
    assert checked.accepted_rows == 0
    accepted = checked.accept("header_proposed")
    assert accepted.ok
    assert accepted.fields == {"customerId": "Customer ID", "pinCode": "PINCODE"}
    assert accepted.accepted["customer_id"].tolist() == [ID]


def test_a_problem_names_the_column_as_its_author_did_whatever_it_is_read_as(tmp_path: Path) -> None:
    checked = check(write(tmp_path, {"customerId": ID, "Postal Code": "012345"}))
    row = checked.problems[checked.problems["rule"] == "pin_code"].iloc[0]
    assert row["column"] == "Postal Code"
    assert row["message"].startswith("Postal Code is not a PIN code")


@pytest.mark.parametrize("headless", [["27AAPFU0939F1ZV", "9876543210"], ["501000123456", "501000123456"]])
def test_no_remark_on_a_file_without_a_header_shows_its_first_row(
    headless: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "headless.csv"
    path.write_text(f"{','.join(headless)}\n{','.join(headless)}\n")
    checked = check(path)
    assert checked.errors
    assert not [value for value in headless for told in checked.problems["message"] if value in told]
