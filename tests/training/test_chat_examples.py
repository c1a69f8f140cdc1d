"""Prompts and responses as tokens."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs the [train] extra")

from crowdsft.core.errors import TrainingError
from crowdsft.training.base import Example
from crowdsft.training.chat_examples import tokenise_examples, tokenise_prompt, tokenise_response
from crowdsft.training.models import LoadedModel

pytestmark = pytest.mark.train


def test_a_chat_template_frames_the_turns(llama: LoadedModel) -> None:
    (example,) = tokenise_examples(llama.tokenizer, [Example("Hi?", "Fine.")], max_tokens=64)
    text = llama.tokenizer.decode(example.tokens)
    assert text == "<|user|>Hi?<|assistant|>Fine.<|end|>"  # without the template's newline after the end
    assert llama.tokenizer.decode(example.tokens[example.response_start :]) == "Fine.<|end|>"
    assert example.response_length == 6


def test_without_a_template_a_newline_stands_between(gpt2: LoadedModel) -> None:
    (example,) = tokenise_examples(gpt2.tokenizer, [Example("Hi?", "Fine.")], max_tokens=64)
    assert gpt2.tokenizer.decode(example.tokens) == "Hi?\nFine.<|end|>"
    assert gpt2.tokenizer.decode(example.tokens[: example.response_start]) == "Hi?\n"


@pytest.mark.parametrize("model", ["llama", "gpt2"])
def test_generation_starts_where_the_loss_starts(model: str, request: pytest.FixtureRequest) -> None:
    tokenizer = request.getfixturevalue(model).tokenizer
    (example,) = tokenise_examples(tokenizer, [Example("Hi?", "Fine.")], max_tokens=64)
    assert list(example.tokens[: example.response_start]) == tokenise_prompt(tokenizer, "Hi?")


def test_a_template_without_an_end_gets_one(llama: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    template = "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    opening = "{% if add_generation_prompt %}assistant: {% endif %}"
    monkeypatch.setattr(llama.tokenizer, "chat_template", template + opening)
    tokens = tokenise_response(llama.tokenizer, "Hi?", "Fine.")
    assert llama.tokenizer.decode(tokens) == "Fine.\n<|end|>"


def test_a_template_that_rewrites_the_conversation_keeps_the_plain_response(
    llama: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = "{{ messages | length }}{% for message in messages %}[{{ message['content'] }}]{% endfor %}"
    monkeypatch.setattr(llama.tokenizer, "chat_template", template)
    assert llama.tokenizer.decode(tokenise_response(llama.tokenizer, "Hi?", "Fine.")) == "Fine.<|end|>"


def test_a_long_response_is_cut_off_without_an_end(gpt2: LoadedModel) -> None:
    (example,) = tokenise_examples(gpt2.tokenizer, [Example("Hi?", "Fine.")], max_tokens=5)
    assert gpt2.tokenizer.decode(example.tokens) == "Hi?\nF"
    assert example.response_length == 1


def test_a_prompt_that_leaves_no_room_is_an_error(gpt2: LoadedModel) -> None:
    with pytest.raises(TrainingError, match=r"'Hi\?' takes 4 tokens; with max_tokens = 4"):
        tokenise_examples(gpt2.tokenizer, [Example("Hi?", "Fine.")], max_tokens=4)


def test_an_empty_response_teaches_to_end_at_once(llama: LoadedModel) -> None:
    (example,) = tokenise_examples(llama.tokenizer, [Example("Hi?", "")], max_tokens=64)
    assert example.tokens[example.response_start :] == (llama.tokenizer.eos_token_id,)
