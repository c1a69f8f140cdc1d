"""All sections together: everything an organiser decides about a campaign."""

from __future__ import annotations

from typing import Literal

from crowdsft.core.settings.campaign import CampaignSection, PromptsSection, TargetSection
from crowdsft.core.settings.evaluation import EvaluationSection
from crowdsft.core.settings.judging import JudgingSection, LlmJudgeSection, RewardModelSection
from crowdsft.core.settings.model import ArtifactsSection, ModelSection
from crowdsft.core.settings.points import PointsSection
from crowdsft.core.settings.reviews import ReviewsSection
from crowdsft.core.settings.rounds import RoundsSection
from crowdsft.core.settings.section import Section
from crowdsft.core.settings.tasks import GoldSection, TasksSection, round_size
from crowdsft.core.settings.training import TrainingSection
from crowdsft.core.settings.votes import VotesSection


class CampaignSettings(Section):
    """Everything an organiser decides about a campaign."""

    version: Literal[1] = 1
    campaign: CampaignSection
    model: ModelSection = ModelSection()
    prompts: PromptsSection = PromptsSection()
    target: TargetSection
    rounds: RoundsSection = RoundsSection()
    training: TrainingSection = TrainingSection()
    evaluation: EvaluationSection = EvaluationSection()
    judging: JudgingSection = JudgingSection()
    reward_model: RewardModelSection = RewardModelSection()
    llm_judge: LlmJudgeSection = LlmJudgeSection()
    votes: VotesSection = VotesSection()
    points: PointsSection = PointsSection()
    reviews: ReviewsSection = ReviewsSection()
    tasks: TasksSection = TasksSection()
    gold: GoldSection = GoldSection()
    artifacts: ArtifactsSection = ArtifactsSection()

    @property
    def round_size(self) -> int:
        """How many contributions close a round with close = "size"."""
        return round_size(self.rounds, self.tasks, self.gold)

    @property
    def gold_tasks(self) -> int:
        """How many of a contributor's tasks in a round have known answers, and so are no contributions."""
        return self.gold.tasks(self.tasks.per_contributor)

    def is_alone(self, number: int) -> bool:
        """Whether in round `number` contributors train a candidate each."""
        return self.rounds.groups_of_one == "always" or (self.rounds.groups_of_one == "first" and number == 1)

    def is_filtered(self, number: int) -> bool:
        """Whether round `number` trains on the best contributions so far, and not on all of its own."""
        return self.training.keep != "all" and not self.is_alone(number)

    def groups_in(self, number: int, contributors: int) -> int:
        """How many groups round `number` has with so many contributors."""
        return min(contributors, self.rounds.most_groups) if self.is_alone(number) else self.rounds.groups


SECTIONS: dict[str, type[Section]] = {
    "campaign": CampaignSection,
    "model": ModelSection,
    "prompts": PromptsSection,
    "target": TargetSection,
    "rounds": RoundsSection,
    "training": TrainingSection,
    "evaluation": EvaluationSection,
    "judging": JudgingSection,
    "reward_model": RewardModelSection,
    "llm_judge": LlmJudgeSection,
    "votes": VotesSection,
    "points": PointsSection,
    "reviews": ReviewsSection,
    "tasks": TasksSection,
    "gold": GoldSection,
    "artifacts": ArtifactsSection,
}
