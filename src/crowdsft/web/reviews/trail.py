"""The trail of an appeal: what was decided, what was said against it, what became of it. Both sides see the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from crowdsft.web.campaigns.models import Membership
from crowdsft.web.reviews.appeals import contribution_of
from crowdsft.web.reviews.models import Appeal, Moderation
from crowdsft.web.reviews.reasons import EXCLUSION, PAUSE, REJECTION, explained, meaning


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: when, who, what, and in which words."""

    when: datetime | None
    who: str
    what: str
    words: str = ""


def trail(appeal: Appeal, reader: Membership) -> list[Entry]:
    """What happened, oldest first. Contributors read roles; reviewers and organisers read pseudonyms as well."""
    entries = []
    row = contribution_of(appeal)
    writer = _writer(appeal.membership, reader)
    if row is not None:
        entries.append(Entry(row.created, writer, _("handed in this text"), row.response))
    entries.extend(_decision(appeal, reader))
    entries.append(Entry(appeal.created, writer, _("appealed"), appeal.words))
    if appeal.state == Appeal.WITHDRAWN:
        entries.append(Entry(None, writer, _("withdrew the appeal")))
    if appeal.state == Appeal.ANSWERED:
        what = _("granted the appeal") if appeal.granted else _("declined the appeal")
        entries.append(Entry(appeal.answered, _decider(appeal.answered_by, reader), what, appeal.answer))
    return entries


def outcome(appeal: Appeal) -> str:
    """What the answer means, in a sentence; empty while there is none."""
    if appeal.state != Appeal.ANSWERED:
        return ""
    if not appeal.granted:
        return _("The decision stays as it was.")
    row = contribution_of(appeal)
    if row is not None and row.round_number is not None:
        return _("The contribution is in round %(round)s.") % {"round": row.round_number}
    if row is not None:
        return _(
            "The contribution waits for the round that is open, as if nothing had been decided against it."
        )
    if appeal.moderation is not None:
        return _("The pause is lifted.")
    return _(
        "The ledger is never changed afterwards. The organisers make good what is written here, outside the rounds."
    )


def about(appeal: Appeal) -> str:
    """What the appeal is against, as a title."""
    if appeal.award_round is not None:
        return _("The award of round %(round)s") % {"round": appeal.award_round}
    if appeal.review is not None:
        return _("A rejected contribution")
    assert appeal.moderation is not None
    return _("Paused tasks") if appeal.moderation.kind == Moderation.PAUSE else _("An excluded contribution")


def _decision(appeal: Appeal, reader: Membership) -> list[Entry]:
    if appeal.review is not None:
        reason = explained(meaning(REJECTION, appeal.review.reason), appeal.review.words)
        who = _decider(appeal.review.membership, reader)
        return [Entry(appeal.review.decided, who, _("rejected it"), reason)]
    found = appeal.moderation
    if found is None:
        return []
    who = _decider(found.actor, reader)
    if found.kind == Moderation.PAUSE:
        return [
            Entry(
                found.created,
                who,
                _("paused the tasks"),
                explained(meaning(PAUSE, found.reason), found.words),
            )
        ]
    return [
        Entry(found.created, who, _("excluded it"), explained(meaning(EXCLUSION, found.reason), found.words))
    ]


def _writer(member: Membership, reader: Membership) -> str:
    return _("You") if member.pk == reader.pk else member.pseudonym


def _decider(member: Membership | None, reader: Membership) -> str:
    if member is None or member.user_id is None:
        return _("Somebody who left")
    if member.pk == reader.pk:
        return _("You")
    if reader.role in (Membership.REVIEWER, Membership.ORGANISER):
        return member.pseudonym
    return _("An organiser") if member.role == Membership.ORGANISER else _("A reviewer")
