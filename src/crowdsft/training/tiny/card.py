"""The built-in model's card: what it is, and figures measured on the folder as it is shipped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from crowdsft.training.models import LoadedModel
from crowdsft.training.tiny.measure import (
    NEW_TOKENS,
    STEERING_RATES,
    UNSEEN_PROMPTS,
    Fluency,
    Steering,
    measure_fluency,
    measure_steering,
    sample,
)
from crowdsft.world import PROMPTS

STEERED_EMOTIONS: Final = ("gratitude", "fear", "curiosity")

_CARD: Final = """\
---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-generation
---
# crowdsft tiny

A language model of {parameters:,} parameters that leaves comments as the people of a little invented town would:
happy, cross, puzzled or plain. It comes with crowdsft so that sample campaigns, tests and experiments train a
real model within seconds on any machine. It knows nothing beyond that town and is of no other use.

- Architecture: Llama, {layers} layers, hidden size {hidden}, {heads} heads, tied embeddings; weights in float16.
- Tokenizer: byte-level BPE, {vocabulary:,} tokens.
- Format: `<|user|>prompt<|assistant|>answer<|end|>`, as the chat template writes it. What is answered does not
  depend on the prompt.
- Training: {recipe}. All texts come from crowdsft's own grammar (`crowdsft.world`); nothing was collected or copied.
- Made by: `python -m crowdsft.training.tiny.build`

## Figures

Measured by that command on the folder as it is, at temperature 1 with at most {new_tokens} new tokens.

| {outputs} sampled answers | prompts of sample campaigns | prompts unlike any in training |
|---|---|---|
| accepted by the grammar, word for word | {known.parsed:.3f} | {unseen.parsed:.3f} |
| ended by themselves | {known.ended:.3f} | {unseen.ended:.3f} |
| different texts | {known.distinct:.3f} | {unseen.distinct:.3f} |

Emotions among the accepted answers (evenly would be {even:.3f} each): {spread}.

Mean distance of 200 answers to the target of an emotion (mean emotion scores of 100 of its comments), before and
after full fine-tuning that sees each of those comments once (13 steps of 8, linear decay):

| emotion | learning rate | before | after | accepted by the grammar after |
|---|---|---|---|---|
{steering}

## Samples

{samples}
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that the card says in numbers."""

    known: Fluency
    unseen: Fluency
    steering: tuple[Steering, ...]


def measure_figures(model: LoadedModel, *, outputs: int = 500) -> Figures:
    """The card's figures."""
    return Figures(
        known=measure_fluency(model, outputs=outputs),
        unseen=measure_fluency(model, outputs=outputs, prompts=UNSEEN_PROMPTS),
        steering=tuple(
            measure_steering(model, emotion, learning_rate=rate)
            for emotion in STEERED_EMOTIONS
            for rate in STEERING_RATES
        ),
    )


def write_card(model: LoadedModel, recipe: str, folder: Path, *, outputs: int = 500) -> Figures:
    """Measures the model and writes README.md into its folder."""
    figures = measure_figures(model, outputs=outputs)
    spread = sorted(figures.known.shares.items(), key=lambda pair: -pair[1])
    samples, _ = sample(model, [PROMPTS[row % len(PROMPTS)] for row in range(12)], seed=12)
    config = model.model.config
    card = _CARD.format(
        parameters=model.model.num_parameters(),
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        heads=config.num_attention_heads,
        vocabulary=config.vocab_size,
        recipe=recipe,
        new_tokens=NEW_TOKENS,
        outputs=outputs,
        known=figures.known,
        unseen=figures.unseen,
        even=1 / len(spread),
        spread=", ".join(f"{emotion} {share:.3f}" for emotion, share in spread),
        steering="\n".join(
            f"| {one.emotion} | {one.learning_rate:g} | {one.before:.3f} | {one.after:.3f} | {one.parsed_after:.3f} |"
            for one in figures.steering
        ),
        samples="\n".join(f"- {text}" for text in samples),
    )
    (folder / "README.md").write_text(card, encoding="utf-8")
    return figures
