"""What a round's events mean for people: who is told what, in the transaction in which it happens."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_noop

from crowdsft.core.events import CampaignFinished, Event, PointsAwarded, WinnerSelected
from crowdsft.core.rewards.base import Award
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.notices.notify import Told, notify_each
from crowdsft.web.notices.people import deciding, members
from crowdsft.web.notices.wording import Values

PAID = gettext_noop("Round %(round)s of %(campaign)s is decided. You got %(points)s points.")
PAID_ONE = gettext_noop("Round %(round)s of %(campaign)s is decided. You got 1 point.")
CARRIED = gettext_noop(
    "Round %(round)s of %(campaign)s is decided: no clear winner, so its points are carried over, not lost."
)
NONE = gettext_noop(
    "Round %(round)s of %(campaign)s is decided. You got 0 points; see how your group did, and why."
)
FINISHED = gettext_noop("%(campaign)s is finished. Thank you. See what it became, and all of your points.")
FINISHED_PAID = gettext_noop(
    "%(campaign)s is finished, and what was kept back is paid: %(points)s more points for you. Thank you."
)
APPROVE = gettext_noop("Round %(round)s of %(campaign)s has a winner that waits for approval.")


def notify_of(campaign: Campaign, event: Event) -> None:
    """Tell the people whom an event of the journal concerns."""
    match event:
        case WinnerSelected():
            _tell_who_approves(campaign, event)
        case PointsAwarded():
            _tell_of_points(campaign, event)
        case CampaignFinished():
            _tell_of_the_end(campaign, event.closing_awards)
        case _:
            pass


def _tell_who_approves(campaign: Campaign, event: WinnerSelected) -> None:
    if event.winner is None or not campaign.settings.rounds.approval:
        return
    link, about = f"/campaigns/{campaign.slug}/manage/", _about(campaign, event.round_number)
    notify_each(
        "to_decide", campaign, [Told(user_id, APPROVE, link, about) for user_id in deciding(campaign)]
    )


def _tell_of_points(campaign: Campaign, event: PointsAwarded) -> None:
    """One notice for each who got points, and for each who worked in the round and got none."""
    link = f"/campaigns/{campaign.slug}/points/?round={event.round_number}"
    about = _about(campaign, event.round_number)
    points = {award.contributor: award.points for award in event.awards if award.points}
    worked = set(
        campaign.contributions.filter(round_number=event.round_number).values_list("membership", flat=True)
    )
    paid, unpaid = list[Told](), list[Told]()
    for member in members(campaign):
        if amount := points.get(member.contributor, 0):
            text, values = (PAID_ONE, about) if amount == 1 else (PAID, {**about, "points": amount})
            paid.append(Told(member.user_id, text, link, values))
        elif member.membership in worked:
            unpaid.append(Told(member.user_id, CARRIED if event.carry else NONE, link, about))
    notify_each("points", campaign, paid)
    notify_each("round", campaign, unpaid)


def _tell_of_the_end(campaign: Campaign, closing: Sequence[Award]) -> None:
    link, about = f"/campaigns/{campaign.slug}/points/", {"campaign": campaign.name}
    points = {award.contributor: award.points for award in closing if award.points > 1}
    told = []
    for member in members(campaign):
        if amount := points.get(member.contributor, 0):
            told.append(Told(member.user_id, FINISHED_PAID, link, {**about, "points": amount}))
        else:
            told.append(Told(member.user_id, FINISHED, link, about))
    notify_each("campaign", campaign, told)


def _about(campaign: Campaign, round_number: int) -> Values:
    return {"campaign": campaign.name, "round": str(round_number)}
