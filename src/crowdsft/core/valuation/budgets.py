"""When to stop: budgets in evaluations, seconds or standard error, combined with `|` and `&`.

`Evaluations(2000) | Seconds(60)` stops at whichever is reached first;
`Evaluations(2000) & StandardError(0.1)` goes on until both are.
"""

from __future__ import annotations

from dataclasses import dataclass

from crowdsft.core.errors import InputError


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a valuation has come.

    Args:
        evaluations: Coalitions evaluated so far.
        seconds: Seconds since the start, by the caller's clock; 0 without a clock.
        largest_error: Largest standard error of a value; infinity until it is known.
        left: Evaluations still allowed; infinity when no count limits them.
    """

    evaluations: int
    seconds: float = 0.0
    largest_error: float = float("inf")
    left: float = float("inf")


class Budget:
    """How many more evaluations are allowed. Parts combine: `|` stops at the first, `&` at the last."""

    __slots__ = ()
    needs_clock = False
    needs_errors = False

    def left(self, progress: Progress) -> float:
        """Evaluations still allowed after `progress`; 0 to stop, infinity when this part sets no count."""
        raise NotImplementedError

    def __or__(self, other: Budget) -> Budget:
        return FirstOf((self, other))

    def __and__(self, other: Budget) -> Budget:
        return LastOf((self, other))


@dataclass(frozen=True, slots=True)
class Evaluations(Budget):
    """Stop after `count` evaluated coalitions."""

    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InputError(f"a budget of {self.count} evaluations allows none; give at least 1.")

    def left(self, progress: Progress) -> float:
        """What is left of the count."""
        return max(0, self.count - progress.evaluations)


@dataclass(frozen=True, slots=True)
class Seconds(Budget):
    """Stop once `limit` seconds have passed; a batch that has begun is finished."""

    limit: float
    needs_clock = True

    def __post_init__(self) -> None:
        if not self.limit > 0:
            raise InputError(f"a budget of {self.limit} seconds allows nothing; give a positive number.")

    def left(self, progress: Progress) -> float:
        """What the pace so far would still reach."""
        if progress.seconds >= self.limit:
            return 0
        if progress.evaluations == 0 or progress.seconds <= 0:
            return float("inf")
        return max(1.0, (self.limit - progress.seconds) * progress.evaluations / progress.seconds)


@dataclass(frozen=True, slots=True)
class StandardError(Budget):
    """Stop once no value has a standard error above `wanted`, in the game's own unit."""

    wanted: float
    needs_errors = True

    def __post_init__(self) -> None:
        if not self.wanted > 0:
            raise InputError(
                f"a wanted standard error of {self.wanted} is never reached; give a positive number."
            )

    def left(self, progress: Progress) -> float:
        """Nothing once the error is small enough; no count before."""
        return 0 if progress.largest_error <= self.wanted else float("inf")


class _Combined(Budget):
    __slots__ = ()
    parts: tuple[Budget, ...]

    @property
    def needs_clock(self) -> bool:  # type: ignore[override]
        return any(part.needs_clock for part in self.parts)

    @property
    def needs_errors(self) -> bool:  # type: ignore[override]
        return any(part.needs_errors for part in self.parts)


@dataclass(frozen=True, slots=True)
class FirstOf(_Combined):
    """Stop when the first of the parts says so."""

    parts: tuple[Budget, ...]

    def left(self, progress: Progress) -> float:
        """The least that a part allows."""
        return min(part.left(progress) for part in self.parts)


@dataclass(frozen=True, slots=True)
class LastOf(_Combined):
    """Stop when all of the parts say so."""

    parts: tuple[Budget, ...]

    def left(self, progress: Progress) -> float:
        """The most that a part allows."""
        return max(part.left(progress) for part in self.parts)
