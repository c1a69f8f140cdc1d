"""API tokens: make one that may do only what it has to, see them, take them back."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import SCOPES, ApiToken, User, issue_token
from crowdsft.web.pages.access import signed_in
from crowdsft.web.saying import said
from crowdsft.web.templatetags.crowdsft import day

SCOPE_WORDS = (
    ("read", _lazy("Read: campaigns, my points, my tasks")),
    ("contribute", _lazy("Contribute: join, do tasks, leave")),
    ("organise", _lazy("Organise: create and steer campaigns")),
)
SHORT_WORDS = {
    "read": pgettext_lazy("scope", "read"),
    "contribute": pgettext_lazy("scope", "contribute"),
    "organise": pgettext_lazy("scope", "organise"),
}
LIVES = (("30", _lazy("30 days")), ("365", _lazy("a year")), ("", _lazy("until I take it back")))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The reader's tokens; a POST makes one and shows its key this once."""
    user = signed_in(request.user)
    assert user is not None
    key, problem = "", ""
    if request.method == "POST":
        try:
            key = _made(request, user)
        except InputError as error:
            problem = said(error)
    context = {
        "tokens": [{"row": row, "facts": _facts(row)} for row in user.api_tokens.order_by("-created", "-pk")],
        "key": key,
        "problem": problem,
        "scopes": SCOPE_WORDS,
        "chosen": request.POST.getlist("scopes") if problem else ["read"],
        "lives": LIVES,
    }
    return render(request, "pages/tokens.html", context, status=422 if problem else 200)


def _facts(row: ApiToken) -> str:
    """What a token may do, when it was made, and how long it works."""
    parts = {
        "scopes": ", ".join(str(SHORT_WORDS.get(scope, scope)) for scope in row.scopes.split()),
        "made": day(row.created),
    }
    if row.expires is None:
        return _("{scopes}; made {made}").format(**parts)
    parts["until"] = day(row.expires)
    if row.expires <= timezone.now():
        return _("{scopes}; made {made}, ran out on {until}").format(**parts)
    return _("{scopes}; made {made}, works until {until}").format(**parts)


def _made(request: HttpRequest, user: User) -> str:
    name = request.POST.get("name", "").strip()[:80]
    if not name:
        raise InputError(_("Please say what the token is for, so that you know it again."))
    scopes = [scope for scope in request.POST.getlist("scopes") if scope in SCOPES]
    if not scopes:
        raise InputError(_("Please tick at least one thing that the token may do."))
    days = request.POST.get("days", "")
    expires = timezone.now() + timedelta(days=int(days)) if days in ("30", "365") else None
    return issue_token(user, name, scopes=scopes, expires=expires)


@login_required
@require_POST
def take_back(request: HttpRequest, token_id: int) -> HttpResponse:
    """Delete one of the reader's tokens."""
    deleted, _kinds = ApiToken.objects.filter(user=signed_in(request.user), pk=token_id).delete()
    if deleted:
        messages.success(request, _("The token is taken back. It stopped working at once."))
    return redirect("tokens")
