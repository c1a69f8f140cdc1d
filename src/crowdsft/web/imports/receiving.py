"""Taking a file in, and deciding about it. The file is kept in parts in the database, where every worker finds it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import PurePath
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.imports.models import Import, ImportPart

MOST_MEGABYTES = 20
MOST_BYTES = MOST_MEGABYTES * 1024 * 1024
MOST_PENDING = 5
KEPT = timedelta(days=7)
ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".parquet")


def receive(
    campaign: Campaign, actor: User, chunks: Iterable[bytes], *, name: str, kind: str, replaces: bool = False
) -> Import:
    """Keep a file for a worker to check.

    Args:
        chunks: Its bytes, in pieces.
        name: Its name, whose end says what it is.
        kind: `Import.CONTRIBUTIONS` or `Import.PROMPTS`.
        replaces: Whether the prompts take the place of those that are there.

    Raises:
        InputError: when the campaign takes no such file now, or the file is too large, empty, or of an unknown kind.
    """
    _check_kind(campaign, kind)
    name = PurePath(name.replace("\\", "/")).name
    if not name.lower().endswith(ENDINGS):
        raise InputError(
            _("'{name}' does not say what it is. Give a file whose name ends in {endings}.").format(
                name=name[:80], endings=", ".join(ENDINGS)
            )
        )
    _forget_old()
    if campaign.imports.filter(state__in=Import.PENDING).count() >= MOST_PENDING:
        raise InputError(
            _("{count} files wait already. Confirm or discard one of them first.").format(count=MOST_PENDING)
        )
    with transaction.atomic():
        size, digest = 0, hashlib.sha256()
        row = Import.objects.create(
            campaign=campaign, actor=actor, kind=kind, replaces=replaces, name=name[-200:], size=0
        )
        for number, chunk in enumerate(chunks):
            size += len(chunk)
            if size > MOST_BYTES:
                raise InputError(
                    _(
                        "The file is larger than {size} MB, the most that is read at once. Cut it into parts, "
                        "or run `crowdsft run` with it."
                    ).format(size=MOST_MEGABYTES)
                )
            digest.update(chunk)
            ImportPart.objects.create(of=row, number=number, data=chunk)
        if not size:
            raise InputError(_("The file is empty. Nothing was imported; choose another one."))
        row.size, row.digest = size, digest.hexdigest()
        row.save(update_fields=["size", "digest"])
    return row


def _check_kind(campaign: Campaign, kind: str) -> None:
    if kind == Import.PROMPTS:
        if campaign.life != Campaign.DRAFT:
            raise InputError(
                _(
                    "The prompts of a campaign that is open cannot be changed. Start another one like it: a draft "
                    "takes a file of prompts."
                )
            )
    elif kind == Import.CONTRIBUTIONS:
        if campaign.is_supplied:
            raise InputError(_("This campaign took all of its contributions from one file at its start."))
        if campaign.life not in (Campaign.OPEN, Campaign.PAUSED):
            raise InputError(_("Only a campaign that is open takes contributions. Nothing was imported."))
    else:
        raise InputError(_("A file holds contributions or prompts, not '{kind}'.").format(kind=kind[:40]))


def find_import(campaign: Campaign, number: UUID) -> Import:
    """An import of `campaign`.

    Raises:
        InputError: when there is none.
    """
    found = campaign.imports.filter(pk=number).first()
    if found is None:
        raise InputError(_("There is no such import in this campaign. Upload the file again."))
    return found


def confirm(row: Import, actor: User) -> None:
    """Let a worker write the good lines; `actor` says that they may be used under the campaign's licence.

    Raises:
        InputError: when there is nothing to confirm.
    """
    with transaction.atomic():
        waits = Import.objects.filter(pk=row.pk, state=Import.CHECKED, accepted__gt=0)
        if not waits.update(state=Import.CONFIRMED, lease_until=0.0):
            row.refresh_from_db()
            raise InputError(_why_not(row))
        note(row.campaign, actor, f"confirmed a file of {row.kind}", f"{row.name} ({row.digest[:12]})")


def _why_not(row: Import) -> str:
    if row.state == Import.WAITING:
        return _("The file is still being checked. Confirm it when you have seen what is in it.")
    if row.state == Import.CHECKED:
        return _("No line of this file can be used. The report says why; mend the file and upload it again.")
    return _("This import was confirmed, done or discarded already.")


def discard(row: Import) -> None:
    """Forget the file; nothing of it was written.

    Raises:
        InputError: when it was confirmed already.
    """
    given_up = Import.objects.filter(pk=row.pk, state__in=(Import.WAITING, Import.CHECKED, Import.FAILED))
    if not given_up.update(state=Import.DISCARDED, lease_until=0.0, preview=[]):
        row.refresh_from_db()
        raise InputError(_("This import was confirmed, done or discarded already, and cannot be discarded."))
    row.parts.all().delete()


def _forget_old() -> None:
    """Give up what nobody confirmed within a week; a file may hold what is private."""
    old = Import.objects.filter(
        Q(state__in=(Import.WAITING, Import.CHECKED, Import.FAILED)), created__lt=timezone.now() - KEPT
    )
    ids = list(old.values_list("pk", flat=True))
    Import.objects.filter(pk__in=ids).update(state=Import.DISCARDED, preview=[])
    ImportPart.objects.filter(of__in=ids).delete()
