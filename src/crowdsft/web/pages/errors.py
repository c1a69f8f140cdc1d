"""When something goes wrong that no page expected."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language


def server_error(request: HttpRequest) -> HttpResponse:
    """A page that needs neither the database nor an account."""
    theme = request.COOKIES.get("theme", "")
    return render(
        None,
        "500.html",
        {"theme": theme if theme in ("light", "dark") else "", "language": get_language() or "en"},
        status=500,
    )
