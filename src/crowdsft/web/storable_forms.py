"""Forms and queries hold only what every database can keep: no NUL, no half of a surrogate pair."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, QueryDict

from crowdsft.web.task_types.texts import UNSTORABLE, storable

GetResponse = Callable[[HttpRequest], HttpResponse]
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def storable_forms(get_response: GetResponse) -> GetResponse:
    """Take from what pages are sent signs that PostgreSQL refuses; nobody types them. The API refuses them itself."""

    def respond(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            request.GET = _storable(request.GET)  # type: ignore[assignment]
            if request.method == "POST" and (request.content_type or "") in FORMS:
                request.POST = _storable(request.POST)  # type: ignore[assignment]
        return get_response(request)

    return respond


def _storable(sent: QueryDict) -> QueryDict:
    if not any(UNSTORABLE.search(text) for name in sent for text in (name, *sent.getlist(name))):
        return sent
    clean = QueryDict(mutable=True)
    for name in sent:
        clean.setlist(storable(name), [storable(text) for text in sent.getlist(name)])
    return clean
