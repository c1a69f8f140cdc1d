"""What can happen in a campaign. Events are facts, written once, in order; everything else is computed.

Contributors appear by their random identifier and texts by their digest, so that somebody can leave and
take the texts along while the journal and the ledger stay whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crowdsft.core.rewards.base import Award

FloatTuple = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ContributionRef:
    """An accepted contribution as the journal knows it: `digest` is the SHA-256 of prompt, response and weight.

    `author` is the contributor whose nearly identical text was accepted earlier, if that was somebody else:
    the contribution counts as theirs.
    """

    id: str
    contributor: str
    digest: str
    author: str | None = None


@dataclass(frozen=True, slots=True)
class SampleScore:
    """How one model did on one sample of outputs.

    Args:
        mean_utility: Mean over outputs of the utility of each output (the paper's; used to select and report).
        standard_error: Of `mean_utility`.
        utility_of_mean: Utility of the mean embedding (used to decode contributors and to merge).
        low, high: Confidence interval of `mean_utility`.
        gain, gain_error: Mean and standard error of the paired differences to the base (0 for the base itself).
        embedding: Mean embedding of the outputs.
        utilities: Utility of each output, in the order of the common rows.
    """

    mean_utility: float
    standard_error: float
    utility_of_mean: float
    low: float
    high: float
    gain: float
    gain_error: float
    embedding: FloatTuple
    utilities: FloatTuple


@dataclass(frozen=True, slots=True)
class JudgeScore:
    """What one judge said about one model, in the judge's own units.

    Args:
        judge: Its name.
        weight: Its share of all weight; 0 for a judge that only guards.
        is_guard: Whether a candidate that falls behind the base here cannot win.
        scale: The unit in which it is weighed: the spread of the first base's rows.
        rows: On how many rows of the selection sample it looked.
        selection_gain, selection_error: Mean and standard error of paired differences to the base, selection sample.
        mean: Mean utility on the reporting sample.
        gain, gain_error: As for the selection sample, on the reporting sample.
        is_harmed: Whether it is a guard and the model fell behind the base beyond noise, on the selection sample.
    """

    judge: str
    weight: float
    is_guard: bool
    scale: float
    rows: int
    selection_gain: float
    selection_error: float
    mean: float
    gain: float
    gain_error: float
    is_harmed: bool


@dataclass(frozen=True, slots=True)
class CampaignOpened:
    """The organiser opened the campaign with these settings (`settings_to_dict`)."""

    campaign: str
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TargetMeasured:
    """The target vector, the names of its dimensions, and the utility that the expert examples themselves have."""

    target: FloatTuple
    labels: tuple[str, ...]
    expert_utility: float | None


@dataclass(frozen=True, slots=True)
class RoundOpened:
    """Contributors may work. `drafts` is the artifact with the base's own answers, which they may correct."""

    round_number: int
    drafts: str | None


@dataclass(frozen=True, slots=True)
class RoundClosed:
    """The round's contributions, frozen, in canonical order (by contributor, then digest)."""

    round_number: int
    contributions: tuple[ContributionRef, ...]


@dataclass(frozen=True, slots=True)
class Gain:
    """How much likelier a better model finds a contribution than the first base did, in nats per token."""

    id: str
    gain: float


@dataclass(frozen=True, slots=True)
class ContributionsKept:
    """What the round is trained on: the best part of all contributions so far, by what models think of them.

    Args:
        gains: What was measured now: the round's own contributions, and those of the round before again, by models
            that were not trained on them. Empty where no model was fit to say.
        kept: Contributions of this round and earlier ones; the others share `training.keep_floor` of the training.
        yardstick: The adapter of the copy that learnt the expert examples, with `training.keep = "examples"`.
    """

    round_number: int
    gains: tuple[Gain, ...]
    kept: tuple[str, ...]
    yardstick: str | None = None


@dataclass(frozen=True, slots=True)
class GroupsFormed:
    """Who trains with whom: one sorted tuple of contributors for each group."""

    round_number: int
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class OtherPart:
    """The part of a candidate's training that a contributor outside its group has, by earlier contributions."""

    contributor: str
    weight: float
    credit: float = 0.0


@dataclass(frozen=True, slots=True)
class CandidateTrained:
    """A group's copy of the base was fine-tuned. `weights` are the members' shares of the training data.

    `credits` says what each member's rows did to the loss on the expert examples, in nats per token (positive: they
    lowered it); empty where it was not measured. `others` have a part by contributions of earlier rounds.
    """

    round_number: int
    group: int
    adapter: str
    steps: int
    loss: float
    weights: FloatTuple
    seconds: float
    credits: FloatTuple = ()
    others: tuple[OtherPart, ...] = ()


@dataclass(frozen=True, slots=True)
class CandidatesMerged:
    """A weighted mean of the round's candidates, which competes with them. Its number follows the groups'.

    Args:
        number: As a winner it is called so; the first merge of a round with three groups is 3.
        kind: "mean" or "by_value".
        adapter: Digest of the merged weights.
        weights: Of each candidate, with sum 1.
    """

    round_number: int
    number: int
    kind: str
    adapter: str
    weights: FloatTuple


@dataclass(frozen=True, slots=True)
class CandidateEvaluated:
    """A candidate, a merge, or the base itself (group None), was measured on the selection and the reporting sample.

    `likelihood` is the mean log-likelihood per token of the expert examples, or None without examples;
    `outputs` is the artifact with the reporting sample's texts. `judged` is empty where the distance to the target
    decides alone. Where other judges have weight, utilities are the weighted sum of what they said, and the first
    base has 0.
    """

    round_number: int
    group: int | None
    selection: SampleScore
    report: SampleScore
    likelihood: float | None
    outputs: str
    generate_seconds: float
    evaluate_seconds: float
    judged: tuple[JudgeScore, ...] = ()


@dataclass(frozen=True, slots=True)
class VotedStrength:
    """What voters thought of a candidate, or of the base (group None).

    `gain` is the log odds of being preferred to the base, `low` and `high` its interval; `wins` of `comparisons`, ties
    as halves.
    """

    group: int | None
    gain: float
    error: float
    low: float
    high: float
    wins: float
    comparisons: int


@dataclass(frozen=True, slots=True)
class VotesCounted:
    """The vote on the round's candidates is over. `ties` are the groups that no vote tells from the best one."""

    round_number: int
    voters: int
    strengths: tuple[VotedStrength, ...]
    ties: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WinnerSelected:
    """The group whose candidate becomes the next base, the number of a merge, or None: the base stays.

    `barred` are the groups that were better than the base, but that a guard did not let win.
    """

    round_number: int
    winner: int | None
    outcome: str
    contenders: tuple[int, ...]
    barred: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupsValued:
    """What each group is worth by merging the candidates: Shapley values of the likelihood of the expert examples.

    Args:
        values, errors: One for each group, in nats per token; an error is 0 where all merges were tried.
        together: What all candidates merged gain over the base; the values sum to it.
        merges: How many merges were tried.
        gains: What each merge gains, where all were tried: bit g of the place, from 1 on, says whether group g is in
            it. Empty where they were sampled.
    """

    round_number: int
    values: FloatTuple
    errors: FloatTuple
    together: float
    merges: int
    gains: FloatTuple = ()


@dataclass(frozen=True, slots=True)
class Appraised:
    """What a contributor's work is worth by Shapley values, in points of the covered rounds, with a 95 % interval.

    Computed from the embeddings of the campaign's own candidates, whatever policy pays; negative when the work
    lowered the model's utility.
    """

    contributor: str
    worth: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PointsAwarded:
    """The round's settlement. `carry` is unpaid budget of rounds without a clear gain, `escrow` is kept back."""

    round_number: int
    awards: tuple[Award, ...]
    carry: int
    escrow: int
    covered_rounds: int
    appraised: tuple[Appraised, ...] = ()


@dataclass(frozen=True, slots=True)
class RoundFinished:
    """The round is over; `lineage` is the stack of adapters on the first base that is the base from now on."""

    round_number: int
    lineage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CampaignFinished:
    """The last round is over and what was kept back is paid."""

    closing_awards: tuple[Award, ...]


# What people decide while a campaign runs. These happen between the steps, not as steps.


@dataclass(frozen=True, slots=True)
class WinnerReviewed:
    """Somebody looked at the winner: approved, it becomes the next base; declined, the base stays."""

    round_number: int
    approved: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ContributionsWithdrawn:
    """Contributions of a closed round were taken back before anything was trained on them.

    Groups are formed anew; with fewer contributors than groups the round collects again.
    """

    round_number: int
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CampaignPaused:
    """No step is started until the campaign goes on; a step under way may still be written."""

    reason: str


@dataclass(frozen=True, slots=True)
class CampaignResumed:
    """The campaign goes on where it was paused."""


@dataclass(frozen=True, slots=True)
class FinishCalled:
    """No more rounds: an open round is given up, a closed one is brought to its end, then all is paid."""

    reason: str


@dataclass(frozen=True, slots=True)
class CampaignCancelled:
    """The campaign stops here; what was paid stays paid, and nothing more is."""

    reason: str


@dataclass(frozen=True, slots=True)
class RolledBack:
    """The base is again what round `to_round` left (0: the first base). Points stay paid."""

    to_round: int
    reason: str


Event = (
    CampaignOpened
    | TargetMeasured
    | RoundOpened
    | RoundClosed
    | ContributionsKept
    | GroupsFormed
    | CandidateTrained
    | CandidateEvaluated
    | CandidatesMerged
    | VotesCounted
    | WinnerSelected
    | GroupsValued
    | PointsAwarded
    | RoundFinished
    | CampaignFinished
    | WinnerReviewed
    | ContributionsWithdrawn
    | CampaignPaused
    | CampaignResumed
    | FinishCalled
    | CampaignCancelled
    | RolledBack
)
