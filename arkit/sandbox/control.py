"""Addresses that are no part of the API: the script of faults, the clock, what was done."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from . import history
from .answers import SubError, invalid
from .call import Call
from .faults import Lag


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


def set_paging(call: Call) -> object:
    """Let a search page otherwise from now on; the body has its `operation` and the members of `Paging`."""
    members = call.body(dict[str, Any])
    try:
        paging = call.service.faults.paging(members.pop("operation", ""), **members)
    except ValueError as error:
        raise invalid(SubError("paging", str(error))) from error
    return msgspec.to_builtins(paging)


def set_lag(call: Call) -> object:
    """Let reading lag behind from now on."""
    lag = call.body(Lag)
    call.service.faults.lag(lag.seconds)
    return msgspec.to_builtins(lag)


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
