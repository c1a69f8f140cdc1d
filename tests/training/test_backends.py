"""The laws of a training backend, over every entry of the table."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from crowdsft.core.errors import TrainingError  # noqa: E402
from crowdsft.training import BACKENDS  # noqa: E402
from crowdsft.training.adapters import folder_digest  # noqa: E402
from crowdsft.training.base import (  # noqa: E402
    Example,
    GroupData,
    TrainedCandidate,
    TrainingOptions,
    TrainingProgress,
)
from crowdsft.training.merging import adapter_deltas  # noqa: E402
from crowdsft.training.models import LoadedModel, model_with_adapters  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.parametrize("name", list(BACKENDS))]


@pytest.fixture(autouse=True)
def _has_its_packages(name: str) -> None:
    if name == "trl_sft":
        pytest.importorskip("trl", reason="the backend trl_sft needs the [trl] extra")


@pytest.fixture
def options(name: str, options: TrainingOptions) -> TrainingOptions:
    """TRL trains no adapter of the output head."""
    return dataclasses.replace(options, adapt_head=name != "trl_sft")


def train(
    name: str, base: LoadedModel, groups: Sequence[GroupData], options: TrainingOptions, output: Path
) -> list[TrainedCandidate]:
    return BACKENDS.make(name).train(base, groups, options=options, output=output)


def test_gives_one_candidate_per_group_in_order(
    name: str, llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    candidates = train(name, llama, groups, options, tmp_path)
    assert [candidate.group for candidate in candidates] == [0, 1, 2]
    assert [candidate.steps for candidate in candidates] == [3, 5, 1]  # ceil(passes * count / batch_size)
    for candidate in candidates:
        assert len(candidate.losses) == candidate.steps
        assert candidate.adapter == tmp_path / candidate.digest
        assert candidate.digest == folder_digest(candidate.adapter)
        assert candidate.seconds > 0


def test_lowers_the_loss_of_what_it_trains_on(
    name: str, llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    options = dataclasses.replace(options, passes=20)
    candidate = train(name, llama, groups[:1], options, tmp_path)[0]
    assert candidate.losses[-1] < 0.8 * candidate.losses[0]
    merged = model_with_adapters(llama, [candidate.adapter])
    again = train(name, merged, groups[:1], options, tmp_path)[0]
    assert again.losses[0] < 0.8 * candidate.losses[0]  # the stored adapter holds what was learnt


def test_leaves_the_base_exactly_as_it_was(
    name: str, llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    before = {key: value.clone() for key, value in llama.model.state_dict().items()}
    modules = [type(module).__name__ for module in llama.model.modules()]
    train(name, llama, groups, options, tmp_path)
    after = llama.model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[key], before[key]) for key in before)
    assert [type(module).__name__ for module in llama.model.modules()] == modules
    assert not any(parameter.requires_grad for parameter in llama.model.parameters())
    assert llama.model.get_input_embeddings().weight is llama.model.get_output_embeddings().weight


def test_repeats_byte_for_byte_whatever_was_drawn_before(
    name: str, llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    first = train(name, llama, groups, options, tmp_path / "first")
    torch.rand(7)
    second = train(name, llama, groups, options, tmp_path / "second")
    assert [candidate.digest for candidate in first] == [candidate.digest for candidate in second]
    assert [candidate.losses for candidate in first] == [candidate.losses for candidate in second]


def test_is_not_changed_by_the_groups_beside_it(
    name: str, llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    together = train(name, llama, groups, options, tmp_path)
    alone = [train(name, llama, [group], options, tmp_path)[0] for group in groups]
    for one, other in zip(together, alone, strict=True):
        assert one.losses == pytest.approx(other.losses, abs=1e-5)
        deltas = [dict(adapter_deltas(llama.model, candidate.adapter)) for candidate in (one, other)]
        for name, delta in deltas[0].items():
            torch.testing.assert_close(delta, deltas[1][name], atol=1e-4, rtol=1e-3)


def test_other_seeds_give_other_candidates(
    name: str, llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    other = dataclasses.replace(groups[1], seed=groups[1].seed + 1)
    first, second = (train(name, llama, [group], options, tmp_path)[0] for group in (groups[1], other))
    assert first.digest != second.digest


def weighted(group: GroupData, *weights: float) -> GroupData:
    examples = [
        dataclasses.replace(example, weight=weight)
        for example, weight in zip(group.examples, weights, strict=True)
    ]
    return dataclasses.replace(group, examples=tuple(examples))


def test_only_relative_weights_count(
    name: str, llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    digests = [
        train(name, llama, [weighted(groups[0], *weights)], options, tmp_path)[0].digest
        for weights in [(1, 1, 1), (4, 4, 4), (1, 2, 0.5), (2, 4, 1), (1, 2, 1)]
    ]
    assert digests[0] == digests[1]
    assert digests[2] == digests[3]
    assert len(set(digests)) == 3


def test_an_example_of_weight_zero_changes_nothing(
    name: str, llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    group = groups[1]
    padded = dataclasses.replace(group, examples=(Example("x", "y", weight=0.0), *group.examples))
    first, second = (train(name, llama, [each], options, tmp_path)[0] for each in (group, padded))
    assert first.digest == second.digest


def test_works_on_gpt2_without_a_chat_template(
    name: str, gpt2: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    options = dataclasses.replace(options, passes=10)
    candidate = train(name, gpt2, groups[:1], options, tmp_path)[0]
    assert candidate.losses[-1] < 0.9 * candidate.losses[0]
    merged = model_with_adapters(gpt2, [candidate.adapter])
    assert train(name, merged, groups[:1], options, tmp_path)[0].losses[0] < 0.9 * candidate.losses[0]


def test_reports_every_step(
    name: str, llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    seen: list[TrainingProgress] = []
    backend = BACKENDS.make(name)
    candidates = backend.train(llama, groups, options=options, output=tmp_path, progress=seen.append)
    for candidate in candidates:
        mine = [event for event in seen if event.group == candidate.group]
        assert [event.step for event in mine] == list(range(1, candidate.steps + 1))
        assert {event.steps for event in mine} == {candidate.steps}
        assert tuple(event.loss for event in mine) == candidate.losses


def test_a_group_without_examples_is_an_error_that_names_it(
    name: str, llama: LoadedModel, options: TrainingOptions, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="group 7 has nothing to learn from"):
        train(name, llama, [GroupData(7, (), 1)], options, tmp_path)
    with pytest.raises(TrainingError, match="group 7 has a weight"):
        train(name, llama, [GroupData(7, (Example("a", "b", weight=-1.0),), 1)], options, tmp_path)


def test_a_loss_that_is_no_number_is_an_error_that_names_the_group(
    name: str, llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    options = dataclasses.replace(options, learning_rate=1e30, gradient_clip=0.0, warmup_fraction=0.0)
    before = {key: value.clone() for key, value in llama.model.state_dict().items()}
    with pytest.raises(TrainingError, match=r"group 1 diverged.*Lower learning_rate"):
        train(name, llama, groups[1:2], options, tmp_path)
    assert all(torch.equal(value, before[key]) for key, value in llama.model.state_dict().items())
    assert not list(tmp_path.iterdir())


def test_an_interrupted_run_leaves_only_whole_adapters_and_the_base(
    name: str, llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    before = {key: value.clone() for key, value in llama.model.state_dict().items()}

    def interrupt(event: TrainingProgress) -> None:
        if event.group == 1 and event.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        BACKENDS.make(name).train(llama, groups, options=options, output=tmp_path, progress=interrupt)
    assert all(folder.name == folder_digest(folder) for folder in tmp_path.iterdir())
    assert all(torch.equal(value, before[key]) for key, value in llama.model.state_dict().items())
