"""The life of a campaign in five words, and what may follow what.

draft ──▶ open ◀──▶ paused        draft: being set up, seen by its organisers only
  │        │ │        │ │         open: rounds go on
  │        │ └──▶ finished ◀┘     paused: no step starts until it goes on
  └──▶ cancelled ◀┘──────┘        finished, cancelled: for good; may be archived
"""

from __future__ import annotations

from typing import Literal

from crowdsft.core.errors import InputError
from crowdsft.core.sentences import sentence

Life = Literal["draft", "open", "paused", "finished", "cancelled"]

MAY_FOLLOW: dict[str, tuple[Life, ...]] = {
    "draft": ("open", "cancelled"),
    "open": ("paused", "finished", "cancelled"),
    "paused": ("open", "finished", "cancelled"),
    "finished": (),
    "cancelled": (),
}
LIFE_WORDS = {
    "draft": sentence("draft"),
    "open": sentence("open"),
    "paused": sentence("paused"),
    "finished": sentence("finished"),
    "cancelled": sentence("cancelled"),
}
OVER: tuple[Life, ...] = ("finished", "cancelled")


def check_change(now: str, wanted: str) -> None:
    """Raises: InputError when a campaign that is `now` cannot become `wanted`, saying what it can become."""
    if wanted in MAY_FOLLOW[now]:
        return
    if not MAY_FOLLOW[now]:
        raise InputError(
            sentence(
                "The campaign is {now} and cannot become {wanted}. It stays so for good.",
                now=LIFE_WORDS[now],
                wanted=LIFE_WORDS[wanted],
            )
        )
    raise InputError(
        sentence(
            "The campaign is {now} and cannot become {wanted}. It can only become: {allowed}.",
            now=LIFE_WORDS[now],
            wanted=LIFE_WORDS[wanted],
            allowed=tuple(LIFE_WORDS[life] for life in MAY_FOLLOW[now]),
        )
    )
