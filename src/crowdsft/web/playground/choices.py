"""Which models of a campaign can be talked to: the start, each round's winner, and each decided round's candidates."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from crowdsft.core.campaign import CampaignState
from crowdsft.core.errors import InputError
from crowdsft.web.adapters.models import gone_adapters
from crowdsft.web.pages.measure import group_letter

ROUNDS_OFFERED = 30


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model by its key ("start", "3": the winner of round 3, "3-1": its group 1), name and adapters, oldest first.

    `is_gone`: its weights were dropped after the round, and it cannot answer any more.
    """

    key: str
    name: str
    adapters: tuple[str, ...]
    is_gone: bool = False


def model_choices(state: CampaignState) -> list[ModelChoice]:
    """The newest first. Candidates of a round that is not decided yet are nobody's to see."""
    found: list[ModelChoice] = []
    offered = state.rounds[-ROUNDS_OFFERED:][::-1]
    gone = gone_adapters(digest for past in offered for digest in past.adapters)
    for past in offered:
        if past.selected is None:
            continue
        if past.winner is not None:
            won = past.adapters[past.winner]
            found.append(
                ModelChoice(
                    f"{past.number}",
                    _("Round {number}, winner").format(number=past.number),
                    (*past.lineage, won),
                )
            )
        found += [
            ModelChoice(
                f"{past.number}-{candidate.group}",
                _("Round {number}, group {group}").format(
                    number=past.number, group=group_letter(candidate.group)
                ),
                (*past.lineage, candidate.adapter),
                candidate.adapter in gone,
            )
            for candidate in past.candidates
            if candidate.group != past.winner
        ]
    return [*found, ModelChoice("start", _("The start"), ())]


def default_pair(choices: list[ModelChoice]) -> tuple[str, str]:
    """The start on the left, the newest winner on the right."""
    winners = [choice.key for choice in choices if "-" not in choice.key]
    return winners[-1], winners[0]


def find_choice(state: CampaignState, key: str) -> ModelChoice:
    """The model named `key`.

    Raises:
        InputError: when there is none, or its weights were dropped.
    """
    for choice in model_choices(state):
        if choice.key == key and choice.is_gone:
            raise InputError(
                _(
                    "{title}: its weights were dropped, so it cannot answer any more. Choose one of the others."
                ).format(title=choice.name)
            )
        if choice.key == key:
            return choice
    raise InputError(
        _("This campaign has no model {key!r} to talk to. Choose one of the list.").format(key=key)
    )
