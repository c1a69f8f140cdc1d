"""A campaign with attackers in it, settled by several policies, and what everybody's work was worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.accounting.mean_game import MeanGame, shapley_of_means
from crowdsft.core.clusters import near_vectors
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.evidence import RoundRecord
from crowdsft.core.rewards import BoundUtility, DecodedShapley, Rank, RewardPolicy, RidgeHistory
from crowdsft.core.seeds import derive_rng
from crowdsft.experiments.attack_crowds import RATINGS, Attack, Move, Play, Scene, honest_name
from crowdsft.simulation.agreement import spearman

Floats = NDArray[np.float64]

HONEST, ATTACKERS, GROUPS = 40, 10, 5
STEP = 0.1
POINTS_PER_CONTRIBUTOR = 100


@dataclass(frozen=True, slots=True)
class Settled:
    """A reward policy, and how often a campaign is settled by it.

    Args:
        policy: The policy.
        words: What readers call it.
        every: Settle after every so many rounds. Policies that estimate everything anew each time may be
            settled more seldom to save time; must be 1 for those that pay each round by itself.
    """

    policy: RewardPolicy
    words: str
    every: int = 1


POLICIES: Mapping[str, Settled] = {
    "paper": Settled(Rank(), "the paper's points"),
    "values": Settled(RidgeHistory(step=STEP), "from values", every=5),
    "decoded": Settled(DecodedShapley(step=STEP, cluster_radius=0.0), "decoded", every=5),
    "decoded_clusters": Settled(DecodedShapley(step=STEP), "decoded, clusters as one"),
}


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
        honest_limit: Rank correlation of those two truths: what perfect points of either kind reach against the
            other's truth.
        against_one: Points of all names over what the same person earned with one name; None for other attacks.
        victims: Mean points of contributors whose work was copied, over what they earn when nobody copies;
            None for other attacks.
    """

    attack: str
    policy: str
    seed: int
    share: float
    true_share: float
    honest_spearman: float
    honest_spearman_as_one: float
    honest_limit: float
    against_one: float | None
    victims: float | None


def play_attack(
    attack: Attack,
    vectors: Floats,
    *,
    seed: int,
    rounds: int,
    policies: Mapping[str, Settled] = POLICIES,
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
    alone = campaign.cut(1) if attack.one_of_many else campaign.cut(0) if attack.has_victims else None
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
            honest_limit=_agreement(truth_as_one, truth),
            against_one=_against_one(points, alone.settle(policy)) if alone and attack.one_of_many else None,
            victims=_of_victims(points, alone.settle(policy)) if alone and attack.has_victims else None,
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

    def settle(self, settled: Settled) -> dict[str, int]:
        """Balances after all rounds and the closing."""
        contributors = {name for record in self.records for name in record.contributors}
        balances = dict.fromkeys(sorted(contributors), 0)
        budget = POINTS_PER_CONTRIBUTOR * (HONEST + ATTACKERS)
        for stop in [*range(settled.every, len(self.records) + 1, settled.every), None]:
            settlement = settled.policy.settle(
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
