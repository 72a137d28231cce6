"""Addresses that are no part of the API: the script of faults, the clock, what was done."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from . import history
from .answers import SubError, invalid
from .call import Call


class Forward(Struct):
    """How far the company's clock goes forward."""

    days: Annotated[int, Meta(ge=0, le=3_650)]


def add_fault(call: Call) -> object:
    """Append a line to the script; the body has the members of `Fault`."""
    try:
        fault = call.service.faults.add(**call.body(dict[str, Any]))
    except ValueError as error:
        raise invalid(SubError("fault", str(error))) from error
    return msgspec.to_builtins(fault)


def read_history(call: Call) -> object:
    """Every request so far."""
    call.query()
    return history.requests(call.service.store)


def read_applied_rows(call: Call) -> object:
    """Every change so far."""
    call.query()
    return history.applied_rows(call.service.store)


def read_messages(call: Call) -> object:
    """Every message so far."""
    call.query()
    return call.service.messages()


def set_clock_forward(call: Call) -> object:
    """Let so many days pass at once."""
    call.query()
    return {"now": call.service.set_clock_forward(call.body(Forward).days)}
