"""Managing a campaign: its life, a winner that waits, people and invitations, consent texts, the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crowdsft.core.errors import InputError
from crowdsft.core.life import OVER
from crowdsft.web.campaigns import invitations, steering
from crowdsft.web.campaigns.consent import current_consent, publish_consent
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.campaigns.toml_text import settings_as_toml
from crowdsft.web.pages.access import Visit, organiser_visit, reviewer_visit
from crowdsft.web.pages.audit_words import audit_line
from crowdsft.web.pages.measure import group_letter, measure_of, model_name
from crowdsft.web.pages.progress import progress
from crowdsft.web.saying import said

LINES_SHOWN = 100
PEOPLE_SHOWN = 500


@never_cache
@require_safe
def manage(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that organisers decide; reviewers see the winner and the log."""
    return render(request, "pages/manage.html", _context(request, reviewer_visit(request, slug)))


def _context(request: HttpRequest, found: Visit, **more: Any) -> dict[str, Any]:
    campaign, state = found.campaign, found.state
    people = campaign.memberships.filter(user__isnull=False).order_by("left", "role", "joined")
    return {
        "campaign": campaign,
        "plan": state.plan,
        "visit": found,
        "progress": progress(campaign, state),
        "section": "campaigns",
        "is_over": campaign.life in OVER,
        "is_ending": state.is_ending,
        "winner": _winner(found) if steering.waits_for_approval(state) else None,
        "bases": _bases(found),
        "consent": current_consent(campaign),
        "versions": campaign.consent_versions.count(),
        "people": people[:PEOPLE_SHOWN],
        "roles": Membership.ROLES,
        "invitations": campaign.invitations.filter(revoked=None)[:100],
        "lines": [audit_line(line) for line in campaign.audit.select_related("actor")[:LINES_SHOWN]],
        **more,
    }


def _winner(found: Visit) -> dict[str, Any]:
    current, measure = found.state.current, measure_of(found.state.plan)
    assert current.selected is not None and current.selected.winner is not None
    assert current.base_evaluation is not None
    winner, merge = current.selected.winner, current.won_by_merge
    report = current.contenders[winner].report
    base = current.base_evaluation.report
    return {
        "round": current.number,
        "group": None if merge else group_letter(winner),
        "model": model_name(current, winner),
        "change": measure.change(base.mean_utility, report.mean_utility).words,
        "members": len(current.contributors) if merge else len(current.groups[winner]),
        "value": measure.show(report.mean_utility),
        "base": measure.show(base.mean_utility),
        "name": measure.noun,
    }


def _bases(found: Visit) -> list[tuple[int, str]]:
    """Where the base can go back to, newest first."""
    if found.campaign.life in OVER:
        return []
    earlier = [number for number in steering.bases(found.state) if number != found.state.base_round]
    return [
        (number, _("the model after round {number}").format(number=number) if number else _("the first base"))
        for number in sorted(earlier, reverse=True)
    ]


# What can be done. Each takes the visit and what was sent, and returns what to say.

Sent = Callable[[str], str]


def _pause(found: Visit, sent: Sent) -> str:
    steering.pause(found.campaign, found.user, sent("reason"))
    return _("Paused. No task is given out and no step starts until you resume.")


def _resume(found: Visit, sent: Sent) -> str:
    steering.resume(found.campaign, found.user)
    return _("The campaign goes on.")


def _finish(found: Visit, sent: Sent) -> str:
    steering.finish(found.campaign, found.user, sent("reason"))
    return _("No more rounds. The campaign ends as soon as what is closed is decided and paid.")


def _cancel(found: Visit, sent: Sent) -> str:
    steering.cancel(found.campaign, found.user, sent("reason"))
    return _("The campaign is cancelled. What was paid stays paid.")


def _roll_back(found: Visit, sent: Sent) -> str:
    number = sent("to_round")
    if not number.isdecimal() or len(number) > 8:
        raise InputError(_("Please choose the model to go back to."))
    steering.roll_back(found.campaign, found.user, int(number), sent("reason"))
    return _("The base is an earlier one again. Points that were paid stay paid.")


def _approve(found: Visit, sent: Sent) -> str:
    steering.review_winner(found.campaign, found.user, approve=True, reason=sent("reason"))
    return _("Approved. The winner becomes the next base.")


def _decline(found: Visit, sent: Sent) -> str:
    steering.review_winner(found.campaign, found.user, approve=False, reason=sent("reason"))
    return _("Declined. The base stays, and the round's points are carried over.")


def _archive(found: Visit, sent: Sent) -> str:
    steering.archive(found.campaign, found.user)
    return _("Archived. It is in no list any more; whoever has the address can read it.")


def _unarchive(found: Visit, sent: Sent) -> str:
    steering.archive(found.campaign, found.user, is_archived=False)
    return _("The campaign is in the lists again.")


def _consent(found: Visit, sent: Sent) -> str:
    version = publish_consent(found.campaign, licence=sent("licence"), text=sent("consent"), actor=found.user)
    return _("Version {number} is published. Everybody is asked again before the next task.").format(
        number=version.number
    )


def _role(found: Visit, sent: Sent) -> str:
    member_id = sent("member")
    member = invitations.change_role(
        found.campaign, found.user, int(member_id) if member_id.isdecimal() else 0, sent("role")
    )
    return _("{pseudonym} is {role} now.").format(pseudonym=member.pseudonym, role=member.get_role_display())


def _take_back(found: Visit, sent: Sent) -> str:
    number = sent("invitation")
    invitations.take_back(found.campaign, found.user, int(number) if number.isdecimal() else 0)
    return _("The link does not work any more. Who has used it stays.")


FOR_ORGANISERS: dict[str, Callable[[Visit, Sent], str]] = {
    "pause": _pause,
    "resume": _resume,
    "finish": _finish,
    "cancel": _cancel,
    "roll-back": _roll_back,
    "archive": _archive,
    "unarchive": _unarchive,
    "consent": _consent,
    "role": _role,
    "take-back": _take_back,
}
FOR_REVIEWERS: dict[str, Callable[[Visit, Sent], str]] = {"approve": _approve, "decline": _decline}


@require_POST
def act(request: HttpRequest, slug: str, action: str) -> HttpResponse:
    """Do one of the things above."""
    is_review = action in FOR_REVIEWERS
    found = reviewer_visit(request, slug) if is_review else organiser_visit(request, slug)
    do = FOR_REVIEWERS.get(action) or FOR_ORGANISERS[action]
    try:
        words = do(found, lambda name: request.POST.get(name, "").strip())
    except InputError as error:
        messages.error(request, said(error))
    else:
        messages.success(request, words)
    return redirect("manage", slug=slug)


@never_cache
@require_http_methods(["POST"])
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Make an invitation link and show it this once."""
    found = organiser_visit(request, slug)
    days, uses = request.POST.get("days", ""), request.POST.get("uses", "").strip()
    try:
        _made, key = invitations.invite(
            found.campaign,
            found.user,
            request.POST.get("role", ""),
            days=_limit(days, _("days")),
            uses=_limit(uses, _("uses")),
        )
    except InputError as error:
        messages.error(request, said(error))
        return redirect("manage", slug=slug)
    link = request.build_absolute_uri(reverse("invitation", args=[key]))
    return render(request, "pages/manage.html", _context(request, found, link=link))


def _limit(text: str, what: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 8:
        raise InputError(
            _("The number of {what} must be a whole number, or empty for no limit.").format(what=what)
        )
    return int(text)


@require_safe
def settings_file(request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's settings as a campaign file."""
    found = organiser_visit(request, slug)
    answer = HttpResponse(settings_as_toml(found.state.plan), content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{found.campaign.slug}.toml"'
    return answer
