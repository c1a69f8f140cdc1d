"""Consent texts and licences: published in numbered versions, agreed to by each member, asked for anew."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import ValidationError

from crowdsft.core.errors import Fault, InputError, SettingsError
from crowdsft.core.settings import CampaignSection
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.models import Agreement, Campaign, ConsentVersion, Membership
from crowdsft.web.notices.of_decisions import notify_of_consent


def consent_digest(licence: str, text: str) -> str:
    """SHA-256 of a licence and a consent text."""
    return hashlib.sha256(f"{licence}\x1f{text}".encode()).hexdigest()


def current_consent(campaign: Campaign) -> ConsentVersion:
    """The newest version; a campaign that was opened has one."""
    return campaign.consent_versions.order_by("-number")[:1].get()


def publish_consent(campaign: Campaign, *, licence: str, text: str, actor: User | None) -> ConsentVersion:
    """Make `text` and `licence` the newest version: everybody is asked again before the next task.

    Raises:
        SettingsError: when either is empty or too long.
        InputError: when nothing changed.
    """
    licence, text = licence.strip(), text.strip()
    _check(licence, text)
    digest = consent_digest(licence, text)
    with transaction.atomic():
        locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        if locked.consent == digest:
            raise InputError(
                _("This is the text and licence that members agree to already. Nothing was changed.")
            )
        number = 1 + locked.consent_versions.count()
        version = ConsentVersion.objects.create(
            campaign=locked, number=number, licence=licence, text=text, digest=digest
        )
        Campaign.objects.filter(pk=campaign.pk).update(consent=digest)
        if number > 1:
            note(locked, actor, "published consent", f"version {number}, {licence}")
            notify_of_consent(locked, actor, number)
    campaign.consent = digest
    return version


def agree(membership: Membership, *, version_number: int | None = None) -> ConsentVersion:
    """Record that the member agrees to the newest version now; agreeing twice changes nothing.

    Args:
        version_number: The version that was read, where that is known.

    Raises:
        InputError: when another version was published meanwhile.
    """
    with transaction.atomic():
        version = current_consent(membership.campaign)
        if version_number is not None and version_number != version.number:
            raise InputError(
                _(
                    "You read version {version_number} of the consent text, but version {number} has been "
                    "published. Nothing was agreed to; please read the new one."
                ).format(version_number=version_number, number=version.number)
            )
        if membership.consent != version.digest or membership.left is not None:
            Agreement.objects.create(membership=membership, version=version)
            membership.consent, membership.left = version.digest, None
            membership.save(update_fields=["consent", "left"])
    return version


def last_agreement(membership: Membership) -> Agreement | None:
    """What the member agreed to last, and when."""
    return membership.agreements.select_related("version").order_by("-agreed", "-pk").first()


def _check(licence: str, text: str) -> None:
    try:
        CampaignSection(name="-", licence=licence, consent=text)
    except ValidationError as error:
        raise SettingsError(
            [Fault(f"campaign.{item['loc'][0]}", str(item["msg"])) for item in error.errors()],
            source="the consent text",
        ) from None
