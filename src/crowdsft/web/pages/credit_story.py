"""An award under the policy in_run_split, explained: what the group is worth merged, and the own part of it."""

from __future__ import annotations

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crowdsft.core.campaign import RoundState, round_record
from crowdsft.core.rewards.in_run_split import credited_shares, payable
from crowdsft.web.pages.measure import group_letter
from crowdsft.web.pages.wording import number
from crowdsft.web.saying import whole

POLICY = "in_run_split"


def is_credited(current: RoundState) -> bool:
    """Whether the round was paid by credit."""
    return current.valued is not None and all(candidate.credits for candidate in current.candidates)


def own_part_words(current: RoundState, group: int, contributor: str, *, points: int) -> tuple[str, ...]:
    """What the group had and what the contributor had of it, for a round that is paid by itself."""
    assert current.valued is not None
    if current.kept is not None:
        return _part_of_all_words(current, contributor, points=points)
    letter = group_letter(group)
    worth = current.valued.values[group]
    paid = sum(award.points for award in current.points.awards) if current.points else 0
    if worth <= 0:
        return (
            _(
                "Merged with the others, your group's copy made the expert examples no likelier, so by this "
                "campaign's rule group %(letter)s has no part of the round and we paid you %(points)s."
            )
            % {"letter": letter, "points": whole(points)},
        )
    positive = sum(max(value, 0.0) for value in current.valued.values)
    earned = _(
        "Your group: merged with the others in all ways, its copy brought %(share)d\N{NO-BREAK SPACE}%% "
        "of what the "
        "copies brought together, so the group has %(share)d\N{NO-BREAK SPACE}%% of the round's %(paid)s "
        "points."
    ) % {"share": round(100 * worth / positive), "paid": whole(paid)}
    own = _(
        "Your own part of that is %(share)d\N{NO-BREAK SPACE}%%, by what your answers did for the expert "
        "examples while the copy trained, so we paid you %(points)s."
    ) % {"share": round(100 * _own_share(current, group, contributor)), "points": whole(points)}
    return (earned, own)


def _part_of_all_words(current: RoundState, contributor: str, *, points: int) -> tuple[str, ...]:
    """Where copies train on everybody's older work, too, a contributor has a part of each."""
    column, record = _column(current, contributor), round_record(current)
    part = 0.0 if column is None else float(credited_shares(record)[column])
    return (
        _(
            "Your own part of what the copies brought together is %(share)d %%, by what your answers, "
            "older ones included, did for the expert examples while each copy trained, so we paid you %(points)s."
        )
        % {"share": round(100 * part), "points": whole(points)},
    )


def doubt_words() -> str:
    """How sure this is."""
    return _(
        "There is no range here: your part was watched in one training. In ten test worlds this split "
        "ranked people as retraining without them did with a correlation of 0.69 on average, and of 0.27 "
        "in the worst; it tells clearly different people apart, and is rough about people who are alike."
    )


def step_words(current: RoundState, group: int, contributor: str) -> list[str]:
    """The numbers behind it."""
    assert current.valued is not None
    column, record = _column(current, contributor), round_record(current)
    assert record.credits is not None
    words = [
        _(
            "%(merges)s of the copies were tried. All of them merged changed the likelihood of the expert "
            "examples by %(together)s nats per token; group %(letter)s's Shapley value of that is "
            "%(value)s."
        )
        % {
            "merges": _merges(current.valued.merges),
            "together": _signed(current.valued.together),
            "letter": group_letter(group),
            "value": _signed(current.valued.values[group]),
        }
    ]
    if column is not None:
        own, whole = float(record.credits[group, column]), float(record.credits[group].sum())
        words.append(
            _(
                "While group %(letter)s's copy trained, all its answers changed that by %(whole)s, to "
                "first order, and yours by %(own)s. What the group is worth beyond its members' sum is "
                "shared evenly, and nobody has less than nothing."
            )
            % {"letter": group_letter(group), "whole": _signed(whole), "own": _signed(own)}
        )
    return words


def rule_words() -> str:
    """The rule itself."""
    return _(
        "The rule here is in_run_split: a group by the Shapley value of its copy among the merged ones, "
        "inside it everybody by what the own answers did during training. A round is paid when it has a "
        "clear winner and the expert examples became likelier."
    )


def _own_share(current: RoundState, group: int, contributor: str) -> float:
    """The contributor's part of the group's value."""
    record, column = round_record(current), _column(current, contributor)
    assert record.credits is not None and record.group_values is not None
    if column is None or record.weights[group, column] <= 0:
        return 0.0
    members = np.flatnonzero(record.weights[group] > 0)
    value = float(record.group_values[group])
    parts = payable(value, record.credits[group][members])
    return float(parts[members == column][0]) / value


def _column(current: RoundState, contributor: str) -> int | None:
    names = round_record(current).contributors
    return names.index(contributor) if contributor in names else None


def _merges(count: int) -> str:
    return ngettext("%(count)s merge", "%(count)s merges", count) % {"count": whole(count)}


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{number(abs(value))}"
