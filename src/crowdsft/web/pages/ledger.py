"""A campaign's ledger, for anybody who may see the campaign: whether it holds, its entries, and all of it as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, overload

from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crowdsft.core.ledger import LedgerEntry
from crowdsft.web.campaigns.ledger_check import check_ledger
from crowdsft.web.campaigns.ledger_reading import as_lines, entries_from
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.pages.access import Visit, visit
from crowdsft.web.pages.names import public_names

PER_PAGE = 50
SCRIPT = "check_ledger.py"


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A line of the list; `number` counts from 1, as people do."""

    entry: LedgerEntry
    number: int
    name: str
    is_own: bool
    is_asked_for: bool


@dataclass(frozen=True, slots=True)
class NewestFirst(Sequence[LedgerEntry]):
    """The ledger as a sequence with the newest entry first, read by position: page 2,000 costs what page 1 costs."""

    campaign: Campaign
    length: int

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int) -> LedgerEntry: ...
    @overload
    def __getitem__(self, index: slice) -> list[LedgerEntry]: ...
    def __getitem__(self, index: int | slice) -> LedgerEntry | list[LedgerEntry]:
        if isinstance(index, int):
            return self[index : index + 1][0]
        start, stop, _step = index.indices(self.length)
        found = entries_from(self.campaign, self.length - stop, limit=max(0, stop - start))
        return found[::-1]


@require_safe
def ledger(request: HttpRequest, slug: str) -> HttpResponse:
    """The ledger's page. `?entry=7` shows the part of it where entry 7 is."""
    found = visit(request, slug)
    entries = NewestFirst(found.campaign, found.state.ledger_head.position)
    asked = _number(request.GET.get("entry", ""), len(entries))
    wanted = str(1 + (len(entries) - asked) // PER_PAGE) if asked else request.GET.get("page")
    page = Paginator(entries, PER_PAGE).get_page(wanted)
    names = public_names(found.campaign, [entry.contributor for entry in page.object_list])
    rows = [
        EntryRow(
            entry=entry,
            number=entry.position + 1,
            name=names[entry.contributor].name,
            is_own=entry.contributor == found.contributor,
            is_asked_for=entry.position + 1 == asked,
        )
        for entry in page.object_list
    ]
    context = _check_context(found) | {"rows": rows, "page": page, "script": _script()}
    return render(request, "pages/ledger.html", context)


@never_cache
@require_safe
def ledger_check(request: HttpRequest, slug: str) -> HttpResponse:
    """How far the check is, for a page that waits for it."""
    return render(request, "pages/_ledger_check.html", _check_context(visit(request, slug)))


@require_safe
def ledger_file(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The whole ledger as JSON lines."""
    campaign = visit(request, slug).campaign
    response = StreamingHttpResponse(as_lines(campaign), content_type="application/jsonl; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="ledger-{campaign.slug}.jsonl"'
    return response


def _check_context(found: Visit) -> dict[str, Any]:
    return {"campaign": found.campaign, "section": "campaigns", "check": check_ledger(found.campaign)}


def _number(text: str, most: int) -> int:
    """An entry's number, or 0 for what is none."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    return number if number <= most else 0


@cache
def _script() -> str:
    path = finders.find(SCRIPT)
    assert isinstance(path, str)
    return Path(path).read_text(encoding="utf-8")
