"""Reports: anybody who is shown a text can say that something is wrong with it; reviewers look, and settle it."""

from __future__ import annotations

from typing import Any

from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from crowdsft.core.errors import InputError
from crowdsft.rounds.artifacts import artifacts_in
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.journal_django import campaign_state
from crowdsft.web.reviews.models import Report, Review
from crowdsft.web.reviews.reasons import REPORT, checked, trimmed
from crowdsft.web.reviews.telling import tell_of_report
from crowdsft.web.votes.models import Vote
from crowdsft.web.votes.voting import shown
from crowdsft.web.webhooks.outbox import tell

MOST_OPEN = 20  # of one person in one campaign

CONTRIBUTION, PROMPT, RESPONSE, LEFT, RIGHT = "text", "prompt", "response", "left", "right"


def report_contribution(row: Contribution, reporter: Membership, *, reason: str, words: str = "") -> Report:
    """Report what another contributor handed in. For reviewers, and reporters who were shown it.

    Raises:
        InputError: for one's own text, an unknown reason, or too many open reports.
    """
    if row.membership_id == reporter.pk:
        raise InputError(_("This is your own contribution. To take it back, leave the campaign with it."))
    same = Report.objects.filter(contribution=row)
    return _written(row.campaign, reporter, same, reason, words, contribution=row, part=CONTRIBUTION)


def report_task(task: Task, part: str, *, reason: str, words: str = "") -> Report:
    """Report the message or the model's response that one's own task shows.

    Raises:
        InputError: where the task has no such part, for an unknown reason, or too many open reports.
    """
    text = task_text(task, part)
    same = Report.objects.filter(task=task, part=part)
    return _written(task.campaign, task.membership, same, reason, words, task=task, part=part, text=text)


def report_vote(vote: Vote, part: str, *, reason: str, words: str = "") -> Report:
    """Report a text of one's own pair: the message, or a response.

    Raises:
        InputError: as for tasks, and when the pair's round is not voted on any more.
    """
    text = vote_text(vote, part)
    same = Report.objects.filter(vote=vote, part=part)
    return _written(vote.campaign, vote.membership, same, reason, words, vote=vote, part=part, text=text)


def task_text(task: Task, part: str) -> str:
    """The part of a task that is reported. Raises: InputError where there is none."""
    texts = {PROMPT: task.prompt, RESPONSE: task.model_response}
    return _part_of(texts, part)


def vote_text(vote: Vote, part: str) -> str:
    """The part of a pair that is reported. Raises: InputError where there is none."""
    state = campaign_state(vote.campaign)
    if state.current.number != vote.round_number or state.current.base_evaluation is None:
        raise InputError(_("The vote on this pair is over, and its texts are shown no more."))
    pair = shown(vote, state.current, artifacts_in(django_settings.DATA))
    return _part_of({PROMPT: pair.prompt, LEFT: pair.left, RIGHT: pair.right}, part)


def _part_of(texts: dict[str, str], part: str) -> str:
    if not texts.get(part):
        there = ", ".join(name for name, text in texts.items() if text)
        raise InputError(_("Please say which text you report: %(there)s.") % {"there": there})
    return texts[part]


def settle(report: Report, actor: Membership, outcome: str) -> None:
    """Close a report with what was done about it.

    Raises:
        InputError: without an outcome or with too long a one, when it is settled already, and for a report about
            one's own text.
    """
    said = trimmed(outcome)
    if not said:
        raise InputError(_("Please say what was done, or why nothing has to be done."))
    if report.contribution is not None and report.contribution.membership_id == actor.pk:
        raise InputError(_("This report is about your own contribution. Somebody else settles it."))
    with transaction.atomic():
        changed = Report.objects.filter(pk=report.pk, state=Report.OPEN).update(
            state=Report.SETTLED, settled=timezone.now(), settled_by=actor, outcome=said
        )
        if not changed:
            raise InputError(_("This report is settled already."))
        note(report.campaign, actor.user, "settled a report", f"report {report.pk}")


def may_report(row: Contribution, member: Membership) -> bool:
    """Whether `member` was shown the contribution, as its reviewer or as somebody who may review everything."""
    if member.left is None and member.role in (Membership.ORGANISER, Membership.REVIEWER):
        return True
    return Review.objects.filter(contribution=row, membership=member).exists()


def _written(
    campaign: Campaign, reporter: Membership, same: QuerySet[Report], reason: str, words: str, **about: Any
) -> Report:
    """The report; one that the reporter has open about the same text is that one."""
    said = checked(REPORT, reason, words)
    with transaction.atomic():
        Membership.objects.select_for_update(no_key=True).get(pk=reporter.pk)
        known = same.filter(membership=reporter, state=Report.OPEN).first()
        if known is not None:
            return known
        if Report.objects.filter(membership=reporter, state=Report.OPEN).count() >= MOST_OPEN:
            raise InputError(
                _(
                    "%(most)s reports of yours are still open. Please wait until reviewers have looked at them."
                )
                % {"most": MOST_OPEN}
            )
        report = Report.objects.create(
            campaign=campaign, membership=reporter, reason=reason, words=said, **about
        )
        tell_of_report(report)
        tell(campaign, "report.written", {"report": report.pk, "reason": reason})
    return report
