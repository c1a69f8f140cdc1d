"""A language model's address on this machine: chat completions over real HTTP, with every mishap that there is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class ChatServer:
    """Replies as `reply` says to the texts of a comparison; `mishaps` come first, one for each request.

    Args:
        reply: From the JSON object that the judge was shown to its reply.
        mishaps: Status and headers to answer with instead, oldest first; status 0 hangs up.
        usage: Whether tokens are told.
    """

    reply: Callable[[dict[str, Any]], str]
    mishaps: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    usage: bool = True
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    address: str = ""
    delay_seconds: float = 0.0

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """A chat completion."""
        shown = json.loads(body["messages"][1]["content"])
        words = sum(len(message["content"].split()) for message in body["messages"])
        completion: dict[str, Any] = {
            "choices": [{"message": {"role": "assistant", "content": self.reply(shown)}}]
        }
        return completion | (
            {"usage": {"prompt_tokens": words, "completion_tokens": 1}} if self.usage else {}
        )


@contextmanager
def serving(server: ChatServer) -> Iterator[ChatServer]:
    """The server at an address of this machine, `server.address`, while the block runs."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                server.requests.append(body)
                server.keys.append(self.headers.get("Authorization"))
                server.times.append(time.monotonic())
                mishap = server.mishaps.pop(0) if server.mishaps else None
            if self.path != "/v1/chat/completions":
                mishap = (404, {})
            if mishap is not None and mishap[0] == 0:
                self.close_connection = True
                return
            time.sleep(server.delay_seconds)
            status, headers = mishap or (200, {})
            data = json.dumps(
                server.answer(body)
                if status == 200
                else {"error": f"key was {self.headers.get('Authorization')}"}
            ).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    server.address = f"http://127.0.0.1:{http.server_address[1]}/v1"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def longer_wins(shown: dict[str, Any]) -> str:
    """A judge with a taste that can be checked by hand."""
    first, second = len(shown["answer_A"]), len(shown["answer_B"])
    return "A" if first > second else "B" if second > first else "TIE"
