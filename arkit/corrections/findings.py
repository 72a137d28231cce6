"""What was found wrong, many cells at a time, and the frame of problems made of it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from arkit.corrections.rules import RULES, Severity

Places = NDArray[np.int64]

COLUMNS = ["source_row", "column", "value", "rule", "severity", "message", "repair"]
TEXT = pa.large_string()


class Messages(NamedTuple):
    """One sentence for each cell: its place among a few different sentences."""

    codes: NDArray[np.int64]
    sentences: Sequence[str]


class Finding(NamedTuple):
    """Cells of one column, or whole rows, that break one rule.

    Attributes:
        rule: as the rules call it.
        column: its place in the header, or -1 for whole rows.
        source_rows: as the spreadsheet numbers them.
        messages: one for all, or one each.
        values: what stands there; nothing for whole rows.
        repairs: proposals, empty where there is none.
        severity: if it is not that of the rule.
    """

    rule: str
    column: int
    source_rows: Places
    messages: str | Messages
    values: pa.Array | None = None
    repairs: pa.Array | None = None
    severity: Severity | None = None


def is_error(finding: Finding) -> bool:
    """Whether it keeps rows from being accepted."""
    return (finding.severity or RULES[finding.rule].severity) == "error"


def to_frame(found: Sequence[Finding], header: Sequence[str]) -> pd.DataFrame:
    """The problems by row and column of the file: one row per cell and rule.

    Returns:
        `COLUMNS`; source_row is int64, all others are text and empty where nothing is to be said.
    """
    found = [finding for finding in found if len(finding.source_rows)]
    sizes = [len(finding.source_rows) for finding in found]
    rows = _joined([finding.source_rows for finding in found])
    columns = np.repeat(np.array([finding.column for finding in found], dtype=np.int64), sizes)
    order = np.argsort(rows * (len(header) + 1) + columns + 1, kind="stable")
    taken = pa.array(order)
    each: dict[str, list[str]] = {
        "column": [header[finding.column] if finding.column >= 0 else "" for finding in found],
        "rule": [finding.rule for finding in found],
        "severity": [finding.severity or RULES[finding.rule].severity for finding in found],
    }
    codes, sentences = _messages(found)
    owners = np.repeat(np.arange(len(found)), sizes)[order]
    texts = {name: pa.array(words, TEXT).take(pa.array(owners)) for name, words in each.items()}
    texts["message"] = pa.array(sentences, TEXT).take(pa.array(codes[order]))
    texts["value"] = _concatenated([finding.values for finding in found], sizes).take(taken)
    texts["repair"] = _concatenated([finding.repairs for finding in found], sizes).take(taken)
    frame = pd.DataFrame({"source_row": rows[order]})
    for name in COLUMNS[1:]:
        frame[name] = pd.array(texts[name], dtype="str")
    return frame


def _messages(found: Sequence[Finding]) -> tuple[NDArray[np.int64], list[str]]:
    codes: list[NDArray[np.int64]] = []
    sentences: list[str] = []
    for finding in found:
        told = finding.messages
        if isinstance(told, str):
            told = Messages(np.zeros(len(finding.source_rows), dtype=np.int64), [told])
        codes.append(told.codes + len(sentences))
        sentences += told.sentences
    return _joined(codes), sentences


def _concatenated(texts: Sequence[pa.Array | None], sizes: Sequence[int]) -> pa.Array:
    blank = pa.array([""], TEXT)
    whole = [
        text.cast(TEXT) if text is not None else blank.take(pa.array(np.zeros(size, dtype=np.int64)))
        for text, size in zip(texts, sizes, strict=True)
    ]
    return pa.concat_arrays(whole).fill_null("") if whole else pa.array([], TEXT)


def _joined(arrays: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.int64)
