"""Which adapters a campaign still needs, and which of its losing candidates it could do without."""

from __future__ import annotations

from dataclasses import dataclass

from crowdsft.core.campaign import CampaignState, RoundState


@dataclass(frozen=True, slots=True)
class Shelf:
    """The adapters that a campaign's journal names.

    Args:
        needed: Somebody or something will read them: every base there was, and could be again; every winner; all of
            rounds that have not finished; and, with `[artifacts] keep = "all"`, the losing candidates.
        spare: Losing candidates that nothing reads any more.
    """

    needed: frozenset[str]
    spare: frozenset[str]


def shelf_of(state: CampaignState) -> Shelf:
    """What is needed and what is spare, by the journal alone.

    Laws: an adapter is never in both; what is spare stays spare, whatever happens next in this campaign, unless the
    same adapter is trained again. Points need none: they are computed from measurements.
    """
    named = frozenset(digest for past in state.rounds for digest in past.adapters)
    bases = {
        digest
        for past in state.rounds
        for stack in (past.lineage, past.model_after or ())
        for digest in stack
    }
    if state.plan.artifacts.keep == "all":
        return Shelf(named | bases | set(state.lineage), frozenset())
    needed = bases | set(state.lineage)
    for past in state.rounds:
        won = set() if past.winner is None else {past.adapters[past.winner]}
        needed |= set(past.adapters) if _is_read_again(state, past) else won
    return Shelf(frozenset(needed), named - needed)


def _is_read_again(state: CampaignState, past: RoundState) -> bool:
    """Whether a losing candidate of this round may still be asked for.

    Until the round has finished: votes, an approval, the value of groups, and a roll-back that begins it anew. With
    keep = "values" the next round measures contributions by this round's candidates, again after a roll-back.
    """
    if not past.finished:
        return True
    if state.plan.training.keep != "values" or state.is_over:
        return False
    following = [other for other in state.rounds if other.number > past.number]
    return not any(other.finished for other in following)
