"""One's own account, the language and the colour theme. Signing up, in and out are allauth's, with our templates."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from crowdsft.web.campaigns.models import Membership
from crowdsft.web.context import THEMES
from crowdsft.web.language import is_known, keep_in_cookie
from crowdsft.web.pages.access import is_htmx, signed_in

ONE_YEAR_SECONDS = 365 * 24 * 3600


@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who I am here, where I take part, and the way out."""
    mine = Membership.objects.filter(user=signed_in(request.user), left=None)
    memberships = mine.select_related("campaign")
    return render(request, "pages/account.html", {"memberships": memberships.order_by("-joined")})


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice of theme in a cookie, so that the server renders it and nothing flashes."""
    chosen = request.POST.get("theme", "")
    response = HttpResponse(status=204) if is_htmx(request) else redirect(_back(request))
    if chosen in THEMES:
        response.set_cookie(
            "theme",
            chosen,
            max_age=ONE_YEAR_SECONDS,
            samesite="Lax",
            secure=request.is_secure(),
            httponly=True,
        )
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the choice of language in a cookie and, for somebody with an account, there too."""
    response = redirect(_back(request))
    chosen = request.POST.get("language", "")
    if is_known(chosen):
        keep_in_cookie(request, response, chosen)
        if user := signed_in(request.user):
            user.language = chosen
            user.save(update_fields=["language"])
    return response


def _back(request: HttpRequest) -> str:
    """The page that a form was sent from, if it is one of ours."""
    back = request.POST.get("back", "")
    is_address = back.startswith("/") and back.isprintable()
    if is_address and url_has_allowed_host_and_scheme(
        back, {request.get_host()}, require_https=request.is_secure()
    ):
        return back
    return "/"
