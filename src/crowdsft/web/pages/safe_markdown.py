"""Markdown of organisers as HTML that can do no harm."""

from __future__ import annotations

import re

import markdown
import nh3
from django.utils.safestring import SafeString, mark_safe

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "hr", "li", "ol", "p", "pre", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip


def render_markdown(text: str) -> SafeString:
    """Formatted text: no scripts, styles or images; headings start below the page's own."""
    html = markdown.markdown(text, extensions=["sane_lists", "tables"])
    clean = nh3.clean(
        _lower_headings(html),
        tags=TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
    )
    return mark_safe(clean)


def _lower_headings(html: str) -> str:
    """The highest heading becomes h3, so that a page keeps one h1 and an outline without holes."""
    depths = [int(depth) for depth in re.findall(r"<h([1-6])>", html)]
    shift = 3 - min(depths, default=3)
    return re.sub(r"(</?h)([1-6])>", lambda tag: f"{tag[1]}{min(5, int(tag[2]) + shift)}>", html)
