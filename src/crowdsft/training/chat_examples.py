"""Turning prompts and responses into tokens, the same way for training and for generation.

With a chat template the prompt is the user's turn and the response the assistant's; without one the text
is prompt, newline, response, end-of-text token. Prompt and response are tokenised apart, because at
generation the prompt's tokens are fixed before the first token of the response is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crowdsft.core.errors import TrainingError
from crowdsft.training.base import Example

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class TokenisedExample:
    """An example as tokens; those from `response_start` on carry the loss.

    Args:
        tokens: Prompt and response, at least one token each.
        response_start: Number of the prompt's tokens.
        weight: The example's weight, as it was given.
        contributor: Who gave it.
    """

    tokens: tuple[int, ...]
    response_start: int
    weight: float
    contributor: str = ""

    @property
    def response_length(self) -> int:
        """Tokens that carry the loss."""
        return len(self.tokens) - self.response_start


def tokenise_prompt(tokenizer: PreTrainedTokenizerBase, prompt: str) -> list[int]:
    """The tokens after which a response to `prompt` begins."""
    if tokenizer.chat_template:
        return _encode(tokenizer, _render(tokenizer, [_turn("user", prompt)], opens_response=True))
    tokens = list(tokenizer(prompt + "\n")["input_ids"])
    while tokens and tokens[-1] == tokenizer.eos_token_id:  # some tokenizers close every text
        tokens.pop()
    return tokens


def tokenise_response(tokenizer: PreTrainedTokenizerBase, prompt: str, response: str) -> list[int]:
    """The tokens of `response` in answer to `prompt`, up to and including the token that ends it."""
    text = response
    if tokenizer.chat_template:
        opening = _render(tokenizer, [_turn("user", prompt)], opens_response=True)
        turns = [_turn("user", prompt), _turn("assistant", response)]
        conversation = _render(tokenizer, turns, opens_response=False)
        if conversation.startswith(opening):
            text = conversation[len(opening) :]
    tokens = _encode(tokenizer, text)
    end = tokenizer.eos_token_id
    if end not in tokens:
        return [*tokens, end]
    last = len(tokens) - 1 - tokens[::-1].index(end)
    return tokens[: last + 1]  # what a template writes after the end is never generated


def tokenise_examples(
    tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example], *, max_tokens: int
) -> list[TokenisedExample]:
    """Tokenise examples; the end of a response that goes beyond `max_tokens` is cut off.

    Raises:
        TrainingError: A prompt alone fills `max_tokens`, so no token of the response would be left.
    """
    tokenised = []
    for example in examples:
        prompt = tokenise_prompt(tokenizer, example.prompt)
        if not 0 < len(prompt) < max_tokens:
            raise TrainingError(
                f"the prompt {_shortened(example.prompt)!r} takes {len(prompt)} tokens; with max_tokens = "
                f"{max_tokens} it must take between 1 and {max_tokens - 1}. Shorten it or raise max_tokens."
            )
        response = tokenise_response(tokenizer, example.prompt, example.response)
        tokens = tuple(prompt + response)[:max_tokens]
        tokenised.append(TokenisedExample(tokens, len(prompt), example.weight, example.contributor))
    return tokenised


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _render(tokenizer: PreTrainedTokenizerBase, turns: list[dict[str, str]], *, opens_response: bool) -> str:
    rendered: Any = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=opens_response)
    return str(rendered)


def _encode(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
