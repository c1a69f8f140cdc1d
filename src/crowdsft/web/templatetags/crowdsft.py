"""Template tags and filters of the pages."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Protocol

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import pgettext

from crowdsft.web import saying
from crowdsft.web.pages.wording import counted, duration_words

register = template.Library()


class HasUnit(Protocol):
    """What says in which unit an amount is."""

    @property
    def currency(self) -> str:
        """What the amount is in."""

    @property
    def places(self) -> int:
        """How many digits behind the point the smallest unit has."""


# Drawn on a grid of 24 by 24; the stylesheet gives stroke and size.
ICONS = {
    "brand": '<circle cx="5" cy="5.5" r="1.5"/><circle cx="4.5" cy="13" r="1.5"/><circle cx="10" cy="19.5" r="1.5"/>'
    '<circle cx="16" cy="8.5" r="4.5"/><path d="M6.5 5.9 11.6 7.5M6 12.5l6-2M11 18.2l2.8-5.8"/>',
    "lost": '<circle cx="5" cy="6" r="1.5"/><circle cx="4.5" cy="14" r="1.5"/>'
    '<circle cx="16" cy="10" r="4.5" stroke-dasharray="2.5 2.5"/><path d="m6.5 6.5 3 1M6 13.5l2.5-.8"/>',
    "bell": '<path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 21h4M12 5V3.5"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "cross": '<path d="m6 6 12 12M18 6 6 18"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5M12 8v.01"/>',
    "warning": '<path d="M12 4 3.5 19h17zM12 10v4M12 16.5v.01"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>',
    "book": '<path d="M5 4.5h10a3 3 0 0 1 3 3v12H8a3 3 0 0 1-3-3z"/><path d="M9 9h5M9 12.5h5"/>',
    "page": '<path d="M6 3.5h8l4 4v13H6zM14 3.5v4h4M9 12h6M9 15.5h4"/>',
    "people": '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19c.7-3.5 3.2-5 6.5-5s5.8 1.5 6.5 5'
    'M16 5.5a3.5 3.5 0 0 1 0 6.5M18 14.5c2 .6 3.2 2.1 3.6 4.5"/>',
    "door": '<path d="M6 20.5v-17h12v17M3.5 20.5h17M14.5 12v.5"/>',
    "back": '<path d="M4 10h10a5.5 5.5 0 0 1 0 11H9M8 5.5 3.5 10 8 14.5"/>',
    "arrow": '<path d="M5 12h14M13 6l6 6-6 6"/>',
    "shield": '<path d="M12 3.5 5 6v5.5c0 4.5 3 7.5 7 9 4-1.5 7-4.5 7-9V6z"/><path d="m9 12 2.2 2.2L15.5 10"/>',
    "chart": '<path d="M4 4.5v15h16M7.5 15l4-5 3.5 3 5-6.5"/>',
    "done": '<circle cx="12" cy="12" r="9" fill="currentColor" stroke="none"/>'
    '<path d="m8 12.3 2.8 2.7L16 9.5" class="tick"/>',
    "now": '<circle cx="12" cy="12" r="8.5"/><circle cx="12" cy="12" r="4" fill="currentColor" stroke="none"/>',
    "todo": '<circle cx="12" cy="12" r="8.5"/>',
    "stopped": '<circle cx="12" cy="12" r="8.5"/><path d="m9 9 6 6M15 9l-6 6"/>',
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon that adds nothing to the words beside it, hidden from screen readers."""
    return mark_safe(f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{ICONS[name]}</svg>')


@register.filter
def signed(points: int) -> str:
    """+62, 0, or -3 with a real minus sign."""
    if points < 0:
        return f"\N{MINUS SIGN}{intcomma(-points)}"
    return f"+{intcomma(points)}" if points else "0"


@register.filter
def plural(count: int, words: str) -> str:
    """ "3 rounds", "1 round": `words` is "round,rounds". For a count that stands alone, not for parts of sentences."""
    one, many = words.split(",")
    return counted(count, one, many)


@register.filter
def initials(pseudonym: str) -> str:
    """QF for quiet-fern-123."""
    parts = [part for part in pseudonym.split("-") if part[:1].isalpha()]
    return "".join(part[0] for part in parts[:2]).upper() or pseudonym[:2].upper()


@register.filter
def moment(when: datetime) -> SafeString:
    """ "Thursday 18:00 UTC" in an element whose text a script turns into the reader's own time."""
    local = timezone.localtime(when)
    near = abs(local - timezone.localtime()) < timedelta(days=6)
    # Translators: formats of dates, as Django writes them: l is the day of the week, j F Y day, month and year.
    form = pgettext("date format", "l H:i") if near else pgettext("date format", "j F Y H:i")
    return format_html(
        '<time datetime="{}" data-local>{} {}</time>',
        when.isoformat(),
        date_format(local, form),
        local.tzname(),
    )


@register.filter
def day(when: datetime | date) -> str:
    """ "26 November 2026"."""
    local = timezone.localtime(when) if isinstance(when, datetime) else when
    return date_format(local, pgettext("date format", "j F Y"))


@register.filter
def minute(when: datetime) -> str:
    """ "26 Nov 2026 18:05"."""
    return date_format(timezone.localtime(when), pgettext("date format", "j M Y H:i"))


@register.filter
def span(delta: timedelta) -> str:
    """ "2 days", "3 hours", "5 minutes"."""
    return duration_words(delta.total_seconds())


@register.filter
def money(units: int, unit: HasUnit) -> str:
    """An amount in the smallest unit with its currency, as the reader writes it: "12.50 EUR", "12,50 EUR"."""
    return saying.money(units, unit.places, unit.currency)


@register.simple_tag(takes_context=True)
def page_query(context: template.RequestContext, number: int) -> str:
    """The address's query with another page, whatever else it says."""
    query = context["request"].GET.copy()
    query["page"] = str(number)
    return str(query.urlencode())
