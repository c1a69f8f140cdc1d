"""What attackers earn, under the paper's points and under ours.

Ten of fifty contributors attack, in the vector-space world of experiment 3; each campaign is settled round by
round and closed. An attack pays when the attackers' part of the points exceeds what their work was worth: their
part of the Shapley values (clipped at 0) of each round's own members.

    crowdsft experiment attacks --data ../shared/data --output results/attacks
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError
from crowdsft.core.seeds import derive_seed
from crowdsft.experiments.attack_crowds import ATTACKS, Attack
from crowdsft.experiments.attack_play import ATTACKERS, HONEST, Outcome, play_attack
from crowdsft.simulation.vectors import read_vectors

Floats = NDArray[np.float64]

VECTORS_FILE = "movielens_genre_means.csv"
ROUNDS, QUICK_ROUNDS = 60, 30
MARGIN = 0.05  # an attack may earn at most its true part and five points in a hundred
CLONES_MAY_EARN, NOISY_CLONES_MAY_EARN = 1.02, 1.10  # times what one name earns


def run_attacks(
    data: Path,
    output: Path,
    *,
    runs: int = 10,
    seed: int = 1,
    quick: bool = False,
    attacks: Sequence[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Play every attack and write `results.json`, `results.csv`, `attacks.png` and `report.html` to `output`.

    Args:
        data: Folder with the vectors.
        output: Folder to write to; made when missing. Attacks played before are kept there and not played again.
        runs: Campaigns per attack, at least 2.
        seed: Fixes everything.
        quick: 3 runs of 30 rounds: a minute instead of half an hour.
        attacks: Keys of the attacks to play; all when empty.
        progress: Told what is going on.

    Returns:
        The summary, as in `results.json`.

    Raises:
        InputError: when the data cannot be read, or an attack has another name.
        MissingExtraError: when the figure needs packages that are not installed.
    """
    if runs < 2:
        raise InputError(f"runs is {runs}; at least 2 are needed to say how sure a mean is.")
    chosen = _chosen(attacks)
    runs, rounds = (min(runs, 3), QUICK_ROUNDS) if quick else (runs, ROUNDS)
    vectors = read_vectors(data / VECTORS_FILE)
    outcomes: list[Outcome] = []
    for attack in chosen:
        file = output / "played" / f"{attack.key}-runs{runs}-rounds{rounds}-seed{seed}.json"
        outcomes += _played(file) or _play(attack, vectors, file, runs=runs, rounds=rounds, seed=seed)
        progress(f"played: {attack.words}")
    summary = {
        "runs": runs,
        "rounds": rounds,
        "seed": seed,
        "honest": HONEST,
        "attackers": ATTACKERS,
        "attacks": summarise(outcomes),
    }
    (output / "results.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    with (output / "results.csv").open("w", newline="", encoding="utf-8") as table:
        writer = csv.DictWriter(table, list(asdict(outcomes[0])))
        writer.writeheader()
        writer.writerows(asdict(outcome) for outcome in outcomes)
    from crowdsft.experiments.attack_report import write_report

    write_report(output, summary)
    progress(f"report: {output / 'report.html'}")
    return summary


def _played(file: Path) -> list[Outcome]:
    """What was played before; a broken-off run goes on where it was."""
    if not file.exists():
        return []
    return [Outcome(**row) for row in json.loads(file.read_text(encoding="utf-8"))]


def _play(attack: Attack, vectors: Floats, file: Path, *, runs: int, rounds: int, seed: int) -> list[Outcome]:
    outcomes = [
        outcome
        for number in range(runs)
        for outcome in play_attack(attack, vectors, seed=derive_seed(seed, "attacks", number), rounds=rounds)
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps([asdict(outcome) for outcome in outcomes]), encoding="utf-8")
    partial.replace(file)
    return outcomes


def _chosen(keys: Sequence[str]) -> tuple[Attack, ...]:
    known = {attack.key: attack for attack in ATTACKS}
    strangers = [key for key in keys if key not in known]
    if strangers:
        raise InputError(f"there is no attack named {strangers[0]!r}. Allowed: {', '.join(known)}.")
    return tuple(known[key] for key in keys) or ATTACKS


def summarise(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Per attack: the true share, and per policy means, standard errors and whether the goals are met."""
    table = []
    for attack in dict.fromkeys(outcome.attack for outcome in outcomes):
        mine = [outcome for outcome in outcomes if outcome.attack == attack]
        words = next(known.words for known in ATTACKS if known.key == attack)
        table.append(
            {
                "attack": attack,
                "words": words,
                "true_share": float(np.mean([o.true_share for o in mine])),
                "policies": {
                    policy: _figures([o for o in mine if o.policy == policy], attack)
                    for policy in dict.fromkeys(o.policy for o in mine)
                },
            }
        )
    return table


def _figures(outcomes: Sequence[Outcome], attack: str) -> dict[str, Any]:
    shares, excess = (
        np.array([o.share for o in outcomes]),
        np.array([o.share - o.true_share for o in outcomes]),
    )
    one = [o.against_one for o in outcomes if o.against_one is not None]
    victims = [o.victims for o in outcomes if o.victims is not None]
    allowed = {
        "clones": CLONES_MAY_EARN,
        "clones_1": NOISY_CLONES_MAY_EARN,
        "clones_2": NOISY_CLONES_MAY_EARN,
    }
    return {
        "share": float(shares.mean()),
        "share_error": float(shares.std(ddof=1) / np.sqrt(len(shares))),
        "largest_excess": float(excess.max()),
        "is_within_margin": bool(excess.max() <= MARGIN),
        "honest_spearman": float(np.mean([o.honest_spearman for o in outcomes])),
        "honest_spearman_as_one": float(np.mean([o.honest_spearman_as_one for o in outcomes])),
        "honest_limit": float(np.mean([o.honest_limit for o in outcomes])),
        "against_one": float(np.mean(one)) if one else None,
        "largest_against_one": float(np.max(one)) if one else None,
        "clones_stay_one": bool(np.max(one) <= allowed[attack]) if one and attack in allowed else None,
        "victims": float(np.mean(victims)) if victims else None,
        "least_victims": float(np.min(victims)) if victims else None,
    }
