"""Whether amounts and days of new invoices agree: remarks only, since no page of the API states a formula."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from arkit import identifiers, registers
from arkit.corrections import rules, texts
from arkit.corrections.comparisons import Table
from arkit.corrections.findings import Finding
from arkit.corrections.kinds import KEY
from arkit.corrections.schemas import AMOUNT
from arkit.identifiers import Mask

Paise = NDArray[np.int64]

SUMMED_AT_ONCE = 1_000
DECIMALS, MOST_CHARACTERS, POINT = 2, 16, ord(".")
TOLERANCE_PAISE = 100
"""Totals of invoices and deducted tax are rounded to whole rupees."""


def of_invoices(
    table: Table, known: Mapping[str, pa.Array], seller_state: str | None, left_out: Mask
) -> Iterator[Finding]:
    """Taxes that do not fit each other, the total or the place of supply; days in the wrong order.

    Args:
        table: the invoices.
        known: columns of the known customers by field.
        seller_state: the GST code of the seller's state, if it is known.
        left_out: rows that are not looked at.
    """
    size = len(left_out)
    given = {
        field: table.values(field) for field in ("baseAmount", "cgst", "sgst", "igst", "tds", "netAmount")
    }
    sums = {field: paise(values, size) for field, values in given.items()}
    wrong = np.logical_or.reduce([amount < 0 for amount in sums.values()]) | left_out
    cgst, sgst, igst = sums["cgst"], sums["sgst"], sums["igst"]
    unequal = cgst != sgst
    yield table.finding("gst_split", "sgst" if given["sgst"] is not None else "cgst", _at(unequal & ~wrong))
    yield table.finding("gst_both", "igst", _at((igst > 0) & (cgst + sgst > 0) & ~wrong))
    if (net := given["netAmount"]) is not None:
        yield table.finding("net_amount", "netAmount", _at(_differs(table, sums) & _is_there(net) & ~wrong))
    if seller_state:
        yield from _of_place(table, known, seller_state, (cgst + sgst > 0, igst > 0), wrong)
    due, issued = table.values("dueDate"), table.values("invoiceDate")
    if due is not None and issued is not None:
        early = np.asarray(pc.fill_null(pc.less(due, issued), False)) & ~left_out
        plain = identifiers.matches(due, "[0-9-]{10}") & identifiers.matches(issued, "[0-9-]{10}")
        yield table.finding("due_before_invoice", "dueDate", _at(early & plain))


def paise(values: pa.Array | None, size: int) -> Paise:
    """Amounts written in rupees as whole paise: 0 where nothing is written, -1 where it is no amount."""
    found = np.zeros(size, dtype=np.int64)
    if values is None:
        return found
    characters, starts, ends = identifiers.characters_of(values)
    # Mostly an amount has two decimals: then leaving out the point is all there is to do.
    usual = (ends - starts > DECIMALS + 1) & (ends - starts <= MOST_CHARACTERS)
    usual[usual] = characters[ends[usual] - DECIMALS - 1] == POINT
    usual &= ~texts.has_other_than_digits(values, POINT)
    places = np.flatnonzero(usual)
    if len(places):
        whole = _without_point(values if len(places) == size else values.take(pa.array(places)))
        usual &= whole is not None
        found[places] = 0 if whole is None else whole
    others = np.flatnonzero(~usual & (starts < ends))
    if len(others):
        found[others] = _exact(values.take(pa.array(others)))
    return found


def _without_point(amounts: pa.Array) -> Paise | None:
    """Amounts with a point before two last digits; nothing if one has a second point."""
    characters, starts, _ = identifiers.characters_of(amounts)
    is_point = characters == POINT
    if np.count_nonzero(is_point) > len(amounts):
        return None
    offsets = np.append(starts, len(characters)) - np.arange(len(amounts) + 1)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(characters[~is_point])]
    whole: Paise = pa.Array.from_buffers(pa.large_string(), len(amounts), buffers).cast(pa.int64()).to_numpy()
    return whole


def _exact(values: pa.Array) -> Paise:
    is_amount = identifiers.matches(values, AMOUNT)
    found = np.full(len(values), -1, dtype=np.int64)
    rupees = values.filter(pa.array(is_amount)).cast(pa.string()).cast(pa.decimal128(18, 2))
    found[is_amount] = pc.multiply(rupees, pa.scalar(100, pa.decimal128(3, 0))).cast(pa.int64()).to_numpy()
    return found


def total(amounts: Paise) -> int:
    """The sum of any number of amounts, which may be more than 64 bits hold."""
    pieces = range(0, len(amounts), SUMMED_AT_ONCE)
    return sum(int(amounts[start : start + SUMMED_AT_ONCE].sum()) for start in pieces)


def _differs(table: Table, sums: Mapping[str, Paise]) -> Mask:
    """Whether the total is neither with the taxes added nor, if they are said to be within, without."""
    within = sums["baseAmount"] - sums["tds"]
    added = within + sums["cgst"] + sums["sgst"] + sums["igst"]
    flags = table.values("gstExclusive")
    is_within = np.ones(len(within), dtype=np.bool_)
    is_added = np.ones(len(within), dtype=np.bool_)
    if flags is not None:
        lower = pc.utf8_lower(flags)
        is_within = ~np.asarray(pc.fill_null(pc.equal(lower, "true"), False))
        is_added = ~np.asarray(pc.fill_null(pc.equal(lower, "false"), False))
    near_within = is_within & (np.abs(sums["netAmount"] - within) <= TOLERANCE_PAISE)
    near_added = is_added & (np.abs(sums["netAmount"] - added) <= TOLERANCE_PAISE)
    different: Mask = ~near_within & ~near_added
    return different


def _of_place(
    table: Table, known: Mapping[str, pa.Array], seller: str, taxed: tuple[Mask, Mask], wrong: Mask
) -> Iterator[Finding]:
    """IGST between two states, CGST and SGST within one."""
    keys, ids = table.values(KEY), known.get(KEY)
    if keys is None or ids is None:
        return
    places = np.asarray(pc.fill_null(pc.index_in(keys, value_set=ids.cast(keys.type)), -1))
    buyers = _states(known, len(ids))[places]
    is_known = (places >= 0) & (buyers != "")
    for field, is_taxed, is_misplaced, found in (
        ("cgst", taxed[0], buyers != seller, "IGST"),
        ("igst", taxed[1], buyers == seller, "CGST and SGST"),
    ):
        chosen = _at(is_taxed & is_misplaced & is_known & ~wrong)
        told = rules.sentence("gst_place", table.written(field), found)
        yield table.finding("gst_place", field, chosen, told)


def _states(known: Mapping[str, pa.Array], size: int) -> NDArray[np.object_]:
    """The GST code of each known customer, by its GSTIN or else its address; empty where neither says it."""
    found = np.full(size, "", dtype=object)
    if "state" in known:
        named = registers.state_of_name(known["state"]).to_pylist()
        found = np.array([code or "" for code in named], dtype=object)
    if "panOrGstin" in known:
        gstins = known["panOrGstin"].cast(pa.large_string())
        is_gstin = identifiers.gstin_remainders(gstins) == 0
        codes = np.array(pc.fill_null(pc.utf8_slice_codeunits(gstins, 0, 2), "").to_pylist(), dtype=object)
        found[is_gstin] = codes[is_gstin]
    return found


def _is_there(values: pa.Array) -> Mask:
    there: Mask = np.asarray(pc.is_valid(values))
    return there


def _at(mask: Mask) -> NDArray[np.int64]:
    return np.flatnonzero(mask)
