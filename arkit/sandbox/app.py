"""What every request passes: history, admission, the view, the envelope."""

import io
import logging
import uuid
from typing import IO

from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import BaseConverter, Map

from . import history, tokens, views
from .answers import ErrorType, Refusal, failure, malformed, not_found
from .call import Service
from .routes import API, BESIDE, CONTROL
from .server import BODY_FAULT, DELIVERY

log = logging.getLogger(__name__)


class IdNot(BaseConverter):
    """A segment of a path other than the fixed ones beside it: a fixed path goes before one with an id."""

    def __init__(self, url_map: Map, *fixed: str) -> None:
        super().__init__(url_map)
        self.regex = f"(?!(?:{'|'.join(fixed)})(?:/|$))[^/]+"


class MemoryRequest(Request):
    """A request whose uploads stay in memory, where the whole body is already."""

    def _get_file_stream(self, *_: object, **__: object) -> IO[bytes]:
        return io.BytesIO()


def create_app(service: Service) -> Flask:
    """The WSGI application on one company."""
    app = Flask(__name__, static_folder=None)
    app.request_class = MemoryRequest
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    app.url_map.converters["id_not"] = IdNot
    controls = {route.name for route in CONTROL}
    admissions = {route.name: route.admission for route in [*API, *BESIDE, *CONTROL]}
    for route in [*API, *BESIDE, *CONTROL]:
        app.add_url_rule(
            route.path,
            route.name,
            views.view(service, route.name, route.operation),
            methods=[route.method],
            provide_automatic_options=False,
        )

    @app.before_request
    def admit() -> None:
        g.request_id = uuid.uuid4().hex
        if request.endpoint not in controls:
            g.is_recorded = True
            history.begin(service.store, g.request_id, request.endpoint, request)
        admission = admissions.get(request.endpoint or "", tokens.check_bearer)
        if request.endpoint is None and not request.path.startswith("/api/"):
            admission = None
        if admission:
            admission(service, request)
        _check_body(request.environ.get(BODY_FAULT))

    @app.after_request
    def record(response: Response) -> Response:
        if g.get("is_recorded") and not request.environ[DELIVERY].is_lost:
            history.end(service.store, g.request_id, response.status_code)
        return response

    @app.errorhandler(Exception)
    def refuse(error: Exception) -> Response:
        return failure(_refusal(error), g.request_id)

    return app


def _check_body(fault: str | None) -> None:
    if fault == "short":
        raise Refusal(400, ErrorType.CLIENT_REQUEST_ABORT, "the body ended before its announced length")
    if fault == "long":
        raise malformed("the body is longer than 64 MiB")
    if fault:
        raise malformed("the Content-Length is not a number")


def _refusal(error: Exception) -> Refusal:
    """The refusal for whatever went wrong; of the unexpected only the log hears more."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, NotFound):
        return not_found("there is no such address")
    if isinstance(error, MethodNotAllowed):
        headers = {"Allow": ", ".join(sorted(error.valid_methods or ()))}
        return Refusal(
            405, ErrorType.CLIENT_REQUEST_ERROR, "the address knows no such method", headers=headers
        )
    if isinstance(error, HTTPException):
        return malformed(error.description or "the request cannot be read")
    log.error("unexpected fault", exc_info=error)
    return Refusal(500, ErrorType.SYSTEM_ERROR, "the server failed")
