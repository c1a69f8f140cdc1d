"""Small phrases that several pages need, in the reader's language."""

from __future__ import annotations

from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from crowdsft.web.saying import decimal, whole

# Translators: a place among the groups of a round, as in "came {place} of 3".
ORDINALS = (
    pgettext_lazy("place", "first"),
    pgettext_lazy("place", "second"),
    pgettext_lazy("place", "third"),
    pgettext_lazy("place", "fourth"),
    pgettext_lazy("place", "fifth"),
    pgettext_lazy("place", "sixth"),
    pgettext_lazy("place", "seventh"),
    pgettext_lazy("place", "eighth"),
    pgettext_lazy("place", "ninth"),
    pgettext_lazy("place", "tenth"),
)


def ordinal(place: int) -> str:
    """ "first" to "tenth", then "11th"."""
    if place <= len(ORDINALS):
        return str(ORDINALS[place - 1])
    ending = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    # Translators: 11th, 22nd; {ending} is the English ending. A language without one writes {ending:.0}.
    return pgettext("place", "{place}{ending}").format(place=place, ending=ending)


def duration_words(seconds: float) -> str:
    """In the largest unit of which there are two, rounded: "2 days", "26 hours", "90 minutes"."""
    if seconds >= 2 * 86_400:
        days = round(seconds / 86_400)
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    if seconds >= 2 * 3_600:
        hours = round(seconds / 3_600)
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    minutes = round(seconds / 60)
    if seconds >= 60:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    return _("less than a minute")


def in_duration(seconds: float) -> str:
    """When something will be: "in 2 days". Its words may differ from those of the duration alone."""
    if seconds >= 2 * 86_400:
        days = round(seconds / 86_400)
        return ngettext("in %(count)s day", "in %(count)s days", days) % {"count": days}
    if seconds >= 2 * 3_600:
        hours = round(seconds / 3_600)
        return ngettext("in %(count)s hour", "in %(count)s hours", hours) % {"count": hours}
    minutes = round(seconds / 60)
    if seconds >= 60:
        return ngettext("in %(count)s minute", "in %(count)s minutes", minutes) % {"count": minutes}
    return _("in less than a minute")


def counted(count: int, one: str, many: str | None = None) -> str:
    """ "1 group", "3 groups": `one` and `many` are marked where templates count them with the filter `plural`."""
    many = many or one + "s"
    return ngettext(f"%(count)s {one}", f"%(count)s {many}", count) % {"count": whole(count)}  # noqa: INT001


def listed(items: list[str]) -> str:
    """ "2", "2 and 3", "2, 3 and 4"."""
    if len(items) == 1:
        return items[0]
    return _("{some} and {last}").format(some=", ".join(items[:-1]), last=items[-1])


def points_shown(points: float) -> str:
    """A whole number with a real minus sign."""
    number_of_points = round(points)
    sign = "\N{MINUS SIGN}" if number_of_points < 0 else ""
    return f"{sign}{whole(abs(number_of_points))}"


def per_cent(value: float, places: int = 0) -> str:
    """ "12.0 %"."""
    return f"{decimal(value, places)}\N{NO-BREAK SPACE}%"


def number(value: float) -> str:
    """Three decimals; for small and large numbers three digits that matter."""
    if value == 0:
        return "0"
    if abs(value) >= 1_000:
        return decimal(value, 0)
    if abs(value) >= 100:
        return decimal(value, 1)
    if abs(value) >= 0.01:
        return decimal(value, 3)
    return f"{value:.2g}".replace(".", get_format("DECIMAL_SEPARATOR"))


def short_model_name(reference: str) -> str:
    """The last part of a model's address."""
    return reference.rstrip("/").split("/")[-1].split(":")[-1]
