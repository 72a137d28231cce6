"""From JSON members to typed arrow columns, exactly: one value at a time, or a whole page at once."""

import datetime as dt
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from arkit.errors import ContractError
from arkit.money import RUPEES

IST = "Asia/Kolkata"

NESTED = frozenset({"customerKeyContacts", "customerReminders", "invoiceAttachments"})
"""Members that hold records of another grain; they do not become columns."""

TEXT = pa.large_string()
FRACTION = pa.decimal128(38, 9)
STATUS = pa.struct([("label", TEXT), ("name", TEXT)])
BLOCK_BYTES = 2**20
"""So much of a page goes to one processor; a longer record is read value by value."""

Record = Mapping[str, Any]


def camel(name: str) -> str:
    """``pin_code`` as the API writes it, ``pinCode``."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def snake(member: str) -> str:
    """``pinCode`` as a column name, ``pin_code``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", member).lower()


@dataclass(frozen=True)
class Kind:
    """A kind of column.

    Attributes:
        type: the arrow type of the column.
        raw: the type as which arrow's own reader takes it from JSON.
        convert: one JSON value to a value of the column; ValueError or TypeError if it is of another kind.
        refine: a column of the raw type to one of `type`; ArrowInvalid if a value needs a closer look.
    """

    type: pa.DataType
    raw: pa.DataType
    convert: Callable[[Any], Any]
    refine: Callable[[pa.ChunkedArray], pa.ChunkedArray]


@dataclass(frozen=True)
class Grain:
    """The records of one noun: their columns by kind, and the member of the API behind each.

    Members that are not declared follow as columns if it `is_open`, and are left out if not.
    """

    name: str
    kinds: Mapping[str, Kind]
    members: Mapping[str, str]
    is_open: bool = True

    def where(self, column: str) -> str:
        """Where a fault of this column lies, in the words of the API."""
        return f"{self.name}.{self.members[column]}"


def from_records(records: Sequence[Record], grain: Grain) -> pa.Table:
    """Records as a table, in the order given; unknown members follow the declared columns.

    A member nobody declared becomes a column of text, flags, whole numbers, exact fractions, or else of
    JSON text.

    Raises:
        ContractError: a member is of a kind that its column cannot hold without loss, or two members stand
            for one column.
    """
    columns: dict[str, pa.Array] = {}
    for name, kind in grain.kinds.items():
        values = [record.get(grain.members[name]) for record in records]
        columns[name] = _converted(values, kind, where=grain.where(name))
    for member in unknown_members(records, grain):
        name = snake(member)
        if name in columns:
            raise _broken("two members stand for one column.", f"{grain.name}.{member}")
        columns[name] = _undeclared([record.get(member) for record in records])
    return pa.table(columns)


def unknown_members(records: Iterable[Record], grain: Grain) -> list[str]:
    """Members that become columns though nobody declared them, in the order in which they came."""
    if not grain.is_open:
        return []
    declared = NESTED.union(grain.members.values())
    return [
        member for member in dict.fromkeys(m for record in records for m in record) if member not in declared
    ]


def concatenated(tables: Sequence[pa.Table], grain: Grain) -> pa.Table:
    """Tables of one grain one below the other; an undeclared column of two types becomes text."""
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        mixed = _of_two_types(tables, grain)
        return pa.concat_tables([_with_text(table, mixed) for table in tables], promote_options="permissive")


def raw_schema(records: Sequence[Record], grain: Grain) -> pa.Schema | None:
    """How arrow's own reader is to take records like these; None if they hold what it cannot take."""
    fields = {grain.members[name]: kind.raw for name, kind in grain.kinds.items()}
    for member in [*fields, *unknown_members(records, grain)]:
        values = [value for record in records if (value := record.get(member)) is not None]
        raw = _raw_type(values, fields.get(member))
        if raw is None:
            return None
        fields[member] = raw
    return pa.schema(list(fields.items()))


def from_lines(lines: bytes, schema: pa.Schema, grain: Grain) -> pa.Table:
    """Records as JSON text, one a line, as the table that `from_records` would make of them.

    Raises:
        ArrowInvalid: a record is not like those that the schema was made from, or is wrong.
    """
    table = pyarrow.json.read_json(
        io.BytesIO(lines),
        read_options=pyarrow.json.ReadOptions(use_threads=True, block_size=BLOCK_BYTES),
        parse_options=pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="infer"),
    )
    news = set(table.column_names) - set(schema.names) - NESTED
    if news:
        raise pa.ArrowInvalid("members that were not seen before")
    columns = {}
    for name, kind in grain.kinds.items():
        columns[name] = kind.refine(_plain_column(table[grain.members[name]]))
    for member in schema.names[len(columns) :]:
        columns[snake(member)] = _plain_column(table[member])
    made = pa.table(columns)
    # The reader lets amounts pass that have more digits than their column.
    made.validate(full=True)
    return made


def _converted(values: list[Any], kind: Kind, *, where: str) -> pa.Array:
    try:
        return pa.array([None if value is None else kind.convert(value) for value in values], kind.type)
    except (ValueError, TypeError, InvalidOperation, OverflowError, pa.ArrowInvalid) as error:
        position = next((i for i, value in enumerate(values) if not _fits(kind, value)), None)
        which = "a record" if position is None else f"record {position}"
        raise _broken(f"{which} does not hold a value of the kind {kind.type}.", where) from error


def _fits(kind: Kind, value: Any) -> bool:
    if value is None:
        return True
    try:
        pa.scalar(kind.convert(value), kind.type)
    except (ValueError, TypeError, InvalidOperation, OverflowError, pa.ArrowInvalid):
        return False
    return True


def _undeclared(values: list[Any]) -> pa.Array:
    plain = [_plain(value) for value in values]
    raw = _raw_type([value for value in plain if value is not None], None)
    if raw == pa.null() and plain != values:
        # Statuses, all of them without a name.
        raw = TEXT
    try:
        if raw is not None:
            return pa.array(plain, raw)
    except (pa.ArrowInvalid, OverflowError):
        pass
    return pa.array(
        [value if value is None or isinstance(value, str) else _json(value) for value in plain], TEXT
    )


def _raw_type(values: Sequence[Any], declared: pa.DataType | None) -> pa.DataType | None:
    """The arrow type of JSON values that are all of one kind; None if they are not."""
    kinds = {type(value) for value in values}
    if not kinds or (declared is not None and kinds <= {int, Decimal}):
        return declared or pa.null()
    if kinds <= {int, Decimal}:
        return pa.int64() if kinds == {int} else FRACTION
    if kinds == {dict} and all(value.keys() == {"label", "name"} for value in values):
        return STATUS
    if kinds == {list} and all(isinstance(item, str) for value in values for item in value):
        return pa.list_(TEXT)
    return {str: TEXT, bool: pa.bool_()}.get(kinds.pop()) if len(kinds) == 1 else None


def _plain(value: Any) -> Any:
    """A labelled status as its name, a list of texts as one text; anything else as it is."""
    if isinstance(value, dict) and value.keys() <= {"label", "name"}:
        return value.get("name")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ";".join(value)
    return value


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_struct(column.type):
        if [field.name for field in column.type] != ["label", "name"]:
            raise pa.ArrowInvalid("a status with more members")
        return pc.struct_field(column, "name")
    if pa.types.is_list(column.type):
        if pc.list_flatten(column).null_count:
            raise pa.ArrowInvalid("a list that holds null")
        return pc.binary_join(column, pa.scalar(";", TEXT))
    return column


def _json(value: Any) -> str:
    return msgspec.json.Encoder(decimal_format="number").encode(value).decode()


def _of_two_types(tables: Sequence[pa.Table], grain: Grain) -> set[str]:
    """The undeclared columns whose types in several tables have none in common."""
    types: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            types.setdefault(field.name, set()).add(field.type)
    return {name for name in types.keys() - grain.kinds.keys() if not _have_one_type(types[name])}


def _have_one_type(types: Iterable[pa.DataType]) -> bool:
    try:
        pa.unify_schemas([pa.schema([("", each)]) for each in types], promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return False
    return True


def _with_text(table: pa.Table, names: Iterable[str]) -> pa.Table:
    for name in names:
        if name in table.column_names:
            place = table.column_names.index(name)
            table = table.set_column(place, name, table[name].cast(TEXT))
    return table


def _text(value: Any) -> str | None:
    plain = _plain(value)
    if plain is None or isinstance(plain, str):
        return plain
    raise TypeError(type(value))


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise TypeError(type(value))


def _whole_number(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TypeError(type(value))


def _rupees(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError(type(value))
    amount = Decimal(value)
    if amount != (exact := amount.quantize(Decimal("0.01"))):
        raise ValueError("more than two decimals")
    return exact


def _date(value: Any) -> dt.date | None:
    """A date in ISO 8601, or the date in India of an instant; None for an empty text."""
    if len(value) == len("yyyy-MM-dd"):
        return dt.date.fromisoformat(value)
    instant = _instant(value)
    return None if instant is None else instant.astimezone(_INDIA).date()


def _instant(value: Any) -> dt.datetime | None:
    """An instant in ISO 8601; one without a zone is taken as Indian time; None for an empty text."""
    if value == "":
        return None
    instant = dt.datetime.fromisoformat(value)
    # In UTC, because pandera sets PYARROW_IGNORE_TIMEZONE for the process, and arrow then drops any offset.
    return (instant.replace(tzinfo=_INDIA) if instant.tzinfo is None else instant).astimezone(dt.UTC)


_INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30), "IST")
_INSTANT = pa.timestamp("us", IST)
# Years near the ends of Python's calendar are left to Python, which refuses what goes beyond.
_ISO_INSTANT = r"^[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$"


def _same(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column


def _instants(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pc.all(pc.match_substring_regex(column, _ISO_INSTANT), min_count=0).as_py():
        raise pa.ArrowInvalid("an instant that is written otherwise")
    return column.cast(_INSTANT)


def _dates(column: pa.ChunkedArray) -> pa.ChunkedArray:
    lengths = pc.unique(pc.binary_length(column.drop_null())).to_pylist()
    if lengths in ([], [len("yyyy-MM-dd")]):
        return column.cast(pa.date32())
    return pc.local_timestamp(_instants(column)).cast(pa.date32(), safe=False)


PLAIN_TEXT = Kind(TEXT, TEXT, _text, _same)
JSON_TEXT = Kind(TEXT, TEXT, _json, _same)
FLAG = Kind(pa.bool_(), pa.bool_(), _flag, _same)
WHOLE_NUMBER = Kind(pa.int32(), pa.int32(), _whole_number, _same)
DATE = Kind(pa.date32(), TEXT, _date, _dates)
INSTANT = Kind(_INSTANT, TEXT, _instant, _instants)
MONEY = Kind(RUPEES.pyarrow_dtype, RUPEES.pyarrow_dtype, _rupees, _same)


def _broken(message: str, where: str) -> ContractError:
    return ContractError(
        message,
        code="member_type",
        where=where,
        server_state="known",
        next_step="Ask the provider what this member means; arkit does not guess.",
    )
