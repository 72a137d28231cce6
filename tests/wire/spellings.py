"""JSON as servers may write it: answers with a few records, some member of which is odd now and then."""

import json
from collections.abc import Mapping, Sequence

from hypothesis import strategies as st


def an_envelope(listed: str, total: int | None = None) -> bytes:
    """An answer with these records."""
    beside = "" if total is None else f', "totalCount": {total}'
    return f'{{"payload": {{"records": {listed}{beside}}}}}'.encode("utf-8", "surrogatepass")


def mostly(ordinary: Sequence[str], odd: Sequence[str]) -> st.SearchStrategy[str]:
    """JSON texts of which most are written as a server would."""
    return st.integers(0, 19).flatmap(lambda throw: st.sampled_from(ordinary if throw else odd))


def quoted(*texts: str) -> list[str]:
    return [json.dumps(text) for text in texts]


ODD = ["7", "true", "[]", "{}", '"text"', "NaN"]
MONEY = mostly(
    [
        "0",
        "-0",
        "7",
        "1180",
        "1180.5",
        "1180.50",
        "-0.05",
        "100.000",
        "1e2",
        "1E-1",
        "15e-1",
        "1.5e+3",
        "0e9",
        "1e15",
        "9999999999999999.99",
        "null",
    ],
    [
        "1.005",
        "1e16",
        "99999999999999999",
        "1e29",
        "2e29",
        "1e31",
        "1e-31",
        "1e999",
        '"10.50"',
        '""',
        "1.",
        ".5",
        "01",
        "+1",
        "0x1",
        "-Infinity",
        "9" * 5000,
        *ODD,
    ],
)
FLAGS = mostly(["true", "false", "null"], ["1", "0", '"true"', "True", *ODD])
INSTANTS = mostly(
    [
        *quoted(
            "2026-08-24T14:15:22Z",
            "2026-08-24T14:15:22.5Z",
            "2026-08-24T14:15:22.123456Z",
            "2026-08-24T14:15:22+05:30",
            "2026-08-24T23:15:22-23:59",
            "2024-02-29T00:00:00Z",
        ),
        "null",
    ],
    [
        *quoted(
            "2026-08-24T14:15:22.1234567Z",
            "2026-08-24T14:15:22+24:00",
            "2026-08-24T14:15:22+05:99",
            "2026-08-24T14:15:22+0530",
            "2026-08-24T14:15:22+05:30:15",
            "2026-08-24T14:15:22z",
            "2026-08-24t14:15:22Z",
            "2026-08-24T14:15:22",
            "2026-08-24 14:15:22",
            "2026-08-24T14:15:60Z",
            "2026-08-24T24:00:00Z",
            "2026-08-24T14:15Z",
            "2026-08-24T14:15:22,5Z",
            "20260824T141522Z",
            "2026-W35-1T14:15:22Z",
            "2026-02-29T14:15:22Z",
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00+05:30",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59-05:30",
            "0000-01-01T00:00:00Z",
            "２０２６-08-24T14:15:22Z",
            "2026-08-24T14:15:22Z\n",
            " 2026-08-24T14:15:22Z",
            "2026-08-24",
            "now",
            "",
        ),
        "1790726400000",
        *ODD,
    ],
)
DAYS = mostly(
    [*quoted("2026-09-30", "2024-02-29", "0001-01-01", "9999-12-31"), "null"],
    [
        *quoted("2026-02-29", "2026-W40-3", "30/09/2026", "20260930", "2026-9-30", "２０２６-09-30"),
        *quoted("0000-01-01", "", "2026-08-24T20:15:22Z", "2026-08-24 14:15:22"),
        *ODD,
    ],
)
TEXTS = st.one_of(
    st.text(max_size=6).map(json.dumps),
    st.text(max_size=6).map(lambda text: json.dumps(text, ensure_ascii=False)),
    mostly(["null", '"\\ud83d\\ude00"', '"\\/\\b"'], ['"\\ud83d"', '"\\ude00x"', '"\\x"', *ODD]),
)
STATUSES = mostly(
    [
        "null",
        '{"label": "L", "name": "PAID"}',
        '{"name": "Möglich", "label": null}',
        '{"label": "", "name": ""}',
        '{"label": "L", "name": null}',
    ],
    [
        "{}",
        '{"name": "PAID"}',
        '{"label": "L"}',
        '{"label": "L", "name": 7}',
        '"PAID"',
        *ODD,
        '{"label": "L", "name": "A", "code": 1}',
        '{"label": "L", "name": "A", "name": "B"}',
    ],
)
WORDS = mostly([*quoted("ACTIVE", "On hold", ""), "null"], ['{"label": "L", "name": "ACTIVE"}', *ODD])
LISTS = mostly(["null", "[]", '["A"]', '["A", "ü", ""]'], ['["A", 1]', "[null]", "[[]]", '"A"', *ODD])
WHOLE = mostly(["5", "-5", "9223372036854775807", "null"], ["9223372036854775808", "0.5", "1e2", *ODD])
OBJECTS = mostly(['{"a": 1}', "null"], ['{"a": {"a": NaN}}', '{"a": 1, "a": 2}', *ODD])
NESTED = mostly(["[]", "null", '[{"name": "Asha", "mobile": null}]'], ['[{"name": 1, "name": 2}]', *ODD])
IDS = mostly(quoted("I1", "ID-3", "ü4"), ["null", "7", '""', '" I5"', '"I6\\u00a0"', *ODD])
UNKNOWN = {
    "creditLimit": MONEY,
    "orders": WHOLE,
    "vip": FLAGS,
    "segment": STATUSES,
    "größe": TEXTS,
    "tags": LISTS,
    "more": OBJECTS,
    "": TEXTS,
    "a.b": TEXTS,
    "customerReminders": NESTED,
    "invoiceAttachments": NESTED,
}
INVOICE = {
    **UNKNOWN,
    "netAmount": MONEY,
    "cgst": MONEY,
    "dueDate": DAYS,
    "createdOn": INSTANTS,
    "modifiedOn": INSTANTS,
    "dispatched": FLAGS,
    "receivableStatus": STATUSES,
    "approvalStatus": WORDS,
    "description": TEXTS,
}
CUSTOMER = {
    **UNKNOWN,
    "legalName": TEXTS,
    "status": WORDS,
    "branchCodes": LISTS,
    "externalSource": FLAGS,
    "pinCode": TEXTS,
}


@st.composite
def pages(
    draw: st.DrawFn, kinds: Mapping[str, st.SearchStrategy[str]], id_member: str
) -> tuple[bytes, bytes]:
    """Two answers of one server: records with the same members, one of which may be new, missing or twice."""
    names = draw(st.lists(st.sampled_from(sorted(kinds)), unique=True, max_size=6))
    separator = draw(st.sampled_from([", ", ",\n  ", ","]))

    def record(number: int) -> str:
        identity = draw(IDS) if draw(st.integers(0, 19)) == 0 else json.dumps(f"I{number}")
        held = list(names)
        change = draw(st.integers(0, 19))
        if change == 0:
            held.append(draw(st.sampled_from([*kinds, "net_amount", id_member])))
        elif change < 5 and held:
            held.remove(draw(st.sampled_from(held)))
        pairs = [(id_member, identity), *((name, draw(kinds.get(name, TEXTS))) for name in held)]
        return "{" + separator.join(f"{json.dumps(name)}: {value}" for name, value in pairs) + "}"

    def listed(numbers: range) -> str:
        return "[" + separator.join(record(number) for number in numbers) + "]"

    first = listed(range(draw(st.integers(1, 3))))
    second = listed(range(10, 10 + draw(st.integers(0, 4))))
    return an_envelope(first), an_envelope(second, draw(st.none() | st.integers(0, 9)))
