"""What reviews of a contribution add up to.

One rejection is enough to leave a contribution out: it can be appealed against, and what a model has learnt cannot
be taken back. Being accepted takes as many acceptances as the campaign asks for.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

Verdict = Literal["accepted", "rejected", "returned"]
Standing = Literal["waiting", "accepted", "rejected", "returned"]

VERDICTS: tuple[Verdict, ...] = ("accepted", "rejected", "returned")


def standing(verdicts: Collection[str], *, needed: int) -> Standing:
    """Where a contribution stands after `verdicts`; those that were undone are not among them.

    Args:
        needed: How many acceptances it takes, at least 1.
    """
    if "rejected" in verdicts:
        return "rejected"
    if "returned" in verdicts:
        return "returned"
    return "accepted" if sum(verdict == "accepted" for verdict in verdicts) >= needed else "waiting"
