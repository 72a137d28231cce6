"""Bulk files of any size that look like those of a real company, with a share of cells that are wrong.

Twelve columns of text and about 220 bytes a row, as a `customer-update` has them.
"""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

from arkit.sandbox.identifiers import gstin

HEADER = [
    "customerId",
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
]
PLACES = (
    ("27", "Maharashtra", "411"),
    ("29", "Karnataka", "560"),
    ("24", "Gujarat", "380"),
    ("33", "Tamil Nadu", "600"),
    ("19", "West Bengal", "700"),
)
BANKS = ("HDFC", "ICIC", "SBIN", "UTIB", "PUNB")
TRADES = ("Traders", "Steels", "Textiles", "Foods", "Logistics")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# How a cell of each column goes wrong in the hands of people and spreadsheets.
SLIPS = {
    "customerId": lambda text: text.lower(),
    "legalName": lambda text: f"{text} ",
    "panOrGstin": lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
    "accountNumber": lambda text: "9.19812E+11",
    "ifsc": lambda text: text.replace("0", "O", 1),
    "address": lambda text: f"={text}",
    "state": lambda text: f"{text}\u00a0",
    "pinCode": lambda text: text[1:],
    "contactNumber": lambda text: f"0{text}",
    "assignedAgent": lambda text: f"\t{text}",
    "branchCodes": lambda text: f"{text}\u200b",
    "uniqueRefNo": lambda text: f"+{text}",
}


def rows(count: int, *, bad_share: float, is_quoted: bool = False) -> Iterator[list[str]]:
    """Rows of a `customer-update`; of each column so many cells are wrong.

    With a share of 1 every row has one wrong cell, in one column after another. Addresses with commas make a
    CSV quote them, which costs those who look whether the quotation marks are right.
    """
    chance = random.Random(1)
    comma = "," if is_quoted else ""
    for number in range(count):
        code, state, prefix = chance.choice(PLACES)
        letters = "".join(chance.choices(LETTERS, k=5))
        pan = f"{letters[:3]}C{letters[3]}{chance.randint(1, 9_999):04d}{letters[4]}"
        row = [
            f"KC{number:014d}",
            f"{letters.title()} {chance.choice(TRADES)} Private Limited",
            gstin(code, pan),
            str(chance.randint(10**10, 10**14)),
            f"{chance.choice(BANKS)}0{chance.randint(0, 999_999):06d}",
            f"{chance.randint(1, 200)}{comma} Station Road{comma} Ward {chance.randint(1, 99)}{comma} Market",
            state,
            f"{prefix}{chance.randint(1, 99):03d}",
            str(chance.randint(7_000_000_000, 9_999_999_999)),
            f"agent{chance.randint(1, 50)}",
            f"BR{chance.randint(1, 99)};BR{chance.randint(100, 199)}",
            f"REF-{number:07d}",
        ]
        if bad_share >= 1:
            column = number % len(row)
            row[column] = SLIPS[HEADER[column]](row[column])
        else:
            for column, name in enumerate(HEADER):
                if chance.random() < bad_share:
                    row[column] = SLIPS[name](row[column])
        yield row


def write_csv(path: Path, count: int, *, bad_share: float, is_quoted: bool = False) -> Path:
    """A CSV of so many rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows(count, bad_share=bad_share, is_quoted=is_quoted))
    return path


def write_workbook(path: Path, count: int, *, bad_share: float) -> Path:
    """A workbook of so many rows, every cell a text."""
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Corrections")
        sheet.write_row(0, 0, HEADER)
        for number, row in enumerate(rows(count, bad_share=bad_share), 1):
            for column, text in enumerate(row):
                sheet.write_string(number, column, text)
    return path
