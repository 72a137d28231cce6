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


class Body(Struct, rename="camel", kw_only=True):
    """A JSON object; members that the contract does not name are passed over, as it allows them."""


class KeyContact(Body):
    deleted: bool
    legal_name: str
    mobile: str
    name: str
    email: str | UnsetType = UNSET
    key_contact_person_id: str | UnsetType = UNSET
    mail_enabled: bool | UnsetType = field(default=UNSET, name="mail_enabled")
    sms_enabled: bool | UnsetType = field(default=UNSET, name="sms_enabled")
    via: str | UnsetType = UNSET
    whatsapp_enabled: bool | UnsetType = field(default=UNSET, name="whatsapp_enabled")


class Reminder(Body):
    customer_reminder_id: str | UnsetType = UNSET
    due_date_difference: Int32 | UnsetType = UNSET
    reminder_interval: Int32 | UnsetType = UNSET
    reminder_time: str | UnsetType = UNSET
    reminder_type: Literal["ONCE", "RECURRING"] | UnsetType = UNSET
    stage: str | UnsetType = UNSET


class CustomerCreate(Body):
    customer_key_contacts: list[KeyContact]
    # The page ends inside the name of this member; a customer without a name is none.
    legal_name: str
    account_number: str | UnsetType = UNSET
    address: str | UnsetType = UNSET
    company_id: str | UnsetType = UNSET
    contact_number: str | UnsetType = UNSET
    customer_company_id: str | UnsetType = UNSET
    customer_reminders: list[Reminder] | UnsetType = UNSET
    external_source: bool | UnsetType = UNSET
    ifsc: str | UnsetType = UNSET
    pan_or_gstin: str | UnsetType = UNSET
    pin_code: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    unique_ref_no: str | UnsetType = UNSET


class CustomerUpdate(Body):
    account_number: str | UnsetType | None = UNSET
    address: str | UnsetType | None = UNSET
    assigned_agent: str | UnsetType | None = UNSET
    branch_codes: list[str] | UnsetType | None = UNSET
    contact_number: str | UnsetType | None = UNSET
    customer_id: str | UnsetType | None = UNSET
    customer_key_contacts: list[KeyContact] | UnsetType | None = UNSET
    customer_reminders: list[Reminder] | UnsetType | None = UNSET
    ifsc: str | UnsetType | None = UNSET
    legal_name: str | UnsetType | None = UNSET
    pan_or_gstin: str | UnsetType | None = UNSET
    pin_code: str | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET
    unique_ref_no: str | UnsetType | None = UNSET


class CustomerSearch(Body):
    """The two documented filters, and those the page announces without naming them."""

    account_number: str | UnsetType = UNSET
    assigned_agent: str | UnsetType = UNSET
    customer_id: str | UnsetType = UNSET
    customer_ids: list[str] | UnsetType = UNSET
    legal_name: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    contact_number: str | UnsetType = UNSET
    unique_ref_no: str | UnsetType = UNSET


class InvoiceSearch(Body):
    approval_statuses: list[ApprovalStatus] | UnsetType = UNSET
    balance_amount_from: int | float | UnsetType = UNSET
    balance_amount_to: int | float | UnsetType = UNSET
    base_amount_from: int | float | UnsetType = UNSET
    base_amount_to: int | float | UnsetType = UNSET
    collection_mode: list[str] | UnsetType = UNSET
    created_on_from: str | UnsetType = UNSET
    created_on_to: str | UnsetType = UNSET
    created_via: str | UnsetType = UNSET
    customer_deleted: bool | UnsetType = UNSET
    customer_ids: list[str] | UnsetType = UNSET
    customer_legal_name: str | UnsetType = UNSET
    customer_status: str | UnsetType = UNSET
    dispatched: bool | UnsetType = UNSET
    dispatched_on_from: str | UnsetType = UNSET
    dispatched_on_to: str | UnsetType = UNSET
    due_date_from: str | UnsetType = UNSET
    due_date_to: str | UnsetType = UNSET
