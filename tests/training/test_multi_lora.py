"""Adapters trained together equal adapters trained one by one."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from transformers.models.llama import modeling_llama  # noqa: E402

from crowdsft.core.errors import TrainingError  # noqa: E402
from crowdsft.training import BACKENDS, TrainingOptions  # noqa: E402
from crowdsft.training.adapters import read_adapter  # noqa: E402
from crowdsft.training.base import GroupData  # noqa: E402
from crowdsft.training.chat_examples import TokenisedExample  # noqa: E402
from crowdsft.training.models import LoadedModel  # noqa: E402
from crowdsft.training.multi_lora.backend import MultiLora  # noqa: E402
from crowdsft.training.multi_lora.batches import pack, pad_rows  # noqa: E402
from crowdsft.training.multi_lora.memory import Budget, PassMemory, passes  # noqa: E402
from crowdsft.training.multi_lora.rows import AdaptedModule  # noqa: E402

pytestmark = pytest.mark.train
CPU = torch.device("cpu")


@pytest.fixture
def ragged() -> list[GroupData]:
    """Groups of unlike sizes, texts of unlike lengths, unlike numbers of steps, and unlike weights."""
    from tests.training.conftest import make_group

    groups = [make_group(0, count=3), make_group(1, count=6), make_group(2, count=1), make_group(3, count=5)]
    weighted = tuple(
        dataclasses.replace(example, weight=0.5 + place, response=example.response * (place + 1))
        for place, example in enumerate(groups[1].examples)
    )
    return [groups[0], dataclasses.replace(groups[1], examples=weighted), *groups[2:]]


@pytest.fixture
def in_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transformers' RMS norm computes in float32 whatever it is given; let it not."""

    def forward(self: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        spread = x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon
        return self.weight * x * torch.rsqrt(spread)

    monkeypatch.setattr(modeling_llama.LlamaRMSNorm, "forward", forward)


def widened(base: LoadedModel) -> LoadedModel:
    return dataclasses.replace(base, model=copy.deepcopy(base.model).double())


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize(("model", "lean"), [("llama", True), ("llama", False), ("gpt2", False)])
@pytest.mark.parametrize("tokens_per_pass", [1, 100, 100_000])
def test_equal_to_one_by_one_in_float64(
    model: str,
    lean: bool,
    tokens_per_pass: int,
    request: pytest.FixtureRequest,
    ragged: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
) -> None:
    base = widened(request.getfixturevalue(model))
    options = dataclasses.replace(options, passes=3, weight_decay=0.1, gradient_clip=0.5)
    together = MultiLora(lean=lean, tokens_per_pass=tokens_per_pass).train(
        base, ragged, options=options, output=tmp_path
    )
    alone = BACKENDS.make("lora").train(base, ragged, options=options, output=tmp_path)
    assert len({candidate.steps for candidate in together}) == 4
    for one, other in zip(together, alone, strict=True):
        assert (one.group, one.steps) == (other.group, other.steps)
        assert one.losses == pytest.approx(other.losses, abs=1e-12, rel=0)
        stored = [read_adapter(candidate.adapter).tensors for candidate in (one, other)]
        assert stored[0].keys() == stored[1].keys()
        for name, tensor in stored[0].items():
            torch.testing.assert_close(tensor, stored[1][name].float(), atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize(("model", "lean"), [("llama", True), ("llama", False), ("gpt2", False)])
@pytest.mark.parametrize("head", [True, False])
def test_equal_to_one_by_one_in_float32(
    model: str,
    lean: bool,
    head: bool,
    request: pytest.FixtureRequest,
    ragged: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
) -> None:
    base: LoadedModel = request.getfixturevalue(model)
    options = dataclasses.replace(options, learning_rate=1e-3, passes=2, adapt_head=head)
    together = MultiLora(lean=lean).train(base, ragged, options=options, output=tmp_path)
    alone = BACKENDS.make("lora").train(base, ragged, options=options, output=tmp_path)
    for one, other in zip(together, alone, strict=True):
        assert one.losses == pytest.approx(other.losses, abs=1e-5, rel=0)
        configs = [read_adapter(candidate.adapter).config for candidate in (one, other)]
        assert configs[0] == configs[1]


@pytest.mark.parametrize("lean", [True, False])
def test_a_subset_of_modules(
    lean: bool, llama: LoadedModel, ragged: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    options = dataclasses.replace(
        options, learning_rate=1e-3, target_modules=("k_proj", "up_proj"), adapt_head=False
    )
    together = MultiLora(lean=lean).train(llama, ragged, options=options, output=tmp_path)
    alone = BACKENDS.make("lora").train(llama, ragged, options=options, output=tmp_path)
    for one, other in zip(together, alone, strict=True):
        assert one.losses == pytest.approx(other.losses, abs=1e-5, rel=0)


@pytest.mark.parametrize("lean", [True, False])
def test_a_bfloat16_base_keeps_its_adapters_in_float32(
    lean: bool, llama: LoadedModel, ragged: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    base = dataclasses.replace(llama, model=copy.deepcopy(llama.model).bfloat16())
    options = dataclasses.replace(options, learning_rate=1e-3, passes=1)
    together = MultiLora(lean=lean).train(base, ragged, options=options, output=tmp_path)
    full = MultiLora().train(llama, ragged, options=options, output=tmp_path)
    for one, other in zip(together, full, strict=True):
        assert one.losses == pytest.approx(other.losses, rel=0.03)
        assert {tensor.dtype for tensor in read_adapter(one.adapter).tensors.values()} == {torch.float32}


def test_a_module_that_sees_only_some_tokens_is_refused(llama: LoadedModel) -> None:
    module = AdaptedModule("expert", llama.model.get_submodule("model.layers.0.mlp.up_proj"))
    module.factors, module.expected = object(), (12, 4)  # type: ignore[assignment]
    with pytest.raises(TrainingError, match="expert sees 5 tokens of a batch, not 12"):
        module(torch.zeros(5, 32))


class HalfOfTheTokens(torch.nn.Module):
    """A feed-forward that only the first half of a row goes through, as experts take some tokens only."""

    def __init__(self, whole: torch.nn.Module) -> None:
        super().__init__()
        self.whole = whole

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        half = x.shape[1] // 2
        return torch.cat([self.whole(x[:, :half]), x[:, half:]], dim=1)


def test_a_model_that_cannot_be_served_together_is_trained_one_by_one_and_says_so(
    llama: LoadedModel,
    ragged: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = copy.deepcopy(llama.model)
    layer = model.model.layers[0]
    layer.mlp = HalfOfTheTokens(layer.mlp)
    base = dataclasses.replace(llama, model=model)
    with caplog.at_level("INFO"):
        found = MultiLora(lean=False).train(base, ragged, options=options, output=tmp_path)
    alone = BACKENDS.make("lora").train(base, ragged, options=options, output=tmp_path)
    assert [one.digest for one in found] == [one.digest for one in alone]
    assert "one by one with PEFT" in caplog.text


def test_the_log_says_which_way_training_went(
    llama: LoadedModel,
    ragged: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    options = dataclasses.replace(options, passes=1)
    with caplog.at_level("INFO"):
        for lean in (True, False):
            MultiLora(lean=lean).train(llama, ragged, options=options, output=tmp_path)
    assert "together, by a lean forward" in caplog.text
    assert "together, inside the model's own modules" in caplog.text


examples = st.lists(
    st.lists(
        st.builds(
            lambda prompt, response: TokenisedExample(tuple(range(prompt + response)), prompt, 1.0),
            st.integers(1, 4),
            st.integers(1, 5),
        ),
        min_size=1,
        max_size=4,
    ),
    min_size=1,
    max_size=4,
)


@given(examples)
def test_packed_tokens_find_their_place_in_the_rows_and_back(step: list[list[TokenisedExample]]) -> None:
    batch = pack(step, padding=99, device=CPU)
    packed = batch.tokens.reshape(-1)
    rows = packed[batch.to_rows]
    assert torch.equal(rows[batch.to_packed], packed)
    assert len(set(batch.to_packed.tolist())) == packed.numel()  # no two tokens share a place
    in_rows = rows.view(-1, batch.longest)
    wanted = [example.tokens for mine in step for example in mine]
    starts = {tuple(row[: len(tokens)]) for tokens in wanted for row in in_rows.tolist()}
    assert starts >= set(wanted)
    is_real = packed != 99
    assert torch.equal(
        batch.to_packed[is_real] % batch.longest, packed[is_real]
    )  # token k of an example is k here


@given(examples)
def test_both_layouts_ask_for_the_same_targets(step: list[list[TokenisedExample]]) -> None:
    packed, rows = pack(step, padding=99, device=CPU), pad_rows(step, padding=99, device=CPU)
    for tokens, labels in ((packed.tokens, packed.labels), (rows.tokens, rows.labels)):
        before = tokens.reshape(-1)[labels.places].view(labels.targets.shape)
        is_label = labels.weights > 0
        assert torch.equal(before[is_label] + 1, labels.targets[is_label])
        expected = [sum(example.response_length for example in mine) for mine in step]
        assert is_label.sum(dim=1).tolist() == expected
        torch.testing.assert_close(labels.weights.sum(dim=1), torch.ones(len(step), dtype=torch.float64))


@given(examples, st.integers(1, 40), st.integers(1, 400))
def test_passes_hold_every_example_once_and_keep_to_the_budget(
    step: list[list[TokenisedExample]], tokens: int, limit: int
) -> None:
    budget = Budget(tokens, limit, PassMemory(3.0, 5.0, checkpointing=False))
    found = list(passes(step, budget))
    seen: list[list[TokenisedExample]] = [[] for _ in step]
    for one in found:
        assert budget.allows(one.examples) or sum(map(len, one.examples)) == 1
        for adapter, mine in zip(range(len(step))[one.adapters], one.examples, strict=True):
            seen[adapter] += mine
    assert seen == step
    whole = list(passes(step, budget, may_split=False))
    assert [place for one in whole for place in range(len(step))[one.adapters]] == list(range(len(step)))
