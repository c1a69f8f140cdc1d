"""Batches, the optimiser and the loss, against the textbook way of doing each."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from crowdsft.core.errors import SettingsError  # noqa: E402
from crowdsft.training.base import TrainingOptions  # noqa: E402
from crowdsft.training.batches import make_batch, plan_steps  # noqa: E402
from crowdsft.training.chat_examples import TokenisedExample  # noqa: E402
from crowdsft.training.fitting import batch_loss, one_thread  # noqa: E402
from crowdsft.training.models import LoadedModel  # noqa: E402
from crowdsft.training.optimiser import FlatAdamW, learning_rate_at  # noqa: E402

pytestmark = pytest.mark.train


@given(
    count=st.integers(1, 30), passes=st.integers(1, 4), batch_size=st.integers(1, 9), seed=st.integers(0, 9)
)
def test_every_pass_sees_every_example_once(count: int, passes: int, batch_size: int, seed: int) -> None:
    options = TrainingOptions(passes=passes, batch_size=batch_size)
    steps = plan_steps(count, options, seed=seed)
    order = [index for step in steps for index in step]
    assert all(len(step) == batch_size for step in steps[:-1])
    assert len(steps) == math.ceil(passes * count / batch_size)
    for start in range(0, len(order), count):
        assert sorted(order[start : start + count]) == list(range(count))
    assert steps == plan_steps(count, options, seed=seed)


@given(steps=st.integers(1, 60), fraction=st.floats(0, 1))
def test_the_learning_rate_rises_then_falls(steps: int, fraction: float) -> None:
    options = TrainingOptions(learning_rate=2.0, warmup_fraction=fraction)
    rates = [learning_rate_at(step, steps, options) for step in range(steps)]
    peak = rates.index(max(rates))
    assert all(0 < rate <= 2.0 for rate in rates)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert max(rates) == pytest.approx(2.0)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_the_flat_optimiser_is_adamw_with_clipping(weight_decay: float) -> None:
    torch.manual_seed(0)
    ours = [torch.nn.Parameter(torch.randn(4, 3)), torch.nn.Parameter(torch.randn(5))]
    theirs = [torch.nn.Parameter(parameter.detach().clone()) for parameter in ours]
    options = TrainingOptions(weight_decay=weight_decay, gradient_clip=0.7)
    flat = FlatAdamW(ours, options, rate_factors=[1.0, 4.0])
    textbook = torch.optim.AdamW([{"params": [each]} for each in theirs], lr=0.0, weight_decay=weight_decay)
    for step in range(8):
        flat.clear_gradients()
        textbook.zero_grad()
        for parameters in (ours, theirs):
            loss = sum(((step + 1) * parameter.sin() ** 2).sum() for parameter in parameters)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(theirs, 0.7)
        for factor, parameters in zip((1.0, 4.0), textbook.param_groups, strict=True):
            parameters["lr"] = 0.01 * (step + 1) * factor
        flat.step(0.01 * (step + 1))
        textbook.step()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("model", ["llama", "gpt2"])
def test_the_loss_is_the_weighted_mean_over_response_tokens(
    model: str, request: pytest.FixtureRequest
) -> None:
    base: LoadedModel = request.getfixturevalue(model)
    examples = [TokenisedExample((3, 4, 5, 6, 7), 2, 1.5), TokenisedExample((8, 9, 10), 1, 0.5)]
    expected = 0.0
    with torch.no_grad():
        for example in examples:
            logits = base.model(torch.tensor([example.tokens])).logits[0]
            scores = logits.log_softmax(dim=-1)
            for position in range(example.response_start, len(example.tokens)):
                expected -= example.weight * float(scores[position - 1, example.tokens[position]]) / 5
        loss = batch_loss(base.model, make_batch(examples, padding=0))
    assert float(loss) == pytest.approx(expected, abs=1e-5)


def test_the_number_of_threads_is_put_back() -> None:
    before = torch.get_num_threads()
    with pytest.raises(KeyboardInterrupt), one_thread():
        assert torch.get_num_threads() == 1
        raise KeyboardInterrupt
    assert torch.get_num_threads() == before


def test_every_fault_of_the_options_is_listed() -> None:
    with pytest.raises(SettingsError) as caught:
        TrainingOptions(rank=0, learning_rate=float("nan"), warmup_fraction=2, max_tokens=1, gradient_clip=-1)
    assert {fault.where for fault in caught.value.faults} == {
        "rank",
        "learning_rate",
        "warmup_fraction",
        "max_tokens",
        "gradient_clip",
    }
