"""What each rule is called, how grave it is, and what it says: where, expected, found, and what to do."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from arkit.identifiers import matches

Severity = Literal["error", "warning"]

TYPE_AGAIN = "type it again from the document"
AS_TEXT = "format the column as Text and type it again"


@dataclass(frozen=True)
class Rule:
    """A rule's sentence goes on behind the name of the column; ``{found}`` is a description of the value.

    The value itself is in no sentence, since it may be somebody's bank account.
    """

    says: str
    severity: Severity = "error"


RULES = {
    # What a single value is.
    "customer_id": Rule(
        "is not a customer id: KC and 14 capital letters or digits are expected, {found} found;"
        " copy it from a list of customers"
    ),
    "pan_or_gstin": Rule(
        "is neither a PAN nor a GSTIN: their 10 or 15 letters and digits in the right order are expected,"
        f" {{found}} found; {TYPE_AGAIN}"
    ),
    "pan_holder": Rule(
        "has a PAN that nobody has: P, C, H, F, A, T, B, L, J or G is expected as its fourth letter and a"
        f" number from 0001 on; {TYPE_AGAIN}"
    ),
    "gstin_state": Rule(
        f"begins with no state: a code from 01 to 38, 97 or 99 is expected before the PAN; {TYPE_AGAIN}"
    ),
    "gstin_check_digit": Rule(
        "is a GSTIN with a slip of the pen: after these 14 characters the last one is expected to be {found};"
        f" {TYPE_AGAIN}"
    ),
    "account_number": Rule(
        f"is not an account number: 9 to 36 letters or digits are expected, {{found}} found; {TYPE_AGAIN}"
    ),
    "ifsc": Rule(
        "is not an IFSC: four letters, a zero and six letters or digits are expected, {found} found;"
        " copy it from a cheque or the bank's page"
    ),
    "ifsc_bank": Rule(
        "is an IFSC of no bank on the list: its first four letters are expected to be a bank's; look them up",
        "warning",
    ),
    "state_unknown": Rule(
        "is no state's name: a name such as Karnataka or Tamil Nadu is expected, {found} found;"
        " choose one from the template's list",
        "warning",
    ),
    "pin_code": Rule(
        "is not a PIN code: six digits are expected, the first not 0, {found} found; type all six"
    ),
    "contact_number": Rule(
        "is not a telephone number: ten digits are expected, with or without a country code, {found} found;"
        " write one number in the cell"
    ),
    "email": Rule(
        "is not an e-mail address: one address such as accounts@example.com is expected, {found} found;"
        " write one address in the cell"
    ),
    "yes_or_no": Rule("is neither TRUE nor FALSE: one of them is expected, {found} found; write one of them"),
    "amount": Rule(
        "is not an amount: digits and at most two decimals after a point are expected, {found} found;"
        " write it like 1234.50"
    ),
    "minimum": Rule(
        "is too small: at least 0.10 rupees are expected; correct the amount or leave the row out"
    ),
    "day": Rule(
        "is not a day: year, month and day of the calendar are expected, like 2026-04-30, {found} found;"
        " write it so"
    ),
    "invoice_number": Rule(
        "is not an invoice number: at most 16 letters, digits, hyphens and slashes are expected (rule 46 of"
        " the CGST Rules), {found} found; write it as it stands on the invoice"
    ),
    "name_needed": Rule(
        "cannot be cleared: a customer is expected to keep a name; write the name or leave the cell blank"
    ),
    "clear_word": Rule(
        "is nearly the word that clears a field: <clear> is expected in small letters and without spaces;"
        " write it so, or leave the cell blank"
    ),
    "nothing_to_clear": Rule(
        "asks to clear a field of a record that is yet to be made: a value or a blank cell is expected;"
        " leave it blank"
    ),
    "stray_space": Rule("has a space before or behind it: none is expected there; delete it"),
    "hidden_character": Rule(
        "holds a character that cannot be seen, or a break of the line: visible text in one line is expected;"
        " type it again"
    ),
    "formula_like": Rule(
        "begins like a formula: text that does not begin with = + - or @ is expected, which a spreadsheet"
        " would compute; write it otherwise"
    ),
    "mojibake": Rule(
        "has letters that look garbled: names in their own script are expected, but a program read the file"
        " in a wrong encoding; save it again as CSV UTF-8",
        "warning",
    ),
    "key_blank": Rule("is blank: an id is expected in every row; fill it in, or delete the row"),
    "required": Rule("is blank: a value is expected in every row; fill it in, or delete the row"),
    # What was done to a value on its way, where there is a proposal.
    "written_otherwise": Rule(
        "is written with small letters, spaces, dots or hyphens: capital letters and digits are expected;"
        " accept the proposal"
    ),
    "lookalike": Rule(
        "holds letters of another script that look like Latin ones: Latin letters are expected;"
        " accept the proposal after a look at the document"
    ),
    "foreign_digits": Rule(
        "holds digits of another script: the digits 0 to 9 are expected; accept the proposal"
    ),
    "letter_o": Rule("has the letter O in fifth place: the digit zero is expected; accept the proposal"),
    "phone_prefix": Rule(
        "has a prefix that belongs to dialling: ten digits, or +91 and ten digits, are expected;"
        " accept the proposal"
    ),
    "excel_tail": Rule(
        "ends with .0, as numbers do after a spreadsheet: digits alone are expected; accept the proposal"
    ),
    "excel_zero": Rule(
        "lacks the zero that a spreadsheet took from its beginning: two digits of a state are expected, and"
        " with the zero the check character is right; accept the proposal"
    ),
    "excel_scientific": Rule(
        "was turned into a rounded number like 9.19E+11: all its digits are expected, and they are lost;"
        f" {AS_TEXT}"
    ),
    "excel_rounded": Rule(
        "ends with zeros from the 16th digit on, as numbers do that a spreadsheet has rounded: all digits are"
        " expected; compare it with the document",
        "warning",
    ),
    "amount_written": Rule(
        "is written with commas, a currency, /- or more than two decimals: digits and a point alone are"
        " expected; accept the proposal"
    ),
    "decimal_comma": Rule(
        "has a comma before its decimals: a point is expected there; accept the proposal, if no"
        " thousands are meant"
    ),
    "amount_decimals": Rule(
        "has more than two decimals: whole paise are expected; round it as the invoice does"
    ),
    "day_written": Rule(
        "is a day written otherwise: a form like 2026-04-30 is expected; accept the proposal"
    ),
    "day_ambiguous": Rule(
        "may have day and month in either order, and no other row of the column tells which: a form like"
        " 2026-04-30 is expected; say --day-order dmy or mdy"
    ),
    "day_mixed": Rule(
        "stands in a column that has days in both orders: one order is expected, but {found};"
        " write them all like 2026-04-30, or say --day-order dmy or mdy"
    ),
    "day_serial": Rule(
        "is the number by which a spreadsheet keeps a day: a day like 2026-04-30 is expected; format the"
        " column as a date, or write the day as text"
    ),
    "flag_written": Rule("says yes or no in other words: TRUE or FALSE is expected; accept the proposal"),
    # Cells of a workbook that hold no text.
    "excel_number": Rule(
        "is kept by Excel as a number, which loses leading zeros and long digits: text is expected;"
        f" {AS_TEXT}"
    ),
    "excel_date": Rule(f"is kept by Excel as a date: text is expected; {AS_TEXT}"),
    "excel_boolean": Rule(f"is kept by Excel as true or false: text is expected; {AS_TEXT}"),
    "excel_formula": Rule("is a formula: a value is expected; paste the value in its place"),
    "excel_error": Rule("is an error of Excel: a value is expected; correct what it was computed from"),
    # What rows say together.
    "customer_unknown": Rule("is no customer that is known: an id from the list is expected; {found}"),
    "customer_known": Rule(
        "is a customer's already: a reference that no customer has is expected; update that customer instead"
    ),
    "duplicate": Rule(
        "stands with the same values in rows {found}: once is expected; it is taken once", "warning"
    ),
    "duplicate_conflict": Rule(
        "stands in rows {found} with different values: one row is expected; keep one of them"
    ),
    "nothing_asked": Rule("The row asks for no change: a value is expected; it is passed over", "warning"),
    "gstin_of_other_state": Rule(
        "belongs to another state than the row says: the same state is expected; look which of them is right",
        "warning",
    ),
    "pin_of_other_state": Rule(
        "lies in another state than the row says: the same state is expected; look which of them is right",
        "warning",
    ),
    "no_channel": Rule(
        "The contact gets no reminder: e-mail, SMS or WhatsApp is expected to be enabled; is that meant?",
        "warning",
    ),
    "mail_without_address": Rule(
        "is TRUE without an address to write to: an e-mail address is expected in the row; add one", "warning"
    ),
    "gst_split": Rule(
        "differs from the other half: CGST and SGST are expected to be equal; look at the invoice", "warning"
    ),
    "gst_both": Rule(
        "stands beside CGST or SGST: either IGST or the two are expected; look at the invoice",
        "warning",
    ),
    "gst_place": Rule(
        "does not fit the place of supply: {found} is expected between these states; look at the invoice",
        "warning",
    ),
    "net_amount": Rule(
        "is not what the row adds up to: base and taxes less TDS are expected; look at the invoice",
        "warning",
    ),
    "due_before_invoice": Rule(
        "lies before the invoice's day: a later day is expected; look at both", "warning"
    ),
    "expected_rows": Rule("The file has {found}: send the file that was meant"),
    "expected_total": Rule("The amounts add up to {found}: send the file that was meant"),
    "totals_row": Rule("The row is a total, not a record: records are expected; delete it"),
    "header_repeated": Rule("The row is the header once more: records are expected; delete it"),
    # Header and table.
    "key_missing": Rule(
        "There is no column {found}: it is expected to say whom each row is about; add it, or rename the one"
        " that does"
    ),
    "key_advised": Rule(
        "There is no column {found}: one is expected to tell whether a row was made before; add it",
        "warning",
    ),
    "required_missing": Rule("There is no column {found}: it is expected in every row; add it"),
    "no_field": Rule("No column names a field to correct: at least one is expected of {found}; add it"),
    "header_blank": Rule(
        "Column {found} has values and no name: a field's name is expected; name or empty it"
    ),
    "header_twice": Rule("The column stands twice, in places {found}: once is expected; delete one of them"),
    "column_unknown": Rule("There is no such field{found}"),
    "header_proposed": Rule(
        "The column has another name than the API's: {found} is expected; accept header_proposed if it is"
        " meant, or rename the column"
    ),
    "header_mapped": Rule("The column is read as {found}", "warning"),
    "field_count": Rule("row {found}"),
    "row_hidden": Rule(
        "The row is hidden in the sheet: visible rows are expected; show it, or accept row_hidden"
    ),
    "column_hidden": Rule("The column is hidden in the sheet, and counts", "warning"),
    "rows_filtered": Rule("The sheet is filtered: rows that the filter hides count too", "warning"),
    "links_ignored": Rule("The workbook draws on other files, which are not looked at", "warning"),
    "sheet_ignored": Rule("{found}", "warning"),
    "repaired": Rule("was repaired as proposed ({found})", "warning"),
}


def sentence(rule: str, column: str, found: str = "") -> str:
    """The message of a rule for a column, whose name may be empty if a whole row or file is meant."""
    said = RULES[rule].says.replace("{found}", found)
    # A name may be written in two lines, which the message is not.
    text = f"{' '.join(column.split())} {said}" if column else said
    return text if text.endswith((".", "?")) else f"{text}."


def described(values: pa.Array) -> tuple[NDArray[np.int64], list[str]]:
    """What values look like without showing them: codes, and the description that each code stands for."""
    lengths = np.asarray(pc.fill_null(pc.utf8_length(values), 0)).astype(np.int64)
    kind = np.full(len(values), 3)
    kind[matches(values, "[A-Za-z0-9]*")] = 2
    kind[matches(values, "[A-Za-z]*")] = 1
    kind[matches(values, "[0-9]*")] = 0
    seen, codes = np.unique(lengths * 4 + kind, return_inverse=True)
    names = ("digit", "letter", "letters and digits", "character")
    return codes, [_counted(int(code) // 4, names[int(code) % 4]) for code in seen]


def _counted(number: int, name: str) -> str:
    if name == "letters and digits":
        return f"{number} {name}"
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
