"""What attackers earn, under the paper's points and under ours.

Ten of fifty contributors attack, in the vector-space world of experiment 3; each campaign is settled round by
round and closed. An attack pays when the attackers' part of the points exceeds what their work was worth: their
part of the Shapley values (clipped at 0) of each round's own members.

    python -m crowdsft.experiments.attacks --data ../shared/data --output results/attacks
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.mean_game import MeanGame, shapley_of_means
from crowdsft.core.clusters import near_vectors
from crowdsft.core.errors import InputError, MissingExtraError
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards import BoundUtility, DecodedShapley, Rank, RewardPolicy, RidgeHistory
from crowdsft.core.seeds import derive_rng, derive_seed
from crowdsft.experiments.attack_crowds import ATTACKS, RATINGS, Attack, Move, Play, Scene, honest_name
from crowdsft.simulation.agreement import spearman
from crowdsft.simulation.vectors import read_vectors

Floats = NDArray[np.float64]

VECTORS_FILE = "movielens_genre_means.csv"
HONEST, ATTACKERS, GROUPS = 40, 10, 5
STEP = 0.1
POINTS_PER_CONTRIBUTOR = 100
ROUNDS, QUICK_ROUNDS = 60, 30
POLICIES: Mapping[str, RewardPolicy] = {
    "paper": Rank(),
    "values": RidgeHistory(step=STEP),
    "decoded": DecodedShapley(step=STEP, cluster_radius=0.0),
    "decoded_clusters": DecodedShapley(step=STEP),
}
POLICY_WORDS = {
    "paper": "paper's points",
    "values": "from values (V)",
    "decoded": "decoded (Φ)",
    "decoded_clusters": "decoded + clusters",
}
MARGIN = 0.05  # an attack may earn at most its true part and five points in a hundred
CLONES_MAY_EARN, NOISY_CLONES_MAY_EARN = 1.02, 1.10  # times what one name earns


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attack earned in one campaign.

    Args:
        attack, policy, seed: Which.
        share: The attackers' part of all points paid.
        true_share: Their part of the accurate Shapley values, clipped at 0, summed over paid rounds.
        honest_spearman: Rank correlation of the honest contributors' points with their true values.
        honest_spearman_as_one: The same with the true values of the game in which near-identical vectors
            are one player, which is the fairness that policies with clusters promise.
        against_one: Points of all names over what the same person earned with one name; None for other attacks.
        victims: Mean points of contributors whose texts were copied, over what they earn when nobody copies;
            None for other attacks.
    """

    attack: str
    policy: str
    seed: int
    share: float
    true_share: float
    honest_spearman: float
    honest_spearman_as_one: float
    against_one: float | None
    victims: float | None


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
    """Play every attack and write `results.json`, `results.csv` and `attacks.png` to `output`.

    Args:
        data: Folder with the vectors.
        output: Folder to write to; made when missing.
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
        for number in range(runs):
            outcomes += play_attack(attack, vectors, seed=derive_seed(seed, "attacks", number), rounds=rounds)
        progress(f"played: {attack.words}")
    table = summarise(outcomes)
    summary = {"runs": runs, "rounds": rounds, "seed": seed, "attacks": table}
    output.mkdir(parents=True, exist_ok=True)
    (output / "results.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    with (output / "results.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(asdict(outcomes[0])))
        writer.writeheader()
        writer.writerows(asdict(outcome) for outcome in outcomes)
    draw(table, output / "attacks.png")
    progress(f"figure: {output / 'attacks.png'}")
    return summary


def play_attack(
    attack: Attack,
    vectors: Floats,
    *,
    seed: int,
    rounds: int,
    policies: Mapping[str, RewardPolicy] = POLICIES,
) -> Iterator[Outcome]:
    """One campaign with the attack, settled by every policy, and what it would have been without.

    Args:
        attack: Which attack.
        vectors: float64[m, d]; whom contributors and the target are drawn from.
        seed: Fixes crowd, groups and attack.
        rounds: Length of the campaign.
        policies: Which to settle by.
    """
    campaign = _Campaign.with_attackers(attack, vectors, seed=seed, rounds=rounds)
    alone = (
        campaign.cut(1) if attack.one_of_many else campaign.cut(0) if attack.key == "copied_texts" else None
    )
    truth, truth_as_one = campaign.true_values(), campaign.true_values(as_one=True)
    for name, policy in policies.items():
        points = campaign.settle(policy)
        total = sum(points.values())
        yield Outcome(
            attack=attack.key,
            policy=name,
            seed=seed,
            share=sum(_of(points, attackers=True)) / total if total else 0.0,
            true_share=sum(_of(truth, attackers=True)) / sum(truth.values()),
            honest_spearman=_agreement(points, truth),
            honest_spearman_as_one=_agreement(points, truth_as_one),
            against_one=_against_one(points, alone.settle(policy)) if alone and attack.one_of_many else None,
            victims=_of_victims(points, alone.settle(policy)) if alone and not attack.one_of_many else None,
        )


@dataclass(frozen=True, slots=True)
class _Campaign:
    """Records of a campaign, and what everybody submitted in each round."""

    records: tuple[RoundRecord, ...]
    submitted: tuple[Mapping[str, Floats], ...]
    utility: BoundUtility
    seed: int
    play: Callable[[int], _Campaign]

    @classmethod
    def with_attackers(cls, attack: Attack, vectors: Floats, *, seed: int, rounds: int) -> _Campaign:
        rng = derive_rng(seed, "crowd")
        picked = vectors[rng.permutation(len(vectors))[: HONEST + ATTACKERS + 1]]
        target, honest, own = picked[0], picked[1 : HONEST + 1], picked[HONEST + 1 :]
        start: Floats = np.asarray(rng.uniform(*RATINGS, vectors.shape[1]))
        utility = BoundUtility(UTILITIES.make("l2"), target)

        def play(kept: int) -> _Campaign:
            scene = Scene(honest, own, target, rounds, derive_rng(seed, "attack"))
            move = attack.begin(scene)
            records, submitted = [], []
            model, groups_rng = start, derive_rng(seed, "groups")
            for index in range(rounds):
                vectors_of, clusters = _members(honest, move, index, model, kept)
                record = _round(index + 1, vectors_of, clusters, model, utility, groups_rng)
                records.append(record)
                submitted.append(vectors_of)
                if record.winner is not None and record.embeddings is not None:
                    model = record.embeddings[record.winner]
            return cls(tuple(records), tuple(submitted), utility, seed, play)

        return play(ATTACKERS)

    def cut(self, kept: int) -> _Campaign:
        """The same campaign with the first `kept` attackers only."""
        return self.play(kept)

    def settle(self, policy: RewardPolicy) -> dict[str, int]:
        """Balances after all rounds and the closing."""
        contributors = {name for record in self.records for name in record.contributors}
        balances = dict.fromkeys(sorted(contributors), 0)
        budget = POINTS_PER_CONTRIBUTOR * (HONEST + ATTACKERS)
        for stop in [*range(1, len(self.records) + 1), None]:
            settlement = policy.settle(
                self.records[:stop],
                balances={name: points for name, points in balances.items() if points},
                budget_per_round=budget,
                utility=self.utility,
                seed=self.seed,
                closing=stop is None,
            )
            for award in settlement.awards:
                balances[award.contributor] += award.points
        return balances

    def true_values(self, *, as_one: bool = False) -> dict[str, float]:
        """Shapley shares, clipped at 0, summed over the rounds that are paid.

        as_one: Whether those with near-identical vectors are one player, each shown with the player's share.
        """
        shares: dict[str, float] = {}
        last = max((k for k, record in enumerate(self.records) if record.significant), default=-1)
        known: dict[bytes, Floats] = {}
        for members in self.submitted[: last + 1]:
            points = np.array(list(members.values()))
            key = points.tobytes()
            if key not in known:
                known[key] = self._shares(points, as_one=as_one)
            for name, value in zip(members, known[key], strict=True):
                shares[name] = shares.get(name, 0.0) + float(value)
        return shares

    def _shares(self, points: Floats, *, as_one: bool) -> Floats:
        players = np.arange(len(points))
        if as_one:
            certain = np.zeros((len(points), len(points)))
            players = near_vectors(points, certain, radius=DecodedShapley().cluster_radius)[0]
        first, player_of = np.unique(players, return_inverse=True)
        nobody = float(self.utility(np.zeros((1, points.shape[1])))[0])
        values = np.maximum(shapley_of_means(MeanGame(points[first], self.utility, nobody)), 0.0)
        result: Floats = (values / values.sum())[player_of]
        return result


def _members(
    honest: Floats, play: Play, index: int, model: Floats, kept: int
) -> tuple[dict[str, Floats], dict[str, str]]:
    """Who submits what in a round, in order of names, and whose texts are whose."""
    move: Move = play(index, model)
    everybody = {honest_name(number): vector for number, vector in enumerate(honest)}
    everybody |= dict([*zip(move.names, move.vectors, strict=True)][:kept])
    return dict(sorted(everybody.items())), {a: b for a, b in move.copied_from.items() if a in everybody}


def _round(
    number: int,
    members: Mapping[str, Floats],
    copied_from: Mapping[str, str],
    model: Floats,
    utility: BoundUtility,
    rng: np.random.Generator,
) -> RoundRecord:
    """One round with random groups; the best candidate becomes the model when it is better."""
    names = tuple(members)
    group = rng.permutation(len(names)) % GROUPS
    weights = (group == np.arange(GROUPS)[:, None]).astype(np.float64)
    weights /= weights.sum(axis=1, keepdims=True)
    candidates = model + STEP * (weights @ np.array(list(members.values())) - model)
    values, base_value = utility(candidates), float(utility(model[None])[0])
    improved = bool(values.max() > base_value)
    return RoundRecord(
        round_number=number,
        contributors=names,
        weights=weights,
        base_value=base_value,
        values=values,
        winner=int(np.argmax(values)) if improved else None,
        significant=improved,
        base_embedding=model,
        embeddings=candidates,
        clusters=tuple(names.index(copied_from.get(name, name)) for name in names) if copied_from else (),
    )


def _chosen(keys: Sequence[str]) -> tuple[Attack, ...]:
    known = {attack.key: attack for attack in ATTACKS}
    strangers = [key for key in keys if key not in known]
    if strangers:
        raise InputError(f"there is no attack named {strangers[0]!r}. Allowed: {', '.join(known)}.")
    return tuple(known[key] for key in keys) or ATTACKS


def _is_attacker(name: str) -> bool:
    return name.startswith("attacker")


def _of(amounts: Mapping[str, float], *, attackers: bool) -> list[float]:
    return [amount for name, amount in sorted(amounts.items()) if _is_attacker(name) == attackers]


def _agreement(points: Mapping[str, float], truth: Mapping[str, float]) -> float:
    pair = (np.array([_of(amounts, attackers=False)]) for amounts in (points, truth))
    return float(spearman(*pair)[0])


def _against_one(points: Mapping[str, float], alone: Mapping[str, float]) -> float:
    """Points of all names over those of one; the point that rounding may bring is not counted."""
    many, one = sum(_of(points, attackers=True)), sum(_of(alone, attackers=True))
    scale = sum(alone.values()) / max(sum(points.values()), 1)  # campaigns may have paid different rounds
    return max(0.0, many * scale - 1) / max(one, 1)


def _of_victims(points: Mapping[str, float], alone: Mapping[str, float]) -> float:
    victims = [honest_name(number) for number in range(ATTACKERS)]
    scale = sum(alone.values()) / max(sum(points.values()), 1)
    before = sum(alone[name] for name in victims)
    return sum(points[name] for name in victims) * scale / max(before, 1)


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
        "against_one": float(np.mean(one)) if one else None,
        "largest_against_one": float(np.max(one)) if one else None,
        "clones_stay_one": bool(np.max(one) <= allowed[attack]) if one and attack in allowed else None,
        "victims": float(np.mean(victims)) if victims else None,
    }


def draw(table: Sequence[Mapping[str, Any]], file: Path) -> None:
    """The attackers' part of the points, per attack and policy, beside what their work was worth.

    Raises:
        MissingExtraError: when matplotlib is not installed.
    """
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch
    except ImportError:
        raise MissingExtraError("drawing figures", "experiments") from None
    colours = dict(zip(POLICIES, ("#3c5086", "#b26a00", "#8cc5b4", "#12715b"), strict=True))
    figure, panel = pyplot.subplots(figsize=(9.5, 0.62 * len(table) + 1.9))
    height = 0.8 / len(POLICIES)
    for row, attack in enumerate(table):
        for bar, (policy, colour) in enumerate(colours.items()):
            figures = attack["policies"][policy]
            y = row + (bar - (len(POLICIES) - 1) / 2) * height
            panel.barh(y, figures["share"], height * 0.9, color=colour)
            panel.errorbar(figures["share"], y, xerr=figures["share_error"], color="#1c2321", lw=0.8)
        panel.plot([attack["true_share"]] * 2, [row - 0.44, row + 0.44], color="#1c2321", lw=2)
    keys = [*(Patch(color=colour) for colour in colours.values()), Line2D([], [], color="#1c2321", lw=2)]
    figure.legend(
        keys, [*POLICY_WORDS.values(), "what the work was worth"], ncol=5, frameon=False, fontsize=8.5,
        loc="upper left", bbox_to_anchor=(0.01, 0.965),
    )  # fmt: skip
    panel.set_yticks(range(len(table)), [attack["words"] for attack in table])
    panel.invert_yaxis()
    panel.set_xlabel("share of all points that went to the 10 attackers among 50 contributors")
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="x", color="#dfe4e2", lw=0.7)
    panel.set_axisbelow(True)
    figure.suptitle("What attackers earn", x=0.02, ha="left", fontsize=13, fontweight="bold")
    figure.tight_layout(rect=(0, 0, 1, 0.955))
    figure.savefig(file, dpi=170)
    pyplot.close(figure)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help=f"folder with {VECTORS_FILE}")
    parser.add_argument("--output", type=Path, default=Path("attacks"))
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="3 runs of 30 rounds")
    parser.add_argument("--attack", action="append", default=[], help="play only this one; may be repeated")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    options = parser.parse_args(arguments)
    summary = run_attacks(
        options.data,
        options.output,
        runs=options.runs,
        seed=options.seed,
        quick=options.quick,
        attacks=options.attack,
        progress=lambda line: print(line, file=sys.stderr, flush=True),  # noqa: T201
    )
    if options.json:
        print(json.dumps(summary))  # noqa: T201


if __name__ == "__main__":
    main()
