"""What the API says when something does not work: a status, and a sentence in `detail` that says what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from crowdsft.core.errors import CrowdsftError, Fault, InputError, SettingsError
from crowdsft.web.contributions.work import NotNow

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]


class NotFoundError(InputError):
    """There is no such thing, or it is not for you to see."""


class NotAllowedError(InputError):
    """You are known, but this is not yours to do."""


class FaultOut(Schema):
    """One thing that is wrong, and where."""

    where: str
    problem: str


class Problem(Schema):
    """`detail` says what happened and what to do; `faults` lists each thing that is wrong with what was sent."""

    detail: str
    faults: tuple[FaultOut, ...] = ()


_STATUS: dict[type[Exception], int] = {
    NotNow: 409,
    NotFoundError: 404,
    NotAllowedError: 403,
    SettingsError: 422,
    InputError: 422,
}
_SENTENCES = {
    404: "There is nothing at this address of the API. See /api/docs for what there is.",
    405: "This address of the API has no such method. See /api/docs for what there is.",
}


def add_handlers(api: NinjaAPI) -> None:
    """Teach `api` to answer every error with a `Problem`."""
    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        **dict.fromkeys(_STATUS, _input_error),
        ValidationError: _invalid,
        AuthenticationError: _unknown_person,
        HttpError: _http_error,
        RequestDataTooBig: _too_big,
        MultiPartParserError: _unreadable,
        SuspiciousOperation: _unreadable,
        PermissionDenied: _denied,
        Http404: _nothing_here,
        OperationalError: _database_busy,
        Exception: _our_fault,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def problem(status: int, detail: str, faults: Sequence[Fault] = ()) -> JsonResponse:
    """The answer to a request that did not work."""
    rows = [{"where": fault.where, "problem": fault.problem} for fault in faults]
    return JsonResponse({"detail": detail, "faults": rows}, status=status)


def answer_in_json(get_response: GetResponse) -> GetResponse:
    """Below /api/, what is refused before an operation is reached gets a `Problem` too; caches keep nothing."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path.startswith("/api/"):
            return response
        if response.status_code >= 400 and "json" not in response.get("Content-Type", ""):
            allowed = response.get("Allow")
            response = problem(
                response.status_code,
                _SENTENCES.get(response.status_code, "The platform refused this request. See /api/docs."),
            )
            if allowed:
                response["Allow"] = allowed
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return respond


def _input_error(request: HttpRequest, error: Exception) -> HttpResponse:
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    return problem(status, str(error), error.faults if isinstance(error, SettingsError) else ())


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [_fault(item) for item in error.errors]
    return problem(422, f"The request cannot be used. {'; '.join(map(str, faults))}.", faults)


def _fault(item: dict[str, Any]) -> Fault:
    """One of pydantic's errors. Its place starts with "body" and the name of our own parameter: left out."""
    place = [str(part) for part in item["loc"]]
    where = ".".join(place[2:] if place[0] == "body" else place[1:]) or "body"
    return Fault(where, str(item["msg"]).removeprefix("Value error, ").rstrip("."))


def _unknown_person(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    said = error.message
    if said == "Unauthorized":
        said = (
            "You are not signed in. Send `Authorization: Bearer TOKEN` with a token from POST /api/tokens, "
            "or log in with a browser."
        )
    response = problem(401, said)
    response["WWW-Authenticate"] = "Bearer"
    return response


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 400:
        return problem(
            400,
            f"The request cannot be read: {error.__cause__ or error.message}. "
            "Send one JSON object; see /api/docs for its fields.",
        )
    response = problem(error.status_code, error.message)
    if isinstance(error, Throttled) and error.wait is not None:
        response = problem(429, f"That is too much at once. Please try again in {error.wait} seconds.")
        response["Retry-After"] = str(error.wait)
    return response


def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, "The request is larger than this platform reads. Please send less at once.")


def _unreadable(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(
        400,
        f"The request cannot be read: {error}. Nothing was changed; see /api/docs for what is taken here.",
    )


def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problem(403, str(error) or "This is not allowed.")


def _nothing_here(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, _SENTENCES[404])


def _database_busy(request: HttpRequest, error: OperationalError) -> HttpResponse:
    logger.error("%s %s: %s", request.method, request.path, error)
    response = problem(
        503,
        "The platform's database does not answer. Please send the same again in a moment; nothing is lost.",
    )
    response["Retry-After"] = "5"
    return response


def _our_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """Details stay in the log: they may name files, and whoever asks cannot do anything about them."""
    logger.exception("%s %s failed", request.method, request.path, exc_info=error)
    whose = (
        "The campaign's data are damaged" if isinstance(error, CrowdsftError) else "Something went wrong here"
    )
    return problem(500, f"{whose}, and the platform's log says what. Please tell whoever runs it.")
