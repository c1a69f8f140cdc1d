"""Deciding on a contribution: accept, reject with a reason, or send it back for a change."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crowdsft.core.errors import InputError
from crowdsft.core.reviewing import standing
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.contributions.places import follow_standing
from crowdsft.web.contributions.work import waiting_contributions
from crowdsft.web.journal_django import contribution_digest, plan_of, wake
from crowdsft.web.reviews.models import Checkup, Moderation, NearText, Review, TextHash
from crowdsft.web.reviews.moderation import in_force
from crowdsft.web.reviews.queue import verdicts_of
from crowdsft.web.reviews.reasons import REJECTION, checked
from crowdsft.web.reviews.telling import tell_of_review
from crowdsft.web.task_types.texts import clean_text, has_words
from crowdsft.web.webhooks.outbox import tell

CHANGEABLE = ("write_response", "correct_response")


def decide(review: Review, verdict: str, *, reason: str = "", words: str = "") -> Contribution:
    """Write the reviewer's verdict; the same again changes nothing.

    Raises:
        InputError: for an unknown verdict or reason, and when the contribution is not to be decided on any more.
    """
    said = _checked(review, verdict, reason, words)
    with transaction.atomic():
        row = Contribution.objects.select_for_update(no_key=True).filter(pk=review.contribution_id).first()
        known = Review.objects.filter(pk=review.pk).first()
        if row is None or known is None:
            raise InputError(_ran_out())
        if known.verdict == verdict and known.undone is None:
            return row
        _check_undecided(known, row)
        still_held = Review.objects.filter(
            pk=known.pk, verdict="", undone=None
        )  # another window may put it aside
        if not still_held.update(verdict=verdict, reason=reason, words=said, decided=timezone.now()):
            raise InputError(_ran_out())
        settle_standing(row)
        if verdict != Review.ACCEPTED:
            what = "rejected a contribution" if verdict == Review.REJECTED else "sent a contribution back"
            note(row.campaign, review.membership.user, what, f"{row.pk}: {reason}" if reason else str(row.pk))
        tell_of_review(row, verdict)
        _tell(row, verdict, reason)
    wake_if_enough(row.campaign)
    return row


def settle_standing(row: Contribution) -> None:
    """Make the contribution stand where its reviews put it, and hold a place or none; under the lock of its row."""
    plan = plan_of(row.campaign)
    if in_force(Moderation.objects.filter(contribution=row)).exists():  # whatever reviews say
        row.standing = Contribution.EXCLUDED
    else:
        row.standing = standing(verdicts_of(row), needed=plan.reviews.per_contribution)
    Contribution.objects.filter(pk=row.pk, round_number=None).update(standing=row.standing)
    follow_standing(row, overlap=plan.tasks.overlap)


def wake_if_enough(campaign: Campaign) -> None:
    """Have the round looked at, if it may have enough contributions now."""
    plan = plan_of(campaign)
    if plan.rounds.close == "size" and waiting_contributions(campaign) >= plan.round_size:
        wake(campaign)


def _checked(review: Review, verdict: str, reason: str, words: str) -> str:
    if verdict == Review.REJECTED:
        return checked(REJECTION, reason, words)
    if verdict == Review.RETURNED:
        if review.contribution.kind not in CHANGEABLE:
            raise InputError(_("There is no text in this contribution to change. Accept or reject it."))
        if not words.strip():
            raise InputError(_("Please say what should be changed; the contributor will read it."))
        return checked({"": ""}, "", words)
    if verdict == Review.ACCEPTED:
        return checked({"": ""}, "", words)
    raise InputError(_("Please accept the contribution, reject it, or send it back."))


def _ran_out() -> str:
    return _("Your reservation ran out, and somebody else has this contribution now. Take the next one.")


def _check_undecided(review: Review, row: Contribution) -> None:
    if row.membership_id == review.membership_id:
        raise InputError(_("This is your own contribution. Somebody else reviews it."))
    if review.verdict:
        raise InputError(_("You have decided on this contribution already. Take the next one."))
    if review.undone is not None:
        raise InputError(
            _(
                "The text was changed after it was shown to you, so nothing was decided. Take the next one; the "
                "new text waits for a review, too."
            )
        )
    if row.round_number is not None:
        raise InputError(
            _("Round %(round)s has closed with this contribution, so it cannot be decided on any more.")
            % {"round": row.round_number}
        )
    if row.standing != Contribution.WAITING:
        raise InputError(_("Somebody else has decided on this contribution. Take the next one."))


def _tell(row: Contribution, verdict: str, reason: str) -> None:
    told = {
        "contribution": str(row.pk),
        "contributor": row.membership.contributor,
        "verdict": verdict,
        "reason": reason,
        "standing": row.standing,
    }
    tell(row.campaign, "contribution.reviewed", told)


# The writer's side


def change(row: Contribution, writer: Membership, text: str) -> Contribution:
    """Put a new text in the place of one that was sent back; it is reviewed anew.

    Raises:
        InputError: when it was not sent back, or the text is empty, too long, the same, or handed in before.
    """
    plan = plan_of(row.campaign)
    response = clean_text(text)
    if not has_words(response):
        raise InputError(_("The response is empty. Please write something."))
    if len(response) > plan.tasks.max_characters:
        raise InputError(
            _("The text has %(count)s characters; at most %(most)s are allowed here. Please shorten it.")
            % {"count": len(response), "most": plan.tasks.max_characters}
        )
    if response in (row.response, clean_text(row.model_response)):
        raise InputError(_("The text is still the same. Please change what the reviewer asked for."))
    try:
        with transaction.atomic():
            rows = Contribution.objects.select_for_update(no_key=True)
            known = rows.filter(pk=row.pk, membership=writer, standing=Contribution.RETURNED).first()
            if known is None or known.round_number is not None:
                raise InputError(_("This contribution is not waiting for a change any more."))
            known.response, known.digest = response, contribution_digest(known.prompt, response)
            known.standing = Contribution.WAITING
            known.save(update_fields=["response", "digest", "standing"])
            Review.objects.filter(contribution=known, undone=None).update(undone=timezone.now())
            forget_checkup(known)
    except IntegrityError:
        raise InputError(_("You have handed in this very text before. Please write something new.")) from None
    wake_if_enough(known.campaign)
    return known


def forget_checkup(row: Contribution) -> None:
    """Have the worker look at a text anew."""
    Checkup.objects.filter(contribution=row).delete()
    TextHash.objects.filter(contribution=row).delete()
    NearText.objects.filter(first=row).delete()
    NearText.objects.filter(second=row).delete()
