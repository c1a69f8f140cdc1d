"""A reward model from the hub: any sequence classifier that reads a prompt with its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crowdsft.core.errors import InputError
from crowdsft.embedding.networks import Network, chosen_class, load
from crowdsft.judging.base import Case, Floats


@dataclass(slots=True)
class RewardModelJudge:
    """The score that a sequence classifier gives to each prompt with its answer, before any softmax.

    Prompt and answer go through the tokenizer's chat template where it has one; else they are given as a pair of
    texts. The network is loaded when it is first asked and kept.

    Args:
        model: Hub id or folder; safetensors weights only.
        revision: Branch, tag or commit on the hub; pin a commit so that the campaign can be repeated.
        trust_remote_code: Whether Python code that comes with the model may run on this machine.
        label: Which of its labels is the score; may be left out where it has one.
        max_tokens: Prompt and answer are cut after this many tokens.
    """

    model: str | None = None
    revision: str | None = None
    trust_remote_code: bool = False
    label: str | None = None
    max_tokens: int = 1_024
    _network: Network | None = field(default=None, init=False, repr=False)

    def utilities(self, case: Case) -> list[Floats]:
        """float64[m] for each model; see `Judge.utilities`."""
        distinct = list(
            dict.fromkeys(pair for texts in case.outputs for pair in zip(case.prompts, texts, strict=True))
        )
        case.report(f"the reward model reads {len(distinct)} answers", 0.0)
        scores = dict(zip(distinct, self.scores(distinct), strict=True))
        import numpy as np

        return [
            np.array([scores[pair] for pair in zip(case.prompts, texts, strict=True)])
            for texts in case.outputs
        ]

    def scores(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """float64[m]: the score of each prompt with its answer.

        Raises:
            ModelError: The network cannot be loaded.
            InputError: It has several labels and `label` names none of them.
        """
        network = self.network()
        chosen = chosen_class(network, self.label)
        texts, is_rendered = _as_texts(network, pairs)
        found = network.run(
            texts, lambda output, _: output.logits, max_tokens=self.max_tokens, is_rendered=is_rendered
        )
        return found[:, chosen]

    def network(self) -> Network:
        """The loaded network."""
        if self.model is None:
            raise InputError("the judge 'reward_model' has no model. Set reward_model.model.")
        if self._network is None:
            self._network = load(
                "AutoModelForSequenceClassification",
                self.model,
                revision=self.revision,
                trust_remote_code=self.trust_remote_code,
            )
        return self._network


def _as_texts(
    network: Network, pairs: Sequence[tuple[str, str]]
) -> tuple[Sequence[str] | Sequence[tuple[str, str]], bool]:
    """What the tokenizer is given, and whether it holds its special tokens already."""
    if not network.tokenizer.chat_template:
        return pairs, False
    turns = [
        [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
        for prompt, answer in pairs
    ]
    return [str(network.tokenizer.apply_chat_template(turn, tokenize=False)) for turn in turns], True
