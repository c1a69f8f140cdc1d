"""The models of a campaign: every contender of each decided round, with what it takes to build it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext as _

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.errors import InputError
from crowdsft.core.events import SampleScore
from crowdsft.dataset.rows import Version, dataset_version, versions_by_round
from crowdsft.publishing.archive import Content
from crowdsft.publishing.card import ModelFacts, contender_part
from crowdsft.publishing.files import model_files
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.web.adapters.models import gone_adapters
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.contributions.export import dataset_of
from crowdsft.web.journal_django import campaign_state
from crowdsft.web.pages.measure import measure_of, model_name
from crowdsft.web.pages.wording import number as shown_number


@dataclass(frozen=True, slots=True)
class Model:
    """A contender of a decided round.

    Args:
        key: Its name in addresses: "3-1" is number 1 (from 0) of round 3; merges follow the groups.
        past: Its round.
        number: Its place among the round's contenders.
        is_gone: Whether its files were dropped.
    """

    key: str
    past: RoundState
    number: int
    is_gone: bool

    @property
    def adapters(self) -> tuple[str, ...]:
        """The stack on the first base, oldest first."""
        return (*self.past.lineage, self.past.adapters[self.number])

    @property
    def score(self) -> SampleScore:
        """How it did on the reporting sample."""
        return self.past.contenders[self.number].report

    @property
    def is_winner(self) -> bool:
        """Whether it became the next base."""
        return self.number == self.past.winner

    @property
    def title(self) -> str:
        """What it is called by itself."""
        return _("Round {number}, {model}").format(
            number=self.past.number, model=model_name(self.past, self.number)
        )


def decided(state: CampaignState) -> list[RoundState]:
    """The rounds whose candidates may be seen, newest first. Until a round is decided its candidates are nobody's."""
    return [past for past in reversed(state.rounds) if past.selected is not None]


def models_of(rounds: Iterable[RoundState]) -> list[Model]:
    """The contenders of `rounds` (decided ones), in the order given; within a round the winner first."""
    rounds = list(rounds)
    gone = gone_adapters(digest for past in rounds for digest in past.adapters)
    return [
        Model(f"{past.number}-{number}", past, number, past.adapters[number] in gone)
        for past in rounds
        for number in sorted(range(len(past.contenders)), key=lambda number: (number != past.winner, number))
    ]


def find_model(state: CampaignState, key: str) -> Model:
    """The model `key`; a round alone ("3") names its winner.

    Raises:
        InputError: when there is none, or its files were dropped.
    """
    round_number, _dash, place = key.partition("-")
    for model in models_of(past for past in decided(state) if f"{past.number}" == round_number):
        if model.key != key and (place or not model.is_winner):
            continue
        if model.is_gone:
            raise InputError(gone_words(model.title))
        return model
    raise InputError(
        _("This campaign has no model {key!r}. Candidates appear when their round is decided.").format(
            key=key[:40]
        )
    )


def gone_words(title: str) -> str:
    """What happened to a model that was dropped."""
    return _(
        "{title}: its weights were dropped after the round was decided, as the campaign's settings say. What it was "
        "measured by, and its points, are kept."
    ).format(title=title)


def files_of(
    campaign: Campaign, model: Model, artifacts: Artifacts, *, where: str = "."
) -> list[tuple[str, Content]]:
    """The files of a model, its card first; the adapters are fetched and checked.

    Raises:
        CrowdsftError: when an adapter is missing or damaged.
    """
    adapters: list[Path] = [artifacts.adapter(digest) for digest in model.adapters]
    return model_files(facts_of(campaign, model), adapters, where=where)


def facts_of(campaign: Campaign, model: Model) -> ModelFacts:
    """What the model's card says. Cards are in English, whoever asks."""
    plan, past = campaign_state(campaign).plan, model.past
    measure = measure_of(plan)
    versions = versions_by_round(dataset_of(campaign).rows)
    nothing_left = Version(past.number, 0, dataset_version([]))
    version = next((row for row in versions if row.round <= past.number), nothing_left)
    assert past.base_evaluation is not None
    with translation.override("en"):
        low, high = map(shown_number, measure.interval(model.score))
        percent = round(100 * plan.evaluation.confidence)
        measured = (
            f"{measure.show(model.score.mean_utility)} ({percent} % interval {low} to {high}); the round's base had "
            f"{measure.show(past.base_evaluation.report.mean_utility)}. {measure.direction}"
        )
        return ModelFacts(
            campaign=campaign.slug,
            name=plan.campaign.name,
            description=plan.campaign.description,
            model=model.title[0].lower() + model.title[1:],
            base=plan.model.base,
            revision=plan.model.revision,
            trusts_code=plan.model.trust_remote_code,
            round_number=past.number,
            rounds=plan.rounds.count,
            part=contender_part(past, model.number),
            measure=measure.title,
            measured=measured,
            data_version=version.version,
            contributions=version.contributions,
            licence=plan.campaign.licence,
            adapters=model.adapters,
        )
