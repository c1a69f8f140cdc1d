"""Appeals: against a rejection, a moderation or an award; answered by somebody else than who decided.

A granted appeal undoes the decision in the same transaction. An award is worked out, not decided, and its ledger
entries are never changed: a granted appeal against one is written down with its reasons, for the organiser to act on.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from crowdsft.core.errors import InputError
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.journal_django import campaign_state
from crowdsft.web.reviews.models import Appeal, Moderation, Review
from crowdsft.web.reviews.moderation import in_force
from crowdsft.web.reviews.queue import free_slot
from crowdsft.web.reviews.reasons import trimmed
from crowdsft.web.reviews.reviewing import settle_standing, wake_if_enough
from crowdsft.web.reviews.telling import tell_of_answer, tell_of_appeal
from crowdsft.web.webhooks.outbox import tell

MOST_CHARACTERS = 2_000
STAFF = (Membership.ORGANISER, Membership.REVIEWER)


def appeal_rejection(row: Contribution, member: Membership, words: str) -> Appeal:
    """Appeal against the rejection or exclusion of one's own contribution.

    Raises:
        InputError: where nothing was decided against it, without words, and when there is an appeal already.
    """
    if row.membership_id != member.pk:
        raise InputError(_("This is not your contribution."))
    excluded = in_force(Moderation.objects.filter(contribution=row)).first()
    if excluded is not None:
        return _written(member, words, moderation=excluded)
    rejection = Review.objects.filter(contribution=row, undone=None, verdict=Review.REJECTED).first()
    if rejection is None:
        raise InputError(_("Nothing was decided against this contribution, so there is nothing to appeal."))
    return _written(member, words, review=rejection)


def appeal_pause(found: Moderation, member: Membership, words: str) -> Appeal:
    """Appeal against a pause of one's own tasks. Raises: InputError as above."""
    if found.membership_id != member.pk or not in_force(Moderation.objects.filter(pk=found.pk)).exists():
        raise InputError(_("This pause does not hold any more, so there is nothing to appeal."))
    return _written(member, words, moderation=found)


def appeal_award(member: Membership, round_number: int, words: str) -> Appeal:
    """Say that an award looks wrong.

    Raises:
        InputError: where the member has no part in a paid round of this number, and as above.
    """
    for past in campaign_state(member.campaign).rounds:
        if (
            past.number == round_number
            and past.points is not None
            and member.contributor in past.contributors
        ):
            return _written(member, words, award_round=round_number)
    raise InputError(_("You have no award of round %(round)s to appeal against.") % {"round": round_number})


def withdraw(appeal: Appeal, member: Membership) -> None:
    """Take one's own appeal back while it is open. Raises: InputError when it is not."""
    if not Appeal.objects.filter(pk=appeal.pk, membership=member, state=Appeal.OPEN).update(
        state=Appeal.WITHDRAWN
    ):
        raise InputError(_("This appeal is not open any more."))


def answer(appeal: Appeal, answerer: Membership, *, grant: bool, words: str) -> None:
    """Decide an appeal with reasons; granting undoes what it is about.

    Raises:
        InputError: without reasons or with too long ones, when it is not open, or when somebody else has to answer.
    """
    said = trimmed(words, MOST_CHARACTERS)
    if not said:
        raise InputError(_("Please give your reasons; the contributor will read them."))
    problem = why_not_answer(appeal, answerer)
    if problem:
        raise InputError(problem)
    with transaction.atomic():
        changed = Appeal.objects.filter(pk=appeal.pk, state=Appeal.OPEN).update(
            state=Appeal.ANSWERED,
            granted=grant,
            answer=said,
            answered=timezone.now(),
            answered_by=answerer,
            is_same_person=_decider(appeal) == answerer.pk,
        )
        if not changed:
            raise InputError(_("This appeal is not open any more: it was answered or withdrawn."))
        if grant:
            _undo(appeal, answerer, said)
        tell_of_answer(appeal, granted=grant)
        outcome = "granted" if grant else "declined"
        note(appeal.campaign, answerer.user, "answered an appeal", f"appeal {appeal.pk}, {outcome}")
    appeal.refresh_from_db()
    wake_if_enough(appeal.campaign)


def why_not_answer(appeal: Appeal, reader: Membership) -> str:
    """Why `reader` may not answer, as a sentence; empty when they may.

    Whoever decided may answer only where nobody else could: a campaign with one reviewer.
    """
    if appeal.state != Appeal.OPEN:
        return _("This appeal is not open any more.")
    if reader.left is not None or reader.role not in STAFF:
        return _("Only reviewers and organisers answer appeals.")
    if reader.pk == appeal.membership_id:
        return _("This is your own appeal. Somebody else answers it.")
    if reader.pk == _decider(appeal) and others_than_decider(appeal).exists():
        return _("You made the decision that this is about. Another reviewer or organiser answers.")
    return ""


def others_than_decider(appeal: Appeal) -> QuerySet[Membership]:
    """Who else could answer: reviewers and organisers who neither decided nor appeal."""
    staff = Membership.objects.filter(campaign=appeal.campaign, role__in=STAFF, left=None, user__isnull=False)
    return staff.exclude(pk__in=[appeal.membership_id, _decider(appeal) or 0])


def open_appeals(campaign: Campaign) -> list[Appeal]:
    """All that wait for an answer, oldest first."""
    rows = Appeal.objects.filter(campaign=campaign, state=Appeal.OPEN)
    return list(rows.select_related("membership", "review__contribution", "moderation__contribution"))


def contribution_of(appeal: Appeal) -> Contribution | None:
    """The contribution that the appeal is about, if it is about one."""
    if appeal.review is not None:
        return appeal.review.contribution
    return appeal.moderation.contribution if appeal.moderation is not None else None


def _decider(appeal: Appeal) -> int | None:
    if appeal.review is not None:
        return appeal.review.membership_id
    return appeal.moderation.actor_id if appeal.moderation is not None else None


def _written(member: Membership, words: str, **about: object) -> Appeal:
    said = trimmed(words, MOST_CHARACTERS)
    if not said:
        raise InputError(_("Please write why you see it differently."))
    try:
        with transaction.atomic():
            appeal = Appeal.objects.create(campaign=member.campaign, membership=member, words=said, **about)
            tell_of_appeal(appeal)
            tell(member.campaign, "appeal.written", {"appeal": appeal.pk, "contributor": member.contributor})
    except IntegrityError:
        raise InputError(
            _("You have appealed against this already. The answer comes to the same page.")
        ) from None
    return appeal


def _undo(appeal: Appeal, answerer: Membership, said: str) -> None:
    now = timezone.now()
    row = contribution_of(appeal)
    if row is not None:
        row = Contribution.objects.select_for_update(no_key=True).get(pk=row.pk)
    if appeal.review is not None and row is not None:
        Review.objects.filter(pk=appeal.review.pk).update(undone=now)
        _accept(row, answerer, said)
        settle_standing(row)
    if appeal.moderation is not None:
        in_force(Moderation.objects.filter(pk=appeal.moderation.pk)).update(
            lifted=now, lifted_by=answerer, lifted_why=said
        )
        if row is not None:
            settle_standing(row)


def _accept(row: Contribution, answerer: Membership, said: str) -> None:
    """Who grants an appeal against a rejection has looked at the contribution, and accepts it."""
    mine = Review.objects.filter(contribution=row, membership=answerer, undone=None)
    if row.round_number is not None or mine.exclude(verdict="").exists():
        return
    mine.delete()
    now = timezone.now()
    Review.objects.create(
        campaign=row.campaign,
        contribution=row,
        membership=answerer,
        slot=free_slot(row),
        lease_until=now,
        verdict=Review.ACCEPTED,
        words=said,
        decided=now,
    )
