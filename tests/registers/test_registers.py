"""Registers: facts that anyone can look up, and what the lists say where nobody can know."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from arkit import registers
from arkit.registers import bank_codes, fits, state_of_name, states

FOLDER = Path(registers.__file__).parent
CODE_OF = {state.name: state.gst_code for state in states()}


def rows(file: str) -> list[dict[str, str]]:
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def fit(pin: str, state: str) -> bool:
    code = CODE_OF.get(state, state)
    (answer,) = fits(np.array([int(pin[:3])], np.int16), np.array([int(code)], np.int16)).tolist()
    return bool(answer)


def codes(*names: str | None) -> list[str | None]:
    return state_of_name(pa.array(list(names), pa.string())).to_pylist()


def test_importing_the_module_opens_none_of_its_files() -> None:
    watch = (
        "import sys\nopened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "import arkit.registers as registers\n"
        "before = [name for name in opened if name.endswith('.csv')]\n"
        "registers.bank_codes(), registers.states()\n"
        "print(before, sorted({name.rpartition('/')[2] for name in opened if name.endswith('.csv')}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", watch], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[] ['banks.csv', 'states.csv']"


@pytest.mark.parametrize("file", ["banks.csv", "states.csv", "pin_codes.csv"])
def test_the_readme_says_where_each_list_comes_from_and_of_what_day(file: str) -> None:
    line = next(
        line
        for line in (FOLDER / "README.md").read_text("utf-8").splitlines()
        if line.startswith(f"| `{file}`")
    )
    assert pc.match_substring_regex(pa.array([line]), r"\| 20\d\d-\d\d-\d\d \|$").to_pylist() == [True]


@pytest.mark.parametrize(
    "code", ["SBIN", "HDFC", "ICIC", "PUNB", "UTIB", "KKBK", "YESB", "RATN", "IBKL", "PYTM", "AIRP", "RBIS"]
)
def test_a_bank_that_issues_ifscs_is_listed(code: str) -> None:
    assert code in bank_codes().to_pylist()


@pytest.mark.parametrize("code", ["XXXX", "SBI0", "HDFD", "sbin", ""])
def test_what_begins_no_ifsc_is_not_listed(code: str) -> None:
    assert code not in bank_codes().to_pylist()


def test_bank_codes_are_four_capital_letters_each_once_and_sorted() -> None:
    listed = bank_codes()
    assert pc.all(pc.match_substring_regex(listed, "^[A-Z]{4}$")).as_py()
    assert listed.to_pylist() == sorted(set(listed.to_pylist()))
    assert len(listed) > 200


def test_a_listed_bank_has_its_name() -> None:
    names = {row["code"]: row["name"] for row in rows("banks.csv")}
    assert names["SBIN"] == "State Bank of India"
    assert sum(name == "" for name in names.values()) <= 15


@pytest.mark.parametrize("state", states(), ids=lambda state: state.gst_code)
def test_every_name_of_a_state_leads_to_its_code_and_no_other_however_it_is_written(
    state: registers.State,
) -> None:
    for name in (state.name, *state.other_names):
        written = (
            name,
            name.upper(),
            name.lower(),
            f"  {name} ",
            name.replace(" ", ""),
            name.replace("and", "&"),
        )
        assert codes(*written) == [state.gst_code] * len(written)


def test_the_codes_are_those_of_the_gst() -> None:
    assert [state.gst_code for state in states()] == [f"{code:02d}" for code in (*range(1, 39), 96, 97, 99)]
    assert [state.gst_code for state in states() if not state.is_place] == ["96", "97", "99"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Orissa", "21"),
        ("Odisha", "21"),
        ("Pondicherry", "34"),
        ("NCT of Delhi", "07"),
        ("J & K", "01"),
        ("Jammu & Kashmir", "01"),
        ("T.N.", "33"),
        ("TAMILNADU", "33"),
        ("Uttaranchal", "05"),
        ("Andaman & Nicobar Islands", "35"),
        ("Ladakh", "38"),
        ("Telangana", "36"),
        ("Andhra Pradesh", "37"),
        ("Daman & Diu", "26"),
        ("D&NH", None),
        ("Other Territory", "97"),
        ("Atlantis", None),
        ("", None),
        ("-", None),
        (None, None),
    ],
)
def test_a_state_is_found_by_the_name_of_today_or_of_yesterday(name: str | None, code: str | None) -> None:
    assert codes(name) == [code]


def test_states_of_a_column_in_pieces_keep_their_order() -> None:
    column = pa.chunked_array([["Goa", None], [], ["Kerala", "Nowhere", "Goa"]], pa.large_string())
    assert state_of_name(column).to_pylist() == ["30", None, "32", None, "30"]
    assert state_of_name(pa.array([], pa.string())).to_pylist() == []
    assert state_of_name(pa.nulls(2)).to_pylist() == [None, None]


@pytest.mark.parametrize(
    ("pin", "state"),
    [
        ("110001", "Delhi"),
        ("560001", "Karnataka"),
        ("400001", "Maharashtra"),
        ("600001", "Tamil Nadu"),
        ("700001", "West Bengal"),
        ("500001", "Telangana"),
        ("520001", "Andhra Pradesh"),
        ("380001", "Gujarat"),
        ("403001", "Goa"),
        ("160017", "Chandigarh"),
        ("160055", "Punjab"),
        ("134109", "Haryana"),
        ("396210", "Dadra and Nagar Haveli and Daman and Diu"),
        ("362520", "Dadra and Nagar Haveli and Daman and Diu"),
        ("396001", "Gujarat"),
        ("533464", "Puducherry"),
        ("605001", "Puducherry"),
        ("673310", "Puducherry"),
        ("682555", "Lakshadweep"),
        ("682001", "Kerala"),
        ("194101", "Ladakh"),
        ("744101", "Andaman and Nicobar Islands"),
        ("737101", "Sikkim"),
        ("248001", "Uttarakhand"),
        ("834001", "Jharkhand"),
        ("492001", "Chhattisgarh"),
        ("781001", "Assam"),
        ("793001", "Meghalaya"),
        ("799001", "Tripura"),
    ],
)
def test_a_pin_code_fits_the_state_where_it_lies(pin: str, state: str) -> None:
    assert fit(pin, state) is True


@pytest.mark.parametrize(
    ("pin", "state"),
    [
        ("560001", "Maharashtra"),
        ("110001", "Karnataka"),
        ("400001", "Goa"),
        ("403001", "Maharashtra"),
        ("520001", "Telangana"),
        ("600001", "Kerala"),
        ("194101", "Himachal Pradesh"),
        ("248001", "Haryana"),
    ],
)
def test_a_pin_code_of_elsewhere_does_not_fit(pin: str, state: str) -> None:
    assert fit(pin, state) is False


@pytest.mark.parametrize(
    ("pin", "state"),
    [
        ("248001", "Uttar Pradesh"),
        ("834001", "Bihar"),
        ("500001", "Andhra Pradesh"),
        ("194101", "Jammu and Kashmir"),
    ],
)
def test_an_old_address_that_names_the_undivided_state_fits(pin: str, state: str) -> None:
    assert fit(pin, state) is True


@pytest.mark.parametrize(
    ("pin", "state"),
    [
        ("999999", "29"),
        ("900056", "29"),  # The army's post office: it may be anywhere.
        ("000000", "29"),
        ("560001", "96"),
        ("560001", "97"),
        ("560001", "99"),
        ("560001", "00"),
        ("560001", "64"),
    ],
)
def test_nothing_speaks_against_what_is_missing_or_unlisted(pin: str, state: str) -> None:
    assert fit(pin, state)


def test_every_place_holds_some_pin_codes_and_no_other_code_does() -> None:
    held = {code for row in rows("pin_codes.csv") for code in row["gst_codes"].split()}
    assert held == {state.gst_code for state in states() if state.is_place}


def test_whole_columns_are_answered_row_by_row() -> None:
    prefixes = np.array([560, 0, 110, 400, 400], dtype=np.int16)
    codes = np.array([29, 29, 29, 27, 0], dtype=np.int16)
    assert fits(prefixes, codes).tolist() == [True, True, False, True, True]
    assert fits(prefixes[:0], codes[:0]).tolist() == []
