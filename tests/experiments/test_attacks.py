import csv
import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from crowdsft.cli.experiment import app
from crowdsft.core.errors import InputError
from crowdsft.experiments.attack_crowds import ATTACKS, Scene
from crowdsft.experiments.attack_play import POLICIES, play_attack
from crowdsft.experiments.attacks import run_attacks, summarise

ALONE = {"decoded": POLICIES["decoded"]}
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


@pytest.mark.parametrize(("key", "copied"), [("copies", False), ("copied_texts", True)])
def test_who_is_copied_keeps_the_points(key, copied):
    attack = next(attack for attack in ATTACKS if attack.key == key)
    outcomes = {o.policy: o for o in play_attack(attack, crowd(), seed=2, rounds=30, policies=QUICK)}
    assert outcomes["decoded_clusters"].victims >= 0.95
    assert outcomes["decoded_clusters"].share < 0.02
    assert outcomes["paper"].victims < 1.05
    assert outcomes["paper"].share > 0.1
    assert (
        bool(
            attack.begin(Scene(crowd()[:40], crowd()[40:50], crowd()[50], 3, np.random.default_rng(0)))(
                1, crowd()[51]
            ).copied_from
        )
        == copied
    )


def test_who_stops_working_is_not_paid_on():
    attack = next(attack for attack in ATTACKS if attack.key == "coasters")
    outcomes = {o.policy: o for o in play_attack(attack, crowd(), seed=1, rounds=60, policies=ALONE)}
    mine = outcomes["decoded"]
    assert abs(mine.share - mine.true_share) < 0.02
    assert mine.honest_spearman > 0.97


def test_the_command_writes_tables_a_figure_and_a_page(tmp_path):
    pytest.importorskip("matplotlib")
    data, output = tmp_path / "data", tmp_path / "output"
    data.mkdir()
    header = ",".join(["user", *(f"genre{number}" for number in range(6))])
    np.savetxt(
        data / "movielens_genre_means.csv",
        np.column_stack([np.arange(60), crowd()]),
        delimiter=",",
        header=header,
        comments="",
    )
    command = [
        "attacks",
        "--data",
        str(data),
        "--output",
        str(output),
        "--runs",
        "2",
        "--quick",
    ]
    command += ["--attack", "clones", "--attack", "copied_texts", "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary == json.loads((output / "results.json").read_text(encoding="utf-8"))
    assert [row["attack"] for row in summary["attacks"]] == ["clones", "copied_texts"]
    with (output / "results.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * len(POLICIES)
    assert all(0 <= float(row["share"]) <= 1 for row in rows)
    assert (output / "attacks.png").read_bytes().startswith(b"\x89PNG")
    page = (output / "report.html").read_text(encoding="utf-8")
    assert "One person, ten names" in page
    assert "Those who are copied" in page
    assert len(re.findall("<img ", page)) == 1
    (output / "results.json").unlink()
    again = CliRunner().invoke(app, command)
    assert json.loads(again.stdout) == summary  # from what is kept, or played again, it is the same
