"""Judges by name: who may say how good a round's candidates are."""

from __future__ import annotations

from typing import Any

from crowdsft.core.registry import Table
from crowdsft.core.settings import CampaignSettings
from crowdsft.judging.base import Case, Judge
from crowdsft.judging.embedding import EmbeddingJudge
from crowdsft.judging.likelihood import LikelihoodJudge

JUDGES: Table[Judge] = Table(
    "judge",
    {
        "embedding": EmbeddingJudge,
        "likelihood": LikelihoodJudge,
        "reward_model": "crowdsft.judging.reward_model:RewardModelJudge",
        "llm": "crowdsft.judging.llm:LlmJudge",
    },
)


def judge_options(settings: CampaignSettings, judge: str) -> dict[str, Any]:
    """What a campaign says about one of its judges, as `JUDGES.make` wants it."""
    sections = {"reward_model": settings.reward_model, "llm": settings.llm_judge}
    return sections[judge].model_dump() if judge in sections else {}


__all__ = ["JUDGES", "Case", "Judge", "judge_options"]
