"""The rules of bulk files, declared as pandera models whose checks take a whole column."""

from typing import Any, Optional

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from arkit import identifiers

CLEAR = "<clear>"
"""The word that clears a field; a blank cell leaves it as it is."""

KEY = "customerId"
FIELDS = (
    "legalName",
    "panOrGstin",
    "accountNumber",
    "ifsc",
    "address",
    "state",
    "pinCode",
    "contactNumber",
    "assignedAgent",
    "branchCodes",
    "uniqueRefNo",
)
"""The headers of a ``customer-update`` file beside the key."""

NEARLY_CLEAR = r"(?i)<\s*clear\s*>"

# Spaces of any kind at either end, and marks that nobody sees, breaks of the line among them.
# Joiners (U+200C, U+200D) are kept: Indian scripts need them.
SPACES = r"\s\x{a0}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}"
STRAY_SPACE = rf"(?s)[{SPACES}].*|(?s).*[{SPACES}]"
UNSEEN = (
    r"\x00-\x08\x0b\x0e-\x1f\x{7f}-\x{9f}\x{ad}\x{61c}\x{180e}\x{200b}\x{200e}\x{200f}\x{2028}-\x{202e}"
    r"\x{2060}-\x{206f}\x{feff}\x{fff9}-\x{fffb}\x{e0000}-\x{e007f}"
)
HIDDEN = rf"(?s).*(?:[{UNSEEN}]|[^{SPACES}].*[\t\n\f\r].*[^{SPACES}]).*"
# Text that a spreadsheet takes for a formula when it opens an export.
FORMULA = r"(?s)[=+@-].*"

Text = Optional[Series[str]]  # noqa: UP045 - pandera reads a column that may be absent from Optional

RULES = {
    "customer_id": "is not a customer id: KC and 14 capital letters or digits are expected",
    "pan_or_gstin": "is neither a PAN (10 characters) nor a GSTIN (15 characters)",
    "gstin_state": "is a GSTIN that begins with no code of a state",
    "gstin_check_digit": "is a GSTIN whose last character does not follow from the others: one is mistyped",
    "account_number": "is not an account number: 9 to 36 letters or digits are expected",
    "ifsc": "is not an IFSC: four letters, a zero and six letters or digits are expected",
    "pin_code": "is not a PIN code: six digits are expected, the first not 0",
    "contact_number": "is not a telephone number: ten digits are expected, with or without a country code",
    "name_needed": "cannot be cleared: a customer needs a name",
    "clear_word": f"is nearly the word that clears a field, which is written {CLEAR}",
    "stray_space": "has a space before or behind it",
    "hidden_character": "holds a character that cannot be seen",
    "formula_like": "begins like a formula",
}
"""Rule to what is wrong, as the end of a sentence that begins with the name of the column."""


def _matching(values: pd.Series, pattern: str) -> pd.Series:
    return pd.Series(identifiers.matches(values, pattern), index=values.index)


class CustomerUpdates(pa.DataFrameModel):
    """Accepted rows of a ``customer-update`` file.

    One row per customer, in the order of the file; text as written; a missing value leaves the field, the
    word ``<clear>`` clears it. `source_row` is the row in the user's spreadsheet.
    """

    source_row: Series[int] = pa.Field(unique=True)
    customer_id: Series[str]
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

    @pa.check("customer_id", name="customer_id")
    def _customer_id(cls, values: pd.Series) -> Any:
        return _matching(values, identifiers.CUSTOMER_ID)

    @pa.check("pan_or_gstin", name="pan_or_gstin")
    def _pan_or_gstin(cls, values: pd.Series) -> Any:
        return _matching(values, f"{identifiers.PAN}|{identifiers.GSTIN}|{CLEAR}")

    @pa.check("pan_or_gstin", name="gstin_state")
    def _gstin_state(cls, values: pd.Series) -> Any:
        return ~_matching(values, identifiers.GSTIN) | identifiers.has_known_state(values)

    @pa.check("pan_or_gstin", name="gstin_check_digit")
    def _gstin_check_digit(cls, values: pd.Series) -> Any:
        passed = ~_matching(values, identifiers.GSTIN)
        passed[~passed] = identifiers.has_right_check_character(values[~passed])
        return passed

    @pa.check("account_number", name="account_number")
    def _account_number(cls, values: pd.Series) -> Any:
        return _matching(values, f"{identifiers.ACCOUNT_NUMBER}|{CLEAR}")

    @pa.check("ifsc", name="ifsc")
    def _ifsc(cls, values: pd.Series) -> Any:
        return _matching(values, f"{identifiers.IFSC}|{CLEAR}")

    @pa.check("pin_code", name="pin_code")
    def _pin_code(cls, values: pd.Series) -> Any:
        return _matching(values, f"{identifiers.PIN_CODE}|{CLEAR}")

    @pa.check("contact_number", name="contact_number")
    def _contact_number(cls, values: pd.Series) -> Any:
        return _matching(values, f"{identifiers.PHONE}|{CLEAR}")

    @pa.check("legal_name", name="name_needed")
    def _name_needed(cls, values: pd.Series) -> Any:
        return values != CLEAR

    @pa.check("^(?!source_row|customer_id)", name="clear_word", regex=True)
    def _clear_word(cls, values: pd.Series) -> Any:
        return (values == CLEAR) | ~_matching(values, NEARLY_CLEAR)

    @pa.check("^(?!source_row)", name="stray_space", regex=True)
    def _stray_space(cls, values: pd.Series) -> Any:
        return ~_matching(values, STRAY_SPACE)

    @pa.check("^(?!source_row)", name="hidden_character", regex=True)
    def _hidden_character(cls, values: pd.Series) -> Any:
        return ~_matching(values, HIDDEN)

    @pa.check("^(?!source_row|contact_number)", name="formula_like", regex=True)
    def _formula_like(cls, values: pd.Series) -> Any:
        return ~_matching(values, FORMULA)

    class Config:
        strict = True
