"""Exact rupees: the one place where money changes its form.

Frames hold rupees as ``decimal128(18, 2)``; arithmetic inside arkit runs on integer paise.
"""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

RUPEES = pd.ArrowDtype(pa.decimal128(18, 2))
"""The dtype of every money column."""

LIMIT_PAISE = 10**17
"""Amounts of this many paise and more (a quadrillion rupees) are refused as nonsense."""


def to_paise(rupees: pd.Series) -> NDArray[np.int64]:
    """Exact rupees as whole paise, same order.

    Args:
        rupees: a column of dtype :data:`RUPEES`.

    Raises:
        ValueError: a value is missing; fill it first, with a reason.
    """
    amounts = pa.array(rupees, type=RUPEES.pyarrow_dtype)
    if amounts.null_count:
        raise ValueError(f"{amounts.null_count} amounts are missing")
    hundred = pa.scalar(Decimal(100), pa.decimal128(3, 0))
    paise: NDArray[np.int64] = pc.multiply(amounts, hundred).cast(pa.int64()).to_numpy(zero_copy_only=False)
    return paise


def from_paise(paise: NDArray[np.int64], *, index: pd.Index | None = None) -> pd.Series:
    """Whole paise as exact rupees of dtype :data:`RUPEES`, same order."""
    whole = pa.array(np.asarray(paise, dtype=np.int64)).cast(pa.decimal128(19, 0))
    hundredth = pa.scalar(Decimal("0.01"), pa.decimal128(3, 2))
    rupees = pc.multiply(whole, hundredth).cast(RUPEES.pyarrow_dtype)
    return pd.Series(pd.array(rupees, dtype=RUPEES), index=index)


def floats(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy with every column of decimals as float64, for plotting and for pandas methods without decimals.

    Sums of a money column are wider decimals than the column itself, and are meant as well.
    Never decide anything about money on the result: floats are approximate.
    """
    decimals = [
        name
        for name, dtype in frame.dtypes.items()
        if isinstance(dtype, pd.ArrowDtype) and pa.types.is_decimal(dtype.pyarrow_dtype)
    ]
    return frame.astype(dict.fromkeys(decimals, "float64"))


def inr(amount: Decimal | int) -> str:
    """Rupees in Indian digit groups: ``inr(Decimal("1234567.5"))`` is ``₹12,34,567.50``."""
    sign = "-" if amount < 0 else ""
    whole, _, fraction = f"{abs(Decimal(amount)):.2f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return f"{sign}₹{','.join([*groups, tail])}.{fraction}"
