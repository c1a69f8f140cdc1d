"""When something goes wrong that no page expected."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from crowdsft.web.imports.receiving import MOST_MEGABYTES


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that Django could not make sense of, or one with more text in it than we read."""
    if isinstance(exception, RequestDataTooBig):
        return render(request, "413.html", {"most_megabytes": MOST_MEGABYTES}, status=413)
    return render(request, "400.html", status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """A page that needs neither the database nor an account."""
    theme = request.COOKIES.get("theme", "")
    return render(
        None,
        "500.html",
        {"theme": theme if theme in ("light", "dark") else "", "language": get_language() or "en"},
        status=500,
    )
