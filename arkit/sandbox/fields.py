"""What the correctable fields of a customer may hold."""

import re
from collections.abc import Callable, Mapping, Sequence

from . import identifiers
from .answers import SubError

# In the order of the bulk file; branchCodes is a list, the others are text.
CORRECTABLE = (
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

# Text of which no rule says how long it is.
PROSE = frozenset({"legalName", "name", "address", "assignedAgent", "description"})

# The expression of the contract; it must match the whole value.
EMAIL = re.compile(
    r"(?:[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r'|"(?:[\x01-\x08\x0b\x0c\x0e-\x1f\x21\x23-\x5b\x5d-\x7f]|\\[\x01-\x09\x0b\x0c\x0e-\x7f])*")'
    r"@(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
    r"|\[(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?"
    r"|[a-zA-Z0-9-]*[a-zA-Z0-9]:(?:[\x01-\x08\x0b\x0c\x0e-\x1f\x21-\x5a\x53-\x7f]|\\[\x01-\x09\x0b\x0c\x0e-\x7f])+)\])"
)


def _matching(pattern: re.Pattern[str], message: str) -> Callable[[str], str | None]:
    return lambda text: None if pattern.fullmatch(text) else message


_TEXT_RULES: dict[str, Callable[[str], str | None]] = {
    "panOrGstin": identifiers.pan_or_gstin_fault,
    "accountNumber": _matching(identifiers.ACCOUNT_NUMBER, "must be 9 to 36 letters and digits"),
    "ifsc": _matching(identifiers.IFSC, "must be four letters, a zero and six letters or digits"),
    "pinCode": _matching(identifiers.PIN_CODE, "must be six digits, the first of them not 0"),
    "contactNumber": _matching(identifiers.PHONE, "must be a telephone number of ten digits"),
}
# Ten years: a due day moved by so much is still a day.
MAX_DAYS = 3_650
_REMINDER_RULES = {
    "reminderTime": _matching(re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]"), "must be a time of day, HH:mm"),
    "reminderType": _matching(re.compile("ONCE|RECURRING"), "must be ONCE or RECURRING"),
}
_CONTACT_RULES = {
    "email": _matching(EMAIL, "must be an e-mail address"),
    "mobile": _TEXT_RULES["contactNumber"],
}


def faults(values: Mapping[str, object]) -> list[SubError]:
    """What is wrong with the fields of a customer; null passes here, since it clears."""
    return _faults(values, _TEXT_RULES)


def contact_faults(contacts: Sequence[Mapping[str, object]]) -> list[SubError]:
    """What is wrong with key contacts, each field with its place in the list."""
    return [
        SubError(f"customerKeyContacts[{place}].{error.field}", error.message)
        for place, contact in enumerate(contacts)
        for error in person_faults(contact)
    ]


def person_faults(contact: Mapping[str, object]) -> list[SubError]:
    """What is wrong with one key contact."""
    return _faults(contact, _CONTACT_RULES)


def reminder_faults(reminders: Sequence[Mapping[str, object]]) -> list[SubError]:
    """What is wrong with reminder rules, each field with its place in the list."""
    return [
        SubError(f"customerReminders[{place}].{error.field}", error.message)
        for place, reminder in enumerate(reminders)
        for error in rule_faults(reminder)
    ]


def rule_faults(reminder: Mapping[str, object]) -> list[SubError]:
    """What is wrong with one reminder rule."""
    errors = _faults(reminder, _REMINDER_RULES)
    difference, interval = reminder.get("dueDateDifference"), reminder.get("reminderInterval")
    if isinstance(difference, int) and abs(difference) > MAX_DAYS:
        errors.append(SubError("dueDateDifference", f"must lie within {MAX_DAYS} days"))
    if isinstance(interval, int) and not 1 <= interval <= MAX_DAYS:
        errors.append(SubError("reminderInterval", f"must be 1 to {MAX_DAYS} days"))
    return errors


def _faults(values: Mapping[str, object], rules: dict[str, Callable[[str], str | None]]) -> list[SubError]:
    errors: list[SubError] = []
    for name, rule in rules.items():
        value = values.get(name)
        message = rule(value) if isinstance(value, str) else None
        if message:
            errors.append(SubError(name, message))
    return errors


def is_blank(value: object) -> bool:
    """Whether a value is none: null, or text of spaces."""
    return value is None or (isinstance(value, str) and not value.strip())


def normalised(values: Mapping[str, object]) -> dict[str, object]:
    """The values as a tidying server would store them."""
    tidied: dict[str, object] = {}
    for name, value in values.items():
        text = value.strip() if isinstance(value, str) else value
        if isinstance(text, str) and name == "panOrGstin":
            text = text.upper()
        if isinstance(text, str) and name == "contactNumber":
            text = re.sub(r"^\+91[\s-]?", "", text)
        tidied[name] = text
    return tidied


def cut(values: Mapping[str, object], length: int) -> dict[str, object]:
    """The values as a server with narrow columns would store them."""
    return {
        name: value[:length] if name in PROSE and isinstance(value, str) else value
        for name, value in values.items()
    }
