"""A WSGI application inside an ASGI one: requests in a few threads, their bodies read and sent by the event loop.

Slow clients so hold no thread, and a server of one process can keep streams open beside the pages. Django's pages stay
synchronous: under its own ASGI handler every one of them would cost twice the processor time.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import unquote_to_bytes

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[str, str]]

MOST_BYTES = 64 * 2**20  # of a request's body; what a page takes is less, and the page says so
IN_MEMORY_BYTES = 2**20
PIECE_BYTES = 2**17


@dataclass(slots=True)
class Answer:
    """What the WSGI application answered.

    Args:
        content: The body, or "" for one that is made while it is sent.
        rest: Where such a body comes from; to be closed at the end.
        response: The application's own object.
    """

    status: int
    headers: Headers
    content: bytes
    rest: Iterable[bytes] | None
    response: object


class TooLargeError(Exception):
    """More was sent than anything here takes."""


class Bridge:
    """Calls a WSGI application.

    Args:
        application: The application.
        threads: How many requests are worked on at once.
        extra: More for each request's environ.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], *, threads: int) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="page")
        self.extra: dict[str, Any] = {}

    async def ask(self, scope: Scope, receive: Receive) -> Answer:
        """Read the request and have the application answer it.

        Raises:
            TooLargeError: when its body is larger than anything takes.
        """
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as body:
            await _read_body(scope, receive, body)
            size = body.tell()
            body.seek(0)
            environ = environ_of(scope, body) | self.extra
            if environ.pop(
                "HTTP_TRANSFER_ENCODING", None
            ):  # its pieces are joined: WSGI wants the whole's length
                environ["CONTENT_LENGTH"] = str(size)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._call, environ)

    async def send(self, answer: Answer, send: Send) -> None:
        """Send what was answered; of a long answer a piece at a time, each of which takes a thread for a moment."""
        headers = [
            (name.lower().encode("latin-1"), value.strip().encode("latin-1"))
            for name, value in answer.headers
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if answer.rest is None:
            await send({"type": "http.response.body", "body": answer.content, "more_body": False})
            return
        loop = asyncio.get_running_loop()
        pieces = _pieces(answer.rest)
        try:
            while piece := await loop.run_in_executor(self._pool, next, pieces, b""):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            close = getattr(answer.rest, "close", None)
            if close is not None:
                await loop.run_in_executor(self._pool, close)

    def stop(self) -> None:
        """Take no more requests."""
        self._pool.shutdown(wait=False)

    def _call(self, environ: dict[str, Any]) -> Answer:
        started: list[tuple[str, Headers]] = []

        def start_response(status: str, headers: Headers, exc_info: object = None) -> None:
            started.append((status, headers))

        response = self._application(environ, start_response)
        status, headers = started[-1]
        number = int(status.split(" ", 1)[0])
        if getattr(response, "streaming", True):
            return Answer(number, headers, b"", response, response)
        content = b"".join(response)
        response.close()  # type: ignore[attr-defined]
        return Answer(number, headers, content, None, response)


async def _read_body(scope: Scope, receive: Receive, body: IO[bytes]) -> None:
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    if not length and b"transfer-encoding" not in headers:
        return
    if length.isdigit() and int(length) > MOST_BYTES:
        raise TooLargeError
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        if size > MOST_BYTES:
            raise TooLargeError
        body.write(message.get("body", b""))
        more = message.get("more_body", False)


def environ_of(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """The request as PEP 3333 wants it: bytes of the path and of headers as latin-1."""
    path = unquote_to_bytes(scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    client, server = scope.get("client"), scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "REMOTE_ADDR": client[0] if client else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        _add_header(environ, name.decode("latin-1"), value.decode("latin-1"))
    return environ


def _add_header(environ: dict[str, Any], name: str, value: str) -> None:
    """One more header; names with an underscore are left out, since they could pass for a proxy's own."""
    if "_" in name:
        return
    key = name.upper().replace("-", "_")
    key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
    if key in environ:
        value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
    environ[key] = value


def _pieces(body: Iterable[bytes]) -> Iterator[bytes]:
    """The body in pieces that are worth a change of threads; none is empty."""
    waiting: list[bytes] = []
    size = 0
    for part in body:
        waiting.append(part)
        size += len(part)
        if size >= PIECE_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if size:
        yield b"".join(waiting)
