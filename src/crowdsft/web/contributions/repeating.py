"""Telling people that they repeat themselves, before they hand in. Others' texts are never compared with here."""

from __future__ import annotations

from crowdsft.core.near_texts import NEAR, may_be_near, resemblance, shingles
from crowdsft.core.settings.tasks import JUDGEMENT_KINDS
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.prepared import Prepared

LOOKED_AT = 300  # newest texts of the contributor
FEWEST_CHARACTERS = 16  # shorter texts are alike by chance

_WRITTEN = Prepared(
    lambda member, task: (
        Contribution.objects.filter(membership=member)
        .exclude(response="")
        .exclude(task=task)
        .exclude(kind__in=JUDGEMENT_KINDS)
        .order_by("-created")
        .only("response")[:LOOKED_AT]
    )
)


def nearly_said(task: Task, text: str) -> Contribution | None:
    """The contributor's own earlier contribution that says nearly the same as `text`, the nearest one.

    A correction that is still near the model's own answer repeats the model, not its contributor.
    """
    if task.kind in JUDGEMENT_KINDS or len(text.strip()) < FEWEST_CHARACTERS:
        return None
    own = shingles(text)
    if task.model_response and resemblance(own, shingles(task.model_response)) >= NEAR:
        return None
    likeness = [
        (resemblance(own, shingles(row.response)), row)
        for row in _WRITTEN.rows(task.membership.pk, task.pk)
        if may_be_near(own, row.response)
    ]
    nearest = max(likeness, key=lambda pair: pair[0], default=None)
    return nearest[1] if nearest is not None and nearest[0] >= NEAR else None
