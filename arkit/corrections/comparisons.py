"""What is wrong with rows, or between cells of one row, or between rows of a file."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from arkit import identifiers, registers
from arkit.corrections import rules, texts
from arkit.corrections.findings import Finding, Messages
from arkit.corrections.headers import Mapped
from arkit.corrections.kinds import KEY, Kind
from arkit.corrections.sheets import Sheet, folded
from arkit.identifiers import Mask

Places = NDArray[np.int64]

TOTALS = frozenset({"total", "totals", "grandtotal", "subtotal", "sum"})
MONTH = re.compile("[0-9]{4}-[0-9]{2}-")
TOTAL_INITIALS = "TtGgSs"
# So many unknown customers are no slips of the pen.
MOST_COMPARED = 100
MOST_LISTED = 10
MOST_DIFFERENT = 2
WORD_BYTES = 8
# GSTINs that were given out before states were joined or split stay in use.
SUCCEEDED = ((25, 26), (28, 36), (28, 37))


class Table(NamedTuple):
    """A file's columns by field."""

    sheet: Sheet
    kind: Kind
    mapped: Mapped

    def values(self, field: str) -> pa.Array | None:
        """The column of a field, if there is one."""
        place = self.mapped.column_of(field)
        return None if place is None else self.sheet.columns[place]

    def finding(
        self,
        rule: str,
        field: str,
        places: Places,
        messages: str | Messages | None = None,
        repairs: pa.Array | None = None,
    ) -> Finding:
        """What was found in the cells of a field, or in whole rows if it has no column or no name."""
        place = self.mapped.column_of(field)
        column = -1 if place is None else place
        written = "" if place is None else self.sheet.header[place].strip()
        told = rules.sentence(rule, written) if messages is None else messages
        values = None if place is None else self.sheet.columns[place].take(pa.array(places))
        return Finding(rule, column, self.sheet.source_rows[places], told, values, repairs)

    def written(self, field: str) -> str:
        """The name of a field's column as the file has it."""
        place = self.mapped.column_of(field)
        return field if place is None else self.sheet.header[place].strip()


def no_records(table: Table) -> dict[str, Places]:
    """Rows that are a sum, or the header once more."""
    sheet = table.sheet
    doubtful = _without_key(table)
    some = pa.array(doubtful)
    is_total = np.zeros(len(doubtful), dtype=np.bool_)
    repeats = np.full(len(doubtful), bool(len(doubtful)))
    for name, column in zip(sheet.header, sheet.columns, strict=True):
        values = column.take(some)
        encoded = values.dictionary_encode()
        words = np.array([folded(word or "") in TOTALS for word in encoded.dictionary.to_pylist()] + [False])
        is_total |= words[np.asarray(encoded.indices.fill_null(len(words) - 1))]
        same = pc.equal(pc.utf8_trim_whitespace(values), name.strip() or None)
        repeats &= np.asarray(pc.fill_null(same, not name.strip()))
    return {"totals_row": doubtful[is_total & ~repeats], "header_repeated": doubtful[repeats]}


def _without_key(table: Table) -> Places:
    """Rows whose first wanted field is blank or no number or id at all."""
    field = next(field for field in table.kind.headers if field in table.kind.required)
    values = table.values(field)
    if values is None:
        return np.zeros(0, dtype=np.int64)
    names = [name.strip() for name in table.sheet.header if name.strip()]
    words = "(?i)[a-z ]*total[a-z :]*|sum|" + "|".join(map(re.escape, names))
    initials = TOTAL_INITIALS + "".join(name[0] for name in names)
    candidates = np.flatnonzero(texts.begins_with(values, initials))
    named = candidates[identifiers.matches(values.take(pa.array(candidates)), words)]
    return np.union1d(np.flatnonzero(np.asarray(pc.is_null(values))), named)


def of_blanks(table: Table, left_out: Mask) -> Iterator[Finding]:
    """Rows that lack what every row needs, and rows that ask for nothing."""
    kind = table.kind
    for field in kind.headers:
        values = table.values(field)
        if field in kind.required and values is not None and values.null_count:
            rule = "key_blank" if field in kind.keys else "required"
            yield table.finding(rule, field, np.flatnonzero(np.asarray(pc.is_null(values)) & ~left_out))
    if kind.is_update:
        keyless = left_out if (key := table.values(KEY)) is None else left_out | np.asarray(pc.is_null(key))
        named = zip(table.mapped.fields, table.sheet.columns, strict=True)
        columns = [column for field, column in named if field and field != KEY]
        if columns and all(column.null_count for column in columns):
            nothing = np.logical_and.reduce([np.asarray(pc.is_null(column)) for column in columns])
            yield table.finding("nothing_asked", "", np.flatnonzero(nothing & ~keyless))


def of_repeated(table: Table, left_out: Mask) -> Iterator[Finding]:
    """Records that stand in several rows: with equal values once is enough, with others none is right."""
    for field in table.kind.keys:
        values = table.values(field)
        if values is None:
            continue
        places = _repeated(values)
        places = places[~left_out[places]]
        if len(places):
            yield from _alike(table, field, places)


def _alike(table: Table, field: str, places: Places) -> Iterator[Finding]:
    some = pa.array(places)
    columns = {
        other: table.sheet.columns[place].take(some).dictionary_encode().indices.fill_null(-1).to_numpy()
        for place, other in enumerate(table.mapped.fields)
        if other
    }
    keys = columns[field] if field != "invoiceNumber" else _within_year(table, columns[field], some)
    _, groups, counts = np.unique(keys, return_inverse=True, return_counts=True)
    kept = counts[groups] > 1
    places, groups = places[kept], groups[kept]
    if not len(places):
        return
    # One number for each different row, so that a group of one number is the same row again and again.
    whole = np.stack([codes[kept] for codes in columns.values()], axis=1)
    _, rows = np.unique(whole, axis=0, return_inverse=True)
    rows = rows.reshape(-1)
    order = np.lexsort((places, groups))
    places, groups, rows = places[order], groups[order], rows[order]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    sizes = np.diff(np.append(starts, len(groups)))
    is_same = np.maximum.reduceat(rows, starts) == np.minimum.reduceat(rows, starts)
    numbers = table.sheet.source_rows[places]
    listed = [_listed(numbers[start : start + size]) for start, size in zip(starts, sizes, strict=True)]
    owner = np.repeat(np.arange(len(starts)), sizes)
    first = np.zeros(len(places), dtype=np.bool_)
    first[starts] = True
    written = table.written(field)
    for rule, chosen in (
        ("duplicate", is_same[owner] & ~first),
        ("duplicate_conflict", ~is_same[owner]),
    ):
        told = [rules.sentence(rule, written, rows_) for rows_ in listed]
        yield table.finding(rule, field, places[chosen], Messages(owner[chosen], told))


def _within_year(table: Table, codes: NDArray[np.int64], some: pa.Array) -> NDArray[np.int64]:
    """Invoice numbers are given once in a financial year, which begins in April."""
    days = table.values("invoiceDate")
    if days is None:
        return codes
    texts = days.take(some).to_pylist()
    years = [_year(text) if text and MONTH.match(text) else 0 for text in texts]
    return codes * 10_000 + np.array(years, dtype=np.int64)


def _year(day: str) -> int:
    return int(day[:4]) - (day[5:7] < "04")


def _repeated(values: pa.Array) -> Places:
    """Where a value stands that stands elsewhere too; a missing one does not count."""
    filled = np.flatnonzero(np.asarray(pc.is_valid(values)))
    some = values if len(filled) == len(values) else values.take(pa.array(filled))
    words = _words(some)
    if words is not None and _is_ascending(words):
        return filled[:0]
    hashes = _hashes(some, words)
    candidates = np.flatnonzero(pd.Series(hashes).duplicated(keep=False).to_numpy())
    if not len(candidates):
        return candidates
    texts = some.take(pa.array(candidates))
    same = pd.Series(pd.array(texts, dtype="str")).duplicated(keep=False).to_numpy()
    return filled[candidates[same]]


def _words(values: pa.Array) -> NDArray[np.uint64] | None:
    """Values of one width as numbers that are in the order of the texts, a row for each; else nothing."""
    lengths = np.asarray(pc.binary_length(values))
    if not len(lengths) or lengths.min() != lengths.max() or not lengths.max():
        return None
    width = int(lengths.max())
    data, _, _ = identifiers.characters_of(values)
    table = data.reshape(-1, width)
    if width % WORD_BYTES:
        padded = np.zeros((len(table), width + -width % WORD_BYTES), dtype=np.uint8)
        padded[:, :width] = table
        table = padded
    words: NDArray[np.uint64] = table.view(">u8").astype(np.uint64)
    return words


def _is_ascending(words: NDArray[np.uint64]) -> bool:
    """Whether each row is more than the one before it, as in a table that was exported by its key."""
    more = np.zeros(len(words) - 1, dtype=np.bool_)
    same = np.ones(len(words) - 1, dtype=np.bool_)
    for column in words.T:
        more |= same & (column[1:] > column[:-1])
        same &= column[1:] == column[:-1]
    return bool(more.all())


def _hashes(values: pa.Array, words: NDArray[np.uint64] | None) -> NDArray[np.uint64]:
    """A number for each value, the same for the same; different ones rarely share one."""
    if words is None:
        return np.asarray(values.dictionary_encode().indices).astype(np.uint64)
    mixed = np.zeros(len(words), dtype=np.uint64)
    for column in words.T:
        mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def of_unknown(table: Table, known: Mapping[str, pa.Array], left_out: Mask) -> Iterator[Finding]:
    """Customers that are not among the known ones, and new ones whose reference a known one has."""
    values = table.values(KEY)
    if values is not None and KEY in known:
        ids = known[KEY]
        is_known = np.asarray(pc.is_in(values, value_set=ids.cast(values.type)))
        doubtful = np.flatnonzero(~is_known & ~left_out)
        doubtful = doubtful[identifiers.matches(values.take(pa.array(doubtful)), identifiers.CUSTOMER_ID)]
        keys = values.take(pa.array(doubtful)).to_pylist()
        near = _nearest(keys, ids.to_pylist()) if len(set(keys)) <= MOST_COMPARED else {}
        written = table.written(KEY)
        hints = ["", *dict.fromkeys(near.values())]
        told = [
            rules.sentence("customer_unknown", written, f"did you mean {hint}?" if hint else "look it up")
            for hint in hints
        ]
        meant = [near.get(key, "") for key in keys]
        codes = np.array([hints.index(hint) for hint in meant], dtype=np.int64)
        repairs = pa.array(meant, pa.large_string())
        yield table.finding("customer_unknown", KEY, doubtful, Messages(codes, told), repairs)
    references = table.values("uniqueRefNo")
    if references is not None and not table.kind.is_update and "uniqueRefNo" in known:
        there = pc.is_in(references, value_set=known["uniqueRefNo"].drop_null().cast(references.type))
        is_there = np.asarray(there) & np.asarray(pc.is_valid(references))
        yield table.finding("customer_known", "uniqueRefNo", np.flatnonzero(is_there & ~left_out))


def _nearest(keys: Collection[str], known: Collection[str]) -> dict[str, str]:
    """Customer id to the known one that differs from it in one or two places."""
    shaped = identifiers.matches(pa.array(list(known), pa.large_string()), identifiers.CUSTOMER_ID)
    ids = sorted(identity for identity, fits in zip(known, shaped, strict=True) if fits)
    if not ids:
        return {}
    table = _characters(ids)
    distances = {key: (table != _characters([key])).sum(axis=1) for key in dict.fromkeys(keys)}
    return {key: ids[found.argmin()] for key, found in distances.items() if 0 < found.min() <= MOST_DIFFERENT}


def _characters(ids: list[str]) -> NDArray[np.uint8]:
    """One row of bytes for each of the ids, which are equally long."""
    return np.frombuffer("".join(ids).encode("ascii"), dtype=np.uint8).reshape(len(ids), -1)


def of_places(table: Table, left_out: Mask) -> Iterator[Finding]:
    """GSTINs and PIN codes of another state than the row says."""
    states = table.values("state")
    if states is None:
        return
    encoded = states.dictionary_encode()
    listed = registers.state_of_name(encoded.dictionary).to_pylist()
    # 0 is no state's code.
    known = np.array([int(code or 0) for code in listed] + [0], dtype=np.int16)
    codes = known[encoded.indices.fill_null(len(listed)).to_numpy()]
    if (pins := table.values("pinCode")) is not None:
        fits = registers.fits(_leading(pins, 3, of=6), codes)
        yield table.finding("pin_of_other_state", "pinCode", np.flatnonzero(~fits & ~left_out))
    if (gstins := table.values("panOrGstin")) is not None:
        theirs = _leading(gstins, 2, of=15)
        differs = (theirs != codes) & (theirs > 0) & (codes > 0) & ~left_out
        for old, new in SUCCEEDED:
            differs &= (theirs != old) | (codes != new)
        places = np.flatnonzero(differs)
        some = gstins.take(pa.array(places))
        is_of_state = (identifiers.gstin_remainders(some) == 0) & identifiers.has_known_state(some)
        yield table.finding("gstin_of_other_state", "panOrGstin", places[is_of_state])


def _leading(values: pa.Array, count: int, *, of: int) -> NDArray[np.int16]:
    """The number that the first digits of each value make; 0 for another width or other characters."""
    characters, starts, ends = identifiers.characters_of(values)
    fixed = ends - starts == of
    found = np.zeros(len(values), dtype=np.int16)
    first = starts if fixed.all() else starts[fixed]
    number = np.zeros(len(first), dtype=np.int16)
    is_number = np.ones(len(first), dtype=np.bool_)
    for place in range(count):
        digits = characters[first + place] - np.uint8(ord("0"))
        is_number &= digits < 10
        number = number * np.int16(10) + digits
    found[fixed] = np.where(is_number, number, 0)
    return found


def of_contacts(table: Table, left_out: Mask) -> Iterator[Finding]:
    """Contacts that get no reminder, or an e-mail without an address."""
    flags = {
        field: np.asarray(pc.fill_null(pc.equal(pc.utf8_lower(values), "true"), False))
        for field in ("mail_enabled", "sms_enabled", "whatsapp_enabled")
        if (values := table.values(field)) is not None
    }
    if len(flags) == 3:
        none = ~np.logical_or.reduce(list(flags.values()))
        yield table.finding("no_channel", "", np.flatnonzero(none & ~left_out))
    if "mail_enabled" in flags:
        addresses = table.values("email")
        lacks = np.asarray(pc.is_null(addresses)) if addresses is not None else np.ones(len(left_out), bool)
        places = np.flatnonzero(flags["mail_enabled"] & lacks & ~left_out)
        yield table.finding("mail_without_address", "mail_enabled", places)


def _listed(numbers: NDArray[np.int64]) -> str:
    more = ", …" if len(numbers) > MOST_LISTED else ""
    return ", ".join(map(str, numbers[:MOST_LISTED].tolist())) + more
