"""Moderation, always by a person and with a reason: a contribution excluded, somebody's tasks paused, and lifting both.

Nothing here happens by itself: signals and flags are shown to people, and people decide.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crowdsft.core.errors import InputError
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.invitations import RANK
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.contributions.places import follow_standing
from crowdsft.web.journal_django import plan_of
from crowdsft.web.prepared import Prepared
from crowdsft.web.reviews.models import Moderation
from crowdsft.web.reviews.reasons import EXCLUSION, PAUSE, checked, explained, meaning, trimmed
from crowdsft.web.reviews.telling import tell_of_lifting, tell_of_moderation

LONGEST_DAYS = 365


def exclude(row: Contribution, actor: Membership, *, reason: str, words: str = "") -> Moderation:
    """Leave a contribution out of the round to come, whatever reviews say.

    Raises:
        InputError: for an unknown reason, one's own contribution, and one that a closed round took or that is out.
    """
    said = checked(EXCLUSION, reason, words)
    with transaction.atomic():
        known = Contribution.objects.select_for_update(no_key=True).filter(pk=row.pk).first()
        if known is None:
            raise InputError(_("This contribution is not there any more; its writer has taken it back."))
        if known.membership_id == actor.pk:
            raise InputError(_("This is your own contribution. To take it back, leave the campaign with it."))
        if known.round_number is not None:
            raise InputError(
                _("Round %(round)s has closed with this contribution. What a round took stays.")
                % {"round": known.round_number}
            )
        if known.standing == Contribution.EXCLUDED:
            raise InputError(_("This contribution is excluded already."))
        known.standing = Contribution.EXCLUDED
        known.save(update_fields=["standing"])
        follow_standing(known, overlap=plan_of(known.campaign).tasks.overlap)
        decided = Moderation.objects.create(
            campaign=known.campaign,
            kind=Moderation.EXCLUSION,
            membership=known.membership,
            contribution=known,
            actor=actor,
            reason=reason,
            words=said,
        )
        tell_of_moderation(decided)
        note(known.campaign, actor.user, "excluded a contribution", f"{known.pk}: {reason}")
    return decided


def pause(
    member: Membership, actor: Membership, *, reason: str, words: str = "", days: int | None = None
) -> Moderation:
    """Give somebody no more tasks and votes for so many days, or until it is lifted. What is there stays.

    Raises:
        InputError: for an unknown reason or number of days, oneself, somebody of one's own rank or above, and
            somebody whose tasks are paused already.
    """
    said = checked(PAUSE, reason, words)
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise InputError(
            _("A pause lasts 1 to %(most)s days, or until it is lifted.") % {"most": LONGEST_DAYS}
        )
    if member.pk == actor.pk or RANK[member.role] >= RANK[actor.role]:
        raise InputError(
            _("You can pause the tasks of contributors, and as an organiser those of reviewers as well.")
        )
    with transaction.atomic():
        Membership.objects.select_for_update(no_key=True).get(pk=member.pk)
        if pause_of(member) is not None:
            raise InputError(_("This person's tasks are paused already. Lift that pause first."))
        decided = Moderation.objects.create(
            campaign=member.campaign,
            kind=Moderation.PAUSE,
            membership=member,
            actor=actor,
            reason=reason,
            words=said,
            until=None if days is None else timezone.now() + timedelta(days=days),
        )
        tell_of_moderation(decided)
        length = "until it is lifted" if days is None else f"{days} days"
        note(
            member.campaign,
            actor.user,
            "paused a member",
            f"contributor {member.contributor}, {length}: {reason}",
        )
    return decided


def lift(decided: Moderation, actor: Membership, why: str = "") -> None:
    """End a pause, or let an excluded contribution wait for its round again.

    Raises:
        InputError: when it was lifted before, has run out, or concerns oneself, and for too many words.
    """
    from crowdsft.web.reviews.reviewing import settle_standing, wake_if_enough

    if decided.membership_id == actor.pk:
        raise InputError(_("This decision is about you. Write an appeal, and somebody else looks at it."))
    said = trimmed(why)
    with transaction.atomic():
        if decided.contribution is not None:
            Contribution.objects.select_for_update(no_key=True).get(pk=decided.contribution.pk)
        changed = in_force(Moderation.objects.filter(pk=decided.pk)).update(
            lifted=timezone.now(), lifted_by=actor, lifted_why=said
        )
        if not changed:
            raise InputError(_("This does not hold any more: it was lifted before, or has run out."))
        if decided.contribution is not None:
            settle_standing(decided.contribution)
        tell_of_lifting(decided)
        what = "lifted a pause" if decided.kind == Moderation.PAUSE else "let a contribution in again"
        about = decided.contribution_id or f"contributor {decided.membership.contributor}"
        note(decided.campaign, actor.user, what, str(about))
    wake_if_enough(decided.campaign)


def in_force(rows: QuerySet[Moderation]) -> QuerySet[Moderation]:
    """Those of `rows` that hold now."""
    return rows.filter(Q(until=None) | Q(until__gt=timezone.now()), lifted=None)


_pauses_of = Prepared(
    lambda member: Moderation.objects.filter(membership=member, kind=Moderation.PAUSE, lifted=None)
)


def pause_of(member: Membership) -> Moderation | None:
    """The pause of somebody's tasks that holds now. Asked with every task, so the query is made once."""
    now = timezone.now()
    return next((row for row in _pauses_of.rows(member.pk) if row.until is None or row.until > now), None)


def pauses(campaign: Campaign) -> list[Moderation]:
    """All pauses that hold now, newest first."""
    rows = Moderation.objects.filter(campaign=campaign, kind=Moderation.PAUSE)
    return list(in_force(rows).select_related("membership", "actor"))


def pause_words(found: Moderation) -> str:
    """What somebody whose tasks are paused reads: why, until when, what is safe, and what to do."""
    why = explained(meaning(PAUSE, found.reason), found.words)
    until = (
        _("until a reviewer lifts the pause")
        if found.until is None
        else _("until %(when)s UTC") % {"when": _minute(found.until)}
    )
    return _(
        "Your tasks in this campaign are paused %(until)s. The reason given: %(why)s What you have written and "
        "your points stay yours. If this is wrong, appeal: somebody else will look at it."
    ) % {"until": until, "why": why if why.endswith((".", "!", "?")) else f"{why}."}


def _minute(when: datetime) -> str:
    return date_format(timezone.localtime(when), pgettext("date format", "j M Y H:i"))
