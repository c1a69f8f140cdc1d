"""What a worker does with files: check them, and when they are confirmed write all of their good lines at once.

Claimed by a conditional update with a lease, like steps. A worker killed in between leaves nothing behind: what is
written is one transaction, and the next worker does it again.
"""

from __future__ import annotations

import logging
import time

from django.db import transaction
from django.db.models import Q

from crowdsft.core.errors import CrowdsftError
from crowdsft.core.settings import parse_settings, settings_to_dict
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.create import change_draft, member_from_file
from crowdsft.web.campaigns.models import Campaign, Step
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.contributions.work import waiting_contributions
from crowdsft.web.imports.checking import Found, look_into
from crowdsft.web.imports.models import Import
from crowdsft.web.journal_django import contribution_digest, wake

logger = logging.getLogger(__name__)

LEASE_SECONDS = 300.0


def do_next_import() -> bool:
    """Check or write the oldest file that waits. Returns whether there was one."""
    row = _claim()
    if row is None:
        return False
    try:
        if row.state == Import.WAITING:
            _check(row)
        else:
            _write(row)
    except CrowdsftError as error:
        _end(row, Import.FAILED, error=str(error))
    except Exception:
        logger.exception("the import %s failed", row.pk)
        _end(row, Import.FAILED, error="Something went wrong here, and nothing was imported. Try it again.")
    except BaseException:
        Import.objects.filter(pk=row.pk).update(lease_until=0.0)
        raise
    return True


def _claim() -> Import | None:
    now = time.time()
    due = Q(state__in=(Import.WAITING, Import.CONFIRMED), lease_until__lt=now)
    for row in Import.objects.filter(due).select_related("campaign").order_by("created")[:4]:
        if Import.objects.filter(due, pk=row.pk, state=row.state).update(lease_until=now + LEASE_SECONDS):
            return row
    return None


def _check(row: Import) -> None:
    found = look_into(row)
    Import.objects.filter(pk=row.pk, state=Import.WAITING).update(
        state=Import.CHECKED, lease_until=0.0, preview=found.preview, **_counts(found)
    )


def _write(row: Import) -> None:
    """Everything or nothing. The file is looked into again: the campaign may have gone on since it was checked."""
    with transaction.atomic():
        if row.kind == Import.CONTRIBUTIONS:
            Step.objects.select_for_update(no_key=True).get(
                campaign=row.campaign
            )  # no round opens or closes now
        row.campaign.refresh_from_db()
        found = look_into(row)
        if row.kind == Import.CONTRIBUTIONS:
            _add_contributions(row, found)
        else:
            _add_prompts(row, found)
        mine = Import.objects.filter(pk=row.pk, state=Import.CONFIRMED)
        if not mine.update(state=Import.DONE, lease_until=0.0, preview=[], **_counts(found)):
            raise CrowdsftError("Another worker has written this import meanwhile.")
        row.parts.all().delete()
        note(row.campaign, row.actor, f"imported {row.kind}", f"{found.accepted} of {row.name}")
    if row.kind == Import.CONTRIBUTIONS:
        plan = row.campaign.settings.rounds
        if plan.close == "size" and waiting_contributions(row.campaign) >= row.campaign.settings.round_size:
            wake(row.campaign)


def _counts(found: Found) -> dict[str, int | str]:
    return {
        "accepted": found.accepted,
        "contributors": found.contributors,
        "rejected": len(found.faults),
        "report": found.report,
        "error": "",
    }


def _add_contributions(row: Import, found: Found) -> None:
    if row.campaign.life not in (Campaign.OPEN, Campaign.PAUSED):
        raise CrowdsftError("The campaign has ended since the file was checked. Nothing was imported.")
    members = {
        name: member_from_file(row.campaign, name)
        for name in sorted({line.contributor for line in found.contributions})
    }
    Contribution.objects.bulk_create(
        (
            Contribution(
                campaign=row.campaign,
                membership=members[line.contributor],
                kind="supplied",
                prompt=line.prompt,
                response=line.response,
                digest=contribution_digest(line.prompt, line.response),
                planned_round=line.round_number,
            )
            for line in found.contributions
        ),
        batch_size=200,
    )


def _add_prompts(row: Import, found: Found) -> None:
    plan = settings_to_dict(row.campaign.settings)
    kept = () if row.replaces else row.campaign.settings.prompts.texts
    plan["prompts"]["texts"] = [*kept, *found.prompts]
    change_draft(row.campaign, parse_settings(plan))


def _end(row: Import, state: str, *, error: str) -> None:
    Import.objects.filter(pk=row.pk, state=row.state).update(state=state, lease_until=0.0, error=error)
