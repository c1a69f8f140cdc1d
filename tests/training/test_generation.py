"""Generation: common random numbers, left padding, the cache, and where a response ends."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from crowdsft.core.errors import InputError  # noqa: E402
from crowdsft.training import BACKENDS, TrainingOptions, generation  # noqa: E402
from crowdsft.training.base import GroupData  # noqa: E402
from crowdsft.training.chat_examples import tokenise_prompt  # noqa: E402
from crowdsft.training.common_random import CommonUniforms, choose_tokens  # noqa: E402
from crowdsft.training.generation import ROWS_ALONE, GenerationProgress, generate  # noqa: E402
from crowdsft.training.models import LoadedModel, model_with_adapters  # noqa: E402

pytestmark = pytest.mark.train
PROMPTS = ["Hi?", "A much longer prompt than that", "Hi?", "So"]


def sampled_one_by_one(
    base: LoadedModel, prompts: list[str], *, seed: int, count: int, temperature: float
) -> list[str]:
    """The same law written plainly: one row at a time, no padding, no cache."""
    uniforms = CommonUniforms(seed, rows=len(prompts), positions=count)
    texts = []
    for row, prompt in enumerate(prompts):
        tokens = tokenise_prompt(base.tokenizer, prompt)
        start = len(tokens)
        for position in range(count):
            with torch.no_grad():
                logits = base.model(torch.tensor([tokens])).logits[:, -1]
            chosen = int(choose_tokens(logits, uniforms.at([row], position), temperature))
            if chosen in base.stop_tokens:
                break
            tokens.append(chosen)
        texts.append(base.tokenizer.decode(tokens[start:], skip_special_tokens=True).strip())
    return texts


@pytest.mark.parametrize("model", ["llama", "gpt2"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_batched_generation_equals_one_row_at_a_time(
    model: str, temperature: float, request: pytest.FixtureRequest
) -> None:
    base: LoadedModel = request.getfixturevalue(model)
    (texts,) = generate(base, [None], prompts=PROMPTS, seed=3, max_new_tokens=12, temperature=temperature)
    assert texts == sampled_one_by_one(base, PROMPTS, seed=3, count=12, temperature=temperature)


def test_greedy_generation_equals_transformers(llama: LoadedModel) -> None:
    (texts,) = generate(llama, [None], prompts=["Hi?"], seed=0, max_new_tokens=10, temperature=0)
    tokens = torch.tensor([tokenise_prompt(llama.tokenizer, "Hi?")])
    theirs = llama.model.generate(tokens, max_new_tokens=10, do_sample=False, pad_token_id=0)
    text = llama.tokenizer.decode(theirs[0, tokens.shape[1] :], skip_special_tokens=True)
    assert texts == [text.strip()]


def test_candidates_share_their_chance_and_do_not_affect_each_other(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    candidates = BACKENDS.make("lora").train(llama, groups[:2], options=options, output=tmp_path)
    first, second = (candidate.adapter for candidate in candidates)
    arguments = {"prompts": PROMPTS, "seed": 5, "max_new_tokens": 8}
    together = generate(llama, [None, first, None, second, first], **arguments)
    assert together[0] == together[2]
    assert together[1] == together[4]
    assert together[1] != together[0]
    assert [generate(llama, [each], **arguments)[0] for each in (first, second)] == [together[1], together[3]]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("ends_early", [False, True])
def test_every_way_of_drawing_gives_the_same_texts(
    temperature: float,
    ends_early: bool,
    llama: LoadedModel,
    groups: list[GroupData],
    options: TrainingOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    narrow = dataclasses.replace(options, rank=2, target_modules=("q_proj", "down_proj"), adapt_head=False)
    wide, slim = (
        BACKENDS.make("lora").train(llama, groups[:1], options=each, output=tmp_path)[0].adapter
        for each in (options, narrow)
    )
    if ends_early:
        letters = llama.tokenizer("aeiou .,", add_special_tokens=False)["input_ids"]
        monkeypatch.setattr(llama.model.generation_config, "eos_token_id", [0, *letters])
    prompts = PROMPTS * 5

    def texts() -> list[list[str]]:
        return generate(
            llama, [None, wide, slim], prompts=prompts, seed=2, max_new_tokens=12, temperature=temperature
        )

    together = texts()
    monkeypatch.setattr(generation, "ROWS_TOGETHER", 40)
    in_portions = texts()
    monkeypatch.setattr(generation, "ROWS_ALONE", 1)
    merged = texts()
    monkeypatch.setattr(generation, "is_lean_model", lambda model: False)
    by_transformers = texts()
    assert together == in_portions == merged == by_transformers
    assert together[0] != together[1]
    assert together[0] != together[2]
    if ends_early:
        assert len({len(text) for text in together[1]}) > 1


def test_a_whole_weight_delta_is_drawn_from_as_well(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    (whole,) = BACKENDS.make("full_finetune").train(llama, groups[:1], options=options, output=tmp_path)
    merged = model_with_adapters(llama, [whole.adapter])
    arguments = {"prompts": PROMPTS, "seed": 5, "max_new_tokens": 8}
    plain, tuned = generate(llama, [None, whole.adapter], **arguments)
    assert tuned == generate(merged, [None], **arguments)[0]
    assert tuned != plain


def test_the_base_is_left_as_it_was(
    llama: LoadedModel, groups: list[GroupData], options: TrainingOptions, tmp_path: Path
) -> None:
    (candidate,) = BACKENDS.make("lora").train(llama, groups[:1], options=options, output=tmp_path)
    before = {name: value.clone() for name, value in llama.model.state_dict().items()}
    generate(llama, [candidate.adapter], prompts=PROMPTS, seed=5, max_new_tokens=8)
    assert all(torch.equal(value, before[name]) for name, value in llama.model.state_dict().items())


def test_more_rows_leave_the_earlier_rows_as_they_are(llama: LoadedModel) -> None:
    few, many = (
        generate(llama, [None], prompts=prompts, seed=1, max_new_tokens=6)[0]
        for prompts in (["Hi?"] * 3, ["Hi?"] * 5)
    )
    assert many[:3] == few
    assert len(set(many)) > 1


def test_a_response_ends_at_the_end_token(llama: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = PROMPTS * 15
    (texts,) = generate(llama, [None], prompts=prompts, seed=3, max_new_tokens=20)
    letters = llama.tokenizer("e")["input_ids"]
    monkeypatch.setattr(llama.model.generation_config, "eos_token_id", [0, *letters])
    (shorter,) = generate(llama, [None], prompts=prompts, seed=3, max_new_tokens=20)
    assert any("e" in text for text in texts)
    assert shorter == [text.split("e")[0].strip() for text in texts]


def test_progress_goes_from_token_to_token(llama: LoadedModel) -> None:
    seen: list[GenerationProgress] = []
    for rows in (1, ROWS_ALONE):
        generate(llama, [None, None], prompts=["Hi?"] * rows, seed=0, max_new_tokens=3, progress=seen.append)
    assert [(event.candidate, event.tokens) for event in seen] == [
        (candidate, tokens) for candidate in (0, 0, 1) for tokens in (1, 2, 3)
    ]  # first both together, then one after the other
    assert {(event.candidates, event.max_tokens) for event in seen} == {(2, 3)}


def test_settings_out_of_range_and_prompts_without_room(llama: LoadedModel) -> None:
    with pytest.raises(InputError, match="max_new_tokens >= 1"):
        generate(llama, [None], prompts=["Hi?"], seed=0, max_new_tokens=0)
    with pytest.raises(InputError, match="a temperature >= 0"):
        generate(llama, [None], prompts=["Hi?"], seed=0, max_new_tokens=1, temperature=float("nan"))
    with pytest.raises(InputError, match="reads at most 256"):
        generate(llama, [None], prompts=["x" * 250], seed=0, max_new_tokens=10)
    assert generate(llama, [None, None], prompts=[], seed=0, max_new_tokens=1) == [[], []]


def test_the_uniforms_depend_on_seed_row_and_position_alone() -> None:
    small, large = CommonUniforms(4, rows=2, positions=3), CommonUniforms(4, rows=5, positions=9)
    for position in range(3):
        assert torch.equal(small.at([1, 0], position), large.at([1, 0], position))
    numbers = np.stack([large.at(range(5), position).numpy() for position in range(9)])
    assert len(np.unique(numbers)) == 45
    assert not np.intersect1d(numbers, CommonUniforms(5, rows=5, positions=9).at(range(5), 0).numpy()).size


@settings(deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=6), st.floats(0, 1, exclude_max=True))
def test_a_token_is_chosen_by_inverting_the_cumulative_distribution(
    logits: list[float], uniform: float
) -> None:
    scores = torch.tensor([logits])
    chosen = int(choose_tokens(scores, torch.tensor([uniform], dtype=torch.float64), 1.0))
    cumulative = torch.softmax(scores.double(), dim=-1)[0].cumsum(0)
    below = float(cumulative[chosen - 1]) if chosen else 0.0
    assert below - 1e-6 <= uniform <= float(cumulative[chosen]) + 1e-6


def test_samples_have_the_models_frequencies() -> None:
    logits = torch.tensor([[0.0, 1.0, -1.0, 2.0]]).repeat(20_000, 1)
    uniforms = CommonUniforms(0, rows=20_000, positions=1).at(range(20_000), 0)
    counts = torch.bincount(choose_tokens(logits, uniforms, 0.5), minlength=4) / 20_000
    expected = torch.softmax(logits[0] / 0.5, dim=-1)
    torch.testing.assert_close(counts, expected, atol=4 * 0.5 / 20_000**0.5, rtol=0)
