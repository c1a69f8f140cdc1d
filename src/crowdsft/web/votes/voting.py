"""Voting on a round's candidates: which pair comes next, and what was chosen.

Blind: a voter sees neither which models these are nor how others voted, and never an output of the own group's
candidate. Which pair, which prompt and which side follow from the campaign's seed, the voter and the count of the
voter's votes, so that nobody can choose what to vote on.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crowdsft.core.campaign import CampaignState, RoundState, next_step
from crowdsft.core.errors import InputError
from crowdsft.core.seeds import derive_rng
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.work import NotNow, check_not_paused
from crowdsft.web.journal_django import campaign_state, wake
from crowdsft.web.votes.models import RESULTS, Vote, decided_votes

TRIES = 30  # pairs looked at before the models are taken to say the same throughout


@dataclass(frozen=True, slots=True)
class Pair:
    """What the voter sees."""

    prompt: str
    left: str
    right: str


def is_voting(state: CampaignState) -> bool:
    """Whether the newest round waits for votes."""
    due = next_step(state)
    return due is not None and due.name == "count_votes"


def votes_cast(membership: Membership, round_number: int) -> int:
    """How many pairs the voter has decided or skipped."""
    return Vote.objects.filter(membership=membership, round_number=round_number).exclude(choice="").count()


def current_vote(campaign: Campaign, membership: Membership, artifacts: Artifacts) -> tuple[Vote, Pair]:
    """The voter's open vote or a new one, and what it shows.

    Raises:
        NotNow: when there is nothing to vote on, or the voter has voted on as many pairs as anybody may.
    """
    state = campaign_state(campaign)
    if not is_voting(state):
        raise NotNow(
            _(
                "There is nothing to vote on right now. Votes open when the candidates of a round are measured."
            )
        )
    check_not_paused(membership)
    current = state.current
    with transaction.atomic():
        Membership.objects.select_for_update(no_key=True).get(pk=membership.pk)
        mine = Vote.objects.filter(membership=membership, round_number=current.number)
        vote = mine.filter(choice="").first()
        if vote is None:
            if mine.count() >= state.plan.votes.per_voter:
                raise NotNow(_thanks(mine.count()))
            vote = _new_vote(campaign, membership, state, artifacts, number=mine.count())
    return vote, shown(vote, current, artifacts)


def _thanks(count: int) -> str:
    words = ngettext(
        "You have voted on {count} pair of this round. Thank you; that is all we ask.",
        "You have voted on {count} pairs of this round. Thank you; that is all we ask.",
        count,
    )
    return words.format(count=count)


def shown(vote: Vote, current: RoundState, artifacts: Artifacts) -> Pair:
    """The prompt and both outputs of a vote."""
    left, right = (artifacts.rows(_outputs(current, model))[vote.row] for model in (vote.left, vote.right))
    return Pair(str(left["prompt"]), str(left["response"]), str(right["response"]))


def _new_vote(
    campaign: Campaign, membership: Membership, state: CampaignState, artifacts: Artifacts, *, number: int
) -> Vote:
    current = state.current
    rng = derive_rng(state.plan.campaign.seed, current.number, membership.contributor, number, "vote")
    own = next((group for group, names in enumerate(current.groups) if membership.contributor in names), None)
    models = [model for model in range(len(current.groups) + 1) if own is None or model != own + 1]
    samples = len(artifacts.rows(_outputs(current, 0)))
    for _try in range(TRIES):
        left, right = (models[place] for place in rng.permutation(len(models))[:2])
        vote = Vote(
            campaign=campaign,
            membership=membership,
            round_number=current.number,
            number=number,
            row=int(rng.integers(samples)),
            left=left,
            right=right,
        )
        pair = shown(vote, current, artifacts)
        if pair.left != pair.right:
            vote.save()
            return vote
    raise NotNow(
        _("The models of this round say the same to nearly everything, so there is nothing to choose from.")
    )


def _outputs(current: RoundState, model: int) -> str:
    evaluation = current.base_evaluation if model == 0 else current.evaluations[model - 1]
    assert evaluation is not None
    return evaluation.outputs


def cast(vote: Vote, choice: str) -> None:
    """Decide a vote; deciding it the same way twice changes nothing.

    Raises:
        InputError: for another choice than left, same, right or skipped, for a vote that was decided otherwise
            before, or when the votes of its round are counted.
    """
    if choice not in (*RESULTS, Vote.SKIPPED):
        raise InputError(_("Please choose the left one, the right one, or that they are the same."))
    campaign = vote.campaign
    with transaction.atomic():
        known = Vote.objects.select_for_update(no_key=True).get(pk=vote.pk).choice
        if known == choice:
            return
        if known:
            raise InputError(_("You have decided this pair already. Here is the next one."))
        state = campaign_state(campaign)
        if not is_voting(state) or state.current.number != vote.round_number:
            raise InputError(
                _("The votes of this round are counted already, so this one came too late. Thank you.")
            )
        Vote.objects.filter(pk=vote.pk).update(choice=choice)
    enough = state.plan.votes.enough
    if enough is not None and decided_votes(campaign, vote.round_number).count() >= enough:
        wake(campaign, "count_votes")
