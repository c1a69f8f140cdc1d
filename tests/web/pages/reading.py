"""Reading a page as people do: its words without markup, and what every page must keep to."""

from __future__ import annotations

import html
import re

from django.http import HttpResponse

PAGE_BYTES = 90_000  # with stylesheets and scripts (157 kB) this stays below 250 kB


def words(response: HttpResponse) -> str:
    """The text of a page, blanks joined."""
    text = re.sub(r"<(script|style|head)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return (
        re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))
        .replace(" .", ".")
        .replace(" ,", ",")
    )


def check_page(response: HttpResponse) -> str:
    """A whole page that keeps to the rules of all pages; returns its words."""
    markup = response.content.decode()
    assert len(response.content) < PAGE_BYTES
    assert markup.count("<h1") == 1
    assert " style=" not in markup
    assert "<style" not in markup
    assert re.search(r"\son\w+=", markup) is None
    assert re.search(r"<script(?![^>]*\ssrc=)", markup) is None
    assert "'unsafe-inline'" not in response.headers["Content-Security-Policy"]
    identifiers = re.findall(r'\sid="([^"]+)"', markup)
    assert len(identifiers) == len(set(identifiers)), "an id stands twice"
    for target in re.findall(r'(?:aria-labelledby|aria-describedby|popovertarget|for)="([^"]+)"', markup):
        assert all(name in identifiers for name in target.split()), f"{target} points nowhere"
    return words(response)
