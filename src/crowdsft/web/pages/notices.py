"""The reader's notices: all of them, one opened, what is mailed."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User
from crowdsft.web.notices import reading
from crowdsft.web.notices.kinds import KINDS, MAILED
from crowdsft.web.notices.unsubscribing import check_token
from crowdsft.web.notices.unsubscribing import unsubscribe as end_mails
from crowdsft.web.pages.access import signed_in
from crowdsft.web.saying import said

PER_PAGE = 30


@never_cache
@login_required
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """The reader's notices, newest first; `?before=` goes on behind a page."""
    rows = reading.notices_of(_reader(request))
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    shown = list(rows[: PER_PAGE + 1])
    context = {
        "notices": shown[:PER_PAGE],
        "before": shown[PER_PAGE - 1].pk if len(shown) > PER_PAGE else None,
        "is_first": not before,
        "section": "notices",
    }
    return render(request, "pages/notices.html", context)


@never_cache
@login_required
@require_safe
def notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Go where a notice leads; it is read then."""
    try:
        found = reading.mark_read(_reader(request), notice_id)
    except InputError as error:
        raise Http404(str(error)) from None
    return redirect(found.link or "notices")


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    reading.mark_all_read(_reader(request))
    return redirect("notices")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mail_settings(request: HttpRequest) -> HttpResponse:
    """Which kinds of notices are mailed, and when."""
    reader = _reader(request)
    if request.method == "POST":
        sent: dict[str, str] = {kind: request.POST[kind] for kind in KINDS if kind in request.POST}
        try:
            reading.choose_mail(reader, sent)
        except InputError as error:
            return render(
                request,
                "pages/notice_settings.html",
                _settings_context(reader) | {"problem": said(error)},
                status=422,
            )
        messages.success(request, _("Saved. Notices on these pages stay as they are."))
        return redirect("notice_settings")
    return render(request, "pages/notice_settings.html", _settings_context(reader))


@never_cache
@csrf_exempt  # mail programs send the POST themselves (RFC 8058); the signed link is what allows it
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """End all mails by the link in one: it asks first, as some mail programs open every link."""
    try:
        if request.method == "POST":
            end_mails(token)
        else:
            check_token(token)
    except InputError as error:
        return render(request, "pages/unsubscribe.html", {"problem": said(error)}, status=404)
    return render(request, "pages/unsubscribe.html", {"is_done": request.method == "POST"})


def _settings_context(reader: User) -> dict[str, Any]:
    choices = reading.mail_choices(reader)
    addresses = EmailAddress.objects.filter(user=reader)
    return {
        "mails": settings.MAILS_NOTICES,
        "confirmed": addresses.filter(verified=True).order_by("-primary", "pk").first(),
        "unconfirmed": addresses.filter(verified=False).order_by("-primary", "pk").first(),
        "kinds": [(kind, about.words, choices[kind]) for kind, about in KINDS.items()],
        "ways": MAILED,
        "section": "notices",
    }


def _reader(request: HttpRequest) -> User:
    reader = signed_in(request.user)
    assert reader is not None
    return reader
