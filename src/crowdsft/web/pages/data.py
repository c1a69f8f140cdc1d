"""A campaign's data: files in (uploaded, looked at, confirmed), the data set out, and its versions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from crowdsft.core.errors import InputError
from crowdsft.dataset.formats import csv_bytes, jsonl_bytes
from crowdsft.dataset.rows import versions_by_round
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.contributions.export import dataset_of
from crowdsft.web.imports import receiving
from crowdsft.web.imports.models import Import
from crowdsft.web.imports.refusals import why_refused
from crowdsft.web.imports.report import report_csv
from crowdsft.web.pages.access import Visit, visit_any
from crowdsft.web.saying import said

FAULTS_SHOWN = 50
IMPORTS_SHOWN = 50
WRITERS = {
    "jsonl": (jsonl_bytes, "application/jsonl; charset=utf-8"),
    "csv": (csv_bytes, "text/csv; charset=utf-8"),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest, slug: str) -> HttpResponse:
    """What came in and what can be taken out; a POST uploads a file."""
    found = _organiser(request, slug)
    if request.method != "POST":
        return render(request, "pages/data.html", _context(found))
    file = request.FILES.get("file")
    kind = Import.PROMPTS if found.campaign.life == Campaign.DRAFT else Import.CONTRIBUTIONS
    try:
        if file is None or found.user is None:
            raise InputError(_("No file arrived. Choose one and upload it again."))
        row = receiving.receive(
            found.campaign, found.user, file.chunks(1024 * 1024),
            name=file.name or "", kind=kind, replaces=request.POST.get("replaces") == "on",
        )  # fmt: skip
    except InputError as error:
        context = _context(found) | {"problem": said(error)}
        return render(request, "pages/data.html", context, status=422)
    return redirect("import", slug=slug, import_id=row.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def one_import(request: HttpRequest, slug: str, import_id: UUID) -> HttpResponse:
    """What is in a file; a POST confirms or discards it."""
    found = _organiser(request, slug)
    row = _import(found, import_id)
    if request.method != "POST":
        return render(request, "pages/import.html", _import_context(found, row))
    try:
        if request.POST.get("do") == "discard":
            receiving.discard(row)
            messages.success(request, _("Discarded. Nothing of the file was kept."))
            return redirect("data", slug=slug)
        if request.POST.get("licensed") != "on":
            raise InputError(_("Please say first that these texts may be used here."))
        assert found.user is not None
        receiving.confirm(row, found.user)
    except InputError as error:
        row.refresh_from_db()
        context = _import_context(found, row) | {"problem": said(error)}
        return render(request, "pages/import.html", context, status=422)
    return redirect("import", slug=slug, import_id=import_id)


@never_cache
@require_safe
def report(request: HttpRequest, slug: str, import_id: UUID) -> HttpResponse:
    """Every refused line with its reason, as a table."""
    row = _import(_organiser(request, slug), import_id)
    return _file(report_csv(row).encode(), f"{row.name}-report.csv", "text/csv; charset=utf-8")


@never_cache
@require_safe
def download(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """The contributions of all closed rounds, as a file."""
    found = _organiser(request, slug)
    if form not in WRITERS or found.campaign.life == Campaign.DRAFT:
        raise Http404("There is no such file.")
    write, content_type = WRITERS[form]
    return _file(write(dataset_of(found.campaign)), f"{slug}.{form}", content_type)


def _organiser(request: HttpRequest, slug: str) -> Visit:
    """Drafts included. Raises: Http404 for others' drafts, PermissionDenied for others' campaigns."""
    found = visit_any(request, slug)
    if not found.is_organiser:
        if found.campaign.life == Campaign.DRAFT:
            raise Http404("There is no such campaign.")
        raise PermissionDenied("Only organisers of this campaign can see its data.")
    return found


def _import(found: Visit, import_id: UUID) -> Import:
    try:
        return receiving.find_import(found.campaign, import_id)
    except InputError as error:
        raise Http404(str(error)) from None


def _context(found: Visit) -> dict[str, Any]:
    is_draft = found.campaign.life == Campaign.DRAFT
    return {
        "campaign": found.campaign,
        "is_draft": is_draft,
        "imports": found.campaign.imports.defer("report", "preview")[:IMPORTS_SHOWN],
        "versions": [] if is_draft else versions_by_round(dataset_of(found.campaign).rows),
        "takes_files": is_draft
        or (found.campaign.life in (Campaign.OPEN, Campaign.PAUSED) and not found.campaign.is_supplied),
        "most_megabytes": receiving.MOST_MEGABYTES,
        "endings": ",".join(receiving.ENDINGS),
        "section": "campaigns",
    }


def _import_context(found: Visit, row: Import) -> dict[str, Any]:
    faults = [(number, why_refused(why)) for number, why in row.refused_lines[:FAULTS_SHOWN]]
    return {
        "campaign": found.campaign,
        "row": row,
        "faults": faults,
        "more_faults": max(0, row.rejected - FAULTS_SHOWN),
        "error": why_refused(row.error),
        "has_rounds": any(line.get("round") for line in row.preview),
        "is_waiting": row.state in (Import.WAITING, Import.CONFIRMED),
        "section": "campaigns",
    }


def _file(content: bytes, name: str, content_type: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=content_type)
    plain = "".join(character for character in name if character.isalnum() or character in "._-")
    answer["Content-Disposition"] = f'attachment; filename="{plain}"'
    return answer
