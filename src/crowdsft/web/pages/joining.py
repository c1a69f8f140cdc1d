"""Coming and going: join a campaign, agree to a new consent text, accept an invitation, leave."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.consent import current_consent, last_agreement
from crowdsft.web.campaigns.create import join as join_campaign
from crowdsft.web.campaigns.invitations import accept, find_invitation
from crowdsft.web.campaigns.leaving import leave as leave_campaign
from crowdsft.web.campaigns.leaving import unused_contributions
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.pages.access import Visit, signed_in, visit
from crowdsft.web.pages.safe_markdown import render_markdown
from crowdsft.web.saying import said

ROLE_WORDS = {
    Membership.ORGANISER: _lazy(
        "With this link you become an <strong>organiser</strong>: you decide about the campaign, together "
        "with its other organisers."
    ),
    Membership.REVIEWER: _lazy(
        "With this link you become a <strong>reviewer</strong>: you approve or decline winners and read "
        "the log."
    ),
    Membership.CONTRIBUTOR: _lazy(
        "With this link you become a <strong>contributor</strong>: you do small tasks and earn points."
    ),
}
NOW = {
    Membership.ORGANISER: _lazy("You organise {campaign} now."),
    Membership.REVIEWER: _lazy("You review {campaign} now."),
    Membership.CONTRIBUTOR: _lazy("You may contribute to {campaign} now."),
}
BECOME = {
    Membership.ORGANISER: _lazy("Become an organiser"),
    Membership.REVIEWER: _lazy("Become a reviewer"),
    Membership.CONTRIBUTOR: _lazy("Become a contributor"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what joining means, and join when licence and consent are both agreed to."""
    found = visit(request, slug)
    if found.user is None:
        return redirect(f"{reverse('account_signup')}?{urlencode({'next': request.path})}")
    if found.may_work:
        return redirect("work", slug=slug)
    missing: list[str] = []
    problem = ""
    if request.method == "POST":
        missing = [name for name in ("licence", "consent") if not request.POST.get(name)]
        problem = "" if missing else _joined(request, found, found.user)
        if not missing and not problem:
            return redirect("work", slug=slug)
    context = _join_context(found, found.user) | {
        "missing": missing,
        "problem": problem,
        "checked": {} if problem else request.POST,
    }
    return render(request, "pages/join.html", context, status=422 if missing or problem else 200)


def _joined(request: HttpRequest, found: Visit, user: User) -> str:
    """Join; returns what is in the way, or nothing."""
    read = request.POST.get("version", "")
    version = int(read) if read.isdecimal() and len(read) < 9 else None
    was_here = found.membership is not None and bool(found.membership.consent)
    try:
        membership = join_campaign(found.campaign, user, consent_version=version)
    except InputError as error:
        return said(error)
    words = (
        _("Welcome back to {campaign}. You are {pseudonym} here.")
        if was_here
        else _("Welcome to {campaign}. You are {pseudonym} here.")
    )
    messages.success(
        request,
        words.format(campaign=found.campaign.name, pseudonym=membership.pseudonym),
    )
    return ""


def _join_context(found: Visit, user: User) -> dict[str, Any]:
    agreement = last_agreement(found.membership) if found.membership else None
    return {
        "campaign": found.campaign,
        "plan": found.state.plan,
        "consent": current_consent(found.campaign),
        "agreement": agreement,
        "is_new_version": found.membership is not None
        and found.membership.left is None
        and agreement is not None,
        "pseudonym": found.membership.pseudonym if found.membership else user.pseudonym,
        "guidelines": render_markdown(found.state.plan.campaign.guidelines),
        "section": "campaigns",
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask what shall happen to unused texts, and leave."""
    found = visit(request, slug)
    if found.membership is None or found.membership.left is not None:
        return redirect("campaign", slug=slug)
    if request.method == "POST":
        try:
            taken_back = leave_campaign(found.membership, withdraw=request.POST.get("texts") == "withdraw")
        except InputError as error:
            messages.error(request, said(error))
            return redirect("leave", slug=slug)
        messages.success(
            request,
            _left_words(taken_back).format(campaign=found.campaign.name, count=taken_back),
        )
        return redirect("your_data")
    context = {
        "campaign": found.campaign,
        "unused": unused_contributions(found.membership),
        "points": found.state.balances.get(found.membership.contributor, 0),
    }
    return render(request, "pages/leave.html", context)


def _left_words(taken_back: int) -> str:
    if not taken_back:
        return _("You have left {campaign}. Your points stay yours.")
    return ngettext(
        "You have left {campaign}. {count} text is taken back. Your points stay yours.",
        "You have left {campaign}. {count} texts are taken back. Your points stay yours.",
        taken_back,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, key: str) -> HttpResponse:
    """Say what an invitation gives, and accept it."""
    user = signed_in(request.user)
    try:
        found = find_invitation(key)
    except InputError as error:
        return render(request, "pages/invitation_none.html", {"reason": said(error)}, status=404)
    if found.campaign.life == Campaign.DRAFT and found.role == Membership.CONTRIBUTOR:
        raise Http404("This campaign is a draft.")
    if request.method == "POST":
        if user is None:
            return redirect(f"{reverse('account_signup')}?{urlencode({'next': request.path})}")
        try:
            membership = accept(found, user)
        except InputError as error:
            return render(request, "pages/invitation_none.html", {"reason": said(error)}, status=404)
        messages.success(request, NOW[membership.role].format(campaign=found.campaign.name))
        return _next_place(membership)
    context = {
        "campaign": found.campaign,
        "plan": found.campaign.settings,
        "role_words": mark_safe(ROLE_WORDS[found.role]),
        "role_button": BECOME[found.role],
        "signup": f"{reverse('account_signup')}?{urlencode({'next': request.path})}",
        "login": f"{reverse('account_login')}?{urlencode({'next': request.path})}",
    }
    return render(request, "pages/invitation.html", context)


def _next_place(membership: Membership) -> HttpResponse:
    slug = membership.campaign.slug
    if membership.campaign.life == Campaign.DRAFT:
        return redirect("draft_campaign", slug=slug)
    if membership.role == Membership.CONTRIBUTOR:
        return redirect("join", slug=slug)
    return redirect("manage", slug=slug)
