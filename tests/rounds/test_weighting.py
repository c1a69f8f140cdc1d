"""Contributors' weights in a campaign's training."""

import numpy as np
import pytest
from pydantic import ValidationError

from crowdsft.core.evidence import RoundRecord
from crowdsft.core.settings import TrainingSection
from crowdsft.rounds.weighting import training_weights

NAMES = ("ann", "bob", "cem", "dot")


def record(number: int, first: tuple[str, str], values: tuple[float, float]) -> RoundRecord:
    """A round of two groups of two, of which `first` is one."""
    rows = np.array([[name in first for name in NAMES], [name not in first for name in NAMES]]) / 2
    return RoundRecord(
        round_number=number,
        contributors=NAMES,
        weights=rows,
        base_value=-1.0,
        values=np.array(values),
        winner=0,
        significant=True,
    )


HISTORY = [record(1, ("ann", "bob"), (-0.4, -0.9)), record(2, ("ann", "cem"), (-0.4, -0.9))]


@pytest.mark.parametrize("weighting", ["uniform", "points_squared", "exponentiated_gradient"])
def test_everybody_counts_the_same_at_first(weighting: str) -> None:
    weights = training_weights(TrainingSection(weighting=weighting), [], NAMES, balances={})
    assert weights == dict.fromkeys(NAMES, 1.0)


def test_who_makes_groups_better_counts_more_and_nobody_is_left_out() -> None:
    section = TrainingSection(weighting="exponentiated_gradient")
    weights = training_weights(section, HISTORY, NAMES, balances={})
    assert weights["ann"] > weights["bob"] > 0
    assert weights["bob"] > weights["dot"] > 0
    assert sum(weights.values()) == pytest.approx(len(NAMES))


def test_a_faster_rate_goes_further_and_a_newcomer_counts() -> None:
    slow, fast = (
        training_weights(
            TrainingSection(weighting="exponentiated_gradient", weighting_rate=rate),
            HISTORY,
            (*NAMES, "eve"),
            balances={},
        )
        for rate in (0.1, 1.0)
    )
    assert fast["ann"] > slow["ann"]
    assert fast["eve"] > 0


def test_uniform_stays_uniform_and_points_count_where_asked() -> None:
    balances = {"ann": 20, "bob": 10, "cem": 10, "dot": 10}
    assert set(training_weights(TrainingSection(), HISTORY, NAMES, balances=balances).values()) == {1.0}
    squared = training_weights(TrainingSection(weighting="points_squared"), HISTORY, NAMES, balances=balances)
    assert squared["ann"] == pytest.approx(4 * squared["bob"])


def test_an_unknown_weighting_is_refused() -> None:
    with pytest.raises(ValidationError, match="uniform"):
        TrainingSection(weighting="by height")
