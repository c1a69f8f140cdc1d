"""From points to money: a sum divided in proportion to points, in whole smallest units; none is created or lost.

All of it is exact: whole numbers only, no floats. What is due to somebody but below the minimum is owed, and added to
what the next payout gives them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crowdsft.core.errors import InputError
from crowdsft.core.sentences import sentence

MOST_PLACES = 8
MOST_UNITS = 10**15  # of the smallest unit: ten trillion in cents

_AMOUNT = re.compile(r"([0-9]{1,16})(?:([.,])([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Share:
    """What a payout means for one contributor; amounts are in the smallest unit.

    Law: `amount + owed_after == share + owed_before`, and one of the two on the left is 0.

    Args:
        points: The points that this payout covers.
        share: Their part of the budget.
        owed_before: What earlier payouts owe because it was below their minimum.
        amount: What is paid now: all that is due, or nothing.
        owed_after: What is owed from now on.
    """

    contributor: str
    points: int
    share: int
    owed_before: int
    amount: int
    owed_after: int


def divide(
    budget: int,
    points: Mapping[str, int],
    *,
    owed: Mapping[str, int] | None = None,
    minimum: int = 0,
    ties: str = "",
) -> tuple[Share, ...]:
    """Divide `budget` in proportion to `points`, by largest remainder; most points first.

    Args:
        budget: In the smallest unit, 0 or more.
        points: Points of each contributor, 0 or more.
        owed: What earlier payouts owe; such contributors take part even without new points.
        minimum: What is due is paid only from this amount on.
        ties: Of equal remainders the unit goes by the SHA-256 of this text and the contributor: nobody can choose a
            name that wins, and the same division is done the same way everywhere.

    Raises:
        InputError: when there is nothing to divide by, or a number is out of range.
    """
    before = {name: amount for name, amount in (owed or {}).items() if amount}
    _check(budget, points, before, minimum)
    holders = [name for name, held in points.items() if held]
    shares = dict(
        zip(holders, _largest_remainder(budget, [points[n] for n in holders], holders, ties), strict=True)
    )
    found = []
    for name in {*holders, *before}:
        due = shares.get(name, 0) + before.get(name, 0)
        amount = due if due >= minimum else 0
        found.append(
            Share(name, points.get(name, 0), shares.get(name, 0), before.get(name, 0), amount, due - amount)
        )
    return tuple(sorted(found, key=lambda share: (-share.points, -share.owed_before, share.contributor)))


def _largest_remainder(budget: int, weights: Sequence[int], names: Sequence[str], ties: str) -> list[int]:
    whole = sum(weights)
    parts = [budget * weight // whole for weight in weights]
    order = sorted(
        range(len(weights)),
        key=lambda place: (-(budget * weights[place] % whole), _rank(ties, names[place])),
    )
    for place in order[: budget - sum(parts)]:
        parts[place] += 1
    return parts


def _rank(ties: str, name: str) -> bytes:
    return hashlib.sha256(f"{ties}\x1f{name}".encode()).digest()


def _check(budget: int, points: Mapping[str, int], owed: Mapping[str, int], minimum: int) -> None:
    if not 0 <= budget <= MOST_UNITS or not 0 <= minimum <= MOST_UNITS:
        raise InputError(
            sentence("The amount is too large or below zero. It can be at most {most}.", most=MOST_UNITS)
        )
    if negative := [name for name, held in points.items() if held < 0]:
        raise InputError(
            sentence(
                "Corrections in these rounds take more points than there are, for {count} of the contributors. Choose "
                "rounds that cover the points that were corrected.",
                count=len(negative),
            )
        )
    assert all(amount > 0 for amount in owed.values())
    if not any(points.values()):
        raise InputError(
            sentence("Nobody has points there that were not paid out before, so there is nothing to divide.")
        )


def parse_amount(text: str, places: int) -> int:
    """A sum as people write it ("500", "12.50", "12,50") in the smallest unit, of which `places` digits make one whole.

    Raises:
        InputError: when it is none, has more digits behind the point than the unit has, or could be read in two ways.
    """
    if not 0 <= places <= MOST_PLACES:
        raise InputError(
            sentence(
                "{places} digits behind the point cannot be; 0 to {most} can.",
                places=places,
                most=MOST_PLACES,
            )
        )
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise InputError(
            sentence(
                "{text!r} is no amount. Write digits, with a point before the smallest unit: 1250.00",
                text=text[:40],
            )
        )
    digits = found[3] or ""
    is_ambiguous = found[2] == "," and len(digits) == 3  # a thousand to some, one to others
    if len(digits) > places or is_ambiguous:
        raise InputError(
            sentence(
                "{text!r} has {digits} digits behind the point, and the smallest unit has {places}. Write thousands "
                "without a sign between: 1250",
                text=text[:40],
                digits=len(digits),
                places=places,
            )
        )
    units = int(found[1] + digits.ljust(places, "0"))
    if units > MOST_UNITS:
        raise InputError(
            sentence("The amount is too large or below zero. It can be at most {most}.", most=MOST_UNITS)
        )
    return units


def amount_text(units: int, places: int) -> str:
    """The amount as digits with a point, as machines and spreadsheets read it: 1250 cents are "12.50"."""
    if places == 0:
        return str(units)
    whole, rest = divmod(abs(units), 10**places)
    return f"{'-' if units < 0 else ''}{whole}.{rest:0{places}d}"
