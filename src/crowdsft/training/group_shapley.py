"""What each candidate of a round is worth: Shapley values of merging them, without any training.

A coalition of candidates is worth the utility of the base plus the weighted mean of its members' deltas, less the
base's own utility. Deltas are averaged, never the factors they are made of. Up to 8 candidates all 2^J - 1
coalitions are evaluated; beyond that coalitions are sampled by `core.valuation`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from crowdsft.core.errors import InputError
from crowdsft.core.valuation import METHODS, Valuation, value_game
from crowdsft.training.base import Example
from crowdsft.training.batches import Batch, make_batch
from crowdsft.training.chat_examples import tokenise_examples
from crowdsft.training.fitting import batch_loss, one_thread
from crowdsft.training.likelihood import ROWS_PER_BATCH
from crowdsft.training.merging import adapter_deltas, deltas_in_place
from crowdsft.training.models import LoadedModel

Floats = NDArray[np.float64]
Coalitions = NDArray[np.bool_]
Evaluator = Callable[[LoadedModel], float]
"""A model's utility; higher is better. It must leave the model as it is and always say the same of it."""

LARGEST_EXACT = 8
SAMPLED_COALITIONS = 512


@dataclass(slots=True)
class MinusLoss:
    """Mean log-likelihood per response token of the expert answers, in nats.

    Args:
        answers: At least one.
        max_tokens: What is beyond it is not looked at.
    """

    answers: Sequence[Example]
    max_tokens: int = 512
    _batches: tuple[Batch, ...] = field(init=False, default=())

    def __call__(self, base: LoadedModel) -> float:
        """The utility of `base`; one object serves models of one tokenizer, which it asks once."""
        if not self._batches:
            examples = tokenise_examples(base.tokenizer, self.answers, max_tokens=self.max_tokens)
            starts = range(0, len(examples), ROWS_PER_BATCH)
            padding = base.tokenizer.pad_token_id
            self._batches = tuple(
                make_batch(examples[start : start + ROWS_PER_BATCH], padding=padding) for start in starts
            )
        device = next(base.model.parameters()).device
        total = 0.0
        with one_thread(), torch.inference_mode():
            for batch in self._batches:
                total += float(batch_loss(base.model, batch.to(device))) * len(batch.targets)
        return -total / sum(len(batch.targets) for batch in self._batches)


@dataclass(slots=True)
class MergedGame:
    """The game whose players are J candidates and whose coalitions are merged.

    Args:
        base: What the candidates were trained from; it is put back as it was after each evaluation.
        deltas: For each candidate its deltas by parameter name.
        weights: float64[J], positive; of the candidates in a mean, e.g. their numbers of rows.
        evaluate: The utility of a model.
    """

    base: LoadedModel
    deltas: Sequence[dict[str, Tensor]]
    weights: Floats
    evaluate: Evaluator
    _nobody: float = field(init=False)

    def __post_init__(self) -> None:
        if len(self.weights) != len(self.deltas) or not (np.asarray(self.weights) > 0).all():
            raise InputError(
                f"merging {len(self.deltas)} candidates needs as many positive weights, not {list(self.weights)}."
            )
        self._nobody = self.evaluate(self.base)

    @property
    def n(self) -> int:
        """J."""
        return len(self.deltas)

    def __call__(self, coalitions: Coalitions, /) -> Floats:
        """float64[m]: gains over the base of coalitions bool[m, J]; nobody's is 0."""
        return np.array([self._gain(coalition) for coalition in coalitions])

    def _gain(self, coalition: NDArray[np.bool_]) -> float:
        if not coalition.any():
            return 0.0
        shares = np.where(coalition, self.weights, 0.0)
        mean: dict[str, Tensor] = {}
        for share, deltas in zip(shares / shares.sum(), self.deltas, strict=True):
            if share > 0:
                for name, delta in deltas.items():
                    mean[name] = mean.get(name, 0.0) + float(share) * delta
        model: nn.Module = self.base.model
        with torch.no_grad(), deltas_in_place(model, list(mean.items())):
            return self.evaluate(self.base) - self._nobody


def group_shapley(
    base: LoadedModel,
    adapters: Sequence[Path],
    evaluate: Evaluator,
    *,
    weights: Sequence[float] | None = None,
    coalitions: int = SAMPLED_COALITIONS,
    rng: np.random.Generator,
) -> Valuation:
    """Shapley values of a round's candidates, in the evaluator's unit.

    Args:
        base: What they were trained from.
        adapters: J adapter folders.
        evaluate: The utility of a model.
        weights: Of the candidates in a mean, e.g. their numbers of rows; None: equal ones.
        coalitions: Evaluations at most, for more than 8 candidates.
        rng: Chooses coalitions where not all are evaluated.

    Raises:
        InputError: No adapters, or weights that do not match.
        ModelError: A folder is not an adapter of this model.
    """
    if not adapters:
        raise InputError("there are no candidates to value; give at least one adapter.")
    game = MergedGame(
        base,
        [dict(adapter_deltas(base.model, adapter)) for adapter in adapters],
        np.ones(len(adapters)) if weights is None else np.array(weights, dtype=np.float64),
        evaluate,
    )
    if game.n <= LARGEST_EXACT:
        return value_game(game, METHODS.make("exact"), 1 << game.n, rng)
    return value_game(game, METHODS.make("auto"), coalitions, rng)
