"""Value a game: plan, evaluate, estimate, until the budget is spent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from crowdsft.core.errors import CrowdsftError, EvaluationError, InputError
from crowdsft.core.valuation.base import Game, Method
from crowdsft.core.valuation.budgets import Budget, Evaluations, Progress
from crowdsft.core.valuation.result import Valuation
from crowdsft.core.valuation.samples import ENUMERATED, Coalitions, Floats, Plan, Samples

Clock = Callable[[], float]
_EVALUATE_AT_ONCE = 4096
_FIRST_TIMED_BATCH = 16
_NAME_AT_MOST = 20


def value_game(
    game: Game,
    method: Method,
    budget: Budget | int,
    rng: np.random.Generator,
    *,
    clock: Clock | None = None,
    progress: Callable[[Progress], None] | None = None,
    evaluate_at_once: int = _EVALUATE_AT_ONCE,
    start: Valuation | None = None,
) -> Valuation:
    """Value the players of `game`.

    Args:
        game: Batched utility of coalitions.
        method: How to choose coalitions and what to make of them; see `METHODS`.
        budget: When to stop; a whole number is a number of evaluations.
        rng: Chance for the coalitions.
        clock: Seconds, as `time.monotonic` gives them; needed for budgets in seconds.
        progress: Called after each batch.
        evaluate_at_once: Largest batch that the game is given.
        start: An earlier valuation of the same game, to go on from; its evaluations count.

    Returns:
        The valuation, with its samples.

    Raises:
        InputError: A budget that the method cannot work with, or a clock that is missing.
        EvaluationError: The game failed or gave something that is not a finite number; names the coalition.
    """
    budget = Evaluations(budget) if isinstance(budget, int) else budget
    if budget.needs_clock and clock is None:
        raise InputError("a budget in seconds needs a clock: pass clock=time.monotonic.")
    if game.n < 1:
        raise InputError(f"a game of {game.n} players has nobody to value.")
    samples = _samples_to_go_on_from(start, game.n)
    begun = clock() if clock else 0.0
    while True:
        state = _state(method, budget, samples, clock() - begun if clock else 0.0)
        left = budget.left(state)
        plan = method.plan(samples, _round_size(samples, left), rng) if left >= 1 else None
        if plan is None or len(plan) == 0:
            break
        values = np.zeros(0)
        while len(values) < len(plan):
            batch = evaluate_at_once if not budget.needs_clock else max(_FIRST_TIMED_BATCH, len(values) // 2)
            rows = plan.coalitions[len(values) : len(values) + min(batch, evaluate_at_once)]
            values = np.concatenate([values, evaluate(game, rows)])
            seconds = clock() - begun if clock else 0.0
            state = replace(state, evaluations=samples.evaluations + len(values), seconds=seconds)
            state = replace(state, left=budget.left(state))
            if progress:
                progress(state)
            if budget.needs_clock and state.left < 1:
                break
        samples = samples.joined(_complete_blocks(plan, values))
    return estimate(method, samples)


def estimate(method: Method, samples: Samples) -> Valuation:
    """What `method` makes of samples already at hand."""
    if not samples.has_ends() and len(samples) == 0:
        raise InputError("nothing has been evaluated: give a larger budget.")
    found = method.estimate(samples)
    nobody, everybody = samples.ends() if samples.has_ends() else (float("nan"), float("nan"))
    return Valuation(
        method=name_of(method),
        values=found.values,
        errors=found.errors,
        evaluations=samples.evaluations,
        total=everybody - nobody,
        degrees=found.degrees,
        samples=samples,
    )


def merge(first: Valuation, second: Valuation, method: Method) -> Valuation:
    """One valuation from the samples of two of the same game.

    Raises:
        InputError: Different numbers of players, or a valuation without samples.
    """
    if first.samples is None or second.samples is None:
        raise InputError("only valuations that kept their samples can be merged.")
    if first.samples.n != second.samples.n:
        raise InputError(
            f"games of {first.samples.n} and of {second.samples.n} players are different games; "
            "merge valuations of one game."
        )
    return estimate(method, first.samples.joined(second.samples))


def name_of(method: Method) -> str:
    """The method's name in the table, or its class's name when it is not one of ours."""
    return str(getattr(method, "name", type(method).__name__))


def members_of(coalition: Coalitions) -> str:
    """The members' indices, for messages; bool[n] -> "{0, 3, 7}"."""
    members = np.flatnonzero(coalition)
    shown = ", ".join(str(member) for member in members[:_NAME_AT_MOST])
    rest = f", ... ({len(members)} members)" if len(members) > _NAME_AT_MOST else ""
    return "{" + shown + rest + "}"


def _samples_to_go_on_from(start: Valuation | None, n: int) -> Samples:
    if start is None:
        return Samples.none(n)
    if start.samples is None:
        raise InputError("this valuation did not keep its samples, so it cannot go on; start afresh.")
    if start.samples.n != n:
        raise InputError(f"the earlier valuation has {start.samples.n} players and this game {n}.")
    return start.samples


def _state(method: Method, budget: Budget, samples: Samples, seconds: float) -> Progress:
    largest = float("inf")
    if budget.needs_errors and len(samples) > samples.n + 1:
        largest = float(method.estimate(samples).errors.max())
    state = Progress(evaluations=samples.evaluations, seconds=seconds, largest_error=largest)
    return replace(state, left=budget.left(state))


def _round_size(samples: Samples, left: float) -> int:
    """Everything when the budget is a count; otherwise enough to begin, then a third more each time."""
    if np.isfinite(left):
        return int(left)
    return max(6 * samples.n + 2, samples.evaluations // 3)


def _complete_blocks(plan: Plan, values: Floats) -> Samples:
    """The plan's first rows with their values, less a block whose other rows were not evaluated any more."""
    done, missing = plan.blocks[: len(values)], plan.blocks[len(values) :]
    keep = (done == ENUMERATED) | ~np.isin(done, missing)
    return Samples(plan.coalitions[: len(values)][keep], values[keep], done[keep], len(values))


def evaluate(game: Game, coalitions: Coalitions) -> Floats:
    """Values of `coalitions`, checked; float64[m].

    Raises:
        EvaluationError: Names the coalition on which the game failed or which has no finite value.
    """
    try:
        values = np.asarray(game(coalitions), dtype=np.float64)
    except CrowdsftError:
        raise
    except Exception as error:
        raise _failure(game, coalitions, error) from error
    if values.shape != (len(coalitions),):
        raise EvaluationError(
            f"the game was given {len(coalitions)} coalitions and answered with shape {values.shape}; "
            f"it must answer with one number each, shape ({len(coalitions)},)."
        )
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise EvaluationError(
            f"the value of coalition {members_of(coalitions[bad[0]])} is {values[bad[0]]}, "
            "not a finite number. Make the game return a number for every coalition, or raise an error."
        )
    return values


def _failure(game: Game, coalitions: Coalitions, error: Exception) -> EvaluationError:
    """Say on which coalition the game fails, by trying them one at a time."""
    for row in coalitions:
        try:
            game(row[None])
        except Exception as alone:
            return EvaluationError(f"the game failed on coalition {members_of(row)}: {alone!r}.")
    return EvaluationError(
        f"the game failed on a batch of {len(coalitions)} coalitions, "
        f"though on none of them alone: {error!r}."
    )
