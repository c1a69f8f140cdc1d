"""Texts that were typed and never became a contribution: handed in too late, in a second tab, or left behind."""

from __future__ import annotations

from crowdsft.core.settings.tasks import JUDGEMENT_KINDS
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.task_types.texts import clean_text

MOST_TEXTS = 50  # newest first; a page holds no more, and "your data" has all


def kept_texts(membership: Membership) -> list[Task]:
    """The contributor's closed tasks whose draft says something that was not handed in, newest first.

    Left out are the model's own words, and what the contributor handed in after all, with this task or another one.
    """
    tasks = (
        Task.objects.filter(membership=membership)
        .exclude(state__in=Task.UNFINISHED)
        .exclude(draft="")
        .exclude(kind__in=JUDGEMENT_KINDS)
        .order_by("-changed", "-pk")
    )
    handed_in = {
        clean_text(text)
        for text in Contribution.objects.filter(membership=membership).values_list("response", flat=True)
    }
    found: list[Task] = []
    for task in tasks.iterator():
        text = clean_text(task.draft)
        if text and text not in handed_in and text != clean_text(task.model_response):
            found.append(task)
        if len(found) == MOST_TEXTS:
            break
    return found
