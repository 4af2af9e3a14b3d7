"""HTTP/1.1 with connections that are kept alive, one thread each.

Werkzeug's own server closes the connection after every answer, which Stripe does not; its requests and
responses are used all the same.
"""

from __future__ import annotations

import io
import logging
import socket
import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

logger = logging.getLogger(__name__)

IDLE_SECONDS = 75
Application = Callable[[Request], Response]


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Answers requests by an application; ready to ``serve_forever``, port 0 takes a free one."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, application: Application):
        self.application = application
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self.server_address[1]

    def finish_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().finish_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Called in the handler of an exception."""
        logger.exception("a connection failed")

    def server_close(self) -> None:
        """Stop listening, and end the connections that are kept alive."""
        super().server_close()
        with self._open_lock:
            waiting = list(self._open)
        for connection in waiting:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                logger.debug("a connection was closed already")


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together
    timeout = IDLE_SECONDS

    def handle(self) -> None:
        """Requests of one connection, until either side ends it."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        builder = EnvironBuilder(
            self.path,
            method=self.command,
            headers=list(self.headers.items()),
            input_stream=io.BytesIO(body),
        )
        response = self.server.application(Request(builder.get_environ()))
        content = response.get_data()
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            if name != "Content-Length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _answer

    def version_string(self) -> str:
        return "stripe_sandbox"

    def log_message(self, format: str, *args: Any) -> None:
        """Requests of the API are logged with their ids where they are answered."""
