"""Which rounds' models were given up when the base was rolled back."""

from __future__ import annotations

from crowdsft.core.campaign import CampaignState


def given_up_rounds(state: CampaignState) -> frozenset[int]:
    """Rounds with a winner on which the base, as it is now, is not built any more. What they paid stays paid."""
    by_number = {past.number: past for past in state.rounds}
    built_on, number = set(), state.base_round
    while number > 0:
        built_on.add(number)
        starts_from = by_number[number].starts_from
        number = number - 1 if starts_from is None else starts_from
    return frozenset(
        past.number
        for past in state.rounds
        if past.finished and past.winner is not None and past.number not in built_on
    )
