"""The laws that every reward policy keeps."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from histories import BUDGET, ESTIMATING, NAMES, POLICIES, histories, make_record, play

from crowdsft.core.rewards import REWARDS

FEW = settings(max_examples=25, deadline=None)
every_policy = pytest.mark.parametrize("name", POLICIES)
estimating = pytest.mark.parametrize("name", ESTIMATING)


@every_policy
@given(histories())
@FEW
def test_each_rounds_budget_is_paid_carried_or_in_escrow(name, campaign):
    records, evaluation = campaign
    settlements, balances = play(REWARDS.make(name), records, evaluation=evaluation)
    before, kept = 0, 0
    for number, (settlement, after) in enumerate(zip(settlements, balances, strict=True)):
        paid = sum(after.values()) - before
        is_round = number < len(records)
        assert paid + settlement.carry + settlement.escrow - kept == (BUDGET if is_round else 0)
        before, kept = sum(after.values()), settlement.carry + settlement.escrow


@every_policy
@given(histories())
@FEW
def test_nothing_is_taken_back_and_the_covered_budget_is_never_exceeded(name, campaign):
    records, evaluation = campaign
    settlements, balances = play(REWARDS.make(name), records, evaluation=evaluation)
    for settlement, after in zip(settlements, balances, strict=True):
        assert all(award.points >= 0 for award in settlement.awards)
        assert sum(after.values()) + settlement.escrow == BUDGET * settlement.covered_rounds
        assert settlement.escrow >= 0
    assert settlements[-1].escrow == 0


@every_policy
@given(histories())
@FEW
def test_everybody_who_took_part_is_named_once_in_order_and_nobody_else_earns(name, campaign):
    records, evaluation = campaign
    settlements, balances = play(REWARDS.make(name), records, evaluation=evaluation)
    for number, settlement in enumerate(settlements[: len(records)]):
        took_part = sorted({c for record in records[: number + 1] for c in record.contributors})
        assert [award.contributor for award in settlement.awards] == took_part
    assert set(balances[-1]) <= {c for record in records for c in record.contributors}


@every_policy
@given(histories())
@FEW
def test_the_same_campaign_gives_the_same_settlements(name, campaign):
    records, evaluation = campaign
    first = play(REWARDS.make(name), records, evaluation=evaluation)
    assert first == play(REWARDS.make(name), records, evaluation=evaluation)


@every_policy
@given(histories())
@FEW
def test_rounds_without_a_clear_gain_pay_nothing(name, campaign):
    records, evaluation = campaign
    settlements, _ = play(REWARDS.make(name), records, evaluation=evaluation)
    for record, settlement in zip(records, settlements, strict=False):
        if not record.significant:
            assert not any(award.points for award in settlement.awards)
            assert settlement.carry >= BUDGET


@every_policy
@given(histories(clustered=False), st.permutations(NAMES))
@FEW
def test_names_and_their_order_matter_for_ties_only(name, campaign, others):
    records, evaluation = campaign
    new = dict(zip(NAMES, others, strict=True))
    _, balances = play(REWARDS.make(name), records, evaluation=evaluation)
    _, renamed = play(REWARDS.make(name), [rename(r, new) for r in records], evaluation=evaluation)
    for old, points in balances[-1].items():
        assert abs(points - renamed[-1].get(new[old], 0)) <= 2


@every_policy
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@FEW
def test_equal_records_earn_within_a_point_of_each_other(name, seed, rounds):
    rng = np.random.default_rng(seed)
    vectors = {n: rng.uniform(0, 5, 3) for n in NAMES}
    vectors["bob"] = vectors["ann"]
    base, records = rng.uniform(0, 5, 3), []
    for number in range(1, rounds + 1):
        groups = list(rng.permutation([0, 0, 0, 1, 1, 1, 0]))
        record = make_record(
            number, NAMES, [groups[0], *groups], vectors=vectors, base=base
        )  # ann and bob share groups
        records.append(record)
        base = base if record.winner is None else record.embeddings[record.winner]
    _, balances = play(REWARDS.make(name), records)
    assert abs(balances[-1].get("ann", 0) - balances[-1].get("bob", 0)) <= 1


@estimating
@given(histories())
@FEW
def test_estimates_lie_in_their_intervals_and_pay_no_more_than_is_sure(name, campaign):
    records, evaluation = campaign
    settlements, balances = play(REWARDS.make(name), records, evaluation=evaluation, closing=False)
    for settlement, after in zip(settlements, balances, strict=True):
        for award in settlement.awards:
            if award.estimate is None:
                assert settlement.covered_rounds == 0
                continue
            assert award.low <= award.estimate <= award.high
            if award.points:
                assert after[award.contributor] <= award.estimate + 1


@pytest.mark.parametrize("name", ["rank", "marginal"])
@given(histories(clustered=False), st.floats(0.01, 5))
@FEW
def test_a_better_value_of_the_own_group_never_lowers_own_points(name, campaign, gain):
    records, evaluation = campaign
    last = replace(records[-1], significant=True)
    values = last.values.copy()
    values[0] += gain
    better = replace(last, values=values)
    _, before = play(REWARDS.make(name), [*records[:-1], last], evaluation=evaluation)
    _, after = play(REWARDS.make(name), [*records[:-1], better], evaluation=evaluation)
    for column, contributor in enumerate(last.contributors):
        if last.weights[0, column] > 0:
            assert after[-1].get(contributor, 0) >= before[-1].get(contributor, 0)


def rename(record, new):
    order = sorted(range(len(record.contributors)), key=lambda i: new[record.contributors[i]])
    return replace(
        record,
        contributors=tuple(new[record.contributors[i]] for i in order),
        weights=record.weights[:, order],
        credits=record.credits[:, order],
    )


@estimating
@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
@FEW
def test_declared_clones_earn_together_what_one_earns(name, seed, clones):
    """k accounts with the same texts, against the same campaign with the first of them only."""
    rng = np.random.default_rng(seed)
    vectors = {n: rng.uniform(0, 5, 3) for n in NAMES}
    held = NAMES[:clones]
    many, one, base = [], [], rng.uniform(0, 5, 3)
    for number in range(1, 4):
        groups = [0] * clones + [*rng.permutation([0, 1, 1, 0][: len(NAMES) - clones]), *[1] * 8]
        groups = groups[: len(NAMES)]
        with_one = make_record(
            number, [NAMES[0], *NAMES[clones:]], [0, *groups[clones:]], vectors=vectors, base=base
        )
        weights = np.zeros((2, len(NAMES)))
        weights[:, [0, *range(clones, len(NAMES))]] = with_one.weights
        weights[:, :clones] = with_one.weights[:, :1] / clones
        together = replace(
            with_one,
            contributors=NAMES,
            weights=weights,
            clusters=(*[0] * clones, *range(clones, len(NAMES))),
        )
        many.append(together)
        one.append(with_one)
        base = base if with_one.winner is None else with_one.embeddings[with_one.winner]
    _, balances = play(REWARDS.make(name), many)
    _, alone = play(REWARDS.make(name), one)
    earned = sum(balances[-1].get(clone, 0) for clone in held)
    assert earned <= 1.02 * alone[-1].get(NAMES[0], 0) + 1


def test_undeclared_clones_are_found_once_rounds_have_told_them_apart():
    rng = np.random.default_rng(5)
    vectors = {n: rng.uniform(0, 5, 3) for n in NAMES}
    vectors["bob"] = vectors["cem"] = vectors["ann"] = np.array([2.8, 1.2, 2.0])
    names = {"many": list(NAMES), "one": ["ann", *NAMES[3:]]}
    earned = {}
    for key, members in names.items():
        base, records = np.zeros(3), []
        for number in range(1, 25):
            groups = list(np.random.default_rng(number).permutation(len(members)) % 2)
            records.append(make_record(number, members, groups, vectors=vectors, base=base, step=0.3))
            if records[-1].winner is not None:
                base = records[-1].embeddings[records[-1].winner]
        _, balances = play(REWARDS.make("decoded_shapley"), records)
        share = sum(balances[-1].values())
        earned[key] = sum(balances[-1].get(clone, 0) for clone in ("ann", "bob", "cem")) / share
    assert 0 < earned["many"] <= 1.02 * earned["one"] + 1 / share
