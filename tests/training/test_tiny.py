"""The built-in model, as it is shipped: small, ordinary, fluent, balanced, easy to steer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the [train] extra")
pytest.importorskip("transformers", reason="needs the [train] extra")

from crowdsft.core.seeds import derive_rng
from crowdsft.training.chat_examples import tokenise_prompt, tokenise_response
from crowdsft.training.models import BUILTIN_MODELS, LoadedModel, load_model
from crowdsft.training.tiny.build import Recipe, build
from crowdsft.training.tiny.corpus import examples
from crowdsft.training.tiny.measure import (
    NEW_TOKENS,
    STEERING_RATES,
    UNSEEN_PROMPTS,
    measure_fluency,
    measure_steering,
    sample,
)
from crowdsft.world import EMOTIONS, PROMPTS, parse_comment
from crowdsft.world.grammar import VOICES
from crowdsft.world.lexicon import LEXICON

pytestmark = pytest.mark.train

FOLDER = BUILTIN_MODELS["builtin:tiny"]
TURNS = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hooray! We won."}]


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    return load_model("builtin:tiny")


@pytest.fixture(scope="module")
def tokenizer(tiny: LoadedModel) -> Any:
    return tiny.tokenizer


def test_the_folder_is_small_and_whole() -> None:
    files = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert set(files) == {
        "README.md",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert sum(files.values()) <= 2_000_000


def test_plain_transformers_loads_it_to_compute_in_float32() -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(FOLDER)
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    assert model.dtype == torch.float32
    assert 400_000 < model.num_parameters() < 480_000
    assert model.config.tie_word_embeddings
    assert len(tokenizer) == model.config.vocab_size
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id == model.config.eos_token_id
    assert model.generation_config.max_new_tokens == NEW_TOKENS


def test_weights_are_stored_in_half_precision() -> None:
    from safetensors import safe_open

    with safe_open(FOLDER / "model.safetensors", framework="np") as file:
        assert {file.get_tensor(name).dtype.name for name in file.keys()} == {"float16"}  # noqa: SIM118


def test_the_chat_template_writes_the_format_of_the_card(tokenizer: Any) -> None:
    text = tokenizer.apply_chat_template(TURNS, tokenize=False)
    assert text == "<|user|>Hi<|assistant|>Hooray! We won.<|end|>"
    opening = tokenizer.apply_chat_template(TURNS[:1], tokenize=False, add_generation_prompt=True)
    assert text.startswith(opening)


def test_the_template_masks_all_but_the_answer_and_its_end(tokenizer: Any) -> None:
    marked = tokenizer.apply_chat_template(TURNS, return_dict=True, return_assistant_tokens_mask=True)
    chosen = [token for token, own in zip(marked["input_ids"], marked["assistant_masks"], strict=True) if own]
    assert tokenizer.decode(chosen) == "Hooray! We won.<|end|>"
    assert chosen == tokenise_response(tokenizer, "Hi", "Hooray! We won.")


def test_each_special_token_is_one_token_and_never_comes_from_plain_words(tokenizer: Any) -> None:
    prompt = tokenise_prompt(tokenizer, "Write a comment.")
    special = {"<|pad|>": 0, "<|user|>": 1, "<|assistant|>": 2, "<|end|>": 3}
    assert {name: tokenizer.convert_tokens_to_ids(name) for name in special} == special
    assert prompt[0] == special["<|user|>"]
    assert prompt[-1] == special["<|assistant|>"]
    assert tokenizer.decode(prompt, skip_special_tokens=True) == "Write a comment."


@pytest.mark.parametrize("text", ["Grüße aus Ōsaka! 🦆", "a\n\ttab", "  two  spaces ", "it's 42 % \\ done"])
def test_any_text_survives_the_tokenizer(tokenizer: Any, text: str) -> None:
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_every_comment_takes_at_most_28_tokens(tokenizer: Any, emotion: str) -> None:
    """The longest one, exactly: words are tokenised apart, so the costs of the parts add up."""

    def cost(text: str) -> int:
        return len(tokenizer(text)["input_ids"])

    voice = VOICES[emotion]
    for core in voice.cores:
        literal, *rest = re.split(r"\{(\w+)\}", core)
        longest = literal
        for slot, after in zip(rest[::2], rest[1::2], strict=True):
            phrases = (
                LEXICON[slot] if longest else [phrase[0].upper() + phrase[1:] for phrase in LEXICON[slot]]
            )
            longest += max(phrases, key=lambda phrase: cost(longest + phrase)) + after
        with_opener = max(cost(f"{opener} {longest}") for opener in voice.openers)
        with_closer = max(cost(f"{longest} {closer}") for closer in voice.closers)
        assert max(with_opener, with_closer) <= 28, longest


def test_answers_are_fluent_balanced_varied_and_end(tiny: LoadedModel) -> None:
    fluency = measure_fluency(tiny, outputs=500, seed=1)
    assert fluency.parsed > 0.85
    assert fluency.ended > 0.98
    assert fluency.distinct > 0.98
    assert set(fluency.shares) == set(EMOTIONS)
    assert 0.03 < min(fluency.shares.values()) <= max(fluency.shares.values()) < 0.13


def test_it_answers_prompts_unlike_any_in_training(tiny: LoadedModel) -> None:
    fluency = measure_fluency(tiny, outputs=200, seed=2, prompts=UNSEEN_PROMPTS)
    assert fluency.parsed > 0.75
    assert fluency.ended > 0.97


def test_the_same_seed_gives_the_same_answers(tiny: LoadedModel) -> None:
    first, second, other = (sample(tiny, PROMPTS, seed=seed)[0] for seed in (4, 4, 5))
    assert first == second != other


def test_fine_tuning_on_a_hundred_comments_moves_it_far_towards_them(tiny: LoadedModel) -> None:
    careful, bold = (
        measure_steering(tiny, "love", learning_rate=rate, outputs=100) for rate in STEERING_RATES
    )
    assert careful.before == bold.before > 0.9
    assert careful.after < 0.8 * careful.before
    assert bold.after < 0.5 * bold.before


def test_figures_of_the_card_hold_when_measured_again(tiny: LoadedModel) -> None:
    """Twice the standard error of the difference of two shares of 500 is .045 at .85 and less above."""
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    again = measure_fluency(tiny, outputs=500, seed=11)
    for row, value in (("accepted by the grammar", again.parsed), ("ended by themselves", again.ended)):
        found = re.search(rf"\| {row}[^|]*\| ([0-9.]+) \|", card)
        assert found is not None
        assert float(found[1]) == pytest.approx(value, abs=0.05)
    found = re.search(r"\| gratitude \| 0.001 \| ([0-9.]+) \| ([0-9.]+) \|", card)
    assert found is not None
    steering = measure_steering(tiny, "gratitude", seed=3)
    assert [float(found[1]), float(found[2])] == pytest.approx([steering.before, steering.after], abs=0.12)


def test_prompt_and_answer_are_drawn_apart_and_emotions_are_even() -> None:
    drawn = examples(len(EMOTIONS) * 40, derive_rng(0, "examples"))
    labels = [parse.emotion for parse in (parse_comment(one.response) for one in drawn) if parse is not None]
    assert {labels.count(emotion) for emotion in EMOTIONS} == {40}
    assert {one.prompt for one in drawn} > set(PROMPTS)
    assert not {one.prompt for one in drawn} & set(UNSEEN_PROMPTS)


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    recipe = Recipe(vocabulary_size=400, hidden=16, layers=1, heads=2, inner=24, steps=6, batch_size=8)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        build(recipe, tmp_path / name)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name


def test_the_tokenizer_config_names_a_class_that_every_transformers_knows() -> None:
    settings = json.loads((FOLDER / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert settings["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert "generation" in settings["chat_template"]


def test_logits_are_finite_on_the_longest_context(tiny: LoadedModel) -> None:
    import torch

    length = tiny.model.config.max_position_embeddings
    tokens = torch.from_numpy(np.random.default_rng(0).integers(0, tiny.model.config.vocab_size, (1, length)))
    with torch.no_grad():
        assert torch.isfinite(tiny.model(tokens).logits).all()
