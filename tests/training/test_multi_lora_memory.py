"""Training together keeps within its memory, and what it does for that changes nothing but rounding."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from crowdsft.training import GroupData, TrainingOptions  # noqa: E402
from crowdsft.training.adapters import read_adapter  # noqa: E402
from crowdsft.training.models import LoadedModel  # noqa: E402
from crowdsft.training.multi_lora import llama as lean_llama  # noqa: E402
from crowdsft.training.multi_lora import memory  # noqa: E402
from crowdsft.training.multi_lora.backend import MultiLora  # noqa: E402
from crowdsft.training.multi_lora.llama import join_weights, read_llama  # noqa: E402
from crowdsft.training.multi_lora.memory import KeptBytes, activation_limit, adapter_bytes  # noqa: E402
from crowdsft.training.multi_lora.together import TrainedTogether  # noqa: E402
from tests.training.conftest import make_group  # noqa: E402

pytestmark = pytest.mark.train
WAYS = [("llama", True), ("llama", False), ("gpt2", False)]


@pytest.fixture
def ragged() -> list[GroupData]:
    return [make_group(0, count=3), make_group(1, count=6), make_group(2, count=1)]


def together(
    way: MultiLora, base: LoadedModel, groups: list[GroupData], options: TrainingOptions
) -> tuple[torch.Tensor, list[tuple[float, ...]]]:
    with way.trained(base, groups, options=options) as found:
        return found.parameters.values.clone(), [tuple(run.losses) for run in found.runs]


@pytest.mark.parametrize(("model", "lean"), WAYS)
def test_computing_blocks_twice_changes_nothing(
    model: str,
    lean: bool,
    request: pytest.FixtureRequest,
    ragged: list[GroupData],
    options: TrainingOptions,
) -> None:
    base: LoadedModel = request.getfixturevalue(model)
    once, losses = together(MultiLora(lean=lean, checkpointing=False), base, ragged, options)
    twice, same = together(MultiLora(lean=lean, checkpointing=True), base, ragged, options)
    torch.testing.assert_close(twice, once, atol=1e-6, rtol=1e-5)
    assert same == [pytest.approx(each, abs=1e-6) for each in losses]
    assert all("forward" not in block.__dict__ for block in memory.block_list(base.model))


@pytest.mark.parametrize(("model", "lean"), WAYS)
def test_computing_blocks_twice_keeps_less(
    model: str, lean: bool, request: pytest.FixtureRequest, options: TrainingOptions
) -> None:
    base: LoadedModel = request.getfixturevalue(model)
    kept = {}
    for twice in (False, True):
        with MultiLora(lean=lean, checkpointing=twice).trained(
            base, [make_group(0)], options=options
        ) as found:
            kept[twice] = kept_by(found, base)
    assert kept[True] < 0.7 * kept[False]  # of two blocks; the logits stay


@pytest.mark.parametrize(("model", "lean"), WAYS)
@pytest.mark.parametrize("twice", [False, True])
def test_a_pass_keeps_no_more_than_what_is_stated(
    model: str,
    lean: bool,
    twice: bool,
    request: pytest.FixtureRequest,
    ragged: list[GroupData],
    options: TrainingOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base: LoadedModel = request.getfixturevalue(model)
    limit = 1_200_000
    seen: list[tuple[int, bool, float]] = []
    real = memory.Budget.allows

    def watched(budget: memory.Budget, examples: memory.StepExamples) -> bool:
        assert budget.limit_bytes == limit
        return real(budget, examples)

    monkeypatch.setattr(memory.Budget, "allows", watched)
    way = MultiLora(lean=lean, checkpointing=twice, activation_bytes=limit, tokens_per_pass=10**6)
    with watched_passes(base, seen), way.trained(base, ragged, options=options) as found:
        assert found.parameters.values.isfinite().all()
    assert max(size for size, _, _ in seen) < 5  # the first steps have five examples
    for _, is_single, kept in seen:
        assert kept <= limit or is_single


@contextmanager
def watched_passes(base: LoadedModel, seen: list[tuple[int, bool, float]]) -> Iterator[None]:
    """Notes for every pass: examples in it, whether it is one alone, and bytes kept for the way back."""
    from crowdsft.training.multi_lora import rows

    originals = {kind: kind.losses for kind in (lean_llama.LlamaForward, rows.RowsForward)}

    def watching(kind: type) -> object:
        def losses(self, examples, adapters, apart=None, totals=None):  # type: ignore[no-untyped-def]
            if totals is None:  # the one that measures; hooks in hooks would hide what it sees
                return originals[kind](self, examples, adapters, apart, totals)
            with KeptBytes(base.model, self.parameters) as kept:
                found = originals[kind](self, examples, adapters, apart, totals)
            count = sum(len(mine) for mine in examples)
            seen.append((count, count == 1, kept.total))
            return found

        return losses

    try:
        for kind in originals:
            kind.losses = watching(kind)  # type: ignore[method-assign, assignment]
        yield
    finally:
        for kind, original in originals.items():
            kind.losses = original  # type: ignore[method-assign]


def test_blocks_are_computed_twice_where_one_example_would_not_fit(
    llama: LoadedModel, options: TrainingOptions, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        together(MultiLora(activation_bytes=100_000), llama, [make_group(0)], options)
        assert "each block computed twice" in caplog.text
        caplog.clear()
        together(MultiLora(), llama, [make_group(0)], options)
    assert "computed twice" not in caplog.text
    assert "The adapters take" in caplog.text


def test_the_limit_follows_the_machine_and_not_what_is_free(
    llama: LoadedModel, options: TrainingOptions
) -> None:
    with MultiLora().trained(llama, [make_group(0)], options=options) as found:
        values = found.parameters.values
        assert activation_limit(llama.model, found.parameters) == memory.CPU_ACTIVATIONS
        assert adapter_bytes(found.parameters) == 16 * values.numel()
    with MultiLora(low_precision=True).trained(halved(llama), [make_group(0)], options=options) as found:
        assert adapter_bytes(found.parameters) == 20 * values.numel()


@pytest.mark.parametrize("lean", [True, False])
def test_adapters_computed_in_bfloat16_are_trained_and_stored_in_float32(
    lean: bool, llama: LoadedModel, ragged: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    options = dataclasses.replace(options, learning_rate=1e-3, passes=1)
    low = MultiLora(lean=lean, low_precision=True).train(
        halved(llama), ragged, options=options, output=tmp_path
    )
    full = MultiLora(lean=lean).train(llama, ragged, options=options, output=tmp_path)
    for one, other in zip(low, full, strict=True):
        assert one.losses == pytest.approx(other.losses, rel=0.03)
        mine, wide = (read_adapter(candidate.adapter).tensors for candidate in (one, other))
        assert {tensor.dtype for tensor in mine.values()} == {torch.float32}
        moved = torch.cat([(tensor - tensor.bfloat16().float()).flatten() for tensor in mine.values()])
        assert moved.abs().max() > 0  # finer than bfloat16 can tell
        assert mine.keys() == wide.keys()


def test_small_batches_add_up_in_bfloat16_as_well(
    llama: LoadedModel, ragged: list[GroupData], options: TrainingOptions
) -> None:
    base = halved(llama)
    whole, _ = together(MultiLora(low_precision=True), base, ragged, options)
    parts, _ = together(MultiLora(low_precision=True, tokens_per_pass=1), base, ragged, options)
    start, _ = together(
        MultiLora(low_precision=True), base, ragged, dataclasses.replace(options, learning_rate=1e-12)
    )
    assert (parts - whole).norm() < 0.2 * (whole - start).norm()


def test_a_large_model_shares_its_weights_with_the_joined_maps(
    llama: LoadedModel, ragged: list[GroupData], options: TrainingOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = dataclasses.replace(llama, model=copy.deepcopy(llama.model))
    before = {name: value.clone() for name, value in base.model.state_dict().items()}
    expected, _ = together(MultiLora(), base, ragged, options)
    monkeypatch.setattr(lean_llama, "LARGEST_COPIED", 0)
    for _ in range(2):  # the second time the weights are joined already
        found, _ = together(MultiLora(), base, ragged, options)
        assert torch.equal(found, expected)
    for name, value in base.model.state_dict().items():
        assert torch.equal(value, before[name])
    attention = base.model.model.layers[0].self_attn
    whole = read_llama(base.model).layers[0].attention_inputs.weight
    assert whole.data_ptr() == attention.q_proj.weight.data_ptr()
    attention.k_proj.weight.data[0, 0] = 7.0
    assert whole[len(attention.q_proj.weight), 0] == 7.0


def test_neighbours_in_memory_that_are_not_one_storage_are_not_taken_for_joined() -> None:
    modules = [torch.nn.Linear(4, 3, bias=False) for _ in range(3)]
    whole = join_weights(modules, copied=True)
    assert torch.equal(whole, torch.cat([module.weight for module in modules]))
    assert whole.data_ptr() != modules[0].weight.data_ptr()


def halved(base: LoadedModel) -> LoadedModel:
    return dataclasses.replace(base, model=copy.deepcopy(base.model).bfloat16())


def kept_by(found: TrainedTogether, base: LoadedModel) -> int:
    from crowdsft.training.fitting import plan_examples

    step = plan_examples(base, make_group(0, count=6), TrainingOptions(batch_size=6))[0]
    with KeptBytes(base.model, found.parameters) as kept:
        found.model.losses([step], slice(0, 1))
    blocks = memory.block_list(base.model)
    places = len(step) * max(len(example.tokens) for example in step)
    inputs = len(blocks) * places * base.model.config.hidden_size * 4  # what checkpointing keeps itself
    return kept.total + (inputs if found.model.checkpointing else 0)  # type: ignore[attr-defined]
