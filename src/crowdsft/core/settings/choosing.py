"""What settings contradict each other about that say who trains together, on what, and is paid by credit."""

from __future__ import annotations

from crowdsft.core.errors import Fault
from crowdsft.core.sentences import sentence

FEWEST_FOR_CREDIT = 10
"""Expert examples on which credit is measured; fewer say little about anybody else's rows."""
FEWEST_TO_FILTER = 30
"""Expert examples by which contributions are chosen: with 100 it works, with 10 the copy learns them by heart."""


def credit_faults(backend: str | None, examples: int | None) -> list[Fault]:
    """What points.policy = "in_run_split" lacks. None: that setting has faults of its own."""
    faults = []
    if backend not in (None, "multi_lora"):
        problem = sentence(
            'is "{backend}", which cannot measure what each contributor\'s rows do while they train; '
            'points.policy = "in_run_split" needs backend = "multi_lora"',
            backend=backend,
        )
        faults.append(Fault("training.backend", problem))
    if examples is not None and examples < FEWEST_FOR_CREDIT:
        problem = sentence(
            'is "in_run_split", which measures credit on expert examples and needs at least {least} of them in '
            '[target]; there are {examples}. Use "decoded_shapley", which needs none',
            least=FEWEST_FOR_CREDIT,
            examples=examples,
        )
        faults.append(Fault("points.policy", problem))
    return faults


def merge_faults(*, groups: int, most_groups: int | None, has_merges: bool, has_votes: bool) -> list[Fault]:
    """Whether groups of one and merges fit the rest; most_groups None: there are no groups of one."""
    faults = []
    if most_groups is not None and most_groups < groups:
        problem = sentence(
            "is {most}, less than rounds.groups = {groups}; allow at least as many",
            most=most_groups,
            groups=groups,
        )
        faults.append(Fault("rounds.most_groups", problem))
    if has_merges and has_votes:
        problem = sentence(
            "contradicts a vote: people compare the groups' candidates, not merges of them; leave out merges or "
            "votes.minutes"
        )
        faults.append(Fault("rounds.merges", problem))
    return faults


def keeping_faults(
    keep: str,
    *,
    learns_examples: bool,
    weighting: str,
    groups_of_one: str | None,
    examples: int | None,
    has_best: bool,
) -> list[Fault]:
    """Whether the best contributions can be told from the others in the way that `keep` asks for.

    Args:
        learns_examples: Whether candidates train on the expert examples, too.
        groups_of_one, examples: None: those settings have faults of their own.
        has_best: Whether utilities have a best possible value, as minus a distance has.
    """
    faults = []
    if learns_examples and examples == 0:
        problem = sentence(
            "needs expert examples in [target], and there are none; give some, or leave it out"
        )
        faults.append(Fault("training.learn_examples", problem))
    if keep == "all":
        return faults
    if weighting != "uniform":
        problem = sentence(
            'contradicts training.keep = "{keep}", which decides itself who counts how much; remove one',
            keep=keep,
        )
        faults.append(Fault("training.weighting", problem))
    return [
        *faults,
        *(
            _by_examples(groups_of_one, examples)
            if keep == "examples"
            else _by_values(groups_of_one, has_best)
        ),
    ]


def _by_examples(groups_of_one: str | None, examples: int | None) -> list[Fault]:
    faults = []
    if examples is not None and examples < FEWEST_TO_FILTER:
        problem = sentence(
            'is "examples", which needs at least {least} expert examples in [target]; there are {examples}, and a '
            'model that is to judge by a handful learns them by heart. Use "values" or "all"',
            least=FEWEST_TO_FILTER,
            examples=examples,
        )
        faults.append(Fault("training.keep", problem))
    if groups_of_one == "always":
        problem = sentence(
            'is "always", which leaves training.keep no round to choose for; use "first" or "never"'
        )
        faults.append(Fault("rounds.groups_of_one", problem))
    return faults


def _by_values(groups_of_one: str | None, has_best: bool) -> list[Fault]:
    faults = []
    if groups_of_one not in (None, "first"):
        problem = sentence(
            'is "{which}", but training.keep = "values" learns who helps from a first round in which everybody trains '
            'alone; use "first"',
            which=groups_of_one,
        )
        faults.append(Fault("rounds.groups_of_one", problem))
    if not has_best:
        problem = sentence(
            'is "values", which asks how much of the way to the target each contributor\'s candidate went, and '
            'judges\' scores, the inner product and votes have no end of the way; use evaluation.distance = "l2" or '
            '"l1" alone, or keep = "all"'
        )
        faults.append(Fault("training.keep", problem))
    return faults
