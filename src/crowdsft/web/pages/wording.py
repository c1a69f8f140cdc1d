"""Small phrases that several pages need."""

from __future__ import annotations

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def ordinal(place: int) -> str:
    """ "first" to "tenth", then "11th"."""
    if place <= len(ORDINALS):
        return ORDINALS[place - 1]
    ending = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def duration_words(seconds: float) -> str:
    """In the largest unit of which there are two, rounded: "2 days", "26 hours", "90 minutes"."""
    for unit, length in (("day", 86_400), ("hour", 3_600)):
        if seconds >= 2 * length:
            return f"{round(seconds / length)} {unit}s"
    return counted(round(seconds / 60), "minute") if seconds >= 60 else "less than a minute"


def counted(count: int, one: str, many: str | None = None) -> str:
    """ "1 group", "3 groups"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(items: list[str]) -> str:
    """ "2", "2 and 3", "2, 3 and 4"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def points_shown(points: float) -> str:
    """A whole number with a real minus sign."""
    whole = round(points)
    sign = "\N{MINUS SIGN}" if whole < 0 else ""
    return f"{sign}{abs(whole):,}"


def number(value: float) -> str:
    """Three decimals; for small and large numbers three digits that matter."""
    if value == 0:
        return "0"
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.1f}"
    return f"{value:.3f}" if abs(value) >= 0.01 else f"{value:.2g}"
