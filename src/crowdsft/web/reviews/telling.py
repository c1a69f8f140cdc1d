"""Who is told what of reviews, moderation, reports and appeals; in the transaction in which it happens."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.notices.kinds import Kind
from crowdsft.web.notices.notify import Told, notify, notify_each
from crowdsft.web.notices.people import deciding
from crowdsft.web.reviews.models import Appeal, Moderation, Report, Review

REVIEWED = {
    Review.REJECTED: gettext_noop(
        "A contribution of yours to %(campaign)s was rejected. The reason is there, and you can appeal; the text "
        "stays yours."
    ),
    Review.RETURNED: gettext_noop(
        "A contribution of yours to %(campaign)s was sent back. A reviewer asks you to change something."
    ),
}
MODERATED = {
    Moderation.EXCLUSION: gettext_noop(
        "A contribution of yours to %(campaign)s was excluded. The reason is there, and you can appeal; the text "
        "stays yours."
    ),
    Moderation.PAUSE: gettext_noop(
        "Your tasks in %(campaign)s are paused. The reason is there, and you can appeal; your texts and points stay "
        "yours."
    ),
}
LIFTED = {
    Moderation.EXCLUSION: gettext_noop("A contribution of yours to %(campaign)s is let in again."),
    Moderation.PAUSE: gettext_noop("Your tasks in %(campaign)s go on: the pause was lifted."),
}
ANSWERED = {
    True: gettext_noop("Your appeal in %(campaign)s was granted."),
    False: gettext_noop("Your appeal in %(campaign)s was declined. The reasons are there."),
}
REPORTED = gettext_noop("Somebody reported a text in %(campaign)s.")
APPEALED = gettext_noop("%(person)s appeals in %(campaign)s.")


def tell_of_review(row: Contribution, verdict: str) -> None:
    """Tell the writer what was decided against the contribution; acceptances come without a word."""
    if verdict in REVIEWED:
        _to_member(row.membership, "review", REVIEWED[verdict], f"mine/#c-{row.pk}")


def tell_of_moderation(decided: Moderation) -> None:
    """Tell the person concerned."""
    _to_member(decided.membership, "review", MODERATED[decided.kind], "mine/")


def tell_of_lifting(decided: Moderation) -> None:
    """Tell the person concerned."""
    _to_member(decided.membership, "review", LIFTED[decided.kind], "mine/")


def tell_of_answer(appeal: Appeal, *, granted: bool) -> None:
    """Tell whoever appealed."""
    _to_member(appeal.membership, "appeal", ANSWERED[granted], f"appeals/{appeal.pk}/")


def tell_of_report(report: Report) -> None:
    """Tell reviewers and organisers, not the reporter."""
    _to_deciding(report.campaign, report.membership, REPORTED, "reviews/#reports")


def tell_of_appeal(appeal: Appeal) -> None:
    """Tell reviewers and organisers, not whoever appeals."""
    _to_deciding(appeal.campaign, appeal.membership, APPEALED, f"appeals/{appeal.pk}/")


def _to_member(member: Membership, kind: Kind, text: str, path: str) -> None:
    campaign = member.campaign
    values = {"campaign": campaign.name}
    notify(member.user, kind, campaign, text, f"/campaigns/{campaign.slug}/{path}", values)


def _to_deciding(campaign: Campaign, actor: Membership, text: str, path: str) -> None:
    values = {"campaign": campaign.name, "person": actor.pseudonym}
    link = f"/campaigns/{campaign.slug}/{path}"
    people = [user_id for user_id in deciding(campaign) if user_id != actor.user_id]
    notify_each("to_decide", campaign, [Told(user_id, text, link, values) for user_id in people])
