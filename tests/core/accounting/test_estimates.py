"""What is solved for is what the world was made of."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).parent))

from worlds import campaign

from crowdsft.core.accounting.composition import compose
from crowdsft.core.accounting.crowd import gather
from crowdsft.core.accounting.decoding import decode
from crowdsft.core.accounting.mixing import PLAIN, most_likely_mixing
from crowdsft.core.accounting.steps import stacked_embeddings, step_of_embeddings
from crowdsft.core.accounting.value_model import learn
from crowdsft.core.rewards import BoundUtility, DecodedShapley, RidgeHistory
from crowdsft.core.valuation import METHODS, centroid_truth, value_game


def world(count, seed=0, dimensions=6):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 5, (count, dimensions)), rng.uniform(0, 5, dimensions)


def correlation(a, b):
    return float(np.corrcoef(a, b)[0, 1])


def test_every_measured_model_is_the_mixture_it_is_said_to_be():
    vectors, target = world(7)
    records, _ = campaign(vectors, target, rounds=6, groups=3, step=0.3)
    measured = compose(records, gather(records), step=0.3)
    start = records[0].base_embedding
    assert measured.made_of @ np.vstack([vectors, start]) == pytest.approx(stacked_embeddings(records))
    assert measured.made_of.sum(axis=1) == pytest.approx(np.ones(len(measured.made_of)))


def test_vectors_are_decoded_exactly_once_rounds_suffice():
    vectors, target = world(9)
    records, _ = campaign(vectors, target, rounds=8, groups=3, step=0.3)
    decoded = decode(compose(records, gather(records), step=0.3).made_of, stacked_embeddings(records))
    assert decoded.vectors == pytest.approx(vectors, abs=1e-6)
    assert np.diagonal(decoded.covariance) == pytest.approx(np.zeros(9), abs=1e-6)


def test_before_that_it_says_what_it_cannot_know():
    vectors, target = world(9)
    records, _ = campaign(vectors, target, rounds=2, groups=2, step=0.3)
    decoded = decode(compose(records, gather(records), step=0.3).made_of, stacked_embeddings(records))
    assert (decoded.unseen > 0.3).all()
    assert (np.diagonal(decoded.covariance) >= decoded.unseen - 1e-9).all()


@pytest.mark.parametrize("step", [0.1, 0.37, 1.0])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_step_is_found(step, noise):
    vectors, target = world(10)
    records, _ = campaign(vectors, target, rounds=20, groups=3, step=step, noise=noise)
    assert step_of_embeddings(records, gather(records)) == pytest.approx(step, rel=0.1 if noise else 1e-3)


@pytest.mark.parametrize("power", [1.0, 2.5, 4.0])
def test_the_mixing_is_found(power):
    vectors, target = world(8)
    records, _ = campaign(vectors, target, rounds=20, groups=3, step=1.0, power=power)
    crowd = gather(records)
    mixing = most_likely_mixing(
        np.concatenate(crowd.weights), np.concatenate([r.embeddings for r in records])
    )
    assert mixing.exponent == pytest.approx(power, rel=0.05)


@dataclass
class PowerMeanGame:
    """A coalition is worth the utility of its members' power mean, nobody that of the zero vector."""

    vectors: np.ndarray
    utility: BoundUtility
    power: float

    @property
    def n(self):
        return len(self.vectors)

    def __call__(self, coalitions):
        shares = coalitions / np.maximum(coalitions.sum(axis=1, keepdims=True), 1)
        return self.utility((shares @ self.vectors**self.power) ** (1 / self.power))


@pytest.mark.parametrize("evaluation", ["l2", "l1", "dot"])
def test_decoded_points_follow_shapley_values_when_groups_mix_by_a_power_mean(evaluation):
    found = []
    for seed in range(5):
        vectors, target = world(10, seed=seed)
        records, utility = campaign(
            vectors, target, rounds=40, groups=3, step=0.1, evaluation=evaluation, power=4.0, seed=seed
        )
        if not any(record.significant for record in records):
            continue  # no candidate came nearer, so nothing is due and nothing is estimated
        truth = value_game(
            PowerMeanGame(vectors, utility, 4.0), METHODS.make("exact"), 1 << 10, np.random.default_rng(0)
        )
        settled = DecodedShapley(step=0.1).settle(
            records, balances={}, budget_per_round=1000, utility=utility, seed=1
        )
        found.append(spearmanr([award.estimate for award in settled.awards], truth.values).statistic)
    print(f"{evaluation}: Spearman mean {np.mean(found):.4f}, least {min(found):.4f}")
    assert len(found) >= 4 and min(found) >= 0.92


def test_noise_passes_for_no_mixing():
    vectors, target = world(8)
    records, _ = campaign(vectors, target, rounds=20, groups=3, step=1.0, noise=0.3)
    crowd = gather(records)
    embeddings = np.concatenate([r.embeddings for r in records])
    assert most_likely_mixing(np.concatenate(crowd.weights), embeddings) == PLAIN


@pytest.mark.parametrize(("evaluation", "bend"), [("l2", "square"), ("dot", "linear"), ("l1", "absolute")])
def test_values_alone_tell_the_utility_and_its_kind(evaluation, bend):
    vectors, target = world(8)
    records, utility = campaign(vectors, target, rounds=40, groups=3, step=0.2, evaluation=evaluation)
    measured = compose(records, gather(records), step=0.2)
    values = np.concatenate([[r.base_value, *r.values] for r in records])
    model = learn(measured.made_of, values, measured.round_of)
    assert model.kernel.bend == bend
    pairs = np.eye(8, 9)[:, None] / 2 + np.eye(8, 9)[None] / 2
    truth = utility((pairs @ np.vstack([vectors, np.zeros(6)])).reshape(-1, 6))
    assert correlation(model(pairs).ravel(), truth) > (0.8 if evaluation == "l1" else 0.999)


@pytest.mark.parametrize("evaluation", ["l2", "l1", "dot"])
@pytest.mark.parametrize(("policy", "least"), [(DecodedShapley(), 0.999), (RidgeHistory(), 0.9)])
def test_estimates_track_accurate_shapley_values(policy, least, evaluation):
    vectors, target = world(20, seed=3)
    records, utility = campaign(vectors, target, rounds=40, groups=3, step=0.1, evaluation=evaluation)
    appraisal = policy.appraise(records, gather(records), utility=utility)
    values = appraisal.worths(0, np.arange(20), appraisal.clusters)[0].values
    truth = centroid_truth(vectors, target, evaluation=evaluation, rng=np.random.default_rng(0)).values
    assert correlation(values, truth) > least


@pytest.mark.parametrize("policy", [DecodedShapley(step=0.2), RidgeHistory(step=0.2)])
def test_intervals_shrink_with_evidence_and_mostly_hold_the_truth(policy):
    inside, widths = [], []
    for seed in range(4):
        vectors, target = world(15, seed)
        records, utility = campaign(vectors, target, rounds=30, groups=3, step=0.2, noise=0.5, seed=seed)
        truth = centroid_truth(vectors, target, evaluation="l2", rng=np.random.default_rng(0)).values
        for stop in (3, 30):
            appraisal = policy.appraise(records[:stop], gather(records[:stop]), utility=utility)
            worth = appraisal.worths(0, np.arange(15), np.arange(15))[0]
            off = (worth.values - worth.values.mean()) - (truth - truth.mean())
            inside.append(np.abs(off) <= 1.96 * worth.errors)
            widths.append(worth.errors.mean())
    assert np.mean(inside) > 0.85
    assert np.mean(widths[1::2]) < 0.7 * np.mean(widths[::2])
