"""What somebody who knows the experiments would say about a campaign's settings before it starts."""

from __future__ import annotations

from crowdsft.core.settings import CampaignSettings
from crowdsft.core.settings.choosing import FEWEST_TO_FILTER


def advice_of(settings: CampaignSettings) -> list[str]:
    """Sentences, most important first; nothing is wrong with the settings."""
    examples = len(settings.target.examples or ())
    found = []
    if examples >= FEWEST_TO_FILTER and settings.judging.is_distance and not settings.votes.decide:
        found.append(
            f"The target is made of {examples} expert examples. In our experiments a model trained on the examples "
            "alone came nearer to such a target than any with a crowd, though more than half of its answers were "
            "copies. Try that first: crowdsft examples CAMPAIGN.toml --output DIR"
        )
    if (
        settings.training.keep == "all"
        and settings.training.weighting == "uniform"
        and settings.rounds.count >= 3
    ):
        found += _learning(settings, examples)
    is_fast = settings.model.base.startswith("builtin:") and settings.training.learning_rate is None
    if settings.points.policy == "in_run_split" and is_fast:
        found.append(
            "Points are paid when the expert examples become likelier. At the built-in model's default learning rate "
            "they often do not, and rounds are carried; training.learning_rate = 2e-4 suits this policy."
        )
    return found


def _learning(settings: CampaignSettings, examples: int) -> list[str]:
    """Where selection alone is asked for, what would help more."""
    has_best = (
        settings.judging.is_distance and settings.evaluation.distance != "dot" and not settings.votes.decide
    )
    if not has_best or examples >= FEWEST_TO_FILTER:
        return []
    sentence = (
        "Choosing the best group's candidate each round helps little by itself. Learning who helps from the "
        'candidates\' values helped most in our experiments: rounds.groups_of_one = "first" with '
        'training.keep = "values" (docs: what a tournament is good for).'
    )
    return [sentence]
