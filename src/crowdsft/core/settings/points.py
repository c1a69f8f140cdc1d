"""The settings of points: who earns what."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from crowdsft.core.rewards import REWARDS
from crowdsft.core.settings.section import Section, known_name


class PointsSection(Section):
    """Who earns what."""

    policy: str = "rank"
    budget_per_round: Annotated[int, Field(ge=0, le=10**12)] = 1_000

    @field_validator("policy")
    @classmethod
    def _known_policy(cls, name: str) -> str:
        return known_name("reward policy", name, REWARDS)
