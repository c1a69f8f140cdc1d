"""The settings of rounds: how many there are, how the crowd is split, and what closes one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from crowdsft.core.errors import Fault
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.sentences import sentence
from crowdsft.core.settings.section import Section, known_name


class RoundsSection(Section):
    """How many rounds there are, how a round's crowd is split, what closes a round, and who has the last word.

    With `approval` a winner becomes the next base only when an organiser or a reviewer says so. `groups_of_one` trains
    one candidate a contributor, at most `most_groups`. `merges` are means of the candidates that compete with them.
    """

    count: Annotated[int, Field(ge=1, le=10_000)] = 3
    groups: Annotated[int, Field(ge=2, le=256)] = 3
    grouping: str = "random"
    close: Literal["size", "deadline", "manual"] = "size"
    size: Annotated[int, Field(ge=1)] | None = None
    minutes: Annotated[float, Field(gt=0)] | None = None
    approval: bool = False
    groups_of_one: Literal["never", "first", "always"] = "never"
    most_groups: Annotated[int, Field(ge=2, le=256)] = 24
    merges: tuple[Literal["mean", "by_value"], ...] = ()
    merge_temperature: Annotated[float, Field(gt=0, le=1_000)] = 0.12

    @field_validator("merges")
    @classmethod
    def _each_once(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kinds))

    @field_validator("grouping")
    @classmethod
    def _known_grouping(cls, name: str) -> str:
        return known_name("grouping", name, GROUPINGS)


def closing_faults(rounds: RoundsSection) -> list[Fault]:
    """What closes a round, said twice or not at all."""
    faults = []
    if rounds.close == "deadline" and rounds.minutes is None:
        faults.append(
            Fault(
                "rounds.minutes",
                sentence('is missing; close = "deadline" needs the length of a round in minutes'),
            )
        )
    if rounds.close == "deadline" and rounds.size is not None:
        faults.append(
            Fault("rounds.size", sentence('contradicts close = "deadline"; remove it or use close = "size"'))
        )
    if rounds.close != "deadline" and rounds.minutes is not None:
        faults.append(
            Fault(
                "rounds.minutes",
                sentence('contradicts close = "{close}"; remove it or use "deadline"', close=rounds.close),
            )
        )
    if rounds.close == "manual" and rounds.size is not None:
        faults.append(
            Fault("rounds.size", sentence('contradicts close = "manual"; remove it or use close = "size"'))
        )
    if rounds.close == "size" and rounds.size is not None and rounds.size < rounds.groups:
        faults.append(
            Fault(
                "rounds.size",
                sentence(
                    "is {size}, less than rounds.groups = {groups}; no group may be empty",
                    size=rounds.size,
                    groups=rounds.groups,
                ),
            )
        )
    return faults
