"""What a judge is: somebody who says how good the outputs of a base and of its candidates are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import EvaluationError
from crowdsft.core.evaluation import Utility

if TYPE_CHECKING:
    from crowdsft.training.models import LoadedModel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """One sample of a round: everything that a judge may look at. Models are the base, then the candidates.

    Args:
        sample: Whether the sample decides who wins or is reported and paid for; no text is in both.
        prompts: m prompts.
        outputs: For each model its m answers; row i of all models answers prompts[i] with the same random numbers.
        embeddings: For each model float64[m, d], Phi of its answers.
        target: float64[d].
        distance: The campaign's utility of embeddings.
        base: The round's base model in memory.
        adapters: For each model its adapter's folder; None for the base itself.
        expert_pairs: Prompts with expert answers, other ones for each sample; empty without expert examples.
        max_tokens: Prompt and answer are cut after this many tokens of the base model.
        seed: For a judge that needs chance.
        memory: A folder of this campaign where a judge may keep what it paid for; it need not exist yet.
        report: Told what is going on, and the share of the judge's work that is done.
    """

    sample: Literal["selection", "reporting"]
    prompts: Sequence[str]
    outputs: Sequence[Sequence[str]]
    embeddings: Sequence[Floats]
    target: Floats
    distance: Utility
    base: LoadedModel
    adapters: Sequence[Path | None]
    expert_pairs: Sequence[tuple[str, str]]
    max_tokens: int
    seed: int
    memory: Path
    report: Callable[[str, float], None]


class Judge(Protocol):
    """Says how good each model is. A judge is made once for a campaign and asked twice in each round.

    Laws, for every entry of `JUDGES`:
        - one array float64[n] for each model, base first; n is the judge's own choice, the same for all models,
          at least 2; higher is better; every entry is finite;
        - rows are paired: row i of all models is about the same prompt, answer or comparison, and where the judge
          looks at outputs, row i is about output i;
        - the same case gets the same utilities;
        - a model with the base's outputs and weights gets the base's utilities.
    """

    def utilities(self, case: Case) -> list[Floats]:
        """float64[n] for each model of the case.

        Raises:
            EvaluationError: The judge could not come to a judgement.
        """
        ...


def checked_rows(judge: str, rows: Sequence[Floats], models: int) -> Floats:
    """float64[models, n]: what a judge said, if it keeps the law.

    Raises:
        EvaluationError: A row is missing, too short, or holds what is not a finite number.
    """
    lengths = {len(row) for row in rows}
    if len(rows) != models or len(lengths) != 1 or min(lengths) < 2:
        raise EvaluationError(
            f"the judge {judge!r} must give every one of {models} models the same number of rows, at least two; "
            f"it gave {[len(row) for row in rows]}."
        )
    values = np.array(rows, dtype=np.float64)
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise EvaluationError(
            f"the judge {judge!r} gave {'the base' if row == 0 else f'candidate {row - 1}'} a utility that is not a "
            f"finite number (row {column}). Check its model and the candidates' training."
        )
    return values
