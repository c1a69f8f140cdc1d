"""A mail server on loopback that keeps what it is given, and can refuse, or go away in the middle."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

Refusals = list[str]


class MailServer(socketserver.ThreadingTCPServer):
    """Remembers every mail it accepted.

    `refusals` are answered first, one for each mail: "RCPT 550", "DATA 451", "drop" (the connection ends when the text
    has come, without an answer), "close" (ends before anything), "late" (accepts, and then breaks off the goodbye).
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.addresses: list[str] = []
        self.refusals: Refusals = []
        super().__init__(("127.0.0.1", 0), _Conversation)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def mails(self) -> list[EmailMessage]:
        found = [email.message_from_bytes(text, policy=email.policy.default) for text in self.texts]
        assert all(isinstance(message, EmailMessage) for message in found)
        return found  # type: ignore[return-value]


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        refusal = self.server.refusals.pop(0) if self.server.refusals else ""
        if refusal == "close":
            return
        self._say("220 here")
        while line := self.rfile.readline():
            command = line.decode().strip()
            verb = command.split(" ")[0].upper()
            if refusal.startswith(f"{verb} "):
                self._say(f"{refusal.split(' ')[1]} no")
                continue
            match verb:
                case "EHLO" | "HELO":
                    self._say("250 hello")
                case "RCPT":
                    address = command.partition("<")[2].partition(">")[0]
                    self._say("250 fine")
                case "DATA":
                    self._say("354 go on")
                    text = self._text()
                    if refusal == "drop":
                        return
                    self.server.texts.append(text)
                    self.server.addresses.append(address)
                    self._say("250 taken")
                    if refusal == "late":
                        return
                case "QUIT":
                    self._say("221 goodbye")
                    return
                case _:
                    self._say("250 fine")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _text(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """The server, as long as the context lasts."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
