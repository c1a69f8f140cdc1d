"""How people judge: known answers and agreement, of a whole campaign for its organisers, and one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from django.http import HttpRequest
from ninja import Router, Schema

from crowdsft.core.rater_agreement import Agreement, Missing, Reading
from crowdsft.web.api.access import (
    answers,
    find_campaign,
    find_membership,
    organising,
    require_reviewer,
    signed_in,
)
from crowdsft.web.contributions.quality import (
    KnownAnswers,
    KnownReading,
    PersonQuality,
    own_quality,
    quality_of,
)

router = Router(tags=["judgements"])


class KnownOut(Schema):
    """Questions with known answers: how many were answered and how many rightly.

    The share of right answers lies between `low` and `high` (95 %). `reading`: few (fewer than five answers),
    often_wrong (`high` below .75), mostly_right (`low` above .5), unclear.
    """

    answered: int
    right: int
    low: float
    high: float
    reading: KnownReading


class OwnAgreement(Schema):
    """How often somebody says what others say about the same texts.

    `share` of pairs agree; ratings that are one apart do. It is null where nobody else judged the same texts.
    """

    kind: Literal["choose_response", "rate_response"]
    items: int
    share: float | None


class AgreementOut(OwnAgreement):
    """`alpha`, Krippendorff's: 1 is complete agreement, 0 what chance would give; null where `missing` says why.

    `missing`: nobody_else or all_the_same. `reading` puts alpha into a word: high (from .8), fair (from .667), low
    (from .2), chance; few below ten texts, unknown without alpha.
    """

    alpha: float | None
    missing: Missing
    reading: Reading


class OwnJudging(Schema):
    """How you judge. Nothing follows from these figures by itself."""

    judged: int
    known: KnownOut
    agreement: list[OwnAgreement]


class PersonOut(Schema):
    """A contributor's figures; `member` is the number that GET /campaigns/SLUG/members has."""

    member: int
    contributor: str
    pseudonym: str
    judged: int
    known: KnownOut
    agreement: list[AgreementOut]


class QualityOut(Schema):
    """A campaign's figures; those people first whose known answers leave most to look at."""

    judged: int
    known: KnownOut
    agreement: list[AgreementOut]
    people: list[PersonOut]


@router.get("/campaigns/{slug}/judgements", response=answers(QualityOut, 401, 403, 404))
def judgements(request: HttpRequest, slug: str) -> QualityOut:
    """Known answers and agreement of everybody who judged (reviewers and organisers)."""
    user, campaign = organising(request), find_campaign(slug)
    require_reviewer(campaign, user)
    found = quality_of(campaign)
    return QualityOut(
        judged=found.judged,
        known=_known(found.known),
        agreement=_agreement(found.agreement),
        people=[_person(one) for one in found.people],
    )


@router.get("/campaigns/{slug}/judgements/mine", response=answers(OwnJudging, 401, 403, 404))
def my_judgements(request: HttpRequest, slug: str) -> OwnJudging:
    """Your own known answers, and how often you say what others say."""
    user = signed_in(request)
    found = own_quality(find_membership(find_campaign(slug), user))
    return OwnJudging(
        judged=found.judged,
        known=_known(found.known),
        agreement=[
            OwnAgreement(kind=kind, items=one.items, share=one.share)  # type: ignore[arg-type]
            for kind, one in found.agreement.items()
        ],
    )


def _known(known: KnownAnswers) -> KnownOut:
    low, high = known.range
    return KnownOut(answered=known.answered, right=known.right, low=low, high=high, reading=known.reading)


def _agreement(by_kind: Mapping[str, Agreement]) -> list[AgreementOut]:
    return [
        AgreementOut(
            kind=kind,  # type: ignore[arg-type]
            items=found.items,
            share=found.share,
            alpha=found.alpha,
            missing=found.missing,
            reading=found.reading,
        )
        for kind, found in by_kind.items()
    ]


def _person(one: PersonQuality) -> PersonOut:
    return PersonOut(
        member=one.member,
        contributor=one.contributor,
        pseudonym=one.pseudonym,
        judged=one.judged,
        known=_known(one.known),
        agreement=_agreement(one.agreement),
    )
