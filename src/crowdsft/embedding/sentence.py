"""Sentence embeddings by any encoder from the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from crowdsft.core.errors import ModelError
from crowdsft.embedding.base import Floats, checked_texts
from crowdsft.embedding.networks import Network, load
from crowdsft.hub import optional_json

Pooling = Literal["mean", "cls", "max", "last"]

_POOLINGS: dict[str, Pooling] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "last",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model turns its tokens' vectors into one: what its sentence-transformers files say.

    Args:
        pooling: Which tokens make the vector.
        is_unit: Whether it is scaled to length 1.
        max_tokens: Where texts are cut; None: where the network ends.
    """

    pooling: Pooling = "mean"
    is_unit: bool = False
    max_tokens: int | None = None


@dataclass(slots=True)
class SentenceEmbedding:
    """The vector of each text by an encoder, pooled and scaled as the model's own files say.

    Files in the format of sentence-transformers are followed (mean, first, last or largest token; length 1 or not);
    an encoder without them is pooled by its mean and not scaled. Only transformers is needed.

    Args:
        model: Hub id or folder; safetensors weights only.
        revision: Branch, tag or commit on the hub.
    """

    model: str
    revision: str | None = None
    _loaded: tuple[Network, Recipe] | None = field(default=None, init=False, repr=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """ "dimension 0", "dimension 1", ..."""
        network, _ = self._network()
        return tuple(f"dimension {position}" for position in range(network.model.config.hidden_size))

    def embed(self, texts: Sequence[str]) -> Floats:
        """float64[m, d]; see `Embedding.embed`. A row depends on the texts beside it by rounding at most.

        Raises:
            ModelError: The model cannot be loaded.
        """
        checked = checked_texts(texts)
        network, recipe = self._network()
        rows = network.run(
            checked,
            lambda output, mask: pooled(output.last_hidden_state, mask, recipe.pooling),
            max_tokens=recipe.max_tokens,
        )
        if not recipe.is_unit:
            return rows
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))

    def _network(self) -> tuple[Network, Recipe]:
        if self._loaded is None:
            network = load("AutoModel", self.model, revision=self.revision, unused="pooler")
            self._loaded = (network, read_recipe(self.model, self.revision))
        return self._loaded


def pooled(hidden: Any, mask: Any, pooling: Pooling) -> Any:
    """float[B, d] from the tokens' vectors float[B, T, d] and the mask int64[B, T], padded on the right."""
    import torch

    if pooling == "cls":
        return hidden[:, 0]
    if pooling == "last":
        return hidden[torch.arange(len(hidden)), mask.sum(dim=1) - 1]
    is_token = mask[..., None].bool()
    if pooling == "max":
        return hidden.masked_fill(~is_token, float("-inf")).amax(dim=1)
    return hidden.masked_fill(~is_token, 0.0).sum(dim=1) / mask.sum(dim=1, keepdim=True)


def read_recipe(reference: str, revision: str | None) -> Recipe:
    """What the files in the format of sentence-transformers say; the plain mean where there are none.

    Raises:
        ModelError: They ask for a step that is not known here, or cannot be read.
    """
    modules = optional_json(reference, "modules.json", revision=revision)
    if modules is None:
        return Recipe()
    kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
    unknown = [kind for kind in kinds if kind not in ("Transformer", "Pooling", "Normalize")]
    if unknown or "Pooling" not in kinds:
        raise ModelError(
            f"{reference!r} turns tokens into vectors by {' > '.join(kinds)}; known here is Transformer > Pooling > "
            "Normalize. Choose another sentence encoder."
        )
    folder = modules[kinds.index("Pooling")]["path"]
    settings = optional_json(reference, f"{folder}/config.json", revision=revision) or {}
    limits = optional_json(reference, "sentence_bert_config.json", revision=revision) or {}
    return Recipe(_pooling(reference, settings), "Normalize" in kinds, limits.get("max_seq_length"))


def _pooling(reference: str, settings: dict[str, Any]) -> Pooling:
    named = settings.get("pooling_mode")
    chosen = [pooling for key, pooling in _POOLINGS.items() if settings.get(key) or pooling == named]
    others = [key for key, value in settings.items() if key.startswith("pooling_mode_") and value is True]
    if len(chosen) != 1 or any(key not in _POOLINGS for key in others):
        raise ModelError(
            f"{reference!r} pools tokens by {', '.join(others) or named}; known here is one of mean, cls, max and "
            "last. Choose another sentence encoder."
        )
    return chosen[0]
