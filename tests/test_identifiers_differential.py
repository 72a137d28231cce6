"""A million numbers, right and slightly wrong: arkit says of each what python-stdnum and the banks' list say.

Where python-stdnum knows less than the GST gives out, EXCEPTIONS has the shape of those numbers and the
reason; their check character follows the same rule. The oracle judges each number once, arkit several times
in mixed order.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from stdnum import luhn
from stdnum.in_ import gstin as gstin_oracle
from stdnum.in_ import pan as pan_oracle

from arkit import identifiers
from arkit.registers import bank_codes, states

DIGITS, LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALPHABET = DIGITS + LETTERS
STATES = "|".join(state.gst_code for state in states() if state.is_place or state.name == "Other Territory")
BANKS = set(bank_codes().to_pylist())
PAN = "[A-Z]{3}[ABCFGHJLPTK][A-Z](?!0000)[0-9]{4}[A-Z]"


@dataclass(frozen=True)
class Known:
    """Numbers that the oracle refuses though they are given out: why they exist, and their whole shape."""

    reason: str
    pattern: str

    def covers(self, number: str) -> bool:
        return re.fullmatch(self.pattern, number) is not None


EXCEPTIONS = [
    Known("Ladakh has been 38 since 2019", f"38{PAN}[1-9A-Z]Z[0-9A-Z]"),
    Known("97 is other territory, such as the waters off the coast", f"97{PAN}[1-9A-Z]Z[0-9A-Z]"),
    Known("who deducts tax has D at the fourteenth place", f"({STATES}){PAN}[1-9A-Z]D[0-9A-Z]"),
    Known("who collects tax has C there", f"({STATES}){PAN}[1-9A-Z]C[0-9A-Z]"),
    Known("the fourteenth place is Z by default, not by law", f"({STATES}){PAN}[1-9A-Z][1-9ABE-Y][0-9A-Z]"),
    Known(
        "an office without a PAN has its TAN inside",
        f"({STATES})[A-Z]{{4}}[0-9]{{5}}[A-Z][1-9A-Z]{{2}}[0-9A-Z]",
    ),
    Known(
        "bodies of the United Nations and embassies", f"({STATES})[0-9]{{2}}[A-Z]{{3}}[0-9]{{5}}UN[0-9A-Z]"
    ),
    Known("other notified persons", f"({STATES})[0-9]{{2}}[A-Z]{{3}}[0-9]{{5}}ON[0-9A-Z]"),
    Known("non-resident taxable persons", f"({STATES})[0-9]{{2}}[A-Z]{{3}}[0-9]{{5}}NR[0-9A-Z]"),
    Known("online services from abroad begin with 99", "99[0-9]{2}[A-Z]{3}[0-9]{5}OS[0-9A-Z]"),
]


def gstin_is_right(number: str) -> bool:
    """The oracle's answer; it also takes small letters and blanks, which a bulk file may not hold."""
    if gstin_oracle.is_valid(number):
        return gstin_oracle.compact(number) == number
    return any(known.covers(number) for known in EXCEPTIONS) and luhn.is_valid(number, ALPHABET)


def pan_is_right(number: str) -> bool:
    return pan_oracle.is_valid(number) and pan_oracle.compact(number) == number


def ifsc_is_right(number: str) -> bool:
    """The API's pattern takes small letters, and the bank is the same."""
    return bool(re.fullmatch("[A-Za-z]{4}0[0-9A-Za-z]{6}", number)) and number[:4].upper() in BANKS


def arkit_takes_gstin(column: pa.Array) -> NDArray[np.bool_]:
    right = (identifiers.gstin_remainders(column) == 0) & identifiers.has_known_state(column)
    return right & identifiers.has_real_holder(column)


def arkit_takes_pan(column: pa.Array) -> NDArray[np.bool_]:
    return identifiers.matches(column, identifiers.PAN) & identifiers.has_real_holder(column)


def arkit_takes_ifsc(column: pa.Array) -> NDArray[np.bool_]:
    of_bank = identifiers.has_prefix_of(column, tuple(bank_codes().to_pylist()))
    return identifiers.matches(column, identifiers.IFSC) & of_bank


class Writer:
    """Writes numbers of every kind, and slips with them; the same ones in each run."""

    def __init__(self) -> None:
        self.chance = random.Random(20260401)

    def of(self, characters: str, count: int = 1) -> str:
        return "".join(self.chance.choices(characters, k=count))

    def pan(self) -> str:
        # Now and then a holder or a number that is never given out.
        holder = self.of("ABCFGHJLPTK") if self.chance.random() < 0.97 else self.of(LETTERS)
        number = f"{self.chance.randrange(1, 10_000):04d}" if self.chance.random() < 0.98 else "0000"
        return f"{self.of(LETTERS, 3)}{holder}{self.of(LETTERS)}{number}{self.of(LETTERS)}"

    def gstin(self) -> str:
        state = self.chance.choice([*STATES.split("|"), "38", "97"])
        if self.chance.random() < 0.03:
            state = self.chance.choice(["00", "39", "40", "64", "88", "95", "96", "98"])
        kind = self.chance.choice("ZZZZZDCXTTUNRO")
        match kind:
            case "Z" | "D" | "C":
                head = f"{state}{self.pan()}{self.of(ALPHABET[1:])}{kind}"
            case "X":
                head = f"{state}{self.pan()}{self.of(ALPHABET, 2)}"
            case "T":
                tan = f"{self.of(LETTERS, 4)}{self.of(DIGITS, 5)}{self.of(LETTERS)}"
                head = f"{state}{tan}{self.of(ALPHABET[1:])}{self.of('ZD')}"
            case _:
                ending = {"U": "UN", "N": "ON", "R": "NR", "O": "OS"}[kind]
                state = "99" if kind == "O" else state
                head = f"{state}{self.of(DIGITS, 2)}{self.of(LETTERS, 3)}{self.of(DIGITS, 5)}{ending}"
        return head + luhn.calc_check_digit(head, ALPHABET)

    def ifsc(self) -> str:
        bank = self.chance.choice(bank_codes().to_pylist())
        branch = self.of(DIGITS, 6) if self.chance.random() < 0.7 else self.of(ALPHABET, 6)
        return f"{bank}0{branch}"

    def slip(self, number: str) -> str:
        """The number with one thing wrong that a hand, an eye or a program gets wrong."""
        place = self.chance.randrange(len(number) - 1)
        before, here, following, after = number[:place], number[place], number[place + 1], number[place + 2 :]
        wrong = (
            lambda: before + self.of(ALPHABET) + following + after,
            lambda: before + following + here + after,
            lambda: before + following + after,
            lambda: before + here + here + following + after,
            lambda: before + here.translate(LOOK_ALIKE) + following + after,
            lambda: number[:-1] + self.of(ALPHABET),
            number.lower,
            lambda: before + here.lower() + following + after,
            lambda: before + self.of(" -\n\t\u00a0\u200b.") + here + following + after,
            lambda: number + self.of(" \n\0Z0"),
            lambda: before + here.translate(FOREIGN) + following + after,
        )
        return self.chance.choice(wrong)()


LOOK_ALIKE = str.maketrans("01258OILZSBGQDUVCE", "OIZSB01125880OVUGF")
# Cyrillic letters, and the digits of Devanagari.
FOREIGN = str.maketrans("ABCEHKMOPTXY" + DIGITS, "АВСЕНКМОРТХУ" + "०१२३४५६७८९")


CASES = [
    pytest.param(Writer.gstin, gstin_is_right, arkit_takes_gstin, 140_000, 600_000, id="gstin"),
    pytest.param(Writer.pan, pan_is_right, arkit_takes_pan, 60_000, 250_000, id="pan"),
    pytest.param(Writer.ifsc, ifsc_is_right, arkit_takes_ifsc, 30_000, 150_000, id="ifsc"),
]


@pytest.mark.parametrize(("write", "is_right", "arkit_takes", "different", "all_in_all"), CASES)
def test_of_a_million_numbers_arkit_takes_those_that_are_right(
    write: Callable[[Writer], str],
    is_right: Callable[[str], bool],
    arkit_takes: Callable[[pa.Array], NDArray[np.bool_]],
    different: int,
    all_in_all: int,
) -> None:
    writer = Writer()
    right_ones = [write(writer) for _ in range(different // 2)]
    numbers = list(dict.fromkeys([*right_ones, *map(writer.slip, right_ones)]))
    expected = np.array([is_right(number) for number in numbers])
    order = np.random.default_rng(7).permutation(np.resize(np.arange(len(numbers)), all_in_all))
    taken = arkit_takes(pa.array(numbers, pa.string()).take(pa.array(order)))
    disputed = {numbers[at]: bool(expected[at]) for at in order[taken != expected[order]]}
    assert disputed == {}
    assert 0.3 < expected.mean() < 0.8


@pytest.mark.parametrize("known", EXCEPTIONS, ids=lambda known: known.reason)
def test_arkit_takes_what_the_oracle_does_not_know(known: Known) -> None:
    writer = Writer()
    numbers = [number for number in (writer.gstin() for _ in range(10_000)) if known.covers(number)]
    assert len(numbers) > 50
    assert not any(map(gstin_oracle.is_valid, numbers))
    assert arkit_takes_gstin(pa.array(numbers)).all()
    others = [number[:-1] + ALPHABET[(ALPHABET.index(number[-1]) + 1) % 36] for number in numbers]
    assert not arkit_takes_gstin(pa.array(others)).any()


@pytest.mark.parametrize("place", range(15))
def test_one_character_changed_is_never_taken_for_a_gstin(place: int) -> None:
    writer = Writer()
    right_ones = [number for number in (writer.gstin() for _ in range(1_000)) if gstin_is_right(number)]
    changed = [
        number[:place] + character + number[place + 1 :]
        for number in right_ones
        for character in ALPHABET
        if character != number[place]
    ]
    assert not arkit_takes_gstin(pa.array(changed)).any()


# Published by their holders or seen on the portal: GSTN's own check of the rule for each kind.
PUBLISHED = [
    "27AAPFU0939F1ZV",
    "27AAACR5055K1Z7",
    "29AAICA3918J3ZC",
    "33AAAGM0289C1ZQ",
    "33AAAGM0289C1DZ",
    "07AAACN0255D1D9",
    "27AAICA3918J1CT",
    "03AAICA3918J2C2",
    "06DELI09652G1DA",
    "09ALDN00287A1DD",
    "27PNEA06819B1DE",
    "0717UNO00157UNO",
    "0717UNO00211UN2",
    "2117UNO00002UNF",
    "2317UNO00001UND",
    "9917SGP29001OST",
    "9917IRL29003OSG",
    "9922JPN29001OSU",
    "9917USA29016OS6",
    "9924ISR29001OSH",
]


def test_published_numbers_of_every_kind_are_taken() -> None:
    taken = arkit_takes_gstin(pa.array(PUBLISHED))
    assert [number for number, is_taken in zip(PUBLISHED, taken, strict=True) if not is_taken] == []


@pytest.mark.parametrize(
    "ifsc", ["SBIN0000300", "HDFC0000001", "ICIC0000104", "RATN0VAAPIS", "YESB0CMSNOC", "IBKL0116SBK"]
)
def test_published_ifscs_are_taken(ifsc: str) -> None:
    assert ifsc_is_right(ifsc)
    assert arkit_takes_ifsc(pa.array([ifsc])).all()
