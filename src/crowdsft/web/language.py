"""In which language a page is written: the one its reader chose, else the first that the browser asks for and we have.

A choice is kept in a cookie, so that most requests look nothing up, and on the account, so that it follows the
person to other machines and into mails. Programs get English: the API's sentences are for their authors.
"""

from __future__ import annotations

from typing import Any

from allauth.account.signals import user_signed_up
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import activate, get_language, get_language_from_request

from crowdsft.web.accounts.models import User
from crowdsft.web.security import GetResponse

FOR_PROGRAMS = ("/api/", "/healthz", "/metrics")


def choose_language(get_response: GetResponse) -> GetResponse:
    """Activate the reader's language for this request. It stays active for what is streamed after the response."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(FOR_PROGRAMS):
            activate(settings.LANGUAGE_CODE)
            return get_response(request)
        activate(_language_of(request))
        response = get_response(request)
        response.headers.setdefault("Content-Language", get_language() or settings.LANGUAGE_CODE)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        if kept := request.META.get(_TO_KEEP):
            keep_in_cookie(request, response, kept)
        return response

    return respond


def is_known(language: str) -> bool:
    """Whether pages can be had in `language`."""
    return language in dict(settings.LANGUAGES)


def keep_in_cookie(request: HttpRequest, response: HttpResponse, language: str) -> None:
    """Let this browser ask for `language` from now on."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite="Lax",
        secure=request.is_secure(),
        httponly=True,
    )


_TO_KEEP = "crowdsft.language"  # where the request carries what its response shall keep in the cookie


def _language_of(request: HttpRequest) -> str:
    """The cookie's; without one the account's, which then goes into the cookie; else the browser's."""
    if is_known(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")):
        return request.COOKIES[settings.LANGUAGE_COOKIE_NAME]
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        user = request.user
        if isinstance(user, User) and is_known(user.language):
            request.META[_TO_KEEP] = user.language
            return user.language
    return get_language_from_request(request)


@receiver(user_signed_up)
def _remember_language(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """The language in which somebody signs up is the account's, until another is chosen."""
    user.language = get_language() or settings.LANGUAGE_CODE
    user.save(update_fields=["language"])


@receiver(user_logged_in)
def _bring_language(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """Signing in brings the account's language to this browser."""
    if is_known(user.language):
        request.META[_TO_KEEP] = user.language
        activate(user.language)
