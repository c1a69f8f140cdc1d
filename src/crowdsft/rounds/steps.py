"""What each step does: from the state, the store and the tools to the events that say what happened.

A step may run twice (its worker was killed before the events were written), so each is a function of the
journal and of frozen contributions; chance comes from seeds derived from campaign, round, group and purpose.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from crowdsft.core.campaign import CampaignState, Step, history
from crowdsft.core.errors import ContributionsError, Fault, SettingsError
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.events import (
    Appraised,
    CampaignFinished,
    CandidateEvaluated,
    CandidateTrained,
    ContributionRef,
    Event,
    GroupsFormed,
    PointsAwarded,
    RoundClosed,
    RoundFinished,
    RoundOpened,
    TargetMeasured,
    WinnerSelected,
)
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.grouping.design import Design, design_from_records
from crowdsft.core.near_texts import Text, first_authors
from crowdsft.core.rewards import REWARDS
from crowdsft.core.rewards.base import BoundUtility, Settlement
from crowdsft.core.seeds import derive_rng, derive_seed
from crowdsft.core.selection import select_winner
from crowdsft.core.settings import CampaignSettings
from crowdsft.rounds import crediting, keeping, merging
from crowdsft.rounds.evaluation import evaluate_candidates
from crowdsft.rounds.panel import Panel
from crowdsft.rounds.resources import Resources, training_options
from crowdsft.rounds.store import ContributionRow, Store, Waiting
from crowdsft.rounds.votes import break_tie, counted_votes, select_by_votes
from crowdsft.rounds.weighting import training_weights
from crowdsft.training.base import Example, GroupData, TrainingProgress

POLL_SECONDS = 20.0
MOST_APPRAISED = 1_000  # contributors; decoding more would take a worker longer than training does


@dataclass(frozen=True, slots=True)
class Wait:
    """The step cannot be done yet: look again in `seconds`."""

    seconds: float
    reason: str


def do(step: Step, state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...] | Wait:
    """Do `step` and return what happened, in the order in which the journal must hold it."""
    return _STEPS[step.name](state, store, resources)


# Target


def measure_target(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...]:
    """Embed the expert examples, or look up the named dimensions."""
    settings = state.plan
    embedding = resources.embedding(settings)
    labels = tuple(embedding.labels)
    examples = settings.target.examples
    if examples is None:
        return (TargetMeasured(_named_target(settings, labels), labels, None),)
    embeddings = embedding.embed(examples)
    target = embeddings.mean(axis=0)
    expert = UTILITIES.make(settings.evaluation.distance).utility(embeddings, target).mean()
    return (TargetMeasured(tuple(map(float, target)), labels, float(expert)),)


def _named_target(settings: CampaignSettings, labels: tuple[str, ...]) -> tuple[float, ...]:
    wanted = settings.target.vector or {settings.target.emotion or "": 1.0}
    where = "target.vector" if settings.target.vector else "target.emotion"
    unknown = [
        Fault(where, f"there is no {name!r} in this embedding. Allowed: {', '.join(labels)}.")
        for name in wanted
        if name not in labels
    ]
    if unknown:
        raise SettingsError(unknown)
    return tuple(float(wanted.get(label, 0.0)) for label in labels)


# Opening and closing


def open_round(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...]:
    """Write the base's own answers, which contributors may correct, and open."""
    settings, number = state.plan, len(state.rounds) + 1
    if not settings.tasks.drafts_needed or store.waiting(state.campaign, number).is_complete:
        return (RoundOpened(number, None),)
    from crowdsft.training.generation import generate

    prompts = _draft_prompts(settings)
    resources.report("writing answers for contributors to work on", 0.0)
    (outputs,) = generate(
        resources.base(settings, state.lineage),
        [None],
        prompts=prompts,
        seed=derive_seed(settings.campaign.seed, number, "drafts"),
        max_new_tokens=settings.evaluation.max_new_tokens,
        temperature=settings.evaluation.temperature,
    )
    rows = [{"prompt": prompt, "response": output} for prompt, output in zip(prompts, outputs, strict=True)]
    return (RoundOpened(number, resources.artifacts.put_rows(rows)),)


def _draft_prompts(settings: CampaignSettings) -> list[str]:
    """What the base answers for contributors; each prompt twice in a row where two answers are to be compared."""
    count = settings.tasks.drafts_needed
    if "choose_response" not in settings.tasks.kinds:
        return _probe_prompts(settings, count)
    return [prompt for prompt in _probe_prompts(settings, count // 2) for _ in range(2)]


def close_round(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...] | Wait:
    """Freeze the round's contributions, when it is time and there are enough contributors for the groups."""
    number, groups = state.current.number, state.plan.rounds.groups
    waiting = store.waiting(state.campaign, number)
    contributors = {row.contributor for row in waiting.contributions}
    if len(contributors) < groups and waiting.is_complete:
        raise ContributionsError(
            f"Round {number} has contributions of {len(contributors)} contributors, but rounds.groups is {groups} and "
            "no group may be empty. Use fewer groups, fewer rounds, or add contributions."
        )
    if len(contributors) < groups:
        return Wait(POLL_SECONDS, _waits_for(len(contributors), groups, waiting.unreviewed))
    seconds_left = _seconds_left(state.plan, waiting, now=time.time())
    if seconds_left > 0:
        return Wait(min(seconds_left, POLL_SECONDS), "collecting contributions")
    authors = _authors(state, store, waiting.contributions)
    rows = sorted(waiting.contributions, key=lambda row: (row.contributor, row.digest, row.id))
    refs = tuple(ContributionRef(row.id, row.contributor, row.digest, authors[row.id]) for row in rows)
    return (RoundClosed(number, refs),)


def _waits_for(contributors: int, groups: int, unreviewed: int) -> str:
    words = f"waiting for contributors: {contributors} of at least {groups}"
    return f"{words}; {unreviewed} contributions wait for a review" if unreviewed else words


def _authors(state: CampaignState, store: Store, rows: Sequence[ContributionRow]) -> dict[str, str | None]:
    """For each contribution who else handed in nearly the same text before, in this round or an earlier one."""
    earlier = [ref for closed in state.rounds for ref in closed.contributions or ()]
    known = store.texts(state.campaign, [ref.id for ref in earlier])
    in_order = sorted([*known, *rows], key=lambda row: (row.accepted_at, row.contributor, row.digest))
    texts = [Text(row.contributor, row.response, row.draft) for row in in_order]
    return {row.id: author for row, author in zip(in_order, first_authors(texts), strict=True)}


def _seconds_left(settings: CampaignSettings, waiting: Waiting, *, now: float) -> float:
    """0 when the round should close now."""
    if waiting.close_requested or waiting.is_complete:
        return 0.0
    match settings.rounds.close:
        case "deadline":
            return max(0.0, waiting.opened_at + 60.0 * (settings.rounds.minutes or 0.0) - now)
        case "size":
            return 0.0 if len(waiting.contributions) >= settings.round_size else POLL_SECONDS
        case "manual":
            return POLL_SECONDS


# Groups and training


def form_groups(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...]:
    """Split the round's contributors by the campaign's grouping.

    Where the round trains on the best contributions so far, a contributor's part of the training stands for points.
    """
    settings, current = state.plan, state.current
    contributors = current.contributors
    points = np.array([[float(state.balances.get(contributor, 0)) for contributor in contributors]])
    count = settings.groups_in(current.number, len(contributors))
    if current.kept is not None:
        parts = keeping.kept_parts(state)
        points = np.array([[parts[contributor] for contributor in contributors]])
    assignment = GROUPINGS.make(settings.rounds.grouping).assign(
        points,
        groups=count,
        round_number=current.number,
        rounds=settings.rounds.count,
        rng=derive_rng(settings.campaign.seed, current.number, "grouping"),
        history=_design(settings, state, contributors),
    )[0]
    groups = tuple(
        tuple(contributor for contributor, of in zip(contributors, assignment, strict=True) if of == group)
        for group in range(count)
    )
    return (GroupsFormed(current.number, groups),)


def _design(settings: CampaignSettings, state: CampaignState, contributors: Sequence[str]) -> Design | None:
    if settings.rounds.grouping != "balanced_design":
        return None
    return design_from_records(history(state), contributors)


def keep_contributions(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...]:
    """Choose what the round is trained on among all contributions so far."""
    texts = {row.id: row for row in store.texts(state.campaign, _all_ids(state))}
    answers = _expert_answers(state.plan)
    return (keeping.keep_contributions(state, texts, resources, answers=answers),)


def train(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...]:
    """Fine-tune one copy of the base for each group, all of them in one go."""
    settings, current = state.plan, state.current
    data = training_data(state, store)
    parts = [0.0] * len(data)

    def tell(progress: TrainingProgress) -> None:
        parts[progress.group] = progress.step / progress.steps
        resources.report(
            f"training group {progress.group + 1}, step {progress.step} of {progress.steps}",
            sum(parts) / len(parts),
            tuple(parts),
        )

    base = resources.base(settings, current.lineage)
    parameters = sum(parameter.numel() for parameter in base.model.parameters())
    options = training_options(settings, parameters=parameters, round_number=current.number)
    if current.kept is not None:
        options = replace(options, passes=1)  # what is seen several times was drawn as often
    trained = resources.backend(settings).train(
        base,
        data,
        options=crediting.with_credit(options, data) if data[0].expert_answers else options,
        output=resources.artifacts.root,
        progress=tell,
    )
    for candidate in trained:
        resources.artifacts.keep_adapter(candidate.digest)
    events = []
    for group, candidate in zip(current.groups, trained, strict=True):
        weights, others = keeping.parts_of(group, data[candidate.group].examples, candidate.credits)
        events.append(
            CandidateTrained(
                round_number=current.number,
                group=candidate.group,
                adapter=candidate.digest,
                steps=candidate.steps,
                loss=candidate.losses[-1],
                weights=weights,
                seconds=candidate.seconds,
                credits=crediting.credits_of(group, candidate.credits),
                others=others,
            )
        )
    return tuple(events)


def training_data(state: CampaignState, store: Store) -> list[GroupData]:
    """What each group of the round learns from: its own contributions, or the best of all so far."""
    settings, current = state.plan, state.current
    answers = _expert_answers(settings)
    measured_on = answers if crediting.is_credited(settings) else ()
    learnt = answers if settings.training.learn_examples and not settings.is_alone(current.number) else ()
    if current.kept is None:
        return _data_of_the_round(state, store, answers=learnt, expert_answers=measured_on)
    texts = {row.id: row for row in store.texts(state.campaign, _all_ids(state))}
    return keeping.kept_data(state, texts, answers=learnt, expert_answers=measured_on)


def _data_of_the_round(
    state: CampaignState, store: Store, *, answers: Sequence[Example], expert_answers: tuple[Example, ...]
) -> list[GroupData]:
    """Each group's own contributions of this round, then the answers.

    A contribution counts by its own weight and by what earlier rounds have shown of its contributor.
    """
    settings, current = state.plan, state.current
    rows = _rows_by_contributor(store.texts(state.campaign, [ref.id for ref in current.contributions or ()]))
    weights = training_weights(
        settings.training, history(state), current.contributors, balances=state.balances
    )
    return [
        GroupData(
            number,
            (
                *(
                    Example(row.prompt, row.response, weights[name] * row.weight, row.contributor)
                    for name in group
                    for row in rows.get(name, ())
                ),
                *answers,
            ),
            derive_seed(settings.campaign.seed, current.number, number, "train"),
            expert_answers,
        )
        for number, group in enumerate(current.groups)
    ]


def _all_ids(state: CampaignState) -> list[str]:
    """The contributions of all closed rounds."""
    return [ref.id for past in state.rounds for ref in past.contributions or ()]


def _rows_by_contributor(rows: Sequence[ContributionRow]) -> dict[str, list[ContributionRow]]:
    grouped: dict[str, list[ContributionRow]] = {}
    for row in rows:
        grouped.setdefault(row.contributor, []).append(row)
    return grouped


# Evaluation, selection, points


def evaluate(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...]:
    """Measure the base and all candidates on the selection sample and on the reporting sample."""
    trained = [(candidate.group, candidate.adapter) for candidate in state.current.candidates]
    return _evaluated(state, resources, trained)


def merge(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...]:
    """Merge the candidates and measure the merges on the same samples."""
    merged = merging.merge_candidates(state.plan, state.current, resources)
    _, *measured = _evaluated(state, resources, [(found.number, found.adapter) for found in merged])
    return (*merged, *measured)


def _evaluated(
    state: CampaignState, resources: Resources, candidates: Sequence[tuple[int, str]]
) -> tuple[CandidateEvaluated, ...]:
    settings = state.plan
    assert state.target is not None
    return evaluate_candidates(
        settings,
        state.current,
        candidates=candidates,
        target=np.array(state.target.target),
        prompts=lambda count: _probe_prompts(settings, count),
        base=resources.base(settings, state.current.lineage),
        embedding=resources.embedding(settings),
        panel=_panel(state, resources),
        artifacts=resources.artifacts,
        memory=resources.data / "judging" / state.campaign,
        report=resources.report,
    )


def _panel(state: CampaignState, resources: Resources) -> Panel:
    """The campaign's judges, with the units that its first measurement fixed and the score that the base has."""
    first = state.rounds[0].base_evaluation
    scales = {score.judge: score.scale for score in first.judged} if first else {}
    return Panel(state.plan.judging, resources.judges(state.plan), scales, _level(state))


def _level(state: CampaignState) -> float:
    """The score of the model that the newest round started from, as its own round reported it; 0 for the first base."""
    before = next((past for past in state.rounds if past.number == state.base_round), None)
    if before is None or before.base_evaluation is None:
        return 0.0
    left = before.left
    assert left is not None
    return left.report.mean_utility


def count_votes(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...] | Wait:
    """Wait for the voters, then say how strong they found the base and the candidates."""
    plan, current = state.plan, state.current
    assert plan.votes.minutes is not None
    voting = store.voting(state.campaign, current.number)
    is_enough = plan.votes.enough is not None and len(voting.ballots) >= plan.votes.enough
    seconds_left = voting.opened_at + 60.0 * plan.votes.minutes - time.time()
    if seconds_left > 0 and not is_enough and not voting.close_requested:
        return Wait(min(seconds_left, POLL_SECONDS), "waiting for votes")
    return (counted_votes(current.number, voting.ballots, groups=len(current.groups), settings=plan),)


def select(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...]:
    """Choose the next base on the selection sample."""
    settings, current = state.plan, state.current
    assert current.base_evaluation is not None
    likelihoods = [evaluation.likelihood for evaluation in current.contenders]
    known = [likelihood for likelihood in likelihoods if likelihood is not None]
    harmful = [
        group
        for group, evaluation in enumerate(current.contenders)
        if any(score.is_harmed for score in evaluation.judged)
    ]
    if settings.votes.decide and current.votes is not None:
        outcome = select_by_votes(
            current.votes,
            utilities=[evaluation.selection.mean_utility for evaluation in current.evaluations],
            improvement_standard_errors=settings.evaluation.improvement_standard_errors,
            harmful=harmful,
        )
    else:
        outcome = select_winner(
            np.array(current.base_evaluation.selection.utilities),
            np.array([evaluation.selection.utilities for evaluation in current.contenders]),
            likelihoods=np.array(known) if len(known) == len(likelihoods) else None,
            improvement_standard_errors=settings.evaluation.improvement_standard_errors,
            tie_standard_errors=settings.evaluation.tie_standard_errors,
            harmful=harmful,
        )
        if current.votes is not None and current.votes.voters:
            outcome = break_tie(outcome, current.votes)
    return (
        WinnerSelected(current.number, outcome.winner, outcome.outcome, outcome.contenders, outcome.barred),
    )


def approve(state: CampaignState, store: Store, resources: Resources) -> Wait:
    """Wait for somebody to approve or decline the winner; their decision goes past the worker."""
    return Wait(POLL_SECONDS, "waiting for the organiser to approve the winner")


def value_groups(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...]:
    """Value the groups by merging their candidates, for a policy that pays by it."""
    answers = _expert_answers(state.plan)
    return (crediting.value_groups(state.plan, state.current, answers=answers, resources=resources),)


def award(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...]:
    """Pay the round by the campaign's policy, from the reporting sample."""
    settled = _settle(state, closing=False)
    return (
        PointsAwarded(
            state.current.number,
            settled.awards,
            settled.carry,
            settled.escrow,
            settled.covered_rounds,
            appraised=_appraised(state, settled),
        ),
    )


def _appraised(state: CampaignState, settled: Settlement) -> tuple[Appraised, ...]:
    """Everybody's Shapley value by the candidates' embeddings, to show how well the points follow it.

    Nothing where embeddings have no say in who wins: values by them would explain nothing.
    """
    if not state.plan.judging.weight("embedding") or state.plan.votes.decide:
        return ()
    if settled.covered_rounds == 0 or len(settled.awards) > MOST_APPRAISED:
        return ()
    if state.plan.points.policy != "decoded_shapley":
        settled = _settle(state, closing=False, policy="decoded_shapley", balances={})
    return tuple(
        Appraised(award.contributor, award.estimate, award.low, award.high)
        for award in settled.awards
        if award.estimate is not None and award.low is not None and award.high is not None
    )


def finish_round(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...]:
    """Make the winner, if there is one, the base of what follows."""
    current = state.current
    won = () if current.winner is None else (current.adapters[current.winner],)
    return (RoundFinished(current.number, (*current.lineage, *won)),)


def finish_campaign(state: CampaignState, store: Store, resources: Resources) -> tuple[Event, ...]:
    """Pay what was kept back."""
    if not state.rounds:  # finished before anything was decided
        return (CampaignFinished(()),)
    return (CampaignFinished(_settle(state, closing=True).awards),)


def _settle(
    state: CampaignState,
    *,
    closing: bool,
    policy: str | None = None,
    balances: Mapping[str, int] | None = None,
) -> Settlement:
    settings = state.plan
    assert state.target is not None
    name = policy or settings.points.policy
    in_same_units = settings.judging.is_distance or name == "decoded_shapley"
    utility = BoundUtility(UTILITIES.make(settings.evaluation.distance), np.array(state.target.target))
    return REWARDS.make(name).settle(
        history(state),
        balances=state.balances if balances is None else balances,
        budget_per_round=settings.points.budget_per_round,
        utility=utility if in_same_units else None,
        seed=derive_seed(settings.campaign.seed, "points"),
        closing=closing,
    )


def _expert_answers(settings: CampaignSettings) -> tuple[Example, ...]:
    """The expert examples as answers to the campaign's prompts in turn."""
    examples = settings.target.examples or ()
    prompts = _probe_prompts(settings, len(examples))
    return tuple(Example(prompt, text) for prompt, text in zip(prompts, examples, strict=True))


def _probe_prompts(settings: CampaignSettings, count: int) -> list[str]:
    """The campaign's prompts in turn, `count` in all."""
    texts = settings.prompts.texts
    return [texts[index % len(texts)] for index in range(count)]


StepFunction = Callable[[CampaignState, Store, Resources], "tuple[Event, ...] | Wait"]

_STEPS: dict[str, StepFunction] = {
    "measure_target": measure_target,
    "open_round": open_round,
    "close_round": close_round,
    "keep_contributions": keep_contributions,
    "form_groups": form_groups,
    "train": train,
    "evaluate": evaluate,
    "merge": merge,
    "count_votes": count_votes,
    "select": select,
    "approve": approve,
    "value_groups": value_groups,
    "award": award,
    "finish_round": finish_round,
    "finish_campaign": finish_campaign,
}
