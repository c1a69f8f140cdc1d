import numpy as np
import pytest

from crowdsft.core.errors import InputError
from crowdsft.experiments.attack_crowds import ATTACKS, Scene
from crowdsft.experiments.attacks import POLICIES, play_attack, run_attacks, summarise

QUICK = {name: POLICIES[name] for name in ("paper", "decoded_clusters")}


def crowd(count=60, seed=0):
    return np.random.default_rng(seed).uniform(0, 5, (count, 6))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.key)
def test_every_attack_submits_finite_vectors_under_distinct_names(attack):
    vectors = crowd()
    scene = Scene(vectors[:40], vectors[40:50], vectors[50], 10, np.random.default_rng(0))
    play = attack.begin(scene)
    for index in range(10):
        move = play(index, vectors[51])
        assert len(set(move.names)) == len(move.names) == len(move.vectors)
        assert np.isfinite(move.vectors).all()
        assert set(move.copied_from) <= set(move.names)


def test_clones_pay_under_the_papers_points_and_not_under_ours():
    attack = next(attack for attack in ATTACKS if attack.key == "clones")
    outcomes = {o.policy: o for o in play_attack(attack, crowd(), seed=1, rounds=20, policies=QUICK)}
    assert set(outcomes) == set(QUICK)
    assert outcomes["paper"].against_one > 3
    assert outcomes["decoded_clusters"].against_one <= 1.02


def test_a_summary_names_every_policy():
    attack = next(attack for attack in ATTACKS if attack.key == "zeros")
    outcomes = [
        o for seed in (1, 2) for o in play_attack(attack, crowd(), seed=seed, rounds=15, policies=QUICK)
    ]
    (row,) = summarise(outcomes)
    assert set(row["policies"]) == set(QUICK)
    assert row["policies"]["decoded_clusters"]["is_within_margin"]


def test_unknown_attacks_are_refused(shared_data, tmp_path):
    with pytest.raises(InputError, match="no attack named"):
        run_attacks(shared_data, tmp_path, attacks=["teleport"])
