"""What a campaign is doing, on standard error: one live line where somebody watches, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from crowdsft.cli.app import error_console
from crowdsft.core.campaign import CampaignState, next_step
from crowdsft.rounds.result import distance_after

STEP_WORDS = {
    "measure_target": "measuring the target",
    "open_round": "opening",
    "close_round": "collecting contributions",
    "form_groups": "forming groups",
    "keep_contributions": "choosing contributions",
    "train": "training the candidates",
    "evaluate": "evaluating the candidates",
    "merge": "merging the candidates",
    "select": "choosing the next base",
    "value_groups": "valuing the groups",
    "award": "awarding points",
    "finish_round": "finishing",
    "finish_campaign": "finishing the campaign",
}
STEPS_PER_ROUND = 8
MERGE_WORDS = {"mean": "mean of the groups", "by_value": "groups merged by value"}


class CampaignProgress:
    """Shows the rounds as they happen."""

    def __init__(self, state: CampaignState) -> None:
        self._state = state
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=error_console,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> CampaignProgress:
        self._progress.start()
        self._task = self._progress.add_task(
            "starting", total=self._state.plan.rounds.count * STEPS_PER_ROUND
        )
        self._show(self._state)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def report(self, message: str, fraction: float, parts: Sequence[float] = ()) -> None:
        """A worker's word about the step it is doing."""
        if self._task is not None:
            self._progress.update(self._task, description=f"{self._where()}: {message}")

    def happened(self, state: CampaignState) -> None:
        """A step was written to the journal."""
        finished = len([current for current in state.rounds if current.finished])
        if finished > len([current for current in self._state.rounds if current.finished]):
            error_console.print(round_line(state))
        self._state = state
        self._show(state)

    def _where(self) -> str:
        due = next_step(self._state)
        return (
            f"round {due.round_number} of {self._state.plan.rounds.count}"
            if due and due.round_number
            else "start"
        )

    def _show(self, state: CampaignState) -> None:
        due = next_step(state)
        if self._task is None or due is None:
            return
        done = sum(STEPS_PER_ROUND for current in state.rounds if current.finished)
        self._progress.update(
            self._task, completed=done, description=f"{self._where()}: {STEP_WORDS.get(due.name, due.name)}"
        )


def round_line(state: CampaignState) -> str:
    """One sentence about the newest finished round."""
    rounds = [current for current in state.rounds if current.finished]
    current = rounds[-1]
    paid = sum(award.points for award in current.points.awards) if current.points else 0
    distance = f"distance {distance_after(rounds):.3f}"
    if not state.plan.judging.is_distance:
        distance = f"score {-distance_after(rounds):.3f}"
    if current.selected is not None and current.selected.outcome == "guarded":
        return f"Round {current.number}: who was better fell behind where a guard looks; the base stays, {distance}."
    if current.winner is None:
        return f"Round {current.number}: no candidate was better than the base beyond noise; it stays, {distance}."
    merge = current.won_by_merge
    who = f"group {chr(65 + current.winner % 26)}" if merge is None else f"the {MERGE_WORDS[merge.kind]}"
    return f"Round {current.number}: {who} won, {distance}; {paid} points paid."
