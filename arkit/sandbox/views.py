"""What an operation's request meets once it was let in: the operation, and what the script has for it."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
from flask import Request, Response, g, request

from . import clock, mutations, sheets, tokens
from .answers import Refusal, encode, failure, success, unauthorized
from .call import Call, Service
from .faults import Fault
from .sending import Raw
from .server import DELIVERY

# An operation returns the payload of the envelope, or a whole response.
Operation = Callable[[Call], object]

_decoder = msgspec.json.Decoder(float_hook=Decimal)


def view(service: Service, name: str, operation: Operation) -> Callable[..., Response]:
    """The function that Flask calls for one operation."""

    def answer(**path: str) -> Response:
        fault = service.faults.take(name, partial(_holds, request))
        call = Call(service, g.request_id, name, request, path, fault)
        if fault is None:
            return _carried_out(operation, call)
        for mutation in fault.mutate:
            with service.replica.change() as connection:
                mutations.carry_out(connection, mutation, clock.now(connection))
        if fault.expire_tokens:
            tokens.expire_all(service.store)
            raise unauthorized("Bearer", "the access token is unknown or has expired")
        delivery = request.environ[DELIVERY]
        # Whatever the answer would be, a refusal too, nobody hears it if it is lost.
        delivery.is_lost, delivery.sent = fault.answer == "lost", fault.sent
        if isinstance(fault.answer, Raw):
            delivery.repeat = fault.answer.repeat
        try:
            response = _scripted(operation, call, fault)
        except Refusal as refusal:
            response = failure(refusal, call.request_id)
        service.closing.wait(fault.delay_s)
        return _dressed(response, fault)

    return answer


def _carried_out(operation: Operation, call: Call) -> Response:
    result = operation(call)
    return result if isinstance(result, Response) else success(result)


def _scripted(operation: Operation, call: Call, fault: Fault) -> Response:
    """The answer that takes the place of the ordinary one, once the work is done."""
    # With nothing to apply, a made-up answer comes whatever was sent; otherwise a refused request is refused.
    response = None if fault.is_made_up and fault.rows == 0 else _carried_out(operation, call)
    if isinstance(fault.answer, Raw):
        return Response(fault.answer.body, fault.status or 200, mimetype="application/json")
    if fault.is_made_up:
        assert fault.status is not None
        return failure(Refusal(fault.status, fault.error_type, "scripted fault"), call.request_id)
    assert response is not None
    response.status_code = fault.status or response.status_code
    return response


def _dressed(response: Response, fault: Fault) -> Response:
    """The answer with the script's headers and members."""
    if fault.edit is not None:
        response.set_data(encode(_merged(_decoder.decode(response.get_data()), fault.edit)))
    for name, given in fault.headers.items():
        response.headers.setlist(name, [given] if isinstance(given, str) else given)
    return response


def _merged(value: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for name, change in patch.items():
        if change is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), change)
    return merged


def _holds(request: Request, text: str) -> bool:
    """Whether a request holds a text: in its body, or in a cell of the file in it."""
    if text.encode() in request.get_data():
        return True
    upload = request.files.get("file")
    if upload is None:
        return False
    content = upload.read()
    upload.seek(0)
    return sheets.holds(content, text)
