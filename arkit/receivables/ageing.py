"""Open balances by how long they are overdue."""

import datetime as dt

import numpy as np
import pandas as pd
from pandera.typing import DataFrame

from arkit import money
from arkit.errors import UsageError
from arkit.frames import Invoices

# The last day overdue that still falls into each bucket; the usual 30-day steps of an ageing report.
BUCKETS = {"not due": 0, "1-30 days": 30, "31-60 days": 60, "61-90 days": 90, "over 90 days": None}
NO_DUE_DATE = "no due date"


def ageing(invoices: DataFrame[Invoices], *, as_of: str | dt.date) -> pd.DataFrame:
    """Open balances by bucket of days overdue on a day.

    Example:
        >>> arkit.ageing(invoices, as_of="2026-09-30")

    Grain: one row per bucket in ascending order of age, all of them also when empty; columns ``bucket``
    (ordered category), ``invoices`` (int64) and ``balance_amount`` (exact rupees). Invoices without a balance
    are left out, credit balances count negative; the sum is the sum of all balances. An invoice due on
    `as_of` is not overdue.

    Raises:
        UsageError: `as_of` is no day, or an invoice has no balance stated.
    """
    day = np.datetime64(day_of(as_of), "D")
    try:
        paise = money.to_paise(invoices["balance_amount"])
    except ValueError as error:
        raise UsageError(
            "every invoice must state its balance, as exact rupees.",
            code="balance",
            next_step="Give the frame that a fetch of invoices made.",
        ) from error
    due = pd.to_datetime(invoices["due_date"]).to_numpy().astype("datetime64[D]")
    is_open = paise != 0
    places = _places(due[is_open], day)
    names = [*BUCKETS, NO_DUE_DATE]
    counts = np.bincount(places, minlength=len(names))
    sums = np.zeros(len(names), dtype=np.int64)
    np.add.at(sums, places, paise[is_open])
    shown = len(names) if counts[-1] else len(names) - 1
    return pd.DataFrame(
        {
            "bucket": pd.Categorical(names[:shown], categories=names[:shown], ordered=True),
            "invoices": counts[:shown].astype(np.int64),
            "balance_amount": money.from_paise(sums[:shown]),
        }
    )


def day_of(as_of: str | dt.date) -> dt.date:
    """The day that is meant; of an instant, the day in its own time zone.

    Raises:
        UsageError: it is no day.
    """
    try:
        if isinstance(as_of, dt.datetime):
            return dt.date(as_of.year, as_of.month, as_of.day)
        return as_of if isinstance(as_of, dt.date) else dt.date.fromisoformat(as_of)
    except (ValueError, TypeError) as error:
        raise UsageError("as_of must be a date written yyyy-MM-dd.", code="date") from error


def _places(due: np.ndarray, day: np.datetime64) -> np.ndarray:
    """The position of each due day's bucket; the last one is for those without a day."""
    lasts = [last for last in BUCKETS.values() if last is not None]
    is_known = ~np.isnat(due)
    places = np.full(len(due), len(BUCKETS))
    places[is_known] = np.searchsorted(lasts, (day - due[is_known]).astype(int), side="left")
    return places
