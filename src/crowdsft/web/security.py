"""Headers that every response carries."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
GetResponse = Callable[[HttpRequest], HttpResponse]


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Nothing is loaded from anywhere else, nothing inline runs, nobody frames us.

    Forms lead here, and to the provider of single sign-on where there is one.
    """
    policy = POLICY.format(forms=" ".join(["'self'", *settings.FORM_TARGETS]))

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response

    return respond
