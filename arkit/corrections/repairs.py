"""What was done to a value on its way through people and spreadsheets, and how to undo it: proposals only.

Each step undoes one kind of damage on a whole column of values that broke a rule. A value is repaired if it
passes after some steps; the first of them that changed it gives the damage its name.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from arkit import identifiers
from arkit.corrections import texts
from arkit.identifiers import Mask, matches

Places = NDArray[np.int64]
Judge = Callable[[pa.Array], Mask]
Step = Callable[[pa.Array], pa.Array]

# Letters of Cyrillic and Greek that are drawn like Latin ones.
LOOKALIKES = str.maketrans(
    "АВЕКМНОРСТХУІЈЅаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTXYIJSaeopcyxijsABEZHIKMNOPTYXo"
)
BREAKS = r"\s*[\t\n\f\r\x{85}]+\s*"
# What may be dropped without changing what is read; marks that turn the direction of writing may not.
NOTHING = r"[\x{ad}\x{200b}\x{2060}\x{feff}\x00-\x08\x0b\x0e-\x1f\x{7f}-\x{9f}]"
SCIENTIFIC = r"[0-9](\.[0-9]+)?[eE]\+?[0-9]{1,2}"
GROUPED = r"([0-9]{1,2}(,[0-9]{2})*,[0-9]{3}|[0-9]{1,3}(,[0-9]{3})+|[0-9]+)"
CURRENCY = rf"(?i)^(?:₹|rs\.?|inr)?\s*({GROUPED}(?:\.[0-9]{{1,2}})?)\s*(?:/-)?$"
DECIMAL_COMMA = r"[0-9]+,[0-9]{1,2}"
TOO_FINE = r"[0-9]{1,13}\.[0-9]{3,}"
FLAGS = {"yes": "TRUE", "y": "TRUE", "1": "TRUE", "no": "FALSE", "n": "FALSE", "0": "FALSE"}
SERIAL = r"[2-6][0-9]{4}(\.[0-9]+)?"
NUMERIC_DAY = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")
NAMED_DAY = re.compile(r"([0-9]{1,2})[ /.-]([A-Za-z]{3,9})[ /.,-]+([0-9]{4}|[0-9]{2})")
CENTURY = 2000
YEAR_FIRST = re.compile(r"([0-9]{4})([/.-])([0-9]{1,2})\2([0-9]{1,2})")
ISO_MIDNIGHT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]00:00(?::00(?:\.0+)?)?Z?")
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
MOST_SHOWN = 3


class Damage(NamedTuple):
    """Values with the same damage.

    Attributes:
        rule: as the rules call it.
        places: the values among those that were given.
        repaired: one proposal for each of them, or none.
        found: what is to be said of them.
    """

    rule: str
    places: Places
    repaired: pa.Array | None
    found: str = ""


def of_values(rule: str, values: pa.Array, passes: Judge, *, day_order: str | None) -> Iterator[Damage]:
    """What happened to values that broke a rule; those of which nothing is known are left out.

    Args:
        rule: the rule they broke.
        values: large strings, none missing.
        passes: whether values keep the rule.
        day_order: ``dmy`` or ``mdy``, if it was said in which order days are written.
    """
    if rule in IDENTIFIERS:
        yield from _identifiers(values, passes, IDENTIFIERS[rule])
    elif rule == "amount":
        yield from _amounts(values, passes)
    elif rule == "day":
        yield from _days(values, passes, day_order)
    elif rule == "yes_or_no":
        words = pc.utf8_lower(pc.utf8_trim_whitespace(values))
        places = np.flatnonzero(np.asarray(pc.is_in(words, value_set=pa.array(FLAGS, words.type))))
        told = [FLAGS[word] for word in words.take(pa.array(places)).to_pylist()]
        yield from _damage("flag_written", places, pa.array(told, pa.large_string()))
        others = np.setdiff1d(np.arange(len(values)), places)
        written = pc.utf8_upper(words.take(pa.array(others)))
        good = np.flatnonzero(passes(written))
        yield from _damage("flag_written", others[good], written.take(pa.array(good)))


def of_text(rule: str, values: pa.Array, word: str) -> pa.Array:
    """Proposals for values that broke a rule of text, empty where there is none.

    Args:
        rule: the rule they broke.
        values: large strings, none missing.
        word: the word that clears a field.
    """
    if rule == "stray_space":
        return _trimmed(values)
    if rule == "clear_word":
        return pa.array([word] * len(values), pa.large_string())
    if rule == "hidden_character":
        told = pc.replace_substring_regex(values, BREAKS, " ")
        told = _trimmed(pc.replace_substring_regex(told, NOTHING, ""))
        return pc.if_else(pa.array(texts.has_hidden_character(told)), "", told)
    if rule == "mojibake":
        return pa.array([_ungarbled(value) for value in values.to_pylist()], pa.large_string())
    return pa.array([""] * len(values), pa.large_string())


def _trimmed(values: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(values, r"^[\s\pZ]+|[\s\pZ]+$", "")


def _ungarbled(value: str) -> str:
    try:
        # Five bytes stand for nothing in cp1252; programs pass them through.
        return b"".join(
            letter.encode("latin-1" if letter in "\x81\x8d\x8f\x90\x9d" else "cp1252") for letter in value
        ).decode()
    except UnicodeError:
        return ""


def _damage(rule: str, places: Places, repaired: pa.Array | None, found: str = "") -> Iterator[Damage]:
    if len(places):
        yield Damage(rule, places, repaired, found)


def _identifiers(values: pa.Array, passes: Judge, steps: "dict[str, Step]") -> Iterator[Damage]:
    lost = np.flatnonzero(matches(values, SCIENTIFIC))
    yield from _damage("excel_scientific", lost, None)
    open_ = np.setdiff1d(np.arange(len(values)), lost)
    current = values.take(pa.array(open_))
    causes = np.full(len(open_), "", dtype=object)
    for name, step in steps.items():
        after = step(current)
        changed = np.asarray(pc.not_equal(after, current))
        if not changed.any():
            continue
        causes[changed & (causes == "")] = name
        touched = np.flatnonzero(changed)
        good = touched[passes(after.take(pa.array(touched)))]
        for cause in dict.fromkeys(causes[good].tolist()):
            same = good[causes[good] == cause]
            yield Damage(cause, open_[same], after.take(pa.array(same)))
        left = np.setdiff1d(np.arange(len(open_)), good)
        open_, causes, current = open_[left], causes[left], after.take(pa.array(left))


def _latin(values: pa.Array) -> pa.Array:
    return _rewritten(values, lambda text: "".join(map(_latin_letter, text)))


def _latin_letter(letter: str) -> str:
    """The Latin letter that it looks like, or its narrow form; a raised digit is not the digit."""
    if letter.isalpha() or "\uff01" <= letter <= "\uff5e":
        letter = unicodedata.normalize("NFKC", letter)
    return letter.translate(LOOKALIKES)


def _ascii_digits(values: pa.Array) -> pa.Array:
    return _rewritten(
        values, lambda text: "".join(str(unicodedata.decimal(letter, letter)) for letter in text)
    )


def _rewritten(values: pa.Array, rewrite: Callable[[str], str]) -> pa.Array:
    """The values that are not ASCII, rewritten one by one."""
    others = np.flatnonzero(~np.asarray(pc.string_is_ascii(values)))
    if not len(others):
        return values
    told = [rewrite(text) for text in values.take(pa.array(others)).to_pylist()]
    mask = np.zeros(len(values), dtype=np.bool_)
    mask[others] = True
    return pc.replace_with_mask(values, pa.array(mask), pa.array(told, pa.large_string()))


def _without_tail(values: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(values, r"^([0-9]+)\.0+$", r"\1")


def _bare(values: pa.Array) -> pa.Array:
    """Without what groups letters and digits; a single point may stand before decimals."""
    bare = pc.replace_substring_regex(values, r"[\s\pZ.\-]", "")
    return pc.if_else(pa.array(matches(values, r"[0-9]+\.[0-9]+")), values, bare)


def _bare_capitals(values: pa.Array) -> pa.Array:
    return pc.utf8_upper(_bare(values))


def _zero_for_o(values: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(values, "^([A-Za-z]{4})[Oo]", r"\10")


_ZERO, _NOTHING = (pa.scalar(text, pa.large_string()) for text in ("0", ""))


def _zero_before(values: pa.Array) -> pa.Array:
    """A GSTIN of a state below 10 without its first zero, if its check character agrees."""
    longer = pc.binary_join_element_wise(_ZERO, values, _NOTHING)
    return pc.if_else(pa.array(identifiers.gstin_remainders(longer) == 0), longer, values)


def _digits(values: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(values, r"[\s\pZ().\-]", "")


def _ten_digits(values: pa.Array) -> pa.Array:
    """The number of a mobile telephone without what is dialled before it in India."""
    bare = _digits(values)
    told = pc.replace_substring_regex(bare, r"^(?:0|91|\+91|0091|\+910|910)([6-9][0-9]{9})$", r"\1")
    return pc.if_else(pc.equal(told, bare), values, told)


_SCRIPT: dict[str, Step] = {"foreign_digits": _ascii_digits, "lookalike": _latin, "excel_tail": _without_tail}
IDENTIFIERS: dict[str, dict[str, Step]] = {
    "customer_id": {**_SCRIPT, "written_otherwise": _bare_capitals},
    "pan_or_gstin": {**_SCRIPT, "written_otherwise": _bare_capitals, "excel_zero": _zero_before},
    "account_number": {**_SCRIPT, "written_otherwise": _bare},
    "ifsc": {**_SCRIPT, "written_otherwise": _bare, "letter_o": _zero_for_o},
    "pin_code": {**_SCRIPT, "written_otherwise": _bare},
    "contact_number": {**_SCRIPT, "phone_prefix": _ten_digits, "written_otherwise": _digits},
    "invoice_number": {**_SCRIPT},
    "email": {"lookalike": _latin},
}
"""Rules of identifiers to what may have happened to one, in the order in which it is undone."""


def _amounts(values: pa.Array, passes: Judge) -> Iterator[Damage]:
    digits = _ascii_digits(values)
    foreign = np.flatnonzero(np.asarray(pc.not_equal(digits, values)) & passes(digits))
    yield from _damage("foreign_digits", foreign, digits.take(pa.array(foreign)))
    yield from _damage("excel_scientific", np.flatnonzero(matches(values, SCIENTIFIC)), None)
    fine = np.flatnonzero(matches(values, TOO_FINE))
    shorter = pc.replace_substring_regex(values.take(pa.array(fine)), r"(\.[0-9]{2})0+$", r"\1")
    whole = passes(shorter)
    yield from _damage("amount_decimals", fine[~whole], None)
    yield from _damage("amount_written", fine[whole], shorter.filter(pa.array(whole)))
    comma = np.flatnonzero(matches(values, DECIMAL_COMMA))
    point = pc.replace_substring(values.take(pa.array(comma)), ",", ".")
    yield from _damage("decimal_comma", comma, point)
    written = np.flatnonzero(np.asarray(pc.match_substring_regex(values, CURRENCY)))
    bare = pc.replace_substring(
        pc.replace_substring_regex(values.take(pa.array(written)), CURRENCY, r"\1"), ",", ""
    )
    good = passes(bare)
    yield from _damage("amount_written", written[good], bare.filter(pa.array(good)))


def _days(values: pa.Array, passes: Judge, day_order: str | None) -> Iterator[Damage]:
    """Days written otherwise; in which order day and month stand is decided by the whole column."""
    encoded = values.dictionary_encode()
    written = encoded.dictionary.to_pylist()
    codes = np.asarray(encoded.indices)
    plain = {text: day for text in written if (day := _unmistakable(text))}
    either = {text: days for text in written if text not in plain and any(days := _either_way(text))}
    first_is_day = [text for text, (dmy, mdy) in either.items() if not mdy]
    second_is_day = [text for text, (dmy, mdy) in either.items() if not dmy]
    is_mixed = bool(first_is_day and second_is_day) and not day_order
    order = day_order or ("dmy" if first_is_day else "mdy" if second_is_day else None)
    if is_mixed or order is None:
        plain |= {text: dmy for text, (dmy, mdy) in either.items() if dmy == mdy}
    else:
        plain |= {text: days[order == "mdy"] for text, days in either.items() if days[order == "mdy"]}
    told = list(plain)
    kept = passes(pa.array(plain.values(), pa.large_string()))
    plain = {text: plain[text] for text, is_kept in zip(told, kept, strict=True) if is_kept}
    yield from _by_text("day_written", written, codes, plain)
    left = {text: "" for text in either if text not in told}
    if is_mixed:
        shown = [", ".join(some[:MOST_SHOWN]) for some in (first_is_day, second_is_day)]
        found = f"{shown[0]} begin with the day, {shown[1]} with the month"
        yield from _by_text("day_mixed", written, codes, left, found)
    elif order is None:
        yield from _by_text("day_ambiguous", written, codes, left)
    serial = {text: "" for text in written if re.fullmatch(SERIAL, text)}
    yield from _by_text("day_serial", written, codes, serial)


def _by_text(
    rule: str, texts: list[str], codes: NDArray[np.int32], repaired: dict[str, str], found: str = ""
) -> Iterator[Damage]:
    wanted = np.array([text in repaired for text in texts], dtype=np.bool_)
    places = np.flatnonzero(wanted[codes]) if len(texts) else np.zeros(0, dtype=np.int64)
    told = pa.array([repaired.get(text, "") for text in texts], pa.large_string())
    yield from _damage(rule, places, told.take(pa.array(codes[places])), found)


def _unmistakable(text: str) -> str:
    """A day whose month has a name, or whose year comes first, as yyyy-mm-dd."""
    text = text.strip()
    if found := ISO_MIDNIGHT.fullmatch(text):
        return found[1]
    if found := YEAR_FIRST.fullmatch(text):
        return _day(int(found[1]), int(found[3]), int(found[4]))
    found = NAMED_DAY.fullmatch(text)
    if not found:
        return ""
    months = [number for number, name in enumerate(MONTHS, 1) if name.startswith(found[2].lower())]
    year = int(found[3]) + (CENTURY if len(found[3]) == len("yy") else 0)
    return _day(year, months[0], int(found[1])) if len(months) == 1 else ""


def _either_way(text: str) -> tuple[str, str]:
    """The day if the day comes first, and if the month does; empty where the calendar has none."""
    found = NUMERIC_DAY.fullmatch(text.strip())
    if not found:
        return "", ""
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    return _day(year, second, first), _day(year, first, second)


def _day(year: int, month: int, day: int) -> str:
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return ""
