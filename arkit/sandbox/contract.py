"""Reading request bodies and query parameters, as strictly as the contract."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from werkzeug.datastructures import MultiDict

from . import identifiers
from .answers import SubError, forbidden, invalid, malformed
from .bodies import Paise

T = TypeVar("T")

MAX_LIMIT = 5_000
# Ten thousand crore crore paise and their sums fit into the integers of SQLite with room to spare.
MONEY_DIGITS = 13


def decode(content_type: str, body: bytes, kind: type[T]) -> T:
    """A JSON body as one of the classes above."""
    if content_type.lower() != "application/json":
        raise malformed("the body must be application/json")
    try:
        return msgspec.json.Decoder(kind, dec_hook=converted, float_hook=_decimal).decode(body)
    except msgspec.ValidationError as error:
        raise invalid(_sub_error(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed("the body is not well-formed JSON") from error


def members(body: Struct) -> dict[str, Any]:
    """The members that were sent, by their JSON names."""
    return dict(msgspec.to_builtins(body, enc_hook=int))


def converted(kind: type, value: object) -> object:
    """A value as one of the types that msgspec does not know, which is money alone."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"Expected `number`, got `{type(value).__name__}`")
    rupees = Decimal(value)
    if not rupees.is_finite() or rupees.adjusted() >= MONEY_DIGITS:
        raise ValueError(f"must have at most {MONEY_DIGITS} digits before the point")
    if rupees != rupees.quantize(Decimal("0.01")):
        raise ValueError("must have at most two decimals")
    return Paise(rupees.scaleb(2))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError("is beyond all measure") from error


def _sub_error(text: str) -> SubError:
    """msgspec's sentence, taken apart: what is wrong, and where."""
    message, _, path = text.partition(" - at `$")
    place = path.rstrip("`").lstrip(".")
    missing = re.search(r"required field `(\w+)`", message)
    if missing:
        place = f"{place}.{missing[1]}".lstrip(".")
    return SubError(place or "body", message)


@dataclass(frozen=True)
class Page:
    """Which records of an ordered list are wanted."""

    limit: int
    offset: int
    order_by: str
    direction: str


PAGE_PARAMETERS = frozenset({"direction", "limit", "offset", "orderBy"})


def query(given: "MultiDict[str, str]", known: Collection[str]) -> dict[str, str]:
    """Query parameters, each at most once. An unknown name is refused: it is a misspelt one."""
    errors = [SubError(name, "is not a parameter of this operation") for name in given if name not in known]
    errors += [SubError(name, "is given twice") for name in given if len(given.getlist(name)) > 1]
    if errors:
        raise invalid(*errors)
    return given.to_dict()


def page(values: Mapping[str, str], orders: Collection[str], default_order: str) -> Page:
    """The paging parameters with their defaults."""
    errors: list[SubError] = []
    limit = _whole_number("limit", values.get("limit", "50"), MAX_LIMIT, errors)
    offset = _whole_number("offset", values.get("offset", "0"), 2**31 - 1, errors)
    order_by = values.get("orderBy", default_order)
    if order_by not in orders:
        errors.append(SubError("orderBy", "is not a field of the records"))
    direction = values.get("direction", "ASC")
    if direction not in {"ASC", "DESC"}:
        errors.append(SubError("direction", "must be ASC or DESC"))
    if errors:
        raise invalid(*errors)
    return Page(limit, offset, order_by, direction)


def _whole_number(name: str, text: str, maximum: int, errors: list[SubError]) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > maximum:
        errors.append(SubError(name, f"must be a whole number from 0 to {maximum}"))
        return 0
    return int(text)


def check_company(values: Mapping[str, object], name: str, company_id: str) -> None:
    """Refuse another company's id, and what is no company id at all."""
    given = values.get(name)
    if given is None or given == company_id:
        return
    if not identifiers.COMPANY_ID.fullmatch(str(given)):
        raise invalid(SubError(name, "is not a company id"))
    raise forbidden(name)


def check_customer_id(text: str) -> None:
    """Refuse what is no customer id."""
    if not identifiers.CUSTOMER_ID.fullmatch(text):
        raise invalid(SubError("customerId", "is not a customer id"))
