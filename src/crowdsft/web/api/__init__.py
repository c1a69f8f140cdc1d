"""The REST API: everything that the pages can do, with OpenAPI 3 at /api/openapi.json and /api/docs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.openapi.docs import Swagger
from ninja.security import SessionAuth

from crowdsft import __version__
from crowdsft.core.errors import CrowdsftError, InputError, SettingsError
from crowdsft.web.api.access import NotAllowedError, NotFoundError, TokenAuth
from crowdsft.web.contributions.work import NotNow


class SignedIn(SessionAuth):
    """A browser session; unsafe methods need the CSRF token."""

    def authenticate(self, request: HttpRequest, key: str | None) -> object | None:
        return request.user if request.user.is_authenticated and request.user.is_active else None


api = NinjaAPI(
    title="crowdsft",
    version=__version__,
    description="A crowd improves a language model together, and each contributor earns what it was worth.",
    auth=[TokenAuth(), SignedIn()],
    docs=Swagger(),
    urls_namespace="api",
)


def _answer(request: HttpRequest, status: int, error: Exception, **more: object) -> HttpResponse:
    return api.create_response(request, {"detail": str(error), **more}, status=status)


@api.exception_handler(SettingsError)
def _settings_error(request: HttpRequest, error: SettingsError) -> HttpResponse:
    faults = [{"where": fault.where, "problem": fault.problem} for fault in error.faults]
    return _answer(request, 422, error, faults=faults)


@api.exception_handler(NotNow)
def _nothing_to_do(request: HttpRequest, error: NotNow) -> HttpResponse:
    return _answer(request, 409, error)


@api.exception_handler(NotFoundError)
def _not_found(request: HttpRequest, error: NotFoundError) -> HttpResponse:
    return _answer(request, 404, error)


@api.exception_handler(NotAllowedError)
def _not_allowed(request: HttpRequest, error: NotAllowedError) -> HttpResponse:
    return _answer(request, 403, error)


@api.exception_handler(InputError)
def _input_error(request: HttpRequest, error: InputError) -> HttpResponse:
    return _answer(request, 422, error)


@api.exception_handler(CrowdsftError)
def _crowdsft_error(request: HttpRequest, error: CrowdsftError) -> HttpResponse:
    return _answer(request, 500, error)


api.add_router("", "crowdsft.web.api.people.router")
api.add_router("", "crowdsft.web.api.campaigns.router")
api.add_router("", "crowdsft.web.api.work.router")
