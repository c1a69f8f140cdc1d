"""Where a base model is put, and what that changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from crowdsft.core.errors import InputError  # noqa: E402
from crowdsft.training import BACKENDS, GroupData, TrainingOptions  # noqa: E402
from crowdsft.training.generation import generate  # noqa: E402
from crowdsft.training.models import load_model, model_with_adapters  # noqa: E402
from crowdsft.training.placement import Placement, choose_placement  # noqa: E402

pytestmark = pytest.mark.train
IN_BFLOAT16 = Placement("cpu", "bfloat16")


def test_small_models_and_machines_without_a_gpu_use_the_processor() -> None:
    assert choose_placement(1_000) == Placement("cpu", "float32")
    wanted = "cuda" if torch.cuda.is_available() else "cpu"
    assert choose_placement(10**9).device == wanted


@pytest.mark.parametrize("device", ["cuda:99", "gpu", "meta-physics"])
def test_a_device_that_is_not_there_is_named_with_what_to_do(device: str) -> None:
    with pytest.raises(InputError, match=f"no device '{device}' here.*Use \"auto\""):
        choose_placement(10**9, device=device)


def test_a_precision_that_is_not_known_is_refused() -> None:
    with pytest.raises(InputError, match="'float16'; it must be"):
        choose_placement(1, precision="float16")
    assert choose_placement(1, device="cpu", precision="bfloat16") == IN_BFLOAT16


def test_what_chooses_is_told_the_number_of_parameters_before_anything_is_loaded(llama_folder: Path) -> None:
    told: list[int] = []

    def choose(parameters: int) -> Placement:
        told.append(parameters)
        return IN_BFLOAT16

    base = load_model(str(llama_folder), placement=choose)
    assert told == [sum(parameter.numel() for parameter in base.model.parameters())]
    assert base.model.dtype == torch.bfloat16


def test_a_stack_on_a_bfloat16_base_is_rounded_once(
    llama_folder: Path, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    """Merged in float32 and rounded at the end: as near to the exact sum as bfloat16 can be."""
    wide, low = load_model(str(llama_folder)), load_model(str(llama_folder), placement=IN_BFLOAT16)
    adapters = [
        candidate.adapter
        for candidate in BACKENDS.make("multi_lora").train(wide, groups, options=options, output=tmp_path)
    ]
    for name, parameter in wide.model.named_parameters():
        parameter.data = parameter.data.bfloat16().float()  # the same start
        assert torch.equal(parameter.data, low.model.get_parameter(name).float())
    exact = model_with_adapters(wide, adapters).model
    rounded = model_with_adapters(low, adapters).model
    assert rounded.dtype == torch.bfloat16
    for name, parameter in exact.named_parameters():
        assert torch.equal(rounded.get_parameter(name), parameter.bfloat16()), name
    for name, buffer in exact.named_buffers():
        assert torch.equal(rounded.get_buffer(name), buffer)


def test_a_bfloat16_base_draws_with_adapters_beside_it(
    llama_folder: Path, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    """A small adapter merged into bfloat16 would be rounded away; beside the weights it counts."""
    low = load_model(str(llama_folder), placement=IN_BFLOAT16)
    options = dataclasses.replace(options, learning_rate=2e-2, passes=3)
    (candidate,) = BACKENDS.make("multi_lora").train(low, groups[:1], options=options, output=tmp_path)
    prompts = [
        example.prompt for example in groups[0].examples
    ] * 20  # more rows than would be drawn together
    before = {name: value.clone() for name, value in low.model.state_dict().items()}
    base, tuned = generate(low, [None, candidate.adapter], prompts=prompts, seed=1, max_new_tokens=8)
    assert base != tuned
    (alone,) = generate(low, [candidate.adapter], prompts=prompts, seed=1, max_new_tokens=8)
    assert sum(one == other for one, other in zip(alone, tuned, strict=True)) >= 0.8 * len(prompts)
    for name, value in low.model.state_dict().items():
        assert torch.equal(value, before[name])
