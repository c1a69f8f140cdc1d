"""Running a network from the hub over many texts: in batches of like length, each row by its own text alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import InputError, ModelError
from crowdsft.hub import load_network

Floats = NDArray[np.float64]

ROWS_PER_BATCH = 16
_SHIFTED_POSITIONS = {"roberta", "xlm-roberta", "camembert", "mpnet", "longformer"}


@dataclass(frozen=True, slots=True)
class Network:
    """A loaded network with its tokenizer; see `crowdsft.hub.load_network`."""

    model: Any
    tokenizer: Any
    reference: str

    @property
    def room(self) -> int:
        """The longest text it can read, in tokens, special tokens included."""
        positions = getattr(self.model.config, "max_position_embeddings", None) or 1_000_000
        if self.model.config.model_type in _SHIFTED_POSITIONS:
            positions -= 2  # their positions count from behind the padding token
        return int(min(positions, self.tokenizer.model_max_length))

    def run(
        self,
        texts: Sequence[str] | Sequence[tuple[str, str]],
        read: Callable[[Any, Any], Any],
        *,
        max_tokens: int | None = None,
        is_rendered: bool = False,
    ) -> Floats:
        """float64[m, k]: what `read` makes of each text.

        Args:
            texts: m texts, or m pairs that the tokenizer joins.
            read: From the network's output and the mask int64[B, T] to float[B, k].
            max_tokens: Longer texts are cut at their end; None: at what the network can read.
            is_rendered: Whether the texts hold their special tokens already, as a chat template writes them.
        """
        import torch

        rows = [self._tokens(text, min(max_tokens or self.room, self.room), is_rendered) for text in texts]
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]["input_ids"]))
        found: list[Any] = [None] * len(rows)
        size = self._rows_per_batch()
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums are taken in one order, and results repeat
        try:
            with torch.inference_mode():
                for start in range(0, len(order), size):
                    chosen = order[start : start + size]
                    batch = self._padded([rows[index] for index in chosen])
                    values = read(self.model(**batch), batch["attention_mask"]).double().numpy()
                    for index, value in zip(chosen, values, strict=True):
                        found[index] = value
        finally:
            torch.set_num_threads(threads)
        return np.stack(found).astype(np.float64)

    def _tokens(self, text: str | tuple[str, str], longest: int, is_rendered: bool) -> dict[str, list[int]]:
        parts = (text,) if isinstance(text, str) else text
        encoded = self.tokenizer(
            *parts, truncation=True, max_length=longest, add_special_tokens=not is_rendered
        )
        if not encoded["input_ids"]:  # an empty text where the tokenizer adds nothing
            filler = self.tokenizer.eos_token_id or self.tokenizer.pad_token_id or 0
            return {"input_ids": [filler], "attention_mask": [1]}
        return dict(encoded)

    def _rows_per_batch(self) -> int:
        """One at a time where padding could not be told from the end of a text."""
        padding, end = self.tokenizer.pad_token_id, self.tokenizer.eos_token_id
        is_told_apart = padding is not None and padding != end
        self.model.config.pad_token_id = padding if is_told_apart else None
        return ROWS_PER_BATCH if is_told_apart else 1

    def _padded(self, rows: Sequence[dict[str, list[int]]]) -> dict[str, Any]:
        import torch

        if len(rows) == 1:
            return {name: torch.tensor([values]) for name, values in rows[0].items()}
        padded = self.tokenizer.pad(rows, padding=True, padding_side="right", return_tensors="pt")
        return dict(padded)


def load(
    kind: str,
    reference: str,
    *,
    revision: str | None = None,
    trust_remote_code: bool = False,
    unused: str | None = None,
) -> Network:
    """The network that `reference` names; arguments and errors as of `crowdsft.hub.load_network`."""
    model, tokenizer = load_network(
        kind, reference, revision=revision, trust_remote_code=trust_remote_code, unused=unused
    )
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        raise ModelError(f"the tokenizer of {reference!r} has more tokens than the model embeds.")
    return Network(model, tokenizer, reference)


def class_labels(network: Network) -> tuple[str, ...]:
    """The names of a classifier's outputs, as its config has them."""
    names = network.model.config.id2label
    return tuple(str(names[index]) for index in range(network.model.config.num_labels))


def chosen_class(network: Network, label: str | None) -> int:
    """The output that `label` names; without a label the only one.

    Raises:
        InputError: There is no such label, or there are several and none was named.
    """
    labels = class_labels(network)
    if label is None and len(labels) == 1:
        return 0
    if label not in labels:
        said = "names none of them" if label is None else f"the label {label!r} is none of them"
        raise InputError(
            f"{network.reference!r} scores {len(labels)} labels and {said}: {', '.join(labels[:20])}. "
            "Set reward_model.label to the one that is wanted."
        )
    return labels.index(label)
