"""Random campaigns for the laws of reward policies: late joiners, leavers, skipped and insignificant rounds."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards import REWARDS, BoundUtility

NAMES = ("ann", "bob", "cem", "dee", "eva", "fay", "gus", "hal")
DIMENSIONS = 3
TARGET = np.array([3.0, 1.0, 2.0])
BUDGET = 1_000


def utility_of(evaluation="l2"):
    return BoundUtility(UTILITIES.make(evaluation), TARGET)


def make_record(
    number, members, groups, *, vectors, base, evaluation="l2", step=0.5, clusters=(), noise=None
):
    """One round of a world in which a candidate is a step from the base towards its members' mean.

    members: names, sorted; groups: group index of each; vectors: name -> float64[d].
    """
    count = max(groups) + 1
    weights = np.zeros((count, len(members)))
    for column, group in enumerate(groups):
        weights[group, column] = 1.0
    weights /= weights.sum(axis=1, keepdims=True)
    centroids = weights @ np.array([vectors[name] for name in members])
    embeddings = base + step * (centroids - base)
    if noise is not None:
        embeddings = embeddings + noise
    value = utility_of(evaluation)
    values, base_value = value(embeddings), float(value(base[None])[0])
    improved = bool(values.max() > base_value)
    return RoundRecord(
        round_number=number,
        contributors=tuple(members),
        weights=weights,
        base_value=base_value,
        values=values,
        winner=int(np.argmax(values)) if improved else None,
        significant=improved,
        base_embedding=base,
        embeddings=embeddings,
        clusters=clusters,
        group_values=values - base_value,
        credits=weights * (value(np.array([vectors[name] for name in members])) - base_value),
    )


@st.composite
def histories(draw, most_rounds=5, clustered=True):
    """Records of a campaign of one to `most_rounds` rounds, some of which are not significant."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    evaluation = draw(st.sampled_from(sorted(UTILITIES)))
    vectors = {name: rng.uniform(0, 5, DIMENSIONS) for name in NAMES}
    base, records = rng.uniform(0, 5, DIMENSIONS), []
    for number in range(1, draw(st.integers(1, most_rounds)) + 1):
        count = int(rng.integers(2, 4))
        members = sorted(rng.choice(NAMES, size=int(rng.integers(count, len(NAMES) + 1)), replace=False))
        groups = list(range(count)) + list(rng.integers(0, count, len(members) - count))
        rng.shuffle(groups)
        clusters = ()
        if clustered and rng.random() < 0.3:
            holders = list(range(len(members)))
            holders[-1] = 0
            clusters = tuple(holders)
        record = make_record(
            number,
            members,
            groups,
            vectors=vectors,
            base=base,
            evaluation=evaluation,
            clusters=clusters,
            noise=rng.normal(size=(count, DIMENSIONS)) * rng.choice([0.0, 0.05]),
        )
        if rng.random() < 0.3:
            record = replace(record, significant=False, winner=None)
        records.append(record)
        if record.winner is not None:
            base = record.embeddings[record.winner]
    return tuple(records), evaluation


def play(policy, records, *, evaluation="l2", budget=BUDGET, seed=1, closing=True):
    """Settle after every round, and at the end; all settlements, and the balances after each."""
    balances, settlements, after = {}, [], []
    steps = [(stop, False) for stop in range(1, len(records) + 1)] + [(len(records), True)] * closing
    for stop, is_closing in steps:
        settlement = policy.settle(
            records[:stop],
            balances=balances,
            budget_per_round=budget,
            utility=utility_of(evaluation),
            seed=seed,
            closing=is_closing,
        )
        balances = dict(balances)
        for award in settlement.awards:
            balances[award.contributor] = balances.get(award.contributor, 0) + award.points
        settlements.append(settlement)
        after.append(balances)
    return settlements, after


POLICIES = sorted(REWARDS)
ESTIMATING = ("decoded_shapley", "linear_history", "ridge_history")
