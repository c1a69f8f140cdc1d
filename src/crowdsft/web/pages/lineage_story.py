"""Where a campaign's model comes from: every round on the way, and what rollbacks gave up, as a graph and a table."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crowdsft.core.campaign import CampaignState, RoundState
from crowdsft.web.lineage_graph import Kind, Node, lineage_graph
from crowdsft.web.pages.measure import (
    Measure,
    group_letter,
    group_of,
    measure_of,
    model_name,
    score_after,
    start_score,
)
from crowdsft.web.pages.wording import short_model_name

ROUNDS_DRAWN = 60


@dataclass(frozen=True, slots=True)
class LineageRow:
    """A round in the table: what it started from, what it left, and whether that is part of the model of now."""

    number: int
    starts_from: str
    candidates: int
    left: str
    value: str
    state: str


@dataclass(frozen=True, slots=True)
class LineageStory:
    """The graph, and the same as a sentence and rows, newest first."""

    graph: SafeString
    sentence: str
    rows: tuple[LineageRow, ...]
    has_gone: bool
    has_own: bool


def parents(state: CampaignState) -> dict[int, int]:
    """The round whose model each round started from; 0 is the first base."""
    return {
        current.number: current.number - 1 if current.starts_from is None else current.starts_from
        for current in state.rounds
    }


def way_to_now(state: CampaignState) -> frozenset[int]:
    """The rounds that led to the base of now, and the one that is under way."""
    before = parents(state)
    on_the_way = set()
    is_back = state.starts_from is not None or not state.rounds
    number = state.base_round if is_back else state.current.number
    while number:
        on_the_way.add(number)
        number = before[number]
    return frozenset(on_the_way)


def lineage_story(state: CampaignState, contributor: str | None) -> LineageStory:
    """Everything about the lineage, of the newest rounds where there are many."""
    measure, kept, before = measure_of(state.plan), way_to_now(state), parents(state)
    shown = state.rounds[-ROUNDS_DRAWN:]
    first = shown[0].number if shown else 1
    nodes = [
        Node(
            column=current.number - first + 1,
            parent=max(0, before[current.number] - first + 1),
            labels=_labels(current, measure, is_gone=current.number not in kept),
            kind=_kind(current),
            others=len(_others(current)),
            own=_own(current, contributor),
            is_given_up=current.number not in kept,
        )
        for current in shown
    ]
    gone = [current for current in state.rounds if current.number not in kept]
    sentence = _sentence(state, gone)
    return LineageStory(
        graph=lineage_graph(_root(state, measure, first), nodes, sentence),
        sentence=sentence,
        rows=tuple(_row(current, measure, before, current in gone) for current in reversed(shown)),
        has_gone=bool(gone),
        has_own=any(node.own is not None for node in nodes),
    )


def _root(state: CampaignState, measure: Measure, first: int) -> tuple[str, ...]:
    if first > 1:
        return (_("Round {number}").format(number=first - 1),)
    start = start_score(state)
    name = short_model_name(state.plan.model.base)
    cut = name if len(name) <= 12 else f"{name[:11]}…"
    return (_("Start"), cut, measure.show(start.mean_utility) if start else _("not measured"))


def _kind(current: RoundState) -> Kind:
    if current.selected is None:
        return "open"
    return "kept" if current.winner is None else "won"


def _labels(current: RoundState, measure: Measure, *, is_gone: bool) -> tuple[str, ...]:
    title, after = _("Round {number}").format(number=current.number), score_after(current)
    if after is None:
        return (title, _("collecting") if current.contributions is None else _("in progress"))
    name = _("base kept") if current.winner is None else _short_name(current, current.winner)
    labels = (title, name, measure.show(after.mean_utility))
    return (*labels, _("rolled back")) if is_gone else labels


def _short_name(current: RoundState, winner: int) -> str:
    if winner < len(current.groups):
        return _("group {letter}").format(letter=group_letter(winner))
    return _("a merge")


def _others(current: RoundState) -> list[int]:
    """The candidates of a decided round that did not become the base, best first."""
    if current.selected is None:
        return []
    others = [number for number in range(len(current.contenders)) if number != current.winner]
    return sorted(others, key=lambda number: -current.contenders[number].report.mean_utility)


def _own(current: RoundState, contributor: str | None) -> int | None:
    own = group_of(current, contributor)
    if own is None or current.selected is None:
        return None
    return -1 if own == current.winner else _others(current).index(own)


def _row(current: RoundState, measure: Measure, before: dict[int, int], is_gone: bool) -> LineageRow:
    after, parent = score_after(current), before[current.number]
    if after is None:
        left, state = "", _("in progress")
    elif current.winner is None:
        left, state = _("base kept"), _("rolled back") if is_gone else _("part of the model")
    else:
        left = model_name(current, current.winner)
        state = _("rolled back") if is_gone else _("part of the model")
    return LineageRow(
        number=current.number,
        starts_from=_("round {number}").format(number=parent) if parent else _("the start"),
        candidates=len(current.contenders),
        left=left,
        value=measure.show(after.mean_utility) if after else "",
        state=state,
    )


def _sentence(state: CampaignState, gone: list[RoundState]) -> str:
    won = sum(1 for current in state.rounds if current.winner is not None and current not in gone)
    words = _("The model is still {base}, the first base.")
    if won:
        words = ngettext(
            "The model is {base}, improved by the winner of {count} round.",
            "The model is {base}, improved by the winners of {count} rounds.",
            won,
        )
    words = words.format(base=short_model_name(state.plan.model.base), count=won)
    if gone:
        rounds = _ranges([current.number for current in gone])
        words += " " + ngettext(
            "Round {rounds} was rolled back and is drawn aside.",
            "Rounds {rounds} were rolled back and are drawn aside.",
            len(gone),
        ).format(rounds=rounds)
    return words


def _ranges(numbers: list[int]) -> str:
    """ "4", "4–6, 9": ascending numbers, those in a row as a range."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{part[0]}–{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)
