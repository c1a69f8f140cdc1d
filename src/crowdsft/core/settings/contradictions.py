"""Every check for what settings contradict each other about: those of one section, and those of several.

Each sees the sections that are valid by themselves, so that a fault in one section hides none of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from crowdsft.core.errors import Fault
from crowdsft.core.sentences import sentence
from crowdsft.core.settings.campaign import TargetSection, one_target_faults
from crowdsft.core.settings.choosing import credit_faults, keeping_faults, merge_faults
from crowdsft.core.settings.evaluation import EvaluationSection, revision_faults
from crowdsft.core.settings.judging import (
    JudgingSection,
    LlmJudgeSection,
    RewardModelSection,
    judging_faults,
    policy_faults,
    target_faults,
)
from crowdsft.core.settings.model import ModelSection, builtin_faults
from crowdsft.core.settings.points import PointsSection
from crowdsft.core.settings.rounds import RoundsSection, closing_faults
from crowdsft.core.settings.section import Section
from crowdsft.core.settings.tasks import GoldSection, TasksSection, gold_faults, round_size, supply_faults
from crowdsft.core.settings.training import TrainingSection, passes_faults, trl_faults
from crowdsft.core.settings.votes import VotesSection, votes_faults

Sections = Mapping[str, Section]
Check = Callable[[Sections], list[Fault]]
Kind = TypeVar("Kind", bound=Section)


def _alone(name: str, kind: type[Kind], faults_of: Callable[[Kind], list[Fault]]) -> Check:
    """A check that looks at one section."""

    def check(sections: Sections) -> list[Fault]:
        section = sections.get(name)
        return faults_of(section) if isinstance(section, kind) else []

    return check


def _emotion_needs_embedding(sections: Sections) -> list[Fault]:
    target, evaluation = sections.get("target"), sections.get("evaluation")
    if not isinstance(target, TargetSection) or not isinstance(evaluation, EvaluationSection):
        return []
    has_names = evaluation.embedding != "hashed_words" and not evaluation.embedding.startswith("sentence:")
    if not has_names and (target.emotion is not None or target.vector is not None):
        named = "emotion" if target.emotion is not None else "vector"
        return [
            Fault(
                f"target.{named}",
                sentence(
                    'contradicts evaluation.embedding = "{embedding}", whose dimensions have no names; '
                    'give examples, or use embedding = "emotions"',
                    embedding=evaluation.embedding,
                ),
            )
        ]
    return []


def _judges(sections: Sections) -> list[Fault]:
    judging, target, points = (sections.get(name) for name in ("judging", "target", "points"))
    if not isinstance(judging, JudgingSection):
        return []
    reward_model, llm_judge = sections.get("reward_model"), sections.get("llm_judge")
    faults = judging_faults(
        judging,
        reward_model if isinstance(reward_model, RewardModelSection) else None,
        llm_judge if isinstance(llm_judge, LlmJudgeSection) else None,
    )
    if isinstance(target, TargetSection):
        faults += target_faults(judging, None if target.examples is None else len(target.examples))
    if isinstance(points, PointsSection):
        faults += policy_faults(judging, points.policy)
    return faults


def _votes(sections: Sections) -> list[Fault]:
    votes, points = sections.get("votes"), sections.get("points")
    if not isinstance(votes, VotesSection):
        return []
    return votes_faults(votes, points.policy if isinstance(points, PointsSection) else None)


def _points_by_credit(sections: Sections) -> list[Fault]:
    points, training = sections.get("points"), sections.get("training")
    if not isinstance(points, PointsSection) or points.policy != "in_run_split":
        return []
    backend = training.backend if isinstance(training, TrainingSection) else None
    return credit_faults(backend, _examples(sections))


def _groups_and_merges(sections: Sections) -> list[Fault]:
    rounds, votes = sections.get("rounds"), sections.get("votes")
    if not isinstance(rounds, RoundsSection):
        return []
    return merge_faults(
        groups=rounds.groups,
        most_groups=None if rounds.groups_of_one == "never" else rounds.most_groups,
        has_merges=bool(rounds.merges),
        has_votes=isinstance(votes, VotesSection) and votes.minutes is not None,
    )


def _keeping(sections: Sections) -> list[Fault]:
    training, rounds = sections.get("training"), sections.get("rounds")
    if not isinstance(training, TrainingSection):
        return []
    judging, evaluation, votes = (sections.get(name) for name in ("judging", "evaluation", "votes"))
    return keeping_faults(
        training.keep,
        learns_examples=training.learn_examples,
        weighting=training.weighting,
        groups_of_one=rounds.groups_of_one if isinstance(rounds, RoundsSection) else None,
        examples=_examples(sections),
        has_best=not (
            (isinstance(judging, JudgingSection) and not judging.is_distance)
            or (isinstance(evaluation, EvaluationSection) and evaluation.distance == "dot")
            or (isinstance(votes, VotesSection) and votes.decide)
        ),
    )


def _examples(sections: Sections) -> int | None:
    """How many expert examples there are; None: the target has faults of its own."""
    target = sections.get("target")
    return len(target.examples or ()) if isinstance(target, TargetSection) else None


def _tasks(sections: Sections) -> list[Fault]:
    tasks, gold, rounds = (sections.get(name) for name in ("tasks", "gold", "rounds"))
    if not isinstance(tasks, TasksSection):
        return []
    if not isinstance(gold, GoldSection):
        return []
    faults = gold_faults(tasks, gold)
    if isinstance(rounds, RoundsSection) and rounds.close == "size":
        faults += supply_faults(tasks, round_size(rounds, tasks, gold))
    return faults


CONTRADICTIONS: tuple[Check, ...] = (
    _alone("target", TargetSection, one_target_faults),
    _alone("rounds", RoundsSection, closing_faults),
    _emotion_needs_embedding,
    _alone("evaluation", EvaluationSection, revision_faults),
    _alone("model", ModelSection, builtin_faults),
    _alone("training", TrainingSection, passes_faults),
    _alone("training", TrainingSection, trl_faults),
    _judges,
    _votes,
    _points_by_credit,
    _tasks,
    _groups_and_merges,
    _keeping,
)
