"""Do the points follow Shapley values? What a campaign's page says about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from crowdsft.core.agreement import Agreement, agreement
from crowdsft.core.campaign import CampaignState
from crowdsft.web.agreement_chart import AgreementData, agreement_chart
from crowdsft.web.pages.wording import counted

WORDS = ((0.9, "follow"), (0.7, "mostly follow"), (0.4, "partly follow"))


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
    people = counted(len(found.contributors), "contributor")
    correlation = f" Rank correlation {found.correlation:.2f}." if found.correlation is not None else ""
    return agreement_chart(
        AgreementData(
            worth=tuple(map(float, found.worth)),
            low=tuple(map(float, found.low)),
            high=tuple(map(float, found.high)),
            points=tuple(map(int, found.points)),
            own=place,
            sentence=f"Points paid against Shapley value in points, {people}.{correlation}",
        )
    )


def _verdict(found: Agreement) -> str:
    if found.correlation is None:
        return "The rounds so far value everybody alike, so there is no order to compare yet."
    verb = next((words for least, words in WORDS if found.correlation >= least), "do not follow")
    return f"The points {verb} the order of the Shapley values."


def _doubts(found: Agreement, state: CampaignState) -> list[str]:
    sentences = []
    if not found.told_apart:
        sentences.append(
            f"It is early: {counted(len(found.contributors), 'contributor')} can be told apart after round "
            f"{found.rounds_needed} at the earliest. Until then the values are rough."
        )
    last = state.current.points
    if last is not None and last.escrow and not state.is_finished:
        sentences.append(
            f"{counted(last.escrow, 'point')} are kept back until the values are surer, so points lie below the line."
        )
    return sentences


def _signed(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def _interval_words(found: Agreement) -> str | None:
    if found.correlation_interval is None:
        return None
    low, high = (_signed(end) for end in found.correlation_interval)
    return f"{low} to {high}"
