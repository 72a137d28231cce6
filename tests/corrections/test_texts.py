"""What stands in a column of text, found on its bytes, is what Python finds in each value by itself."""

import re
import unicodedata
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.corrections import texts

from .tables import SPACES, column

SEEN_FORMATS = set(map(chr, [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2]))
JOINERS = {"\u200c", "\u200d"}
# Letters of all widths in UTF-8, spaces, joiners, marks that nobody sees, signs of formulas.
LETTERS = st.sampled_from(
    list("ab<>=+-@ \t\n\r\0\x0b\x1f\x7f\x85\u00a0\u00ad\u200b\u200d\u202e\ufeffनाé€＝😀Ã¤")
)
VALUES = st.one_of(st.text(max_size=6), st.text(LETTERS, max_size=6))
COLUMNS = st.lists(st.one_of(st.none(), VALUES), max_size=8)


def is_unseen(letter: str) -> bool:
    return (
        unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp")
        and letter not in "\t\n\f\r"
        and letter not in JOINERS | SEEN_FORMATS
    )


def stray(value: str) -> bool:
    return bool(value) and (value[0] in SPACES or value[-1] in SPACES)


def formula(value: str) -> bool:
    return value[:1] in set("=+@-＝＋－＠")


def blank(value: str) -> bool:
    return not value.strip(SPACES)


ORACLES: list[tuple[Callable[[pa.Array], np.ndarray], Callable[[str], bool]]] = [
    (texts.has_stray_space, stray),
    (texts.is_like_formula, formula),
    (texts.is_blank, blank),
    (lambda values: texts.equals(values, "ab"), lambda value: value == "ab"),
    (
        lambda values: texts.ends_with(values, "a", then="^.a$"),
        lambda value: bool(re.match(r"[^\n]a\Z", value)),
    ),
]
NAMES = ["stray space", "formula", "blank", "equals", "ends with"]


@pytest.mark.parametrize(("found_in", "is_so"), ORACLES, ids=NAMES)
@given(values=COLUMNS, start=st.integers(0, 3))
def test_a_column_is_answered_value_by_value_wherever_it_was_cut(
    found_in: Callable[[pa.Array], np.ndarray],
    is_so: Callable[[str], bool],
    values: list[str | None],
    start: int,
) -> None:
    found = found_in(column(*values)[start:])
    assert found.tolist() == [is_so(value or "") for value in values[start:]]


@given(COLUMNS, st.integers(0, 3))
def test_a_character_that_nobody_sees_is_found(values: list[str | None], start: int) -> None:
    found = texts.has_hidden_character(column(*values)[start:]).tolist()
    for value, is_hidden in zip(values[start:], found, strict=True):
        inner = (value or "").strip(SPACES)
        unseen = any(is_unseen(letter) for letter in value or "")
        breaks = any(letter in "\t\n\f\r" for letter in inner)
        # The tables of Unicode know more such marks than any file has: those of scripts are let through.
        rare = any(unicodedata.category(letter) == "Cf" and ord(letter) > 0x10FFF for letter in value or "")
        assert is_hidden == (unseen or breaks) or rare


@pytest.mark.parametrize("joined", ["ന്\u200dമ", "क्\u200cष", "क्‍ष"])
def test_a_joiner_within_a_word_is_no_hidden_character(joined: str) -> None:
    assert not texts.has_hidden_character(column(joined)).any()


def test_a_missing_value_is_blank_whatever_bytes_it_covers() -> None:
    """Arrow keeps what stood in a value that was masked."""
    data = b"ab\x01cd \x01"
    offsets = np.array([0, 2, 3, 5, 7], dtype=np.int64)
    valid = pa.py_buffer(np.packbits([1, 0, 1, 0], bitorder="little"))
    masked = pa.Array.from_buffers(
        pa.large_string(), 4, [valid, pa.py_buffer(offsets), pa.py_buffer(data)], null_count=2
    )
    assert masked.to_pylist() == ["ab", None, "cd", None]
    assert texts.is_blank(masked).tolist() == [False, True, False, True]
    assert not texts.has_hidden_character(masked).any()
    assert not texts.has_stray_space(masked).any()


@pytest.mark.parametrize("word", ["<Clear>", "<CLEAR>", "< clear >", "<clear >"])
def test_a_word_that_is_nearly_the_one_that_clears_is_found(word: str) -> None:
    assert texts.is_nearly(column(word, "<clear>", "clear", "<cleared>"), "<clear>").tolist() == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "is_garbled"),
    [
        ("CafÃ©", True),
        ("à¤¨à¤¾à¤®", True),
        ("Best â€œLogisticsâ€", True),
        ("Café Âge Ãlvaro", False),
        ("नाम", False),
        ("São Paulo", False),
    ],
)
def test_a_name_that_was_read_in_a_wrong_encoding_is_told_from_a_foreign_one(
    text: str, is_garbled: bool
) -> None:
    assert texts.is_mojibake(column(text)).tolist() == [is_garbled]


@given(st.text(st.characters(min_codepoint=0x900, max_codepoint=0xD7F, categories=["Lo"]), min_size=1))
def test_a_name_in_an_indian_script_read_as_cp1252_is_garbled(name: str) -> None:
    bytes_ = name.encode()
    garbled = "".join(
        byte.decode("latin-1") if byte in b"\x81\x8d\x8f\x90\x9d" else byte.decode("cp1252")
        for byte in (bytes([number]) for number in bytes_)
    )
    assert texts.is_mojibake(column(garbled)).all()
    assert not texts.is_mojibake(column(name)).any()


def test_an_empty_column_has_no_answers() -> None:
    for answer in (texts.has_stray_space, texts.has_hidden_character, texts.is_blank, texts.is_mojibake):
        assert answer(column()).tolist() == []
        assert answer(column("a")[1:]).tolist() == []
