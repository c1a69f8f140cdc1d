"""The scores of any classifier from the hub as an embedding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crowdsft.embedding.base import Floats, checked_texts
from crowdsft.embedding.networks import Network, class_labels, load


@dataclass(slots=True)
class ClassifierEmbedding:
    """One score for each label of a sequence classifier; the labels are names that a target can use.

    Scores are probabilities: of each label by itself where the model's config says multi-label, of the labels
    together where they exclude each other; a regression's outputs are taken as they are.

    Args:
        model: Hub id or folder; safetensors weights only.
        revision: Branch, tag or commit on the hub.
    """

    model: str
    revision: str | None = None
    _loaded: Network | None = field(default=None, init=False, repr=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the model's config, in their order."""
        return class_labels(self._network())

    def embed(self, texts: Sequence[str]) -> Floats:
        """float64[m, d]; see `Embedding.embed`. A row depends on the texts beside it by rounding at most.

        Raises:
            ModelError: The model cannot be loaded.
        """
        checked = checked_texts(texts)
        network = self._network()
        return network.run(checked, lambda output, _: _scores(output.logits.float(), network.model.config))

    def _network(self) -> Network:
        if self._loaded is None:
            self._loaded = load("AutoModelForSequenceClassification", self.model, revision=self.revision)
        return self._loaded


def _scores(logits: Any, config: Any) -> Any:
    """float[B, d]: what `problem_type` says, else by the number of labels, as transformers does."""
    problem = config.problem_type
    if problem is None:
        problem = "multi_label_classification" if logits.shape[-1] == 1 else "single_label_classification"
    if problem == "regression":
        return logits
    return logits.sigmoid() if problem == "multi_label_classification" else logits.softmax(dim=-1)
