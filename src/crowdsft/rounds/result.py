"""The machine output of a campaign: one object that says what happened, from the journal alone."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.errors import LedgerError
from crowdsft.core.events import CandidateEvaluated
from crowdsft.core.ledger import LedgerEntry, LedgerHead, verify


def campaign_result(
    state: CampaignState,
    entries: Sequence[LedgerEntry],
    *,
    names: Mapping[str, str],
    total_seconds: float,
    peak_memory_bytes: int,
) -> dict[str, Any]:
    """What `--json` prints.

    A distance is minus a utility, also for the inner product and for a score by judges. Utilities are of the
    reporting sample, which steered nothing. `budget` is what the rounds so far were given: the budget of all rounds
    up to the last one with a clear gain; `carried` is the budget of the rounds since then, which is not paid. A
    round's `winner` counts the candidates, then the merges; `utility` is that of the model which it left.

    Args:
        names: From contributor identifiers to the names to print.
    """
    settings = state.plan
    rounds = [current for current in state.rounds if current.points is not None]
    points = {
        names.get(contributor, contributor): amount for contributor, amount in _everybody(state).items()
    }
    first, last = distance_before(rounds), final_distance(state)
    paid = rounds[-1].points if rounds else None
    closing = state.closing_awards or ()
    result = {
        "campaign": state.campaign,
        "seed": settings.campaign.seed,
        "base_distance": first,
        "final_distance": last,
        "reduction_percent": 100.0 * (first - last) / abs(first) if first else 0.0,
        "rounds": [_round(current, names) for current in rounds],
        "closing_awards": {names.get(a.contributor, a.contributor): a.points for a in closing},
        "points": dict(sorted(points.items())),
        "ledger": _ledger(
            entries, state, budget=(paid.covered_rounds if paid else 0) * settings.points.budget_per_round
        ),
        "carried": paid.carry if paid else 0,
        "seconds": {
            "total": total_seconds,
            "train": sum(candidate.seconds for current in rounds for candidate in current.candidates),
            "generate": sum(
                evaluation.generate_seconds for current in rounds for evaluation in _measured(current)
            ),
            "evaluate": sum(
                evaluation.evaluate_seconds for current in rounds for evaluation in _measured(current)
            ),
        },
        "peak_memory_bytes": peak_memory_bytes,
    }
    return (
        result
        if settings.judging.is_distance
        else result | {"score": {"start": 0.0 - first, "end": 0.0 - last}}
    )


def _everybody(state: CampaignState) -> dict[str, int]:
    """Points of everybody who took part, also of those who have none."""
    totals = {contributor: 0 for current in state.rounds for contributor in current.contributors}
    return totals | state.balances


def distance_before(rounds: Sequence[RoundState]) -> float:
    """Distance of the first base to the target; 0 when nothing was measured."""
    base = rounds[0].base_evaluation if rounds else None
    return -base.report.mean_utility if base else 0.0


def distance_after(rounds: Sequence[RoundState]) -> float:
    """Distance of the base after the last of `rounds`."""
    if not rounds or rounds[-1].base_evaluation is None:
        return 0.0
    left = rounds[-1].left
    assert left is not None
    return -left.report.mean_utility


def final_distance(state: CampaignState) -> float:
    """Distance of the base as it is now, also after a rollback; 0 when nothing was measured."""
    paid = [current for current in state.rounds if current.points is not None]
    behind = [current for current in paid if not current.finished or current.number <= state.base_round]
    return distance_after(behind) if behind else distance_before(paid)


def _round(current: RoundState, names: Mapping[str, str]) -> dict[str, Any]:
    assert current.base_evaluation is not None and current.selected is not None and current.points is not None
    return {
        "round": current.number,
        "base_utility": current.base_evaluation.report.mean_utility,
        "winner": current.winner,
        "tie": current.winner is None,
        "outcome": current.selected.outcome,
        "candidates": [
            {
                "group": evaluation.group,
                "contributors": sorted(names.get(contributor, contributor) for contributor in group),
                "utility": evaluation.report.mean_utility,
                "interval": [evaluation.report.low, evaluation.report.high],
                "gain": evaluation.report.gain,
                "gain_standard_error": evaluation.report.gain_error,
                "utility_of_mean": evaluation.report.utility_of_mean,
            }
            | _judges(evaluation)
            for group, evaluation in zip(current.groups, current.evaluations, strict=True)
        ],
        "merges": [
            {
                "number": merge.number,
                "kind": merge.kind,
                "weights": list(merge.weights),
                "utility": evaluation.report.mean_utility,
                "interval": [evaluation.report.low, evaluation.report.high],
                "gain": evaluation.report.gain,
                "gain_standard_error": evaluation.report.gain_error,
            }
            for merge, evaluation in zip(current.merges, current.merge_evaluations, strict=True)
        ],
        "utility": current.left.report.mean_utility if current.left else None,
        "kept": None if current.kept is None else len(current.kept.kept),
        "awards": dict(
            sorted((names.get(a.contributor, a.contributor), a.points) for a in current.points.awards)
        ),
    }


def _judges(evaluation: CandidateEvaluated) -> dict[str, Any]:
    """What each judge said, where somebody beside the embedding was asked."""
    if not evaluation.judged:
        return {}
    return {
        "judges": {
            score.judge: {
                "weight": score.weight,
                "gain": score.gain,
                "gain_standard_error": score.gain_error,
                "is_guard": score.is_guard,
                "is_harmed": score.is_harmed,
            }
            for score in evaluation.judged
        }
    }


def _measured(current: RoundState) -> list[CandidateEvaluated]:
    return [
        evaluation for evaluation in (current.base_evaluation, *current.contenders) if evaluation is not None
    ]


def _ledger(entries: Sequence[LedgerEntry], state: CampaignState, *, budget: int) -> dict[str, Any]:
    try:
        head = verify(entries)
        valid = head == state.ledger_head
    except LedgerError:
        head, valid = LedgerHead(), False
    total = sum(entry.amount for entry in entries)
    return {"entries": len(entries), "sum": total, "budget": budget, "valid": valid, "head": head.hash}


def peak_memory_bytes(processes: Sequence[int] = ()) -> int:
    """Peak resident memory of this process, plus that of other running `processes` where /proc tells it.

    What getrusage says counts whoever started this process, too: Linux carries its peak over.
    """
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    own_bytes = _peak_of(os.getpid()) or (own if sys.platform == "darwin" else own * 1024)
    return own_bytes + sum(_peak_of(process) for process in processes)


def _peak_of(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
