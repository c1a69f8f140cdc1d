"""Contributors who change for good are told apart from what they were, and nobody else is."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from worlds import campaign

from crowdsft.core.accounting.changes import Change, find_changes, split_at
from crowdsft.core.accounting.crowd import gather
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards import BoundUtility, DecodedShapley

ROUNDS, TURN = 50, 20


def campaign_with_coasters(vectors, target, *, coasters, noise=0.0, seed=0):
    """The first `coasters` contributors submit zeros from round TURN on."""
    rng = np.random.default_rng(seed)
    utility = BoundUtility(UTILITIES.make("l2"), target)
    names = tuple(f"c{number:03}" for number in range(len(vectors)))
    model, records = rng.uniform(0, 5, vectors.shape[1]), []
    for index in range(ROUNDS):
        now = vectors.copy()
        if index >= TURN:
            now[:coasters] = 0.0
        group = rng.permutation(len(now)) % 4
        weights = (group == np.arange(4)[:, None]).astype(float)
        weights /= weights.sum(axis=1, keepdims=True)
        seen = model + 0.1 * (weights @ now - model)
        seen = seen + noise * 0.1 * rng.normal(size=seen.shape)
        values, base_value = utility(seen), float(utility(model[None])[0])
        winner = int(np.argmax(values)) if values.max() > base_value else None
        records.append(
            RoundRecord(
                index + 1, names, weights, base_value, values, winner, winner is not None, model, seen
            )
        )
        model = seen[winner] if winner is not None else model
    return records, utility


def world(count=20, dimensions=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 5, (count, dimensions)), rng.uniform(0, 5, dimensions)


def changes_of(records):
    return find_changes(gather(records), [record.embeddings for record in records])


@pytest.mark.parametrize("coasters", [1, 4])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_all_who_changed_are_found(coasters, noise):
    records, _ = campaign_with_coasters(*world(), coasters=coasters, noise=noise)
    found = changes_of(records)
    assert {Change(who, TURN) for who in range(coasters)} <= set(found)
    assert len(found) <= coasters + 2


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_nobody_who_stayed_the_same_is_split(noise, seed):
    records, _ = campaign(*world(seed=seed), rounds=ROUNDS, groups=4, step=0.1, noise=noise, seed=seed)
    assert changes_of(records) == []


def test_eras_part_the_rounds_of_their_owner():
    records, _ = campaign(*world(6), rounds=9, groups=2, step=0.1)
    crowd = gather(records)
    eras = split_at(crowd, [Change(2, 4), Change(2, 7), Change(5, 4)])
    assert eras.owner.tolist() == [0, 1, 2, 2, 2, 3, 4, 5, 5]
    together = np.zeros_like(crowd.present, dtype=int)
    np.add.at(together.T, eras.owner, eras.crowd.present.T)
    assert (together == crowd.present).all()
    for whole, parts in zip(crowd.weights, eras.crowd.weights, strict=True):
        folded = np.zeros_like(whole)
        np.add.at(folded.T, eras.owner, parts.T)
        assert folded == pytest.approx(whole)
    assert eras.people_of(np.arange(9)).tolist() == [0, 1, 2, 3, 4, 5]
    as_one = np.array([0, 1, 2, 3, 4, 5, 6, 2, 8])  # the first four rounds of contributors 2 and 5
    assert eras.people_of(as_one).tolist() == [0, 1, 2, 3, 4, 5]  # whose later rounds are more
    as_one = np.array([0, 1, 2, 3, 4, 5, 6, 7, 7])
    assert eras.people_of(as_one).tolist() == [0, 1, 2, 3, 4, 5]


def test_who_stops_working_is_paid_for_the_rounds_before():
    vectors, target = world()
    vectors[:4] = target + 0.3 * (vectors[:4] - target)  # good work ...
    records, utility = campaign_with_coasters(vectors, target, coasters=4)  # ... until TURN
    balances = dict.fromkeys(records[0].contributors, 0)
    for stop, closing in [(TURN, False), (ROUNDS, False), (ROUNDS, True)]:
        settlement = DecodedShapley(step=0.1).settle(
            records[:stop], balances=balances, budget_per_round=1000, utility=utility, seed=0, closing=closing
        )
        for award in settlement.awards:
            balances[award.contributor] += award.points
    assert sum(balances.values()) == 1000 * settlement.covered_rounds
    early = DecodedShapley(step=0.1).settle(
        records[:TURN], balances={}, budget_per_round=1000, utility=utility, seed=0, closing=True
    )
    before = sum(award.points for award in early.awards[:4])
    assert before > 0.3 * 1000 * TURN
    assert sum(balances[f"c{number:03}"] for number in range(4)) == pytest.approx(before, rel=0.02)
