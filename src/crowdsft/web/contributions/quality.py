"""How well people judge: known answers they got right, and how far they agree with others. Nothing follows by itself.

One query reads what was judged, whether there were ten tasks or ten thousand. Judgements that reviewers rejected or
excluded do not count towards agreement, and neither do questions with known answers, which have a figure of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from django.db.models import QuerySet

from crowdsft.core.proportions import wilson_interval
from crowdsft.core.rater_agreement import Agreement, Judgement, rater_agreement
from crowdsft.core.settings.tasks import JUDGEMENT_KINDS
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.task_types import TASK_TYPES

KnownReading = Literal["few", "often_wrong", "unclear", "mostly_right"]

ENOUGH_ANSWERS = 5  # below, nothing is put into words
OFTEN_WRONG_BELOW = 0.75  # when the whole range lies below
MOSTLY_RIGHT_ABOVE = 0.5  # when the whole range lies above

Row = tuple[int, str, str, str, str, int, int | None]


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """Questions with known answers: how many were answered, and how many rightly. Skipped ones do not count."""

    answered: int
    right: int

    @property
    def range(self) -> tuple[float, float]:
        """Where the share of right answers lies, as far as so few can tell (95 %)."""
        return wilson_interval(self.right, self.answered)

    @property
    def reading(self) -> KnownReading:
        """The range in a word."""
        low, high = self.range
        if self.answered < ENOUGH_ANSWERS:
            return "few"
        if high < OFTEN_WRONG_BELOW:
            return "often_wrong"
        return "mostly_right" if low > MOSTLY_RIGHT_ABOVE else "unclear"


@dataclass(frozen=True, slots=True)
class PersonQuality:
    """One contributor's figures; `agreement` by kind of task, with those kinds alone in which something was judged."""

    member: int
    contributor: str
    pseudonym: str
    judged: int
    known: KnownAnswers
    agreement: Mapping[str, Agreement]


@dataclass(frozen=True, slots=True)
class Quality:
    """A campaign's figures. `people` are all who judged, those first whose known answers leave most to look at."""

    judged: int
    known: KnownAnswers
    agreement: Mapping[str, Agreement]
    people: tuple[PersonQuality, ...]


def quality_of(campaign: Campaign) -> Quality:
    """The figures of everybody who judged in the campaign."""
    return _quality(_read(Task.objects.filter(campaign=campaign)))


def own_quality(membership: Membership) -> PersonQuality:
    """One contributor's own figures. Only the items that this person judged are read.

    `alpha` is None here: to tell agreement from chance the rest of the campaign would be needed. `share` is the same.
    """
    items = Task.objects.filter(membership=membership, state=Task.DONE, verdict__isnull=False).values("item")
    rows = _read(Task.objects.filter(campaign=membership.campaign, item__in=items))
    mine = [row for row in rows if row[0] == membership.pk or row[6] is None]
    found = next((one for one in _quality(mine).people if one.member == membership.pk), None)
    if found is None:
        return PersonQuality(
            membership.pk, membership.contributor, membership.pseudonym, 0, KnownAnswers(0, 0), {}
        )
    return replace(found, agreement={kind: replace(one, alpha=None) for kind, one in found.agreement.items()})


def judgement_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """Those in which people judge."""
    return tuple(kind for kind in kinds if TASK_TYPES.make(kind).is_judgement)


def _read(tasks: QuerySet[Task]) -> list[Row]:
    counted = tasks.filter(state=Task.DONE, verdict__isnull=False).exclude(
        contribution__standing__in=(Contribution.REJECTED, Contribution.EXCLUDED)
    )
    columns = ("membership_id", "membership__contributor", "membership__pseudonym", "kind", "item")
    return list(counted.order_by("pk").values_list(*columns, "verdict", "expected"))


def _quality(rows: Sequence[Row]) -> Quality:
    names: dict[int, tuple[str, str]] = {}
    judged: defaultdict[int, int] = defaultdict(int)
    known: defaultdict[int, list[bool]] = defaultdict(list)
    by_kind: dict[str, list[Judgement]] = {kind: [] for kind in JUDGEMENT_KINDS}
    for member, contributor, pseudonym, kind, item, verdict, expected in rows:
        names[member] = (contributor, pseudonym)
        judged[member] += 1
        if expected is None:
            by_kind[kind].append(Judgement(str(member), item, verdict))
        else:
            known[member].append(TASK_TYPES.make(kind).is_right(verdict, expected))
    whole: dict[str, Agreement] = {}
    of_person: defaultdict[int, dict[str, Agreement]] = defaultdict(dict)
    for kind, judgements in by_kind.items():
        task_type = TASK_TYPES.make(kind)
        assert task_type.scale is not None
        whole[kind], people = rater_agreement(judgements, task_type.scale, within=task_type.near)
        for person, agreement in people.items():
            of_person[int(person)][kind] = agreement
    people_found = [
        PersonQuality(member, *names[member], judged[member], _known(known[member]), of_person[member])
        for member in names
    ]
    answers = [right for given in known.values() for right in given]
    return Quality(len(rows), _known(answers), whole, tuple(sorted(people_found, key=_most_to_look_at)))


def _known(answers: Sequence[bool]) -> KnownAnswers:
    return KnownAnswers(len(answers), sum(answers))


def _most_to_look_at(one: PersonQuality) -> tuple[float, float, str]:
    shares = [agreement.share for agreement in one.agreement.values() if agreement.share is not None]
    return one.known.range[1], min(shares, default=1.0), one.pseudonym
