"""How people judge, in sentences: ranges and words, never a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crowdsft.core.rater_agreement import Agreement
from crowdsft.web.contributions.quality import KnownAnswers, PersonQuality, judgement_kinds
from crowdsft.web.pages.wording import per_cent
from crowdsft.web.saying import decimal
from crowdsft.web.task_types import TASK_TYPES

READINGS: Mapping[str, Any] = {
    "few": gettext_lazy(
        "Few texts were judged by two or more people so far. The figures still move a lot with each answer."
    ),
    "chance": gettext_lazy(
        "People agree hardly more often than answers drawn by chance would. Often the question is unclear or the "
        "responses are too much alike; look at the guidelines before you look at people."
    ),
    "low": gettext_lazy(
        "People agree more often than by chance, and differ on many texts. Where taste is asked for that is the "
        "answer; where something is right or wrong, guidelines with examples help."
    ),
    "fair": gettext_lazy("People agree on most texts, and differ on some."),
    "high": gettext_lazy("People agree on nearly every text."),
}
MISSING: Mapping[str, Any] = {
    "nobody_else": gettext_lazy("No text was judged by two people so far, so there is nothing to compare."),
    "all_the_same": gettext_lazy(
        "Everybody gave the same answer to everything. That may be agreement, or habit; these figures cannot tell."
    ),
}

COLUMNS: Mapping[str, Any] = {
    "choose_response": gettext_lazy("Choices"),
    "rate_response": gettext_lazy("Ratings"),
}


@dataclass(frozen=True, slots=True)
class KindLine:
    """A kind of task: its figures, "" where there is none, and what they mean."""

    heading: Any
    column: Any
    is_near: bool
    items: int
    share: str
    alpha: str
    meaning: Any


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One contributor as a row: `reading` is what the known answers say, `shares` how often others say the same."""

    name: str
    reading: str
    known: str
    range: str
    shares: tuple[str, ...]


def kind_lines(agreement: Mapping[str, Agreement], kinds: Sequence[str]) -> list[KindLine]:
    """What the campaign asks people to judge, and how far they agree."""
    return [_kind_line(kind, agreement[kind]) for kind in judgement_kinds(kinds)]


def _kind_line(kind: str, found: Agreement) -> KindLine:
    return KindLine(
        heading=TASK_TYPES.make(kind).heading,
        column=COLUMNS.get(kind, TASK_TYPES.make(kind).heading),
        is_near=TASK_TYPES.make(kind).near > 0,
        items=found.items,
        share="" if found.share is None else per_cent(100 * found.share),
        alpha="" if found.alpha is None else decimal(found.alpha, 2),
        meaning=MISSING[found.missing] if found.missing else READINGS[found.reading],
    )


def known_sentence(known: KnownAnswers) -> str:
    """How many known answers were right, with the range; empty where none was answered."""
    if not known.answered:
        return ""
    low, high = known.range
    return ngettext(
        "%(right)s of %(answered)s known answer right; the share lies between %(low)s and %(high)s.",
        "%(right)s of %(answered)s known answers right; the share lies between %(low)s and %(high)s.",
        known.answered,
    ) % {
        "right": known.right,
        "answered": known.answered,
        "low": per_cent(100 * low),
        "high": per_cent(100 * high),
    }


def agreement_sentence(kind: str, found: Agreement) -> str:
    """How often somebody says what others say."""
    heading = str(TASK_TYPES.make(kind).heading)
    if found.share is None:
        return _("%(kind)s: nobody else has judged the same texts yet.") % {"kind": heading}
    words = (
        ngettext(
            "%(kind)s: at most one apart from others in %(share)s of cases, on %(items)s text.",
            "%(kind)s: at most one apart from others in %(share)s of cases, on %(items)s texts.",
            found.items,
        )
        if TASK_TYPES.make(kind).near
        else ngettext(
            "%(kind)s: the same as others in %(share)s of cases, on %(items)s text.",
            "%(kind)s: the same as others in %(share)s of cases, on %(items)s texts.",
            found.items,
        )
    )
    return words % {"kind": heading, "share": per_cent(100 * found.share), "items": found.items}


def person_line(one: PersonQuality, kinds: Sequence[str]) -> PersonLine:
    """A contributor's figures, "" where there is none; a share for each of the campaign's kinds of judgement."""
    low, high = one.known.range
    found = (one.agreement.get(kind) for kind in judgement_kinds(kinds))
    return PersonLine(
        name=one.pseudonym,
        reading=one.known.reading,
        known=_("{right} of {answered}").format(right=one.known.right, answered=one.known.answered)
        if one.known.answered
        else "",
        range=_("{low} to {high}").format(low=decimal(100 * low, 0), high=per_cent(100 * high)),
        shares=tuple(
            "" if each is None or each.share is None else per_cent(100 * each.share) for each in found
        ),
    )


def own_sentences(one: PersonQuality) -> tuple[str, ...]:
    """What the figures of one person say; empty for somebody who has judged nothing."""
    known = known_sentence(one.known)
    return (
        *((known,) if known else ()),
        *(agreement_sentence(kind, found) for kind, found in one.agreement.items()),
    )
