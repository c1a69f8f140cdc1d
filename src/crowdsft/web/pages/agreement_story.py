"""Do the points follow Shapley values? What a campaign's page says about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from crowdsft.core.agreement import Agreement, agreement
from crowdsft.core.campaign import CampaignState
from crowdsft.web.agreement_chart import AgreementData, agreement_chart
from crowdsft.web.saying import decimal, whole

VERDICTS = (
    (0.9, _lazy("The points follow the order of the Shapley values.")),
    (0.7, _lazy("The points mostly follow the order of the Shapley values.")),
    (0.4, _lazy("The points partly follow the order of the Shapley values.")),
    (-1.0, _lazy("The points do not follow the order of the Shapley values.")),
)


@dataclass(frozen=True, slots=True)
class AgreementStory:
    """The section's figure: number, interval, sentences, chart."""

    correlation: str | None
    interval: str | None
    sentences: tuple[str, ...]
    chart: SafeString | None


def agreement_story(state: CampaignState, contributor: str | None) -> AgreementStory | None:
    """The story so far, or None before a round has had a clear winner."""
    found = agreement(state)
    if found is None:
        return None
    place = found.contributors.index(contributor) if contributor in found.contributors else None
    return AgreementStory(
        correlation=_signed(found.correlation),
        interval=_interval_words(found),
        sentences=(_verdict(found), *_doubts(found, state)),
        chart=_chart(found, place),
    )


def _chart(found: Agreement, place: int | None) -> SafeString | None:
    if len(found.contributors) < 2:
        return None
    return agreement_chart(
        AgreementData(
            worth=tuple(map(float, found.worth)),
            low=tuple(map(float, found.low)),
            high=tuple(map(float, found.high)),
            points=tuple(map(int, found.points)),
            own=place,
            sentence=_chart_sentence(found),
        )
    )


def _chart_sentence(found: Agreement) -> str:
    count = len(found.contributors)
    if found.correlation is None:
        return ngettext(
            "Points paid against Shapley value in points, {count} contributor.",
            "Points paid against Shapley value in points, {count} contributors.",
            count,
        ).format(count=whole(count))
    return ngettext(
        "Points paid against Shapley value in points, {count} contributor. Rank correlation {correlation}.",
        "Points paid against Shapley value in points, {count} contributors. Rank correlation {correlation}.",
        count,
    ).format(count=whole(count), correlation=decimal(found.correlation, 2))


def _verdict(found: Agreement) -> str:
    if found.correlation is None:
        return _("The rounds so far value everybody alike, so there is no order to compare yet.")
    return str(next(words for least, words in VERDICTS if found.correlation >= least or least < 0))


def _doubts(found: Agreement, state: CampaignState) -> list[str]:
    sentences = []
    if not found.told_apart:
        sentences.append(
            ngettext(
                "It is early: {count} contributor can be told apart after round {needed} at the earliest. "
                "Until then the values are rough.",
                "It is early: {count} contributors can be told apart after round {needed} at the earliest. "
                "Until then the values are rough.",
                len(found.contributors),
            ).format(count=whole(len(found.contributors)), needed=found.rounds_needed)
        )
    last = state.current.points
    if last is not None and last.escrow and not state.is_finished:
        sentences.append(
            ngettext(
                "{count} point is kept back until the values are surer, so points lie below the line.",
                "{count} points are kept back until the values are surer, so points lie below the line.",
                last.escrow,
            ).format(count=whole(last.escrow))
        )
    return sentences


def _signed(value: float | None) -> str | None:
    return None if value is None else decimal(value, 2).replace("-", "\N{MINUS SIGN}")


def _interval_words(found: Agreement) -> str | None:
    if found.correlation_interval is None:
        return None
    low, high = (_signed(end) for end in found.correlation_interval)
    return _("{low} to {high}").format(low=low, high=high)
