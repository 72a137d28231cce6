"""Names in nine scripts: a million cells come through byte for byte, or their row has a problem."""

import csv
import io
import random
import unicodedata
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

from arkit.corrections import checks
from arkit.corrections.checks import Check
from arkit.corrections.journal import Row
from arkit.corrections.kinds import KINDS, UPDATE
from arkit.corrections.uploads import _bulk_file

CELLS = 500_000
"""In each of the two formats."""
FIELDS = ("legalName", "address", "assignedAgent", "branchCodes", "uniqueRefNo")
ROWS = CELLS // len(FIELDS)

VIRAMA = {
    "Devanagari": 0x94D,
    "Bengali": 0x9CD,
    "Gurmukhi": 0xA4D,
    "Gujarati": 0xACD,
    "Tamil": 0xBCD,
    "Telugu": 0xC4D,
    "Kannada": 0xCCD,
    "Malayalam": 0xD4D,
}
"""A script of India begins 0x4D before its virama, and its block has 128 characters."""
LATIN = "ABCXYZabcxyzàéîõüçñßøŁžĀÉ"
MARKS = ["\u0301", "\u0308", "\u0327"]
JOINERS = ["\u200c", "\u200d"]
BETWEEN = [" ", " ", " ", ", ", " & ", "'", "’", '"', "-", " / ", ".", "; ", "(", ") ", "00", "007 ", " 1E5 "]
DAMAGES: list[Callable[[str], str]] = [
    lambda text: f" {text}",
    lambda text: f"{text}\N{NO-BREAK SPACE}",
    lambda text: f"={text}",
    lambda text: f"{text}\N{RIGHT-TO-LEFT OVERRIDE}x",
    lambda text: f"{text}\N{ZERO WIDTH SPACE}x",
    lambda text: f"{text}\nx",
    lambda text: "",
]


def words_of(script: str, count: int, chance: random.Random) -> list[str]:
    """Words as they are typed: letters with marks, joined ones, digits of the script."""
    if script == "Latin":
        letters, marks = list(LATIN), MARKS
        digits = list("0123456789")
        virama = ""
    else:
        first = VIRAMA[script] - 0x4D
        block = [chr(code) for code in range(first, first + 128)]
        letters = [letter for letter in block if unicodedata.category(letter) == "Lo"]
        marks = [letter for letter in block if unicodedata.category(letter) in ("Mn", "Mc")]
        digits = [letter for letter in block if unicodedata.category(letter) == "Nd"]
        virama = chr(VIRAMA[script])
    words = []
    for _ in range(count):
        word = ""
        for _ in range(chance.randrange(1, 5)):
            word += chance.choice(letters)
            kind = chance.randrange(8)
            if kind < 3:
                word += chance.choice(marks)
            elif kind == 3 and virama:
                word += virama + chance.choice(["", *JOINERS]) + chance.choice(letters)
            elif kind == 4:
                word += chance.choice(digits)
        form = chance.choice(["NFC", "NFD", ""])
        words.append(unicodedata.normalize(form, word) if form else word)
    return words


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Rows of texts, of which one in fifty is damaged."""
    chance = random.Random(20261124)
    words = [word for script in ("Latin", *VIRAMA) for word in words_of(script, 2_000, chance)]
    between = chance.choices(BETWEEN, k=50_000)
    numbers = np.random.default_rng(20261124)
    size = ROWS * len(FIELDS)
    picked = numbers.integers(0, len(words), (size, 2))
    joints = numbers.integers(0, len(between), size)
    cells = [
        f"{words[first]}{between[joint]}{words[second]}"
        for (first, second), joint in zip(picked.tolist(), joints.tolist(), strict=True)
    ]
    for place in numbers.choice(size, size // 50, replace=False).tolist():
        cells[place] = chance.choice(DAMAGES)(cells[place])
    columns = {field: cells[start :: len(FIELDS)] for start, field in enumerate(FIELDS)}
    return pd.DataFrame({"customerId": [f"KC{number:014}" for number in range(ROWS)], **columns}, dtype="str")


def as_csv(table: pd.DataFrame) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([list(table.columns), *table.to_numpy().tolist()])
    return text.getvalue().encode()


def as_workbook(table: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    for number, row in enumerate([list(table.columns), *table.to_numpy().tolist()]):
        for place, text in enumerate(row):
            if text:
                sheet.write_string(number, place, text)
    book.close()
    return file.getvalue()


FORMATS = {"csv": as_csv, "xlsx": as_workbook}


@pytest.fixture(scope="module", params=FORMATS)
def checked(
    request: pytest.FixtureRequest, table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Check:
    path = tmp_path_factory.mktemp("scripts") / f"names.{request.param}"
    path.write_bytes(FORMATS[request.param](table))
    return checks.check(path)


def test_every_accepted_value_is_the_text_that_was_written(checked: Check, table: pd.DataFrame) -> None:
    accepted = checked.accepted
    assert len(accepted) > ROWS * 0.85
    written = table.iloc[accepted["source_row"].to_numpy() - 2].reset_index(drop=True)
    for field in ("customerId", *FIELDS):
        read = accepted[KINDS[UPDATE].columns[field]].fillna("")
        differs = read.to_numpy(dtype=object) != written[field].to_numpy(dtype=object)
        assert not differs.any(), (field, read[differs].iloc[0], written[field][differs].iloc[0])


def test_every_row_that_is_not_accepted_has_a_problem(checked: Check) -> None:
    errors = checked.problems[checked.problems["severity"] == "error"]
    rows = set(range(2, ROWS + 2))
    assert rows - set(checked.accepted["source_row"]) == set(errors["source_row"])


def test_only_what_was_damaged_is_complained_of(checked: Check, table: pd.DataFrame) -> None:
    """Joiners, marks, forms of composition, digits of a script, quotation marks and zeros are text."""
    errors = checked.problems[checked.problems["severity"] == "error"]
    assert set(errors["rule"]) == {"stray_space", "formula_like", "hidden_character"}
    assert len(errors) < CELLS // 50 * 1.1


def test_what_goes_to_the_server_is_byte_for_byte_what_was_written(
    checked: Check, table: pd.DataFrame
) -> None:
    accepted = checked.accepted.fillna("")
    columns = KINDS[UPDATE].columns
    names = {columns[field]: field for field in FIELDS}
    records = accepted[["source_row", "customer_id", *names]].to_dict("records")
    rows = [
        Row(
            int(record["source_row"]),
            str(record["customer_id"]),
            {},
            {field: str(record[name]) for name, field in names.items() if record[name]},
        )
        for record in records
    ]
    sent = list(csv.DictReader(io.StringIO(_bulk_file(rows).decode(), newline="")))
    assert len(sent) == len(accepted)
    written = table.iloc[accepted["source_row"].to_numpy() - 2]
    for field in FIELDS:
        assert [row[field] for row in sent] == written[field].tolist(), field


def test_every_script_is_there(table: pd.DataFrame) -> None:
    letters = set("".join(table["legalName"].head(20_000)))
    for script, virama in VIRAMA.items():
        assert {chr(virama), *JOINERS} <= letters, script
        assert any(unicodedata.name(letter, "").startswith(f"{script.upper()} DIGIT") for letter in letters)
