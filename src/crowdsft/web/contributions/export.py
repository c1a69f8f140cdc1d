"""A campaign's contributions as a data set."""

from __future__ import annotations

from crowdsft.core.campaign import RoundState
from crowdsft.core.events import ContributionRef
from crowdsft.dataset import Dataset, Row
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.journal_django import campaign_state


def dataset_of(campaign: Campaign) -> Dataset:
    """Every contribution of a closed round whose text its contributor has not taken back."""
    state = campaign_state(campaign)
    texts = {
        str(row.pk): row
        for row in Contribution.objects.filter(campaign=campaign, round_number__isnull=False)
        .exclude(response="")
        .select_related("task", "checkup")
    }
    refs = [(past, ref) for past in state.rounds for ref in past.contributions or ()]
    rows = [_row(past, ref, texts[ref.id]) for past, ref in refs if ref.id in texts]
    plan = state.plan.campaign
    return Dataset(
        campaign=campaign.slug,
        name=plan.name,
        description=plan.description,
        licence=plan.licence,
        consent=plan.consent,
        rows=tuple(sorted(rows, key=lambda row: (row.round, row.contributor, row.id))),
        left_out=len(refs) - len(rows),
    )


def _row(past: RoundState, ref: ContributionRef, text: Contribution) -> Row:
    group = next((number for number, members in enumerate(past.groups) if ref.contributor in members), None)
    return Row(
        id=ref.id,
        round=past.number,
        group=group,
        group_won=None if past.selected is None or group is None else past.winner == group,
        contributor=ref.contributor,
        author=ref.author,
        kind=text.kind,
        prompt=text.prompt,
        response=text.response,
        model_response=text.model_response,
        weight=text.weight,
        rejected=_rejected(text),
        flags=_flags(text),
    )


def _rejected(text: Contribution) -> str:
    """The other one of the two that were shown, where one was chosen."""
    shown = text.task.options if text.task is not None else []
    return next((str(option) for option in shown if option != text.model_response), "")


def _flags(text: Contribution) -> tuple[str, ...] | None:
    """The kinds of what a worker noticed, without the words; None while no worker has looked."""
    checkup = getattr(text, "checkup", None)  # absent for what came before there were checkups
    return None if checkup is None else tuple(sorted(checkup.flags))
