"""A campaign in any state, step by step: everything is the platform's own, except training and generating."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from django.conf import settings as django_settings

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.core.events import CandidateEvaluated, CandidateTrained, Event, RoundOpened, SampleScore
from crowdsft.core.selection import paired_difference
from crowdsft.core.settings import parse_settings
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.steps import Wait, do
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.create import create_campaign, join, member_from_file
from crowdsft.web.campaigns.models import Campaign, Membership, Step
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.journal_django import DjangoStore, campaign_state, contribution_digest

OTHERS = ("still-heron-411", "copper-finch-512", "north-wren-613", "velvet-pike-714", "tidal-sage-815")
DRAFTS = (
    ("My daughter read her first book alone.", "That is nice to hear. Reading is important for children."),
    ("I finally cleaned out the garage.", "Cleaning a garage is useful. You should do it often."),
)
STANDARD_DEVIATION = 0.08
SAMPLES = 200


def plan(**sections: dict[str, Any]) -> dict[str, Any]:
    """A small valid campaign; keyword arguments overlay its sections."""
    base: dict[str, dict[str, Any]] = {
        "campaign": {"name": "Joy in comments", "description": "Answer the way a joyful person would."},
        "prompts": {"texts": ["How was your day?", "What is new?"]},
        "target": {"emotion": "joy"},
        "rounds": {"count": 3, "groups": 3, "close": "manual"},
        "tasks": {"per_contributor": 4, "kinds": ["write_response"]},
    }
    return {name: {**base.get(name, {}), **sections.get(name, {})} for name in {**base, **sections}}


@dataclass(slots=True)
class CampaignBuilder:
    """Moves one campaign along. `members` are its contributors, the people first."""

    campaign: Campaign
    members: list[Membership]
    store: DjangoStore = field(default_factory=DjangoStore)
    seed: int = 7

    @classmethod
    def start(
        cls,
        *,
        owner: User | None,
        people: Sequence[User] = (),
        others: Sequence[str] = OTHERS,
        salt: str | None = None,
        **sections: dict[str, Any],
    ) -> CampaignBuilder:
        """A campaign that was just created, with its contributors."""
        campaign = create_campaign(parse_settings(plan(**sections)), owner=owner, salt=salt)
        members = [join(campaign, person) for person in people]
        members += [member_from_file(campaign, name) for name in others]
        return cls(campaign, members)

    @property
    def state(self) -> CampaignState:
        """What the journal says now."""
        return campaign_state(self.campaign)

    def open(self) -> CampaignBuilder:
        """Go on until the next round collects contributions."""
        while not self.refreshed().is_collecting:
            self._step()
        return self

    def contribute(self, counts: Sequence[int] = ()) -> CampaignBuilder:
        """Hand in `counts` responses of each member; without counts one each."""
        for member, count in zip(self.members, counts or [1] * len(self.members), strict=False):
            for _ in range(count):
                number = Contribution.objects.filter(campaign=self.campaign).count()
                prompt, response = "How was your day?", _response(number)
                Contribution.objects.create(
                    campaign=self.campaign,
                    membership=member,
                    kind="write_response",
                    prompt=prompt,
                    response=response,
                    digest=contribution_digest(prompt, response),
                )
        return self

    def close(self) -> CampaignBuilder:
        """Close the round and form its groups."""
        Campaign.objects.filter(pk=self.campaign.pk).update(close_requested_round=self.state.current.number)
        self._step()
        self._step()
        return self

    def decide(self, base: float, distances: Sequence[float]) -> CampaignBuilder:
        """Train and measure: the base's distance and each group's; then select, pay and finish the round."""
        self.decide_until_award(base, distances)
        self._step()
        self._step()
        return self

    def decide_until_award(self, base: float, distances: Sequence[float]) -> CampaignBuilder:
        """As `decide`, but stop before the points are paid."""
        self.commit(self.trained())
        self.commit(self._evaluated(self.state.current, base, distances))
        self._step()
        return self

    def measure(
        self, base: float, distances: Sequence[float], *, texts: Sequence[str] = ()
    ) -> CampaignBuilder:
        """Train and measure, with outputs for people to vote on: each model's text, or ones that name it (0: base)."""
        self.commit(self.trained())
        events = []
        for event in self._evaluated(self.state.current, base, distances):
            assert isinstance(event, CandidateEvaluated)
            model = 0 if event.group is None else event.group + 1
            prompts = self.state.plan.prompts.texts if texts else [f"Prompt {row}" for row in range(20)]
            rows = [
                {"prompt": prompt, "response": texts[model] if texts else f"model {model} row {row}"}
                for row, prompt in enumerate(prompts)
            ]
            events.append(
                replace(event, outputs=Artifacts(django_settings.DATA / "artifacts").put_rows(rows))
            )
        self.commit(tuple(events))
        return self

    def decided(self) -> CampaignBuilder:
        """Select, pay and finish the round."""
        while not self.state.current.finished:
            self._step()
        return self

    def play(self, base: float, distances: Sequence[float], counts: Sequence[int] = ()) -> CampaignBuilder:
        """A whole round."""
        return self.open().contribute(counts).close().decide(base, distances)

    def finish(self) -> CampaignBuilder:
        """Take the last step of the last round."""
        while not self.state.is_finished:
            self._step()
        return self

    def refreshed(self) -> Campaign:
        """The campaign's row as it is now."""
        self.campaign.refresh_from_db()
        return self.campaign

    def at_work(self, note: str, progress: float) -> CampaignBuilder:
        """A worker has claimed the due step and tells how far it is."""
        self._make_due()
        claim = self.store.claim("worker-1", lease_seconds=600, campaign=self.campaign.slug)
        assert claim is not None
        Step.objects.filter(campaign=self.campaign).update(note=note, progress=progress)
        return self

    def failed(self, error: str, *, again_in: float | None = None) -> CampaignBuilder:
        """The due step has failed; without `again_in` for good."""
        self._make_due()
        claim = self.store.claim("worker-1", lease_seconds=600, campaign=self.campaign.slug)
        assert claim is not None
        self.store.fail(claim, seconds=again_in, error=error)
        return self

    def _make_due(self) -> None:
        Step.objects.filter(campaign=self.campaign).update(run_after=0.0)

    def step(self, name: str) -> CampaignBuilder:
        """Do the step `name`, which must be due."""
        assert Step.objects.get(campaign=self.campaign).name == name
        self._step()
        return self

    def _step(self) -> None:
        """Do the due step as a worker would."""
        self._make_due()
        claim = self.store.claim("builder", lease_seconds=600, campaign=self.campaign.slug)
        assert claim is not None
        state = self.store.load(self.campaign.slug)
        resources = Resources(django_settings.DATA)
        if claim.step.name == "open_round" and state.plan.tasks.drafts_needed:
            result: tuple[Event, ...] | Wait = (self._opened_with_drafts(state, resources.artifacts),)
        else:
            result = do(claim.step, state, self.store, resources)
        assert not isinstance(result, Wait), result
        self.store.commit(claim, state, result)

    def commit(self, events: tuple[Event, ...]) -> None:
        """Write `events` as the worker that holds the due step."""
        self._make_due()
        claim = self.store.claim("builder", lease_seconds=600, campaign=self.campaign.slug)
        assert claim is not None
        self.store.commit(claim, self.store.load(self.campaign.slug), events)

    def _opened_with_drafts(self, state: CampaignState, artifacts: Artifacts) -> RoundOpened:
        tasks = state.plan.tasks
        drafts = (
            DRAFTS
            if "choose_response" not in tasks.kinds and "rate_response" not in tasks.kinds
            else many_drafts(tasks.drafts)
        )
        rows = [{"prompt": prompt, "response": response} for prompt, response in drafts]
        return RoundOpened(len(state.rounds) + 1, artifacts.put_rows(rows))

    def trained(self) -> tuple[Event, ...]:
        """Candidates of the round as if they had been trained."""
        current = self.state.current
        counts = {
            name: sum(ref.contributor == name for ref in current.contributions or ())
            for name in current.contributors
        }
        events = []
        for index, group in enumerate(current.groups):
            whole = sum(counts[name] for name in group)
            weights = tuple(counts[name] / whole for name in group)
            events.append(CandidateTrained(current.number, index, f"{index:064x}", 36, 1.8, weights, 2.0))
        return tuple(events)

    def _evaluated(self, current: RoundState, base: float, distances: Sequence[float]) -> tuple[Event, ...]:
        rng = np.random.default_rng([self.seed, current.number])
        common = rng.normal(size=SAMPLES)
        common = (common - common.mean()) / common.std()
        own_noise = rng.normal(size=(len(distances) + 1, SAMPLES))
        own_noise -= own_noise.mean(axis=1, keepdims=True)
        utilities = [
            -distance + STANDARD_DEVIATION * (0.9 * common + 0.4 * noise)
            for distance, noise in zip([base, *distances], own_noise, strict=True)
        ]
        target = self.state.target
        assert target is not None
        scores = [_score(values, utilities[0], target.target) for values in utilities]
        return tuple(
            CandidateEvaluated(current.number, group, score, score, None, "0" * 64, 1.0, 0.5)
            for group, score in zip([None, *range(len(distances))], scores, strict=True)
        )


def _score(
    utilities: np.ndarray[Any, Any], base: np.ndarray[Any, Any], target: tuple[float, ...]
) -> SampleScore:
    """The outputs' mean lies off the target in its last dimension, as far as their mean distance says."""
    mean = float(utilities.mean())
    error = float(utilities.std(ddof=1) / np.sqrt(len(utilities)))
    gain = paired_difference(utilities, base)
    return SampleScore(
        mean_utility=mean,
        standard_error=error,
        utility_of_mean=mean,
        low=mean - 1.96 * error,
        high=mean + 1.96 * error,
        gain=gain.mean,
        gain_error=gain.standard_error,
        embedding=(*target[:-1], target[-1] - mean),
        utilities=tuple(float(value) for value in utilities),
    )


def many_drafts(count: int) -> list[tuple[str, str]]:
    """So many answers of the model, two to each message, all different."""
    return [
        (f"{DRAFTS[row // 2 % 2][0]} ({row // 2 + 1})", f"{DRAFTS[row // 2 % 2][1]} Answer {row + 1}.")
        for row in range(count)
    ]


def _response(number: int) -> str:
    """Texts that nobody could take for copies of each other."""
    return f"The sun came out. {hashlib.sha256(str(number).encode()).hexdigest()}"
