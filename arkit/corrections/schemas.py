"""The rules of bulk files, declared as pandera models whose checks take a whole column.

Every check passes a missing value: whether one may be missing is a question of its own.
"""

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any, Optional

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.compute as pc
from pandera.typing import Series

from arkit import identifiers, registers
from arkit.corrections import texts
from arkit.identifiers import Mask
from arkit.memos import last

CLEAR = "<clear>"
"""The word that clears a field; a blank cell leaves it as it is."""

AMOUNT = r"[0-9]{1,13}(\.[0-9]{1,2})?"
BELOW_MINIMUM = r"0+(\.0[0-9]?)?"
YES_OR_NO = "TRUE|FALSE|true|false"
FIRST_YEAR, LAST_YEAR = 2000, 2099

Text = Optional[Series[str]]  # noqa: UP045 - pandera reads a column that may be absent from Optional
Judge = Callable[[Any], Mask]


@last
def _text(values: pd.Series) -> Any:
    return identifiers.text(values)


def _rule(column: str, code: str, judge: Judge) -> Any:
    """A pandera check of one column, or of all that match an expression beginning with ``^``.

    Args:
        column: the column, or the expression.
        code: what the rule is called in the problems.
        judge: an arrow column of text to whether each value passes; of a missing one it may say anything.
    """

    def check(cls: type, values: pd.Series) -> pd.Series:
        column = _text(values)
        passed = judge(column)
        if column.null_count:
            passed = passed | np.asarray(pc.is_null(column))
        return pd.Series(passed, index=values.index)

    # A model inherits its checks by the names of their functions.
    check.__name__ = code
    return pa.check(column, name=code, regex=column.startswith("^"), ignore_na=False)(check)


def _shaped(pattern: str, *, clearable: bool = False) -> Judge:
    def judge(column: Any) -> Mask:
        passed = identifiers.matches(column, pattern)
        return passed | texts.equals(column, CLEAR) if clearable and not passed.all() else passed

    return judge


def _not(judge: Judge) -> Judge:
    return lambda column: ~judge(column)


_remainders = last(identifiers.gstin_remainders)


def _by_word(column: Any, judge: Judge) -> Mask:
    """What is so of each value, found once for each different one; a missing one is not so."""
    encoded = column.dictionary_encode()
    known = np.append(judge(encoded.dictionary), False)
    found: Mask = known[encoded.indices.fill_null(len(known) - 1).to_numpy()]
    return found


def _yes_or_no(column: Any) -> Mask:
    return _by_word(column, _shaped(YES_OR_NO))


def _pan_or_gstin(*, clearable: bool) -> Judge:
    def judge(column: Any) -> Mask:
        passed = _remainders(column) >= 0
        others = np.flatnonzero(~passed)
        if len(others):
            some = column.take(others)
            passed[others] = identifiers.matches(some, identifiers.PAN)
            passed[others] |= texts.equals(some, CLEAR) if clearable else False
        return passed

    return judge


def _gstin_state(column: Any) -> Mask:
    return identifiers.has_known_state(column) | (_remainders(column) < 0)


def _gstin_check_digit(column: Any) -> Mask:
    passed: Mask = _remainders(column) <= 0
    return passed


def _is_rounded(column: Any) -> Mask:
    """Whether a number goes on with zeros where a spreadsheet has no more digits."""
    return texts.ends_with(column, "0", then="^[1-9][0-9]{14}0{1,21}$")


@cache
def _banks() -> tuple[str, ...]:
    return tuple(registers.bank_codes().to_pylist())


def _ifsc_bank(column: Any) -> Mask:
    passed = identifiers.has_prefix_of(column, _banks())
    return passed if passed.all() else passed | ~identifiers.matches(column, identifiers.IFSC)


def _state_known(column: Any) -> Mask:
    return _by_word(column, _is_place)


def _is_place(names: Any) -> Mask:
    codes = registers.state_of_name(names)
    places = pyarrow.array([state.gst_code for state in registers.states() if state.is_place], codes.type)
    is_place: Mask = np.asarray(pc.is_in(codes, value_set=places))
    return is_place


def _day(column: Any) -> Mask:
    """Whether the value is a day that the calendar has; few different ones stand in a column."""
    return _by_word(column, lambda days: np.array([_is_day(day) for day in days.to_pylist()], dtype=np.bool_))


def _is_day(value: str) -> bool:
    if len(value) != len("yyyy-mm-dd") or not value.isascii():
        return False
    try:
        return FIRST_YEAR <= dt.date.fromisoformat(value).year <= LAST_YEAR
    except ValueError:
        return False


def _is_nearly_clear(column: Any) -> Mask:
    return texts.is_nearly(column, CLEAR)


def _is_clear(column: Any) -> Mask:
    return _is_nearly_clear(column) | texts.equals(column, CLEAR)


def _is_formula(column: Any) -> Mask:
    """A country code is none, though it begins with a plus."""
    found = texts.is_like_formula(column)
    places = np.flatnonzero(found)
    if len(places):
        found[places] = ~identifiers.matches(column.take(places), identifiers.PHONE)
    return found


class _Rows(pa.DataFrameModel):
    """Rows of any kind: `source_row` is the row in the user's spreadsheet, and no text hides anything."""

    source_row: Series[int] = pa.Field(unique=True)

    _stray_space = _rule("^(?!source_row)", "stray_space", _not(texts.has_stray_space))
    _hidden = _rule("^(?!source_row)", "hidden_character", _not(texts.has_hidden_character))
    _formula = _rule("^(?!source_row)", "formula_like", _not(_is_formula))
    _mojibake = _rule("^(?!source_row)", "mojibake", _not(texts.is_mojibake))

    class Config:
        strict = True


class _Customers(_Rows):
    """What a tax number, an account and a branch of a bank are, whatever else a row may hold."""

    _pan_holder = _rule("pan_or_gstin", "pan_holder", identifiers.has_real_holder)
    _gstin_state = _rule("pan_or_gstin", "gstin_state", _gstin_state)
    _gstin_check_digit = _rule("pan_or_gstin", "gstin_check_digit", _gstin_check_digit)
    _rounded = _rule("account_number", "excel_rounded", _not(_is_rounded))
    _ifsc_bank = _rule("ifsc", "ifsc_bank", _ifsc_bank)


class CustomerUpdates(_Customers):
    """Accepted rows of a ``customer-update`` file.

    One row per customer, in the order of the file; text as written; a missing value leaves the field, the
    word ``<clear>`` clears it. `source_row` is the row in the user's spreadsheet.
    """

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

    _customer_id = _rule("customer_id", "customer_id", _shaped(identifiers.CUSTOMER_ID))
    _name_needed = _rule("legal_name", "name_needed", _not(lambda column: texts.equals(column, CLEAR)))
    _pan_or_gstin = _rule("pan_or_gstin", "pan_or_gstin", _pan_or_gstin(clearable=True))
    _account = _rule("account_number", "account_number", _shaped(identifiers.ACCOUNT_NUMBER, clearable=True))
    _ifsc = _rule("ifsc", "ifsc", _shaped(identifiers.IFSC, clearable=True))
    _state = _rule(
        "state", "state_unknown", lambda column: _state_known(column) | texts.equals(column, CLEAR)
    )
    _pin_code = _rule("pin_code", "pin_code", _shaped(identifiers.PIN_CODE, clearable=True))
    _phone = _rule("contact_number", "contact_number", _shaped(identifiers.PHONE, clearable=True))
    _clear_word = _rule("^(?!source_row|customer_id)", "clear_word", _not(_is_nearly_clear))


class CustomerCreates(_Customers):
    """Accepted rows of a ``customer-create`` file.

    One row per new customer with one key contact, in the order of the file; text as written; a missing value
    is not sent. `source_row` is the row in the user's spreadsheet.
    """

    unique_ref_no: Text = pa.Field(nullable=True)
    legal_name: Series[str]
    name: Series[str]
    mobile: Series[str]
    email: Text = pa.Field(nullable=True)
    mail_enabled: Text = pa.Field(nullable=True)
    sms_enabled: Text = pa.Field(nullable=True)
    whatsapp_enabled: Text = pa.Field(nullable=True)
    pan_or_gstin: Text = pa.Field(nullable=True)
    account_number: Text = pa.Field(nullable=True)
    ifsc: Text = pa.Field(nullable=True)
    address: Text = pa.Field(nullable=True)
    state: Text = pa.Field(nullable=True)
    pin_code: Text = pa.Field(nullable=True)
    contact_number: Text = pa.Field(nullable=True)

    _mobile = _rule("mobile", "contact_number", _shaped(identifiers.PHONE))
    _email = _rule("email", "email", _shaped(identifiers.EMAIL))
    _flags = _rule("^(mail|sms|whatsapp)_enabled$", "yes_or_no", _yes_or_no)
    _pan_or_gstin = _rule("pan_or_gstin", "pan_or_gstin", _pan_or_gstin(clearable=False))
    _account = _rule("account_number", "account_number", _shaped(identifiers.ACCOUNT_NUMBER))
    _ifsc = _rule("ifsc", "ifsc", _shaped(identifiers.IFSC))
    _state = _rule("state", "state_unknown", _state_known)
    _pin_code = _rule("pin_code", "pin_code", _shaped(identifiers.PIN_CODE))
    _phone = _rule("contact_number", "contact_number", _shaped(identifiers.PHONE))
    _clear = _rule("^(?!source_row)", "nothing_to_clear", _not(_is_clear))


class InvoiceCreates(_Rows):
    """Accepted rows of an ``invoice-create`` file.

    One row per new invoice, in the order of the file; text as written, amounts in rupees with at most two
    decimals and days as yyyy-MM-dd; a missing value is not sent. `source_row` is the row in the user's
    spreadsheet.
    """

    customer_id: Series[str]
    base_amount: Series[str]
    due_date: Series[str]
    invoice_number: Text = pa.Field(nullable=True)
    invoice_date: Text = pa.Field(nullable=True)
    cgst: Text = pa.Field(nullable=True)
    sgst: Text = pa.Field(nullable=True)
    igst: Text = pa.Field(nullable=True)
    tds: Text = pa.Field(nullable=True)
    net_amount: Text = pa.Field(nullable=True)
    gst_exclusive: Text = pa.Field(nullable=True)
    description: Text = pa.Field(nullable=True)
    po_number: Text = pa.Field(nullable=True)
    external_id: Text = pa.Field(nullable=True)
    email_address: Text = pa.Field(nullable=True)
    mobile_number: Text = pa.Field(nullable=True)
    partial_payment_allowed: Text = pa.Field(nullable=True)
    dispatch_now: Text = pa.Field(nullable=True)

    _customer_id = _rule("customer_id", "customer_id", _shaped(identifiers.CUSTOMER_ID))
    _amounts = _rule("^(base_amount|cgst|sgst|igst|tds|net_amount)$", "amount", _shaped(AMOUNT))
    _minimum = _rule("base_amount", "minimum", _not(_shaped(BELOW_MINIMUM)))
    _days = _rule("^(due|invoice)_date$", "day", _day)
    _number = _rule("invoice_number", "invoice_number", _shaped(identifiers.INVOICE_NUMBER))
    _flags = _rule("^(gst_exclusive|partial_payment_allowed|dispatch_now)$", "yes_or_no", _yes_or_no)
    _email = _rule("email_address", "email", _shaped(identifiers.EMAIL))
    _mobile = _rule("mobile_number", "contact_number", _shaped(identifiers.PHONE))
    _clear = _rule("^(?!source_row)", "nothing_to_clear", _not(_is_clear))
