"""The JSON bodies of the contract."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
ApprovalStatus = Literal[
    "APPROVER_APPROVAL_PENDING",
    "APPROVER_APPROVED",
    "APPROVER_REJECTED",
    "BANK_APPROVED",
    "CHECKER_APPROVAL_PENDING",
    "CHECKER_APPROVED",
    "CHECKER_REJECTED",
    "MAKER_APPROVAL_PENDING",
    "MAKER_APPROVED",
    "MAKER_REJECTED",
]


class Paise(int):
    """An amount in whole paise; on the wire a number of rupees with at most two decimals."""


Money = Paise | UnsetType
MoneyOrNull = Paise | UnsetType | None
Text = str | UnsetType
TextOrNull = str | UnsetType | None
Flag = bool | UnsetType
FlagOrNull = bool | UnsetType | None


class Body(Struct, rename="camel", kw_only=True):
    """A JSON object; members that the contract does not name are passed over, as it allows them."""


class KeyContact(Body):
    deleted: bool
    legal_name: str
    mobile: str
    name: str
    email: Text = UNSET
    key_contact_person_id: Text = UNSET
    mail_enabled: Flag = field(default=UNSET, name="mail_enabled")
    sms_enabled: Flag = field(default=UNSET, name="sms_enabled")
    via: Text = UNSET
    whatsapp_enabled: Flag = field(default=UNSET, name="whatsapp_enabled")


class Reminder(Body):
    customer_reminder_id: Text = UNSET
    due_date_difference: Int32 | UnsetType = UNSET
    reminder_interval: Int32 | UnsetType = UNSET
    reminder_time: Text = UNSET
    reminder_type: Literal["ONCE", "RECURRING"] | UnsetType = UNSET
    stage: Text = UNSET


class ReminderCreate(Reminder, kw_only=True):
    customer_id: str


class ReminderUpdate(Body):
    due_date_difference: Int32 | UnsetType | None = UNSET
    reminder_interval: Int32 | UnsetType | None = UNSET
    reminder_time: TextOrNull = UNSET
    reminder_type: TextOrNull = UNSET
    stage: TextOrNull = UNSET


class CustomerCreate(Body):
    customer_key_contacts: list[KeyContact]
    # The page ends inside the name of this member; a customer without a name is none.
    legal_name: str
    account_number: Text = UNSET
    address: Text = UNSET
    company_id: Text = UNSET
    contact_number: Text = UNSET
    customer_company_id: Text = UNSET
    customer_reminders: list[Reminder] | UnsetType = UNSET
    external_source: Flag = UNSET
    ifsc: Text = UNSET
    pan_or_gstin: Text = UNSET
    pin_code: Text = UNSET
    state: Text = UNSET
    unique_ref_no: Text = UNSET


class CustomerUpdate(Body):
    account_number: TextOrNull = UNSET
    address: TextOrNull = UNSET
    assigned_agent: TextOrNull = UNSET
    branch_codes: list[str] | UnsetType | None = UNSET
    contact_number: TextOrNull = UNSET
    customer_id: TextOrNull = UNSET
    customer_key_contacts: list[KeyContact] | UnsetType | None = UNSET
    customer_reminders: list[Reminder] | UnsetType | None = UNSET
    ifsc: TextOrNull = UNSET
    legal_name: TextOrNull = UNSET
    pan_or_gstin: TextOrNull = UNSET
    pin_code: TextOrNull = UNSET
    state: TextOrNull = UNSET
    unique_ref_no: TextOrNull = UNSET


class CustomerSearch(Body):
    """The two documented filters, and those the page announces without naming them."""

    account_number: Text = UNSET
    assigned_agent: Text = UNSET
    customer_id: Text = UNSET
    customer_ids: list[str] | UnsetType = UNSET
    legal_name: Text = UNSET
    status: Text = UNSET
    email: Text = UNSET
    contact_number: Text = UNSET
    unique_ref_no: Text = UNSET


class InvoiceSearch(Body):
    approval_statuses: list[ApprovalStatus] | UnsetType = UNSET
    balance_amount_from: int | float | UnsetType = UNSET
    balance_amount_to: int | float | UnsetType = UNSET
    base_amount_from: int | float | UnsetType = UNSET
    base_amount_to: int | float | UnsetType = UNSET
    collection_mode: list[str] | UnsetType = UNSET
    created_on_from: Text = UNSET
    created_on_to: Text = UNSET
    created_via: Text = UNSET
    customer_deleted: Flag = UNSET
    customer_ids: list[str] | UnsetType = UNSET
    customer_legal_name: Text = UNSET
    customer_status: Text = UNSET
    dispatched: Flag = UNSET
    dispatched_on_from: Text = UNSET
    dispatched_on_to: Text = UNSET
    due_date_from: Text = UNSET
    due_date_to: Text = UNSET


class InvoiceCreate(Body):
    base_amount: Paise
    customer_id: str
    due_date: str
    approval_status: ApprovalStatus | UnsetType = UNSET
    balance_amount: Money = UNSET
    cgst: Money = UNSET
    charge_customer: Flag = UNSET
    description: Text = UNSET
    dispatch_now: Flag = UNSET
    email_address: Text = UNSET
    external_id: Text = UNSET
    gst_exclusive: Flag = UNSET
    igst: Money = UNSET
    invoice_date: Text = UNSET
    invoice_number: Text = UNSET
    mobile_number: Text = UNSET
    net_amount: Money = UNSET
    partial_payment_allowed: Flag = UNSET
    payable_reference_id: Text = UNSET
    po_number: Text = UNSET
    receivable_status: Text = UNSET
    sgst: Money = UNSET
    tds: Money = UNSET
    total_received: Money = UNSET
    via: Text = UNSET


class InvoiceUpdate(Body):
    approval_status: ApprovalStatus | UnsetType | None = UNSET
    balance_amount: MoneyOrNull = UNSET
    base_amount: MoneyOrNull = UNSET
    cgst: MoneyOrNull = UNSET
    charge_customer: FlagOrNull = UNSET
    customer_id: Text = UNSET
    description: TextOrNull = UNSET
    dispatch_now: FlagOrNull = UNSET
    due_date: TextOrNull = UNSET
    email_address: TextOrNull = UNSET
    gst_exclusive: FlagOrNull = UNSET
    igst: MoneyOrNull = UNSET
    invoice_date: TextOrNull = UNSET
    invoice_number: TextOrNull = UNSET
    mobile_number: TextOrNull = UNSET
    net_amount: MoneyOrNull = UNSET
    partial_payment_allowed: FlagOrNull = UNSET
    payable_reference_id: TextOrNull = UNSET
    po_number: TextOrNull = UNSET
    receivable_status: TextOrNull = UNSET
    sgst: MoneyOrNull = UNSET
    tds: MoneyOrNull = UNSET
    total_received: MoneyOrNull = UNSET
    via: TextOrNull = UNSET


class InvoiceDispatch(Body):
    invoice_ids: list[str] | UnsetType = UNSET
    partial_payment_allowed: Flag = UNSET


class InvoiceDelete(Body):
    invoice_ids: list[str]


InvoiceIds = Annotated[list[str], Meta(min_length=1)]


class PaymentConfirmation(Body):
    """The words, and what remarks may hold, are those of the network's own message."""

    invoice_ids: InvoiceIds
    payment_id: Annotated[str, Meta(min_length=1)]
    remarks: Annotated[str, Meta(min_length=1, max_length=100, pattern=r'^[^"\\]*$')]
    response: Literal["ACCEPT", "REJECT"]
    type: Literal["ONPLATFORM", "OFFPLATFORM"]


class StatusChange(Body):
    invoice_ids: InvoiceIds
    status: Annotated[str, Meta(min_length=1)]
    remarks: Text = UNSET
