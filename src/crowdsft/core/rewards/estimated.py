"""Settling by estimates: what policies with an appraisal of the whole history share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from crowdsft.core.accounting.changes import Eras, unchanged
from crowdsft.core.accounting.crowd import Crowd, gather
from crowdsft.core.accounting.due import Appraisal, Due, amounts_due
from crowdsft.core.accounting.settlement import pay_everything, pay_what_is_sure
from crowdsft.core.apportion import tie_order
from crowdsft.core.errors import InputError
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards.base import Award, PointUtility, Settlement
from crowdsft.core.rewards.own_rounds import covered_rounds

INTERVAL_STANDARD_ERRORS = 1.96  # 95 % intervals
MODEL_ERROR = 1.5  # for estimates from values: crowds are not quite what a model takes them for


def settle_estimated(
    history: Sequence[RoundRecord],
    appraise: Callable[[Sequence[RoundRecord], Crowd], Appraisal],
    *,
    balances: Mapping[str, int],
    budget_per_round: int,
    seed: int,
    closing: bool,
    find_eras: Callable[[Sequence[RoundRecord], Crowd], Eras] = lambda _, crowd: unchanged(crowd),
) -> Settlement:
    """Pay what the estimates make sure, keep the rest in escrow, pay all of it at closing.

    Args:
        history: The campaign's rounds so far.
        appraise: Makes the estimates, for a crowd of eras.
        balances, budget_per_round, seed, closing: See `RewardPolicy.settle`.
        find_eras: Tells apart what contributors were before and after they changed for good.
    """
    covered = covered_rounds(history)
    carry = budget_per_round * (len(history) - covered)
    crowd = gather(history)
    _check_balances(crowd, balances)
    if covered == 0:
        return Settlement(
            _in_order(_unpaid((*crowd.names, *crowd.bystanders))), carry=carry, escrow=0, covered_rounds=0
        )
    eras = find_eras(history, crowd)
    appraisal = appraise(history, eras.crowd)
    clusters, suspects = appraisal.clusters, appraisal.suspects
    share = partial(
        amounts_due, eras.crowd, appraisal, covered_rounds=covered, budget_per_round=budget_per_round
    )
    due = share(clusters).of_owners(eras.owner)
    before = np.array([balances.get(name, 0) for name in crowd.names], dtype=np.int64)
    ties = tie_order(crowd.names, seed=seed, round_number=history[-1].round_number)
    paid = np.zeros(len(crowd), dtype=np.int64)
    if closing:
        paid = pay_everything(due, before, clusters=eras.people_of(clusters), ties=ties)
    elif history[-1].significant:
        at_most = share(suspects).of_owners(eras.owner).points
        paid = pay_what_is_sure(due, before, at_most=at_most, suspects=eras.people_of(suspects), ties=ties)
    escrow = budget_per_round * covered - sum(balances.values()) - int(paid.sum())
    first_unpaid = covered_rounds(history[:-1]) if covered == len(history) and not closing else covered
    rounds = [record.round_number for record in history]
    awards = (
        _award(
            crowd,
            due,
            index,
            points=int(paid[index]),
            rounds=rounds[first_unpaid:covered],
            first=first_unpaid,
        )
        for index in range(len(crowd))
    )
    return Settlement(
        _in_order([*awards, *(Award(name, 0, 0.0, 0.0, 0.0) for name in crowd.bystanders)]),
        carry=carry,
        escrow=escrow,
        covered_rounds=covered,
    )


def _award(crowd: Crowd, due: Due, index: int, *, points: int, rounds: Sequence[int], first: int) -> Award:
    estimate, error = float(due.estimates[index]), float(due.errors[index])
    return Award(
        contributor=crowd.names[index],
        points=points,
        estimate=estimate,
        low=estimate - INTERVAL_STANDARD_ERRORS * error,
        high=estimate + INTERVAL_STANDARD_ERRORS * error,
        for_rounds=tuple(number for k, number in enumerate(rounds) if crowd.present[first + k, index]),
    )


def _unpaid(names: Sequence[str]) -> list[Award]:
    return [Award(name, 0) for name in names]


def _in_order(awards: Sequence[Award]) -> tuple[Award, ...]:
    return tuple(sorted(awards, key=lambda award: award.contributor))


def _check_balances(crowd: Crowd, balances: Mapping[str, int]) -> None:
    strangers = sorted(set(balances) - {*crowd.names, *crowd.bystanders})
    if any(balances[name] for name in strangers):
        raise InputError(
            f"balances name {', '.join(strangers)}, who took part in no round of this history. "
            "Settle with the balances of this campaign only."
        )


def worth_of_nobody(history: Sequence[RoundRecord], utility: PointUtility | None) -> float:
    """Utility of the zero embedding where there is one, else of the model that the campaign started from."""
    first = history[0]
    if utility is None or first.base_embedding is None:
        return first.base_value
    return float(utility(np.zeros((1, len(first.base_embedding))))[0])
