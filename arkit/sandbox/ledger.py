"""The seeded invoices, made column by column so that a million takes seconds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from . import words
from .company import DAY_S, SEEDED_AT, SEEDED_ON, base_36

Column = npt.NDArray[Any]

CHUNK = 50_000
FIRST_DUE, LAST_DUE = np.datetime64("2025-04-01"), np.datetime64("2027-03-31")
TODAY = np.datetime64(SEEDED_ON)
TERMS_DAYS = np.array([7, 15, 30, 45, 60, 90])
GST_PERCENT = np.array([5, 12, 18])
APPROVED = ["CHECKER_APPROVED", "APPROVER_APPROVED", "BANK_APPROVED"]
UNAPPROVED = [
    "MAKER_APPROVAL_PENDING",
    "CHECKER_APPROVAL_PENDING",
    "APPROVER_APPROVAL_PENDING",
    "CHECKER_REJECTED",
]
# Columns of words hold the places of the words in these lists: a million words would be 100 MB each.
WORDS = {
    "status": ["PENDING", "PAID", "PARTIALLY_PAID"],
    "approval": [*APPROVED, *UNAPPROVED],
    "via": ["DASHBOARD", "BULK_UPLOAD", "API", "TALLY"],
    "mode": ["PAYMENT_LINK", "VIRTUAL_ACCOUNT", "BANK_TRANSFER"],
    "description": words.DESCRIPTIONS,
}
INSTANTS = ("issued_at", "created_at", "dispatched_at", "modified_at")
COLUMNS = (
    "invoiceId",
    "invoiceNumber",
    "customerId",
    "invoiceDate",
    "dueDate",
    "baseAmount",
    "cgst",
    "sgst",
    "igst",
    "tds",
    "netAmount",
    "totalReceived",
    "balanceAmount",
    "receivableStatus",
    "approvalStatus",
    "payoutStatus",
    "description",
    "poNumber",
    "externalId",
    "payableReferenceId",
    "attachmentUrl",
    "partialPaymentAllowed",
    "dispatched",
    "dispatchedOn",
    "via",
    "collectionMode",
    "createdBy",
    "createdOn",
    "modifiedBy",
    "modifiedOn",
)
# Days overdue, and the share of invoices of that age that is paid in full.
PAID_BY_AGE = [(120, 0.94), (60, 0.82), (30, 0.65), (0, 0.40), (-30, 0.12), (-10_000, 0.03)]


def invoice_rows(
    seed: int, count: int, buyers: list[tuple[str, bool]], people: list[str]
) -> Iterator[tuple[object, ...]]:
    """Rows in the order of `COLUMNS`, oldest invoice first.

    `buyers` are customer ids, with whether the customer sits in the seller's own state; few of them own many.
    """
    if not buyers:
        raise ValueError("invoices need at least one customer")
    chance = np.random.default_rng(seed)
    columns = _dates(chance, count)
    rank = chance.permutation(len(buyers)) + 1.0
    columns["buyer"] = chance.choice(len(buyers), count, p=(1 / rank) / (1 / rank).sum())
    columns |= _amounts(chance, np.array([near for _, near in buyers])[columns["buyer"]])
    columns |= _states(chance, columns)
    columns |= _instants(chance, columns)
    columns["description"] = chance.integers(0, len(words.DESCRIPTIONS), count)
    columns["order"] = np.where(chance.random(count) < 0.6, chance.integers(1_000, 1_000_000, count), 0)
    columns["created_by"] = chance.integers(0, len(people), count)
    columns["modified_by"] = chance.integers(0, len(people), count)
    texts = {
        **WORDS,
        "created_by": people,
        "modified_by": people,
        "buyer": [customer_id for customer_id, _ in buyers],
    }
    for start in range(0, count, CHUNK):
        chunk = {name: column[start : start + CHUNK] for name, column in columns.items()}
        yield from _rows(start + 1, _values(chunk, texts))


def _dates(chance: np.random.Generator, count: int) -> dict[str, Column]:
    """Due days over two financial years; nothing is invoiced after the company's today."""
    days = chance.integers(0, (LAST_DUE - FIRST_DUE).astype(int) + 1, count)
    due = FIRST_DUE + days
    issued = due - chance.choice(TERMS_DAYS, count, p=[0.05, 0.15, 0.35, 0.25, 0.12, 0.08])
    long_term = TODAY - chance.integers(0, 45, count)
    issued = np.where(issued > TODAY, long_term, issued)
    order = np.argsort(issued, kind="stable")
    issued, due = issued[order], due[order]
    months = issued.astype("datetime64[M]").astype(int)
    # Months are counted from January 1970; a financial year begins in April.
    year = 1970 + (months - 3) // 12
    first_of_year = np.searchsorted(year, year, side="left")
    return {"issued": issued, "due": due, "year": year, "serial": np.arange(count) - first_of_year + 1}


def _amounts(chance: np.random.Generator, is_near: Column) -> dict[str, Column]:
    """Paise: base, taxes at one rate (halves inside the state), tax deducted at source on a few."""
    count = len(is_near)
    rupees = np.clip(np.exp(chance.normal(10.2, 1.25, count)), 100, 50_000_000)
    base = np.where(chance.random(count) < 0.3, np.rint(rupees) * 100, np.rint(rupees * 100)).astype(np.int64)
    percent = chance.choice(GST_PERCENT, count, p=[0.2, 0.25, 0.55])
    half = np.where(is_near, (base * percent + 100) // 200, 0)
    whole = np.where(is_near, 0, (base * percent + 50) // 100)
    deducted = chance.choice(np.array([0, 1, 20, 100]), count, p=[0.91, 0.03, 0.04, 0.02])
    # Deducted on the value without tax, in tenths of a percent, rounded to a rupee.
    tds = (base * deducted + 50_000) // 100_000 * 100
    return {"base": base, "half": half, "whole": whole, "tds": tds, "net": base + 2 * half + whole - tds}


def _states(chance: np.random.Generator, columns: dict[str, Column]) -> dict[str, Column]:
    """What was dispatched, approved and paid; the older the due day, the more is paid."""
    net = columns["net"]
    count = len(net)
    overdue_days = (TODAY - columns["due"]).astype(int)
    paid_share = np.select(
        [overdue_days > days for days, _ in PAID_BY_AGE], [share for _, share in PAID_BY_AGE], 0.0
    )
    is_dispatched = chance.random(count) > np.where(overdue_days > 0, 0.01, 0.12)
    draw = chance.random(count)
    is_paid = is_dispatched & (draw < paid_share)
    is_part_paid = is_dispatched & ~is_paid & (draw < paid_share + 0.06)
    part = np.maximum(net * chance.integers(10, 91, count) // 10_000 * 100, 100)
    received = np.select([is_paid, is_part_paid], [net, np.minimum(part, net - 1)], 0)
    return {
        "received": received,
        "status": np.select([is_paid, is_part_paid], [1, 2], 0),
        "dispatched": is_dispatched.astype(int),
        "approval": np.where(
            is_dispatched,
            chance.choice(len(APPROVED), count, p=[0.7, 0.2, 0.1]),
            chance.choice(len(UNAPPROVED), count, p=[0.5, 0.3, 0.15, 0.05]) + len(APPROVED),
        ),
        "in_parts": (is_part_paid | (chance.random(count) < 0.3)).astype(int),
        "via": chance.choice(4, count, p=[0.35, 0.3, 0.25, 0.1]),
        "mode": chance.choice(3, count, p=[0.4, 0.35, 0.25]),
    }


def _instants(chance: np.random.Generator, columns: dict[str, Column]) -> dict[str, Column]:
    """Office hours in India, at which the day is the same in UTC; nothing after the company's clock."""
    count = len(columns["issued"])
    issued = columns["issued"].astype("datetime64[s]").astype(np.int64) + chance.integers(
        16_200, 43_200, count
    )
    created = np.minimum(issued + chance.integers(60, 1_800, count), SEEDED_AT)
    dispatched = np.minimum(created + chance.integers(300, 7_200, count), SEEDED_AT)
    touched = np.where(columns["dispatched"] == 1, dispatched, created)
    paid = np.minimum(touched + chance.integers(1, 60, count) * DAY_S, SEEDED_AT)
    return {
        "issued_at": issued.astype("datetime64[s]"),
        "created_at": created.astype("datetime64[s]"),
        "dispatched_at": np.where(
            columns["dispatched"] == 1, dispatched.astype("datetime64[s]"), np.datetime64("NaT")
        ),
        "modified_at": np.where(columns["received"] > 0, paid, touched).astype("datetime64[s]"),
    }


def _values(chunk: dict[str, Column], texts: dict[str, list[str]]) -> dict[str, list[Any]]:
    """Some rows' columns as the database wants them: words and instants in full, None for no instant."""
    values = {name: column.tolist() for name, column in chunk.items()}
    for name, choices in texts.items():
        values[name] = [choices[place] for place in values[name]]
    for name in INSTANTS:
        written = np.datetime_as_string(chunk[name], timezone="UTC").astype(object)
        written[np.isnat(chunk[name])] = None
        values[name] = written.tolist()
    return values


def _rows(first: int, chunk: dict[str, list[Any]]) -> Iterator[tuple[object, ...]]:
    names = list(chunk)
    for number, values in enumerate(zip(*chunk.values(), strict=True), first):
        row = dict(zip(names, values, strict=True))
        year = row["year"] % 100
        invoice_number = f"AR/{year:02d}-{(year + 1) % 100:02d}/{row['serial']:06d}"
        yield (
            # The multiplier scatters the last places, the running number keeps the ids in order of time.
            f"INV{number:09d}{base_36(number * 7_919_777 % 1_679_616, 4)}",
            invoice_number,
            row["buyer"],
            row["issued_at"],
            row["due"].isoformat(),
            row["base"],
            row["half"],
            row["half"],
            row["whole"],
            row["tds"],
            row["net"],
            row["received"],
            row["net"] - row["received"],
            row["status"],
            row["approval"],
            row["status"],
            row["description"],
            f"PO-{row['order']}" if row["order"] else "",
            f"ERP-{number:09d}",
            f"PAY-{number:09d}",
            "",
            row["in_parts"],
            row["dispatched"],
            row["dispatched_at"],
            row["via"],
            row["mode"],
            row["created_by"],
            row["created_at"],
            row["modified_by"],
            row["modified_at"],
        )
