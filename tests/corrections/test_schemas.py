"""The rules of bulk files, tried on columns without a file."""

import sys
import unicodedata

import pandas as pd
import pandera.pandas as pa
import pytest

from arkit import columns
from arkit.corrections.kinds import FIELDS, KEY, KINDS
from arkit.corrections.rules import RULES
from arkit.corrections.schemas import CLEAR, CustomerUpdates

TEXTS = [name for name in (KEY, *FIELDS) if name not in ("customerId", "contactNumber")]
JOINERS = {"\u200c", "\u200d"}
# Unicode counts some signs of numbers and verses in Arabic and Syriac as format characters; they are seen.
SEEN = set(map(chr, [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2]))


def accepted(*values: str | None, column: str = "address") -> pd.DataFrame:
    """A frame as the check makes it, with these values in one column."""
    size = len(values)
    cells = {
        "customer_id": [f"KC{n:014}" for n in range(size)],
        columns.snake(column): list(values),
    }
    frame = pd.DataFrame({name: pd.Series(texts, dtype="str") for name, texts in cells.items()})
    frame.insert(0, "source_row", range(2, size + 2))
    return frame


def broken(*values: str | None, column: str = "address") -> set[tuple[str, str]]:
    """The rules broken, each with the value that breaks it."""
    try:
        CustomerUpdates.validate(accepted(*values, column=column), lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        return set(zip(cases["check"], cases["failure_case"], strict=True))
    return set()


def test_every_rule_has_its_sentence() -> None:
    schemas = [kind.model.to_schema() for kind in KINDS.values()]
    columns = [column for schema in schemas for column in schema.columns.values()]
    assert {str(check.name) for column in columns for check in column.checks} <= set(RULES)


def test_the_columns_are_the_fields_of_the_file() -> None:
    names = list(CustomerUpdates.to_schema().columns)
    assert names == ["source_row", *(columns.snake(name) for name in (KEY, *FIELDS))]


def test_a_missing_value_breaks_no_rule() -> None:
    for name in FIELDS:
        assert not broken(None, column=name)


def test_the_word_that_clears_passes_everywhere_but_for_the_name() -> None:
    assert {name for name in FIELDS if broken(CLEAR, column=name)} == {"legalName"}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("word", ["<Clear>", "<CLEAR>", "< clear >"])
def test_a_misspelt_word_never_passes_for_text(name: str, word: str) -> None:
    assert ("clear_word", word) in broken(word, column=name)


@pytest.mark.parametrize("name", TEXTS)
def test_what_a_spreadsheet_would_compute_is_refused(name: str) -> None:
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", "=\n1"):
        assert ("formula_like", text) in broken(text, column=name)


def test_a_gstin_of_no_state_is_told_from_one_that_is_mistyped() -> None:
    assert broken("93AAPFU0939F1ZW", column="panOrGstin") == {("gstin_state", "93AAPFU0939F1ZW")}
    assert broken("27AAPFU0939F1ZO", column="panOrGstin") == {("gstin_check_digit", "27AAPFU0939F1ZO")}


def test_a_country_code_is_no_formula() -> None:
    assert not broken("+91 9822012345", "0091-9822012345", column="contactNumber")


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\r", "\u00a0", "\u2003", "\u202f", "\u3000"])
def test_a_space_at_either_end_is_seen_and_one_within_is_none(space: str) -> None:
    assert broken(f"Goa{space}", f"{space}Goa") == {
        ("stray_space", f"Goa{space}"),
        ("stray_space", f"{space}Goa"),
    }
    assert broken(f"New{space}Goa") == (
        {("hidden_character", f"New{space}Goa")} if space in "\t\n\r" else set()
    )


def test_every_character_that_nobody_sees_is_refused() -> None:
    unseen = [
        char
        for char in [*map(chr, range(0x11000)), *map(chr, range(0xE0001, 0xE0080))]
        if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") and char not in JOINERS | SEEN
    ]
    texts = [f"a{char}b" for char in unseen]
    found = {value for rule, value in broken(*texts) if rule == "hidden_character"}
    assert not set(texts) - found


def test_every_letter_digit_and_mark_is_kept() -> None:
    kept = [
        f"a{char}b"
        for char in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(char)[0] in "LNMPS" and char != "\x7f"
    ]
    assert not broken(*kept, *(f"ന{joiner}മ" for joiner in JOINERS))


def test_a_frame_with_other_columns_is_refused() -> None:
    frame = accepted("Goa").assign(remarks="x")
    with pytest.raises(pa.errors.SchemaErrors):
        CustomerUpdates.validate(frame)


def test_a_frame_without_rows_keeps_its_columns() -> None:
    empty = CustomerUpdates.validate(accepted())
    assert list(empty.columns) == ["source_row", "customer_id", "address"]
