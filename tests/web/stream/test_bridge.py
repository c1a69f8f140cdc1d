"""The WSGI application inside the ASGI one: what comes in and goes out is what a WSGI server would give and take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from crowdsft.web.stream import bridge as module
from crowdsft.web.stream.bridge import Bridge, TooLargeError

StartResponse = Callable[..., None]


def scope(**more: Any) -> dict[str, Any]:
    """A request as granian describes it."""
    return {
        "type": "http",
        "method": "POST",
        "path": "/caf\u00e9/",
        "raw_path": b"/caf%C3%A9/",
        "query_string": b"a=1",
        "headers": [],
        "client": ("10.0.0.9", 5),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
        "http_version": "1.1",
        **more,
    }


def exchange(
    application: Callable[..., Iterable[bytes]], asked: dict[str, Any], body: list[bytes]
) -> list[dict[str, Any]]:
    """What the server is told to send."""

    async def run() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []
        waiting = [
            {"type": "http.request", "body": part, "more_body": place + 1 < len(body)}
            for place, part in enumerate(body)
        ]

        async def receive() -> dict[str, Any]:
            return waiting.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        bridge = Bridge(application, threads=2)
        bridge.extra["crowdsft.test"] = "here"
        await bridge.send(await bridge.ask(asked, receive), send)
        bridge.stop()
        return sent

    return asyncio.run(run())


def test_a_request_reaches_the_application_as_pep_3333_wants_it() -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        seen.update(environ, read=environ["wsgi.input"].read())
        start_response("201 Created", [("X-Answer", " yes"), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")])
        return [b"made ", b"it"]

    headers = [
        (b"content-length", b"10"),
        (b"content-type", b"text/plain"),
        (b"cookie", b"one=1"),
        (b"cookie", b"two=2"),
        (b"x-forwarded-for", b"1.1.1.1"),
        (b"x-forwarded-for", b"2.2.2.2"),
        (b"x_forwarded_proto", b"https"),
    ]
    sent = exchange(application, scope(headers=headers), [b"first", b"after"])
    assert seen["read"] == b"firstafter"
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/café/"
    assert (seen["QUERY_STRING"], seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"]) == ("a=1", "text/plain", "10")
    assert (seen["HTTP_COOKIE"], seen["HTTP_X_FORWARDED_FOR"]) == ("one=1; two=2", "1.1.1.1,2.2.2.2")
    assert (seen["REMOTE_ADDR"], seen["crowdsft.test"]) == ("10.0.0.9", "here")
    assert "HTTP_X_FORWARDED_PROTO" not in seen
    assert sent[0]["status"] == 201
    assert sent[0]["headers"] == [(b"x-answer", b"yes"), (b"set-cookie", b"a=b"), (b"set-cookie", b"c=d")]
    assert b"".join(message["body"] for message in sent[1:]) == b"made it"
    assert [message["more_body"] for message in sent[1:]][-1] is False


def test_a_long_answer_is_sent_in_pieces_and_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE_BYTES", 10)
    closed = []

    class Long:
        streaming = True

        def __iter__(self) -> Iterator[bytes]:
            yield from (b"%03d" % number for number in range(9))

        def close(self) -> None:
            closed.append(True)

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Long()

    sent = exchange(application, scope(method="GET"), [])
    bodies = [message["body"] for message in sent[1:]]
    assert bodies == [b"000001002003", b"004005006007", b"008", b""]
    assert closed == [True]


@pytest.mark.parametrize("length", [b"", b"70000000"])
def test_more_than_anything_takes_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch, length: bytes
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100)
    headers = [(b"content-length", length)] if length else [(b"transfer-encoding", b"chunked")]

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        raise AssertionError("the application was asked")

    with pytest.raises(TooLargeError):
        exchange(application, scope(headers=headers), [b"x" * 60, b"x" * 60])


def test_what_the_application_raises_is_raised() -> None:
    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        exchange(application, scope(method="GET"), [])
