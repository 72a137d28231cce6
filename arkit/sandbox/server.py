"""HTTP on loopback: threads, kept-alive connections, and connections cut on purpose."""

import io
import logging
import re
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

from .sending import Delivery

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger(__name__)

# Keys in the WSGI environment: what is wrong with a body, and how the answer is to be delivered.
BODY_FAULT = "arkit.sandbox.body_fault"
DELIVERY = "arkit.sandbox.delivery"

MAX_BODY_BYTES = 64 * 2**20
# So much of an unwanted body is read and dropped, so that the client gets to see the refusal.
MAX_DRAIN_BYTES = 512 * 2**20
PIECE_BYTES = 2**18


class Handler(WSGIRequestHandler):
    """Werkzeug's handler with the connection kept alive, which Werkzeug never does."""

    protocol_version = "HTTP/1.1"
    # Head and body leave in two writes; under Nagle's algorithm the second would wait 40 ms.
    disable_nagle_algorithm = True
    server: "Server"

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one request; another one follows on this connection only if this one was read to its end."""
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        self.environ = environ = self.make_environ()
        self._read_body(environ)
        delivery = environ[DELIVERY] = Delivery()
        with Response.from_app(self.server.app, environ, buffered=True) as response:
            if delivery.is_lost:
                self._cut()
            else:
                self._send(response, delivery)

    def _send(self, response: Response, delivery: Delivery) -> None:
        """Send head and body; the connection is kept only after an answer that is just as announced."""
        body, sent = response.get_data(), delivery.sent
        length = delivery.length(body)
        claimed = response.headers.pop("Content-Length", None)
        if claimed is None or claimed == str(len(body)):
            claimed = None if length is None else str(length)
        is_whole = self.command == "HEAD" or (
            sent.cut_at is None and (sent.chunked or claimed == str(length))
        )
        self.send_response(response.status_code)
        for name, value in response.headers:
            self.send_header(name, value)
        if sent.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif claimed is not None:
            self.send_header("Content-Length", claimed)
        else:
            self.close_connection = True
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(body, delivery)
        if sent.closes_after_s is not None:
            self.server.closing.wait(sent.closes_after_s)
        self.close_connection |= not is_whole or sent.closes_after_s is not None

    def _send_body(self, body: bytes, delivery: Delivery) -> None:
        sent = delivery.sent
        for piece in delivery.pieces(body):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if sent.chunked else piece)
            if sent.bytes_per_s and self.server.closing.wait(len(piece) / sent.bytes_per_s):
                return
        if sent.chunked and sent.cut_at is None:
            self.wfile.write(b"0\r\n\r\n")

    def _read_body(self, environ: dict[str, Any]) -> None:
        """Put the whole body in memory, or say in the environment why that cannot be done."""
        length = environ.get("CONTENT_LENGTH")
        is_chunked = bool(environ.get("wsgi.input_terminated"))
        body, fault = b"", None
        if not is_chunked and length is not None and not re.fullmatch(r"[0-9]{1,18}", length):
            fault = "malformed"
        elif is_chunked or length:
            wanted = None if is_chunked else int(length or 0)
            body, fault = _take(environ["wsgi.input"], wanted)
        if fault:
            environ[BODY_FAULT] = fault
            self.close_connection = True
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))

    def _cut(self) -> None:
        """Reset the connection: the peer sees neither an answer nor an orderly end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.connections.discard(self.connection)
        socket.close(self.connection.detach())

    def log(self, type: str, message: str, *args: Any) -> None:
        log.debug(message, *args)


def _take(stream: Any, wanted: int | None) -> tuple[bytes, str | None]:
    """The body of `wanted` bytes, or as many as there are, and what is wrong with it: `short` or `long`."""
    pieces: list[bytes] = []
    size = 0
    try:
        while wanted is None or size < wanted:
            piece = stream.read(PIECE_BYTES if wanted is None else min(PIECE_BYTES, wanted - size))
            if not piece:
                break
            size += len(piece)
            if size > MAX_DRAIN_BYTES:
                return b"", "long"
            if size <= MAX_BODY_BYTES:
                pieces.append(piece)
    except OSError:
        return b"".join(pieces), "short"
    if size > MAX_BODY_BYTES:
        return b"", "long"
    return b"".join(pieces), "short" if wanted is not None and size < wanted else None


class Server(ThreadedWSGIServer):
    """A listening server whose open connections can be closed with it."""

    def __init__(self, app: "WSGIApplication", port: int) -> None:
        self.connections: set[socket.socket] = set()
        self.closing = threading.Event()
        # Werkzeug ends the process when a port is taken; a socket bound here raises OSError instead.
        with socket.create_server(("127.0.0.1", port)) as listener:
            super().__init__("127.0.0.1", port, app, handler=Handler, fd=listener.fileno())
        self.thread = threading.Thread(
            target=self.serve_forever, args=(0.05,), name="arkit-sandbox", daemon=True
        )

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.exception("request of %s", client_address)

    def close(self) -> None:
        """Stop listening and hang up on everybody."""
        self.closing.set()
        self.shutdown()
        self.thread.join()
        self.server_close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
