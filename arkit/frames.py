"""What we receive: one pandera model per noun, and the way from API records to a frame of that model."""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar, cast

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
from pandera.errors import SchemaError
from pandera.typing import DataFrame, Series

from arkit.errors import ContractError

IST = "Asia/Kolkata"

Text = Series[str]
Flag = Series[pd.BooleanDtype]
Status = Series[pd.CategoricalDtype]
Date = Series[Annotated[pd.ArrowDtype, arrow.date32()]]
Instant = Series[Annotated[pd.DatetimeTZDtype, "us", IST]]
Rupees = Series[Annotated[pd.ArrowDtype, arrow.decimal128(18, 2)]]

Record = Mapping[str, Any]
Row = TypeVar("Row", bound=pa.DataFrameModel)


class Customers(pa.DataFrameModel):
    """One row per customer, in ascending order of ``customer_id``; ``branch_codes`` are joined by ``;``."""

    customer_id: Text = pa.Field(unique=True)
    status: Status = pa.Field(nullable=True)
    legal_name: Text = pa.Field(nullable=True)
    pan_or_gstin: Text = pa.Field(nullable=True)
    account_number: Text = pa.Field(nullable=True)
    ifsc: Text = pa.Field(nullable=True)
    address: Text = pa.Field(nullable=True)
    state: Text = pa.Field(nullable=True)
    pin_code: Text = pa.Field(nullable=True)
    contact_number: Text = pa.Field(nullable=True)
    assigned_agent: Text = pa.Field(nullable=True)
    branch_codes: Text = pa.Field(nullable=True)
    unique_ref_no: Text = pa.Field(nullable=True)
    company_id: Text = pa.Field(nullable=True)
    customer_company_id: Text = pa.Field(nullable=True)
    external_source: Flag = pa.Field(nullable=True)


class Invoices(pa.DataFrameModel):
    """One row per invoice, in ascending order of ``invoice_id``; amounts in exact rupees."""

    invoice_id: Text = pa.Field(unique=True)
    invoice_number: Text = pa.Field(nullable=True)
    customer_id: Text = pa.Field(nullable=True)
    customer_legal_name: Text = pa.Field(nullable=True)
    invoice_date: Date = pa.Field(nullable=True)
    due_date: Date = pa.Field(nullable=True)
    base_amount: Rupees = pa.Field(nullable=True)
    cgst: Rupees = pa.Field(nullable=True)
    sgst: Rupees = pa.Field(nullable=True)
    igst: Rupees = pa.Field(nullable=True)
    tds: Rupees = pa.Field(nullable=True)
    net_amount: Rupees = pa.Field(nullable=True)
    total_received: Rupees = pa.Field(nullable=True)
    balance_amount: Rupees = pa.Field(nullable=True)
    receivable_status: Status = pa.Field(nullable=True)
    approval_status: Status = pa.Field(nullable=True)
    payout_status: Status = pa.Field(nullable=True)
    dispatched: Flag = pa.Field(nullable=True)
    dispatched_on: Instant = pa.Field(nullable=True)
    partial_payment_allowed: Flag = pa.Field(nullable=True)
    has_key_contacts: Flag = pa.Field(nullable=True)
    description: Text = pa.Field(nullable=True)
    po_number: Text = pa.Field(nullable=True)
    external_id: Text = pa.Field(nullable=True)
    payable_reference_id: Text = pa.Field(nullable=True)
    payment_link: Text = pa.Field(nullable=True)
    attachment_url: Text = pa.Field(nullable=True)
    seller_id: Text = pa.Field(nullable=True)
    via: Text = pa.Field(nullable=True)
    created_on: Instant = pa.Field(nullable=True)
    created_by: Text = pa.Field(nullable=True)
    created_by_name: Text = pa.Field(nullable=True)
    created_by_email: Text = pa.Field(nullable=True)
    created_by_mobile: Text = pa.Field(nullable=True)
    modified_on: Instant = pa.Field(nullable=True)
    modified_by: Text = pa.Field(nullable=True)
    modified_by_name: Text = pa.Field(nullable=True)
    modified_by_email: Text = pa.Field(nullable=True)
    modified_by_mobile: Text = pa.Field(nullable=True)


NESTED = frozenset({"customerKeyContacts", "customerReminders", "invoiceAttachments"})
"""Members that hold records of another grain; they do not become columns."""


def to_frame(records: Sequence[Record], model: type[Row]) -> DataFrame[Row]:
    """API records as a frame of ``model``.

    Grain, columns and dtypes are the model's, also when there are no records; one row per record, in the
    order given. Members the model does not declare follow its columns as text or as they came.

    Raises:
        ContractError: a member is of a kind that its column cannot hold without loss, is missing where the
            model wants it, or two members stand for one column.
    """
    kind = model.__name__.lower()
    schema = model.to_schema()
    columns: dict[str, pd.Series] = {}
    for name, column in schema.columns.items():
        member = camel(name)
        values = [record.get(member) for record in records]
        columns[name] = _converted(values, str(column.dtype), where=f"{kind}.{member}")
    declared = {camel(name) for name in schema.columns}
    unknown = dict.fromkeys(member for record in records for member in record)
    for member in unknown:
        if member in declared | NESTED:
            continue
        if snake(member) in columns:
            raise _broken("two members stand for one column.", f"{kind}.{member}")
        columns[snake(member)] = pd.Series([_plain(record.get(member)) for record in records])
    try:
        return cast("DataFrame[Row]", schema.validate(pd.DataFrame(columns)))
    except SchemaError as error:
        name = camel(str(getattr(error.schema, "name", "")))
        raise _broken("a record lacks it, or two records share it.", f"{kind}.{name}") from error


def camel(name: str) -> str:
    """``pin_code`` as the API writes it, ``pinCode``."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def snake(member: str) -> str:
    """``pinCode`` as a column name, ``pin_code``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", member).lower()


def _converted(values: list[Any], dtype: str, *, where: str) -> pd.Series:
    convert, target = _CONVERSIONS[dtype]
    try:
        series = pd.Series([None if value is None else convert(value) for value in values], dtype=target)
    except (ValueError, TypeError, InvalidOperation, arrow.ArrowInvalid, OverflowError) as error:
        position = next((i for i, value in enumerate(values) if not _fits(convert, value)), None)
        which = "a record" if position is None else f"record {position}"
        raise _broken(f"{which} does not hold a value of the kind {dtype}.", where) from error
    # By way of text, so that the categories are text in an empty frame too.
    return series.astype("category") if dtype == "category" else series


def _fits(convert: Callable[[Any], Any], value: Any) -> bool:
    try:
        convert(value)
    except (ValueError, TypeError, InvalidOperation):
        return value is None
    return True


def _broken(message: str, where: str) -> ContractError:
    return ContractError(
        message,
        code="member_type",
        where=where,
        server_state="known",
        next_step="Ask the provider what this member means; arkit does not guess.",
    )


def _plain(value: Any) -> Any:
    """``{label, name}`` as its name, a list of texts joined by ``;``, anything else as it is."""
    if isinstance(value, dict) and value.keys() <= {"label", "name"}:
        return value.get("name")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ";".join(value)
    return value


def _text(value: Any) -> str | None:
    plain = _plain(value)
    if plain is None or isinstance(plain, str):
        return plain
    raise TypeError(type(value))


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise TypeError(type(value))


def _rupees(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError(type(value))
    amount = Decimal(value)
    if amount != (exact := amount.quantize(Decimal("0.01"))):
        raise ValueError("more than two decimals")
    return exact


def _date(value: Any) -> dt.date | None:
    """A date in ISO 8601, or the date in India of an instant; None for an empty text."""
    if len(value) == len("yyyy-MM-dd"):
        return dt.date.fromisoformat(value)
    instant = _instant(value)
    return None if instant is None else instant.tz_convert(IST).date()


def _instant(value: Any) -> pd.Timestamp | None:
    """An instant in ISO 8601; one without a zone is taken as Indian time; None for an empty text.

    pandas alone would read the number of milliseconds as nanoseconds, and 01/02 as January.
    """
    if value == "":
        return None
    instant = pd.Timestamp(dt.datetime.fromisoformat(value))
    return instant.tz_localize(IST) if instant.tzinfo is None else instant


_CONVERSIONS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "string[pyarrow]": (_text, "str"),
    "boolean": (_flag, "boolean"),
    "category": (_text, "str"),
    "date32[day][pyarrow]": (_date, pd.ArrowDtype(arrow.date32())),
    "decimal128(18, 2)[pyarrow]": (_rupees, pd.ArrowDtype(arrow.decimal128(18, 2))),
    f"datetime64[us, {IST}]": (_instant, pd.DatetimeTZDtype("us", IST)),
}
