"""API tokens: make one that may do only what it has to, see them, take them back."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import SCOPES, ApiToken, User, issue_token
from crowdsft.web.pages.access import signed_in

SCOPE_WORDS = (
    ("read", "Read: campaigns, my points, my tasks"),
    ("contribute", "Contribute: join, do tasks, leave"),
    ("organise", "Organise: create and steer campaigns"),
)
LIVES = (("30", "30 days"), ("365", "a year"), ("", "until I take it back"))


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
            problem = str(error)
    context = {
        "tokens": [
            {"row": row, "has_run_out": row.expires is not None and row.expires <= timezone.now()}
            for row in user.api_tokens.order_by("-created", "-pk")
        ],
        "key": key,
        "problem": problem,
        "scopes": SCOPE_WORDS,
        "chosen": request.POST.getlist("scopes") if problem else ["read"],
        "lives": LIVES,
    }
    return render(request, "pages/tokens.html", context, status=422 if problem else 200)


def _made(request: HttpRequest, user: User) -> str:
    name = request.POST.get("name", "").strip()[:80]
    if not name:
        raise InputError("Please say what the token is for, so that you know it again.")
    scopes = [scope for scope in request.POST.getlist("scopes") if scope in SCOPES]
    if not scopes:
        raise InputError("Please tick at least one thing that the token may do.")
    days = request.POST.get("days", "")
    expires = timezone.now() + timedelta(days=int(days)) if days in ("30", "365") else None
    return issue_token(user, name, scopes=scopes, expires=expires)


@login_required
@require_POST
def take_back(request: HttpRequest, token_id: int) -> HttpResponse:
    """Delete one of the reader's tokens."""
    deleted, _ = ApiToken.objects.filter(user=signed_in(request.user), pk=token_id).delete()
    if deleted:
        messages.success(request, "The token is taken back. It stopped working at once.")
    return redirect("tokens")
