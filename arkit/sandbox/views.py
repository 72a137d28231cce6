"""What an operation's request meets once it was let in: the operation, and what the script has for it."""

from collections.abc import Callable

from flask import Response, g, request

from . import tokens
from .answers import Refusal, success, unauthorized
from .call import Call, Service
from .server import CUT_CONNECTION

# An operation returns the payload of the envelope, or a whole response.
Operation = Callable[[Call], object]


def view(service: Service, name: str, operation: Operation) -> Callable[..., Response]:
    """The function that Flask calls for one operation."""

    def answer(**path: str) -> Response:
        fault = service.faults.take(name)
        call = Call(service, g.request_id, name, request, path, fault)
        if fault is None:
            return _carried_out(operation, call)
        if fault.expire_tokens:
            tokens.expire_all(service.store)
            raise unauthorized("Bearer", "the access token is unknown or has expired")
        if fault.answer == "lost":
            # Whatever the answer would be, a refusal too, nobody hears it.
            request.environ[CUT_CONNECTION].set()
        # With nothing to apply, a scripted status comes whatever was sent.
        is_bare = fault.status is not None and fault.rows == 0
        response = None if is_bare else _carried_out(operation, call)
        service.closing.wait(fault.delay_s)
        if fault.status is not None:
            raise Refusal(fault.status, fault.error_type, "scripted fault")
        assert response is not None
        return response

    return answer


def _carried_out(operation: Operation, call: Call) -> Response:
    result = operation(call)
    return result if isinstance(result, Response) else success(result)
