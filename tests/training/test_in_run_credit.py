"""Credit measured while training: it adds up, it is what the definition says, and it leaves training alone."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from transformers.models.llama import modeling_llama  # noqa: E402

from crowdsft.core.errors import TrainingError  # noqa: E402
from crowdsft.training import BACKENDS, Example, GroupData, TrainingOptions  # noqa: E402
from crowdsft.training.adapters import read_adapter  # noqa: E402
from crowdsft.training.base import CreditRule  # noqa: E402
from crowdsft.training.chat_examples import tokenise_examples  # noqa: E402
from crowdsft.training.models import LoadedModel  # noqa: E402
from crowdsft.training.multi_lora.backend import MultiLora, TrainedTogether  # noqa: E402

pytestmark = pytest.mark.train
ANSWERS = tuple(Example("How was it?", f"It was {word} indeed.") for word in ("calm", "joy", "awe"))
WORDS = ("calm", "joy", "awe", "grief", "pride", "envy")
every_rule = pytest.mark.parametrize("rule", ["mean_gradients", "adam_steps"])
every_model = pytest.mark.parametrize(("model", "lean"), [("llama", True), ("llama", False), ("gpt2", False)])


@pytest.fixture
def in_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transformers' RMS norm computes in float32 whatever it is given; let it not."""

    def forward(self: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        spread = x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon
        return self.weight * x * torch.rsqrt(spread)

    monkeypatch.setattr(modeling_llama.LlamaRMSNorm, "forward", forward)


def widened(base: LoadedModel) -> LoadedModel:
    return dataclasses.replace(base, model=copy.deepcopy(base.model).double())


def rows(contributor: str, first: int, count: int) -> tuple[Example, ...]:
    """Rows that differ in length, of one contributor."""
    return tuple(
        Example("How was it?", f"It was {WORDS[(first + at) % 6]} " * (1 + at % 2), 1.0, contributor)
        for at in range(count)
    )


def crowd() -> list[GroupData]:
    """Two groups of three and of two contributors, with unlike numbers of rows."""
    return [
        GroupData(0, rows("ann", 0, 3) + rows("bob", 2, 2) + rows("cem", 4, 1), 7, ANSWERS),
        GroupData(1, rows("dia", 1, 2) + rows("eli", 5, 1), 8, ANSWERS),
    ]


def credits_of(together: TrainedTogether, row: int) -> dict[str, float]:
    return {credit.contributor: credit.gain for credit in together.credits(row)}


@pytest.mark.usefixtures("in_float64")
@every_model
@every_rule
@pytest.mark.parametrize("every", [1, 3])
def test_credits_sum_to_that_of_the_whole_run(
    model: str,
    lean: bool,
    rule: CreditRule,
    every: int,
    request: pytest.FixtureRequest,
    options: TrainingOptions,
) -> None:
    base = widened(request.getfixturevalue(model))
    options = dataclasses.replace(
        options, passes=8, gradient_clip=0.5, credit_every=every, credit_rows=2, credit_rule=rule
    )
    with MultiLora(lean=lean).trained(base, crowd(), options=options) as together:
        assert together.credit is not None
        for row, whole in enumerate(together.credit.first_order()):
            earned = credits_of(together, row)
            assert sum(earned.values()) == pytest.approx(whole, rel=1e-9)
            assert max(map(abs, earned.values())) > 1e-3
    assert [len(run.steps) for run in together.runs] == [24, 12]


@pytest.mark.usefixtures("in_float64")
@every_model
def test_credit_by_adams_steps_is_the_change_of_the_loss_when_steps_are_small(
    model: str, lean: bool, request: pytest.FixtureRequest, options: TrainingOptions
) -> None:
    base = widened(request.getfixturevalue(model))
    options = dataclasses.replace(
        options,
        learning_rate=1e-6,
        passes=3,
        credit_every=1,
        credit_rows=len(ANSWERS),
        credit_rule="adam_steps",
    )
    answers = tokenise_examples(base.tokenizer, ANSWERS, max_tokens=options.max_tokens)
    still = dataclasses.replace(options, learning_rate=1e-30)
    with MultiLora(lean=lean).trained(base, crowd(), options=still) as together:
        before = together.held_out_losses(answers)
    with MultiLora(lean=lean).trained(base, crowd(), options=options) as together:
        assert together.credit is not None
        change = np.array(before) - together.held_out_losses(answers)
        assert together.credit.first_order() == pytest.approx(change, rel=1e-3)
        assert (np.abs(change) > 1e-9).all()


@pytest.mark.usefixtures("in_float64")
@every_model
@every_rule
def test_one_step_gives_what_the_definition_says(
    model: str, lean: bool, rule: CreditRule, request: pytest.FixtureRequest, options: TrainingOptions
) -> None:
    base = widened(request.getfixturevalue(model))
    group = crowd()[0]
    options = dataclasses.replace(
        options,
        batch_size=100,
        passes=1,
        gradient_clip=0.0,
        credit_every=1,
        credit_rows=len(ANSWERS),
        credit_rule=rule,
    )
    backend = MultiLora(lean=lean)
    names = list(dict.fromkeys(example.contributor for example in group.examples))
    plain = dataclasses.replace(options, credit_every=0, learning_rate=1e-30)
    with backend.trained(base, [group], options=plain) as together:
        rate = options.learning_rate * together.parameters.rate_factors(options.b_rate_ratio)

        def gradient(examples: tuple[Example, ...]) -> tuple[torch.Tensor, int]:
            tokenised = tokenise_examples(base.tokenizer, examples, max_tokens=options.max_tokens)
            together.parameters.gradients.zero_()
            together.model.losses([tokenised], slice(0, 1)).sum().backward()
            return together.parameters.gradients[0].clone(), sum(each.response_length for each in tokenised)

        wanted, _ = gradient(ANSWERS)
        own = [gradient(tuple(e for e in group.examples if e.contributor == name)) for name in names]
    tokens = sum(count for _, count in own)
    parts = [part * (count / tokens) for part, count in own]
    step = rate / (sum(parts).abs() + 1e-8)
    expected = [float((step * part) @ wanted) for part in parts]
    with backend.trained(base, [group], options=options) as together:
        assert list(credits_of(together, 0)) == names
        assert list(credits_of(together, 0).values()) == pytest.approx(expected, rel=1e-6)


@every_model
@every_rule
def test_who_hands_in_the_rows_of_another_gets_the_same_credit(
    model: str, lean: bool, rule: CreditRule, request: pytest.FixtureRequest, options: TrainingOptions
) -> None:
    base: LoadedModel = request.getfixturevalue(model)
    group = GroupData(0, rows("ann", 0, 2) + rows("bob", 3, 2) + rows("copier", 0, 2), 7, ANSWERS)
    options = dataclasses.replace(options, batch_size=6, passes=10, credit_every=2, credit_rule=rule)
    with MultiLora(lean=lean).trained(base, [group], options=options) as together:
        earned = credits_of(together, 0)
    assert earned["copier"] == pytest.approx(earned["ann"], rel=1e-3)
    assert earned["bob"] != pytest.approx(earned["ann"], rel=1e-2)


@every_model
def test_measuring_changes_a_candidate_by_rounding_at_most(
    model: str, lean: bool, request: pytest.FixtureRequest, options: TrainingOptions, tmp_path: Path
) -> None:
    base: LoadedModel = request.getfixturevalue(model)
    options = dataclasses.replace(options, learning_rate=1e-3)
    plain = MultiLora(lean=lean).train(base, crowd(), options=options, output=tmp_path)
    measured = MultiLora(lean=lean).train(
        base, crowd(), options=dataclasses.replace(options, credit_every=2), output=tmp_path
    )
    for one, other in zip(plain, measured, strict=True):
        assert one.losses == pytest.approx(other.losses, abs=1e-5)
        assert (one.credits, len(other.credits)) == ((), 3 - one.group)
        stored = [read_adapter(candidate.adapter).tensors for candidate in (one, other)]
        for name, tensor in stored[0].items():
            torch.testing.assert_close(tensor, stored[1][name], atol=1e-5, rtol=1e-3)


def test_groups_beside_it_change_a_credit_by_rounding_at_most(
    llama: LoadedModel, options: TrainingOptions
) -> None:
    options = dataclasses.replace(options, learning_rate=1e-3, credit_every=2)
    with MultiLora().trained(llama, crowd(), options=options) as together:
        both = [credits_of(together, row) for row in range(2)]
    for group, expected in zip(crowd(), both, strict=True):
        with MultiLora(tokens_per_pass=1).trained(llama, [group], options=options) as alone:
            assert credits_of(alone, 0) == pytest.approx(expected, rel=1e-3, abs=1e-7)


def test_without_expert_answers_there_is_nothing_to_measure_on(
    llama: LoadedModel, options: TrainingOptions, tmp_path: Path
) -> None:
    group = dataclasses.replace(crowd()[0], expert_answers=())
    with pytest.raises(TrainingError, match="group 0 has no expert answers"):
        MultiLora().train(
            llama, [group], options=dataclasses.replace(options, credit_every=1), output=tmp_path
        )


@pytest.mark.parametrize("name", [name for name in BACKENDS if name != "multi_lora"])
def test_other_backends_refuse(
    name: str, llama: LoadedModel, options: TrainingOptions, tmp_path: Path
) -> None:
    if name == "trl_sft":
        pytest.importorskip("trl", reason="the backend trl_sft needs the [trl] extra")
    with pytest.raises(TrainingError, match=f"{name}.*cannot measure credit"):
        BACKENDS.make(name).train(
            llama, crowd(), options=dataclasses.replace(options, credit_every=1), output=tmp_path
        )
