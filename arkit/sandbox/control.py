"""Addresses that are no part of the API: the script of faults, the history, the changes."""

from typing import Any

import msgspec

from . import history, messages
from .answers import SubError, invalid
from .call import Call


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
    return messages.sent(call.service.store)
