"""Logs as lines for people, or as one JSON object a line for programs (CROWDSFT_LOG_FORMAT=json).

With JSON, each request is one line as well. It names the person by number and never holds texts, names, tokens,
addresses with keys, or what was sent.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]
FIELDS = ("request_id", "method", "route", "status", "milliseconds", "user")

requests = logging.getLogger("crowdsft.requests")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and what a record brings of `FIELDS`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        said |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


def log_requests(get_response: GetResponse) -> GetResponse:
    """Give each request a number (`X-Request-Id`), and write a line about it where logs are JSON."""

    def respond(request: HttpRequest) -> HttpResponse:
        begun, number = time.perf_counter(), uuid.uuid4().hex[:16]
        response = get_response(request)
        response.headers.setdefault("X-Request-Id", number)
        if settings.LOG_FORMAT == "json":
            match = request.resolver_match
            user = getattr(request, "user", None)
            requests.info(
                "request",
                extra={
                    "request_id": number,
                    "method": request.method,
                    "route": match.route if match is not None else "none",
                    "status": response.status_code,
                    "milliseconds": round(1000 * (time.perf_counter() - begun), 1),
                    "user": user.pk if user is not None and user.is_authenticated else None,
                },
            )
        return response

    return respond
