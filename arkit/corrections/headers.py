"""Which column of a file is which field: by the API's own names, by other names, or as it was said.

A column of money or of an identifier is never taken for one by its looks: that is proposed, and waits until
somebody accepts it.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from arkit.corrections.kinds import Kind
from arkit.corrections.sheets import Remark, Sheet, folded
from arkit.errors import UsageError

# The column that arkit adds when it gives failed rows back; it is passed over when they come in again.
REASON_COLUMN = "arkit_reason"

ALIASES = {
    "customerId": ("customer", "customer code", "customer number", "cust id"),
    "legalName": ("name of customer", "customer name", "company name", "company", "party name", "party"),
    "panOrGstin": ("gstin", "gst no", "gst number", "gst", "pan", "pan no", "pan number", "pan gstin"),
    "accountNumber": ("account no", "bank account", "bank account number", "a/c no", "a/c"),
    "ifsc": ("ifsc code", "bank ifsc", "rtgs code"),
    "address": ("registered address", "billing address", "street address"),
    "state": ("state name", "province"),
    "pinCode": ("pin", "postal code", "zip", "zip code", "postcode"),
    "contactNumber": ("phone", "phone no", "phone number", "telephone", "contact no", "contact"),
    "assignedAgent": ("agent", "collection agent", "assigned to"),
    "branchCodes": ("branch", "branches", "branch code"),
    "uniqueRefNo": ("reference", "reference no", "ref no", "unique reference"),
    "name": ("contact name", "contact person", "key contact"),
    "mobile": ("mobile no", "mobile number", "cell"),
    "email": ("e-mail", "email id", "email address", "mail id"),
    "mail_enabled": ("email enabled",),
    "whatsapp_enabled": ("whats app enabled",),
    "baseAmount": ("taxable value", "taxable amount", "basic amount", "amount"),
    "dueDate": ("due on", "payment due date", "due"),
    "invoiceNumber": ("invoice no", "bill no", "bill number", "inv no"),
    "invoiceDate": ("bill date", "inv date"),
    "cgst": ("cgst amount", "central gst"),
    "sgst": ("sgst amount", "state gst", "utgst"),
    "igst": ("igst amount", "integrated gst"),
    "tds": ("tds amount", "tax deducted"),
    "netAmount": ("net", "total", "invoice value", "total amount", "grand total"),
    "poNumber": ("po no", "purchase order", "order number"),
    "externalId": ("external reference", "erp id"),
    "emailAddress": ("email", "e-mail", "email id"),
    "mobileNumber": ("mobile", "mobile no", "phone"),
}
"""What people call the fields beside the API's names, however they write it."""

WEIGHTY = frozenset(
    [
        "customerId",
        "panOrGstin",
        "accountNumber",
        "ifsc",
        "uniqueRefNo",
        "externalId",
        "invoiceNumber",
        "baseAmount",
        "cgst",
        "sgst",
        "igst",
        "tds",
        "netAmount",
    ]
)
"""Fields of money, and those that say who or what is meant."""

LEAST_LIKENESS = 0.75


@dataclass(frozen=True)
class Mapped:
    """The field of each column, empty where there is none, and what is to be said of the header."""

    fields: list[str]
    remarks: list[Remark]

    def column_of(self, field: str) -> int | None:
        """The column of a field, counted from 0."""
        return self.fields.index(field) if field in self.fields else None


def names(kind: Kind) -> frozenset[str]:
    """Folded names by which a header of this kind is known."""
    return frozenset(_meanings(kind))


def mapped(
    sheet: Sheet, kind: Kind, *, said: Mapping[str, str], is_accepted: bool, confirmed: Mapping[int, str]
) -> Mapped:
    """The fields of the columns of a sheet.

    Args:
        sheet: the table.
        kind: what it holds.
        said: fields by the name of a column as it is written.
        is_accepted: whether proposals for weighty fields are accepted.
        confirmed: fields by the place of a column, as somebody confirmed them for this header before.

    Raises:
        UsageError: a column or field of `said` is not there.
    """
    _require_there(sheet, kind, said)
    meanings = _meanings(kind)
    own = {name.strip() for name in sheet.header} & kind.columns.keys()
    fields: list[str] = []
    remarks: list[Remark] = []
    proposed: set[str] = set()
    for place, written in enumerate(sheet.header):
        name = written.strip()
        field, rule, found = name if name in kind.columns else "", "", ""
        if name in said or place in confirmed:
            field, rule = said.get(name) or confirmed[place], "header_mapped"
        elif not field and name and name != REASON_COLUMN:
            meant = meanings.get(folded(name), "")
            # Beside a column of the very name nothing is taken for granted: the field stands there twice.
            if meant and (meant not in WEIGHTY or is_accepted or meant in own):
                field, rule = meant, "header_mapped"
            elif meant:
                rule, found = "header_proposed", meant
                proposed.add(meant)
            else:
                rule, found = "column_unknown", _nearest(name, kind)
        elif not name and sheet.columns[place].null_count < len(sheet.columns[place]):
            rule, found = "header_blank", str(place + 1)
        if rule:
            remarks.append(Remark(rule, sheet.header_row, found or field, place))
        fields.append(field)
    return Mapped(fields, [*remarks, *_of_whole(sheet, kind, fields, proposed)])


def _of_whole(sheet: Sheet, kind: Kind, fields: list[str], proposed: set[str]) -> Iterator[Remark]:
    """Fields that stand twice or not at all."""
    for field in dict.fromkeys(fields):
        places = [place for place, other in enumerate(fields) if field and other == field]
        if len(places) > 1:
            listed = " and ".join(f"{place + 1} ({sheet.header[place].strip()})" for place in places)
            yield Remark("header_twice", sheet.header_row, listed, places[1])
    there = {*fields, *proposed}
    missing = [field for field in kind.headers if field in kind.required and field not in there]
    for field in missing:
        rule = "key_missing" if field in kind.keys else "required_missing"
        yield Remark(rule, sheet.header_row, field)
    if not there & {*kind.keys} and not kind.required & {*kind.keys}:
        yield Remark("key_advised", sheet.header_row, " or ".join(kind.keys))
    others = [field for field in kind.headers if field not in kind.keys]
    if kind.is_update and not there & set(others):
        yield Remark("no_field", sheet.header_row, ", ".join(others))


def _meanings(kind: Kind) -> dict[str, str]:
    """Folded names to fields; in one kind none means two of them."""
    aliases = {folded(alias): field for field in kind.headers for alias in ALIASES.get(field, ())}
    return aliases | {folded(field): field for field in kind.headers}


def _nearest(name: str, kind: Kind) -> str:
    """The field whose own name is most like this one, if it is like it at all."""
    own = {folded(field): field for field in kind.headers}
    near = difflib.get_close_matches(folded(name), own, n=1, cutoff=LEAST_LIKENESS)
    return own[near[0]] if near else ""


def _require_there(sheet: Sheet, kind: Kind, said: Mapping[str, str]) -> None:
    written: Collection[str] = {name.strip() for name in sheet.header}
    for name, field in said.items():
        if name not in written or field not in kind.columns:
            what = "column" if name not in written else "field"
            raise UsageError(
                f"there is no such {what} as in {name}={field}.",
                code="columns",
                next_step=f"Fields of {kind.name}: {', '.join(kind.headers)}.",
            )
