"""What we receive: one pandera model per noun, and the way from a table of records to a frame of it."""

from typing import Annotated, TypeVar, cast

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
from pandera.errors import SchemaError
from pandera.typing import DataFrame, Series

from arkit import columns
from arkit.columns import IST, Grain
from arkit.errors import ContractError

Text = Series[str]
Flag = Series[pd.BooleanDtype]
Whole = Series[pd.Int32Dtype]
Status = Series[pd.CategoricalDtype]
Date = Series[Annotated[pd.ArrowDtype, arrow.date32()]]
Instant = Series[Annotated[pd.DatetimeTZDtype, "us", IST]]
Rupees = Series[Annotated[pd.ArrowDtype, arrow.decimal128(18, 2)]]

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


class Attachments(pa.DataFrameModel):
    """One row per file attached to an invoice, in ascending order of ``invoice_id``, then as they came."""

    invoice_id: Text
    invoice_attachment_id: Text = pa.Field(nullable=True)
    original_filename: Text = pa.Field(nullable=True)
    file_ext: Text = pa.Field(nullable=True)
    url: Text = pa.Field(nullable=True)
    attachment_source: Status = pa.Field(nullable=True)
    primary: Flag = pa.Field(nullable=True)
    shared: Flag = pa.Field(nullable=True)
    deleted: Flag = pa.Field(nullable=True)
    reference_id: Text = pa.Field(nullable=True)
    remarks: Text = pa.Field(nullable=True)
    created_by: Text = pa.Field(nullable=True)
    modified_by: Text = pa.Field(nullable=True)


class Contacts(pa.DataFrameModel):
    """One row per key contact, in ascending order of ``customer_id``, then as they came."""

    customer_id: Text
    key_contact_person_id: Text = pa.Field(nullable=True)
    name: Text = pa.Field(nullable=True)
    legal_name: Text = pa.Field(nullable=True)
    email: Text = pa.Field(nullable=True)
    mobile: Text = pa.Field(nullable=True)
    mail_enabled: Flag = pa.Field(nullable=True, metadata={"member": "mail_enabled"})
    sms_enabled: Flag = pa.Field(nullable=True, metadata={"member": "sms_enabled"})
    whatsapp_enabled: Flag = pa.Field(nullable=True, metadata={"member": "whatsapp_enabled"})
    via: Text = pa.Field(nullable=True)
    deleted: Flag = pa.Field(nullable=True)


class Reminders(pa.DataFrameModel):
    """One row per reminder rule, in ascending order of ``customer_id``, then as they came.

    ``due_date_difference`` counts days between the reminder and the due date, ``reminder_interval`` the gap
    between repeats; the API documents neither the sign of the one nor the unit of the other.
    ``reminder_time`` is a time of day, HH:mm.
    """

    customer_id: Text
    customer_reminder_id: Text = pa.Field(nullable=True)
    reminder_type: Status = pa.Field(nullable=True)
    due_date_difference: Whole = pa.Field(nullable=True)
    reminder_interval: Whole = pa.Field(nullable=True)
    reminder_time: Text = pa.Field(nullable=True)
    stage: Text = pa.Field(nullable=True)


def grain(model: type[Row]) -> Grain:
    """The columns of a model, and the members of the API that they come from."""
    schema = model.to_schema()
    kinds = {name: _KINDS[str(column.dtype)] for name, column in schema.columns.items()}
    members = {
        name: (column.metadata or {}).get("member") or columns.camel(name)
        for name, column in schema.columns.items()
    }
    return Grain(model.__name__.lower(), kinds, members)


def to_frame(table: arrow.Table, model: type[Row]) -> DataFrame[Row]:
    """A table of `grain` as a frame of the model.

    Grain, columns and dtypes are the model's, also when there are no rows; one row per row, in the order
    given. Columns that the model does not declare follow as they are.

    Raises:
        ContractError: a record lacks what the model wants, or two records share what must differ.
    """
    schema = model.to_schema()
    for place, name in enumerate(table.column_names):
        if name in schema.columns and str(schema.columns[name].dtype) == "category":
            table = table.set_column(place, name, table[name].combine_chunks().dictionary_encode())
    frame = table.to_pandas(types_mapper=_DTYPES.get)
    for name, dtype in frame.dtypes.items():
        if dtype == "category" and dtype.categories.empty:
            # Of no categories at all pandas cannot see that they are text.
            frame[name] = frame[name].astype(pd.CategoricalDtype(pd.Index([], dtype="str")))
    try:
        return cast("DataFrame[Row]", schema.validate(frame))
    except SchemaError as error:
        at = grain(model)
        name = str(getattr(error.schema, "name", ""))
        raise ContractError(
            "a record lacks it, or two records share it.",
            code="member_type",
            where=at.where(name) if name in at.members else at.name,
            server_state="known",
            next_step="Fetch again; if it stays so, ask the provider.",
        ) from error


_KINDS = {
    "string[pyarrow]": columns.PLAIN_TEXT,
    "boolean": columns.FLAG,
    "Int32": columns.WHOLE_NUMBER,
    "category": columns.PLAIN_TEXT,
    "date32[day][pyarrow]": columns.DATE,
    "decimal128(18, 2)[pyarrow]": columns.MONEY,
    f"datetime64[us, {IST}]": columns.INSTANT,
}

_DTYPES = {
    columns.TEXT: pd.StringDtype(na_value=float("nan")),
    arrow.bool_(): pd.BooleanDtype(),
    arrow.int32(): pd.Int32Dtype(),
    arrow.int64(): pd.Int64Dtype(),
    arrow.date32(): pd.ArrowDtype(arrow.date32()),
    columns.MONEY.type: pd.ArrowDtype(columns.MONEY.type),
    columns.FRACTION: pd.ArrowDtype(columns.FRACTION),
}
