"""The settings of a campaign: read once at the edge, trusted inside.

`parse_settings` takes what a TOML file, a form or the API gave and either returns a `CampaignSettings` or
raises one `SettingsError` that lists every fault. Each section is checked by itself, so that a fault in one
never hides the faults of another; what two settings contradict each other about is checked afterwards.

A file a section; what a section says wrong by itself stands there, what several contradict each other about in
`contradictions`. pydantic does the checking and publishes the JSON schema; it touches no file, clock or network,
which is why these modules of `core` may import it.
"""

from crowdsft.core.settings.campaign import CONSENT, CampaignSection, PromptsSection, TargetSection
from crowdsft.core.settings.evaluation import EMBEDDINGS, NETWORK_EMBEDDINGS, EvaluationSection
from crowdsft.core.settings.judging import JudgingSection, LlmJudgeSection, RewardModelSection
from crowdsft.core.settings.model import ArtifactsSection, ModelSection
from crowdsft.core.settings.parsing import (
    SETTINGS_VERSION,
    parse_settings,
    settings_digest,
    settings_to_dict,
)
from crowdsft.core.settings.points import PointsSection
from crowdsft.core.settings.reviews import WORD_LISTS, ReviewsSection
from crowdsft.core.settings.rounds import RoundsSection
from crowdsft.core.settings.section import Section
from crowdsft.core.settings.tasks import GoldSection, TasksSection
from crowdsft.core.settings.training import BACKENDS, TrainingSection
from crowdsft.core.settings.votes import VotesSection
from crowdsft.core.settings.whole import SECTIONS, CampaignSettings

__all__ = [
    "BACKENDS",
    "CONSENT",
    "EMBEDDINGS",
    "NETWORK_EMBEDDINGS",
    "SECTIONS",
    "SETTINGS_VERSION",
    "WORD_LISTS",
    "ArtifactsSection",
    "CampaignSection",
    "CampaignSettings",
    "EvaluationSection",
    "GoldSection",
    "JudgingSection",
    "LlmJudgeSection",
    "ModelSection",
    "PointsSection",
    "PromptsSection",
    "ReviewsSection",
    "RewardModelSection",
    "RoundsSection",
    "Section",
    "TargetSection",
    "TasksSection",
    "TrainingSection",
    "VotesSection",
    "parse_settings",
    "settings_digest",
    "settings_to_dict",
]
