"""One's own account, and the colour theme. Signing up, in and out are allauth's, with our templates."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from crowdsft.web.campaigns.models import Membership
from crowdsft.web.context import THEMES
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
    back = request.POST.get("back", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponse(status=204) if is_htmx(request) else redirect(back)
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
