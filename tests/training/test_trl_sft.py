"""What TRL's trainer must not change: the loss, the course of training, and what belongs to us."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")
trl = pytest.importorskip("trl", reason="the backend trl_sft needs the [trl] extra")

from crowdsft.core.errors import TrainingError  # noqa: E402
from crowdsft.core.settings.trl_options import TRL_OPTIONS  # noqa: E402
from crowdsft.training import BACKENDS, GroupData, TrainingOptions  # noqa: E402
from crowdsft.training.merging import adapter_deltas  # noqa: E402
from crowdsft.training.models import LoadedModel  # noqa: E402

pytestmark = pytest.mark.train


@pytest.fixture
def options(options: TrainingOptions) -> TrainingOptions:
    return dataclasses.replace(options, adapt_head=False)


@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0, 1.0, 1.0), (0.5, 1.0, 2.0, 1.0, 0.25)])
@pytest.mark.parametrize("base", ["llama", "gpt2"])
def test_trains_what_lora_trains(
    base: str,
    weights: tuple[float, ...],
    groups: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    model: LoadedModel = request.getfixturevalue(base)
    examples = tuple(
        dataclasses.replace(example, weight=weight)
        for example, weight in zip(groups[1].examples, weights, strict=True)
    )
    group = dataclasses.replace(groups[1], examples=examples)
    ours, theirs = (
        BACKENDS.make(name).train(model, [group], options=options, output=tmp_path)[0]
        for name in ("lora", "trl_sft")
    )
    assert theirs.losses[0] == pytest.approx(ours.losses[0], rel=1e-6)  # one batch, untrained
    assert theirs.losses == pytest.approx(ours.losses, rel=1e-4)
    deltas = [dict(adapter_deltas(model.model, candidate.adapter)) for candidate in (ours, theirs)]
    assert deltas[0].keys() == deltas[1].keys()
    for key, delta in deltas[0].items():
        assert delta.abs().max() > 0.01
        torch.testing.assert_close(deltas[1][key], delta, atol=1e-4, rtol=1e-3)


def test_a_batch_in_parts_is_the_same_batch(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    whole, parts = (
        BACKENDS.make("trl_sft", extra=extra).train(llama, groups[:2], options=options, output=tmp_path)
        for extra in ({}, {"gradient_accumulation_steps": 2})
    )
    for one, other in zip(whole, parts, strict=True):
        assert other.losses == pytest.approx(one.losses, rel=1e-4)


@pytest.mark.parametrize("extra", [{"loss_type": "dft"}, {"optim": "sgd"}, {"lr_scheduler_type": "cosine"}])
def test_options_of_trl_reach_it(
    extra: dict[str, str],
    llama: LoadedModel,
    groups: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
) -> None:
    plain, other = (
        BACKENDS.make("trl_sft", extra=given).train(llama, groups[:1], options=options, output=tmp_path)[0]
        for given in ({}, extra)
    )
    assert plain.digest != other.digest


def test_recomputing_activations_changes_nothing_but_rounding(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    plain, other = (
        BACKENDS.make("trl_sft", extra=given).train(llama, groups[:1], options=options, output=tmp_path)[0]
        for given in ({}, {"gradient_checkpointing": True})
    )
    assert other.losses == pytest.approx(plain.losses, rel=1e-5)
    assert not any(getattr(module, "gradient_checkpointing", False) for module in llama.model.modules())
    assert not llama.model.get_input_embeddings()._forward_hooks


def test_every_option_we_allow_is_one_of_trls() -> None:
    assert set(TRL_OPTIONS) <= {field.name for field in dataclasses.fields(trl.SFTConfig)}


def test_what_trl_refuses_is_said(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=r"TRL refuses.*loss_type = 'hinge'"):
        BACKENDS.make("trl_sft", extra={"loss_type": "hinge"}).train(
            llama, groups[:1], options=options, output=tmp_path
        )
    with pytest.raises(TrainingError, match="cannot train an adapter of the output head"):
        BACKENDS.make("trl_sft").train(
            llama, groups[:1], options=dataclasses.replace(options, adapt_head=True), output=tmp_path
        )
    assert not list(tmp_path.iterdir())
