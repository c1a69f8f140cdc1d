"""Which of a contributor's work a round was trained on, where it trains on the best contributions so far."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crowdsft.core.campaign import CampaignState, RoundState, round_record
from crowdsft.core.credit.archive import kept_of
from crowdsft.web.saying import whole


def kept_words(state: CampaignState, current: RoundState, contributor: str) -> tuple[str, ...]:
    """How much of the contributor's work was trained on in the round; nothing where all of it was."""
    counts = kept_of(state.rounds, current.number, contributor)
    if counts is None:
        return ()
    kept, handed_in = counts
    floor = round(100 * state.plan.training.keep_floor)
    trained = ngettext(
        "This round was trained on %(kept)s of the %(whole)s contribution that you have handed in so far.",
        "This round was trained on %(kept)s of the %(whole)s contributions that you have handed in so far.",
        handed_in,
    ) % {"kept": whole(kept), "whole": whole(handed_in)}
    why = _(
        "The best %(share)s\N{NO-BREAK SPACE}%% of everybody's work are kept, %(how)s. The rest is not lost: all "
        "contributions, yours too, share %(floor)s\N{NO-BREAK SPACE}%% of the training, and are looked at again in "
        "the next round."
    ) % {
        "share": round(100 * state.plan.training.keep_share),
        "how": _how(state.plan.training.keep),
        "floor": floor,
    }
    return trained, why


def part_words(current: RoundState, contributor: str, *, points: int, budget: int) -> tuple[str, ...]:
    """The contributor's part of what all copies trained on, older work included, and what was paid for it."""
    record = round_record(current)
    if contributor not in record.contributors:
        return ()
    part = float(record.weights[:, record.contributors.index(contributor)].mean())
    return (
        _(
            "Of what the groups' copies trained on, %(part)s\N{NO-BREAK SPACE}%% was yours, older contributions "
            "included. By that and by how well each copy did, we paid you %(points)s of the round's %(budget)s points."
        )
        % {"part": round(100 * part), "points": whole(points), "budget": whole(budget)},
    )


def _how(keep: str) -> str:
    if keep == "values":
        return _("by what the campaign's own models make of them")
    return _("by what a copy that learnt the expert examples makes of them")
