"""Telling people that they repeat themselves, before they hand in. Others' texts are never compared with here."""

from __future__ import annotations

from crowdsft.core.near_texts import NEAR, resemblance, shingles
from crowdsft.core.settings.tasks import JUDGEMENT_KINDS
from crowdsft.web.contributions.models import Contribution, Task

LOOKED_AT = 300  # newest texts of the contributor
FEWEST_CHARACTERS = 16  # shorter texts are alike by chance


def nearly_said(task: Task, text: str) -> Contribution | None:
    """The contributor's own earlier contribution that says nearly the same as `text`, the nearest one.

    A correction that is still near the model's own answer repeats the model, not its contributor.
    """
    if task.kind in JUDGEMENT_KINDS or len(text.strip()) < FEWEST_CHARACTERS:
        return None
    own = shingles(text)
    if task.model_response and resemblance(own, shingles(task.model_response)) >= NEAR:
        return None
    earlier = Contribution.objects.filter(membership=task.membership).exclude(response="").exclude(task=task)
    written = earlier.exclude(kind__in=JUDGEMENT_KINDS).order_by("-created")[:LOOKED_AT]
    likeness = [(resemblance(own, shingles(row.response)), row) for row in written]
    nearest = max(likeness, key=lambda pair: pair[0], default=None)
    return nearest[1] if nearest is not None and nearest[0] >= NEAR else None
