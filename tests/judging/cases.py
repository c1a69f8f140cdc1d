"""Cases for judges, made without a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from crowdsft.core.evaluation import UTILITIES
from crowdsft.embedding import EMBEDDINGS
from crowdsft.judging import Case

EXPERTS = tuple(("Write a comment.", f"What a lovely morning, number {number}!") for number in range(4))


def case(outputs: Sequence[Sequence[str]], memory: Path, *, base: Any = None, **changes: Any) -> Case:
    """A case of these outputs, base first; the target is joy."""
    embedding = EMBEDDINGS.make("emotions")
    made = Case(
        sample="selection",
        prompts=["Write a comment.", "How was it?"] * (len(outputs[0]) // 2),
        outputs=outputs,
        embeddings=[embedding.embed(texts) for texts in outputs],
        target=np.array([float(label == "joy") for label in embedding.labels]),
        distance=UTILITIES.make("l2"),
        base=base,
        adapters=[None] * len(outputs),
        expert_pairs=EXPERTS,
        max_tokens=128,
        seed=7,
        memory=memory,
        report=lambda message, share: None,
    )
    return replace(made, **changes)
