"""Shapley values of merging candidates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from crowdsft.core.errors import InputError  # noqa: E402
from crowdsft.training import BACKENDS, Example, GroupData, TrainingOptions  # noqa: E402
from crowdsft.training.group_shapley import MergedGame, MinusLoss, group_shapley  # noqa: E402
from crowdsft.training.merging import adapter_deltas, merge_adapters  # noqa: E402
from crowdsft.training.models import LoadedModel, model_with_adapters  # noqa: E402

pytestmark = pytest.mark.train
UTILITY = MinusLoss([Example("How was it?", "It was joy indeed."), Example("How was it?", "It was awe.")])


@pytest.fixture
def adapters(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> list[Path]:
    return [
        candidate.adapter
        for candidate in BACKENDS.make("multi_lora").train(llama, groups, options=options, output=tmp_path)
    ]


def test_values_sum_to_the_gain_of_merging_all_and_leave_the_base_alone(
    llama: LoadedModel, adapters: list[Path], tmp_path: Path
) -> None:
    before = {key: value.clone() for key, value in llama.model.state_dict().items()}
    weights = [3.0, 5.0, 1.0]
    found = group_shapley(llama, adapters, UTILITY, weights=weights, rng=np.random.default_rng(0))
    merged, _ = merge_adapters(adapters, [weight / 9 for weight in weights], output=tmp_path / "merged")
    gain = UTILITY(model_with_adapters(llama, [merged])) - UTILITY(llama)
    assert found.values.sum() == pytest.approx(gain, abs=1e-5)
    assert (found.evaluations, float(found.errors.max())) == (8, 0.0)
    after = llama.model.state_dict()
    assert all(torch.equal(after[key], before[key]) for key in before)
    assert llama.model.get_input_embeddings().weight is llama.model.get_output_embeddings().weight


def test_two_candidates_by_hand(llama: LoadedModel, adapters: list[Path], tmp_path: Path) -> None:
    pair = adapters[:2]
    both, _ = merge_adapters(pair, [0.5, 0.5], output=tmp_path / "merged")
    first, second, together = (
        UTILITY(model_with_adapters(llama, [folder])) - UTILITY(llama) for folder in (*pair, both)
    )
    found = group_shapley(llama, pair, UTILITY, rng=np.random.default_rng(0)).values
    expected = [(first + together - second) / 2, (second + together - first) / 2]
    assert found == pytest.approx(expected, abs=1e-5)


def test_equal_candidates_are_worth_the_same_and_many_are_sampled(
    llama: LoadedModel, adapters: list[Path]
) -> None:
    many = [*adapters, *adapters, *adapters]
    found = group_shapley(llama, many, UTILITY, coalitions=60, rng=np.random.default_rng(0))
    assert found.evaluations <= 60
    assert found.efficiency_gap < 1e-9
    same = group_shapley(llama, adapters[:1] * 3, UTILITY, rng=np.random.default_rng(0)).values
    assert same == pytest.approx([same[0]] * 3, abs=1e-6)


def test_what_does_not_match_is_refused(llama: LoadedModel, adapters: list[Path]) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="no candidates"):
        group_shapley(llama, [], UTILITY, rng=rng)
    with pytest.raises(InputError, match="as many positive weights"):
        group_shapley(llama, adapters, UTILITY, weights=[1.0, 0.0, 1.0], rng=rng)
    with pytest.raises(InputError, match="as many positive weights"):
        MergedGame(llama, [dict(adapter_deltas(llama.model, adapters[0]))], np.ones(2), UTILITY)
