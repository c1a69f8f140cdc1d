"""A campaign's data: files in, the data set out, its versions. For organisers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from crowdsft.core.errors import InputError
from crowdsft.dataset.formats import csv_bytes, jsonl_bytes
from crowdsft.dataset.rows import versions_by_round
from crowdsft.web.accounts.models import User
from crowdsft.web.api.access import answers, find_own_campaign, organising
from crowdsft.web.api.errors import NotFoundError
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.contributions.export import dataset_of
from crowdsft.web.imports import receiving
from crowdsft.web.imports.models import Import

router = Router(tags=["data"])


class RefusedLine(Schema):
    """A line that cannot be used, and why."""

    line: int
    problem: str


class ImportOut(Schema):
    """A file that was brought. `state`: waiting, checked, confirmed, done, failed or discarded.

    `preview` shows how its first good lines were read; `error` is what is wrong with the file as a whole.
    """

    id: UUID
    kind: str
    name: str
    size: int
    digest: str
    state: str
    accepted: int
    contributors: int
    rejected: int
    preview: list[dict[str, Any]]
    error: str
    created: datetime


class ImportWithReport(ImportOut):
    """With every line that was refused."""

    report: list[RefusedLine]


class Licensed(Schema):
    """`licensed` says that the texts may be used for training and passed on under the campaign's licence."""

    licensed: bool


class VersionOut(Schema):
    """The data set up to the end of a round; `version` is the SHA-256 of all its rows."""

    round: int
    contributions: int
    version: str


@router.post("/campaigns/{slug}/imports", response=answers(ImportOut, 401, 403, 404, 413, 422, status=201))
def upload(
    request: HttpRequest,
    slug: str,
    file: File[UploadedFile],
    kind: Form[Literal["contributions", "prompts"]] = "contributions",
    replaces: Form[bool] = False,
) -> Status[ImportOut]:
    """Bring a file of contributions, or of prompts for a draft; a worker looks into it (organisers)."""
    campaign, user = _own(request, slug)
    row = receiving.receive(
        campaign, user, file.chunks(1024 * 1024), name=file.name or "", kind=kind, replaces=replaces
    )
    return Status(201, _out(row))


@router.get("/campaigns/{slug}/imports", response=answers(list[ImportOut], 401, 403, 404))
def imports(request: HttpRequest, slug: str) -> list[ImportOut]:
    """The files that were brought, newest first, at most 200 (organisers)."""
    campaign, _ = _own(request, slug)
    return [_out(row) for row in campaign.imports.defer("report")[:200]]


@router.get("/campaigns/{slug}/imports/{uuid:import_id}", response=answers(ImportWithReport, 401, 403, 404))
def one_import(request: HttpRequest, slug: str, import_id: UUID) -> ImportWithReport:
    """What is in a file, and every line that was refused (organisers)."""
    _, _, row = _find(request, slug, import_id)
    lines = [RefusedLine(line=line, problem=why) for line, why in row.refused_lines]
    return ImportWithReport(**_out(row).dict(), report=lines)


@router.post(
    "/campaigns/{slug}/imports/{uuid:import_id}/confirm",
    response=answers(None, 401, 403, 404, 422, status=204),
)
def confirm(request: HttpRequest, slug: str, import_id: UUID, body: Licensed) -> Status[None]:
    """Have all good lines of a file imported, at once (organisers)."""
    _, user, row = _find(request, slug, import_id)
    if not body.licensed:
        raise InputError("Send `licensed: true` to say that these texts may be used here.")
    receiving.confirm(row, user)
    return Status(204, None)


@router.delete(
    "/campaigns/{slug}/imports/{uuid:import_id}", response=answers(None, 401, 403, 404, 422, status=204)
)
def discard(request: HttpRequest, slug: str, import_id: UUID) -> Status[None]:
    """Forget a file that is not confirmed (organisers)."""
    _, _, row = _find(request, slug, import_id)
    receiving.discard(row)
    return Status(204, None)


@router.get("/campaigns/{slug}/data", response=answers(list[VersionOut], 401, 403, 404))
def versions(request: HttpRequest, slug: str) -> list[VersionOut]:
    """The versions of the data set, newest first (organisers)."""
    campaign, _ = _own(request, slug)
    if campaign.life == Campaign.DRAFT:
        return []
    found = versions_by_round(dataset_of(campaign).rows)
    return [
        VersionOut(round=row.round, contributions=row.contributions, version=row.version) for row in found
    ]


@router.get("/campaigns/{slug}/data.{form}", response=answers(Any, 401, 403, 404))
def dataset(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """The contributions of all closed rounds as `data.jsonl` or `data.csv` (organisers)."""
    campaign, _ = _own(request, slug)
    writers = {
        "jsonl": (jsonl_bytes, "application/jsonl; charset=utf-8"),
        "csv": (csv_bytes, "text/csv; charset=utf-8"),
    }
    if form not in writers or campaign.life == Campaign.DRAFT:
        raise NotFoundError(
            "There is no such file: ask for data.jsonl or data.csv of a campaign that is open."
        )
    write, content_type = writers[form]
    return HttpResponse(write(dataset_of(campaign)), content_type=content_type)


def _own(request: HttpRequest, slug: str) -> tuple[Campaign, User]:
    user = organising(request)
    return find_own_campaign(slug, user), user


def _find(request: HttpRequest, slug: str, import_id: UUID) -> tuple[Campaign, User, Import]:
    campaign, user = _own(request, slug)
    try:
        return campaign, user, receiving.find_import(campaign, import_id)
    except InputError as error:
        raise NotFoundError(str(error)) from None


def _out(row: Import) -> ImportOut:
    return ImportOut(
        id=row.pk, kind=row.kind, name=row.name, size=row.size, digest=row.digest, state=row.state,
        accepted=row.accepted, contributors=row.contributors, rejected=row.rejected, preview=row.preview,
        error=row.error, created=row.created,
    )  # fmt: skip
