"""Requests that are too large are refused before anything of them is read, with a page or an answer that says so."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crowdsft.web.api.errors import problem
from crowdsft.web.imports.receiving import MOST_BYTES, MOST_MEGABYTES

GetResponse = Callable[[HttpRequest], HttpResponse]

FORM_BYTES = 64 * 1024  # what a form has beside its file
MOST_DRAINED = 4 * MOST_BYTES


def limit_bodies(get_response: GetResponse) -> GetResponse:
    """Only a form with a file may be larger than `DATA_UPLOAD_MAX_MEMORY_SIZE`: as large as an import may be."""

    def respond(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        is_form = request.META.get("CONTENT_TYPE", "").lower().startswith("multipart/form-data")
        most = MOST_BYTES + FORM_BYTES if is_form else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if not length.isdecimal() or int(length) <= most:
            return get_response(request)
        _drain(request, min(int(length), MOST_DRAINED))
        said = f"The request has {int(length):,} bytes; at most {most:,} are read here. Send less at once."
        if request.path.startswith("/api/"):
            return problem(413, said)
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(said, status=413, content_type="text/plain; charset=utf-8")
        return render(request, "413.html", {"most_megabytes": MOST_MEGABYTES}, status=413)

    return respond


def _drain(request: HttpRequest, count: int) -> None:
    """Take in and forget what is under way: a sender who is cut off in the middle never sees the answer."""
    while count > 0:
        chunk = (
            request.environ["wsgi.input"].read(min(count, 256 * 1024)) if hasattr(request, "environ") else b""
        )
        if not chunk:
            return
        count -= len(chunk)
