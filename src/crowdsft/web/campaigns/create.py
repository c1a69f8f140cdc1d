"""Creating a campaign, joining one, closing a round by hand."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path

from django.conf import settings as django_settings
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from crowdsft.core.errors import Fault, InputError, SettingsError
from crowdsft.core.seeds import derive_seed
from crowdsft.core.settings import CampaignSettings, settings_to_dict
from crowdsft.rounds.references import check_references
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.journal_django import open_campaign, wake

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
ADDRESSES_IN_USE = frozenset({"new"})  # /campaigns/new/ is the form


def create_campaign(
    settings: CampaignSettings,
    *,
    owner: User | None,
    salt: str | None = None,
    is_supplied: bool = False,
) -> Campaign:
    """Open a campaign with `settings`; its organiser is a member from the start.

    Args:
        salt: Makes contributors' identifiers; random unless a repeatable campaign (a file, the demo) gives one.
        is_supplied: All contributions come from a file.

    Raises:
        SettingsError: when the base model or a name in the target does not exist, or when the owner asks for
            what only the platform's operator may allow.
    """
    if owner is not None and not django_settings.TRUST_ORGANISERS:
        _check_trust(settings)
    check_references(settings)
    try:
        return _created(settings, owner=owner, salt=salt, is_supplied=is_supplied)
    except IntegrityError:  # another campaign of this name was opened in this moment
        return _created(settings, owner=owner, salt=salt, is_supplied=is_supplied)


def _check_trust(settings: CampaignSettings) -> None:
    """Refuse what would hand this machine to anybody with an account: its files, and code from elsewhere.

    Raises:
        SettingsError: naming what.
    """
    remedy = "Ask whoever runs the platform to allow it with CROWDSFT_TRUST_ORGANISERS=1."
    faults = []
    if settings.model.trust_remote_code:
        faults.append(
            Fault("model.trust_remote_code", f"would run the model's own code on this platform. {remedy}")
        )
    base = settings.model.base
    is_builtin = base.startswith("builtin:")
    if not is_builtin and (not HUB_ID.fullmatch(base) or Path(base).exists()):
        faults.append(
            Fault("model.base", f"is neither 'builtin:tiny' nor an id on the Hugging Face hub. {remedy}")
        )
    if faults:
        raise SettingsError(faults)


def _created(
    settings: CampaignSettings, *, owner: User | None, salt: str | None, is_supplied: bool
) -> Campaign:
    with transaction.atomic():
        campaign = Campaign(
            slug=_free_slug(settings.campaign.name),
            name=settings.campaign.name,
            owner=owner,
            plan=settings_to_dict(settings),
            is_supplied=is_supplied,
        )
        if salt is None and settings.campaign.simulated:  # nobody to protect, and the same seed repeats
            salt = f"{derive_seed(settings.campaign.seed, 'contributors'):016x}"
        if salt is not None:
            campaign.salt = salt
        campaign.save()
        if owner is not None:
            _add_member(campaign, owner, Membership.ORGANISER)
        open_campaign(campaign, settings)
    return campaign


def join(campaign: Campaign, user: User) -> Membership:
    """Make `user` a contributor who agreed to the campaign's consent text and licence; joining twice is fine."""
    known = Membership.objects.filter(campaign=campaign, user=user).first()
    if known is None:
        try:
            with transaction.atomic():
                return _add_member(campaign, user, Membership.CONTRIBUTOR)
        except IntegrityError:  # joined in another tab in this moment
            known = Membership.objects.get(campaign=campaign, user=user)
    if not known.consent:
        known.consent = consent_digest(campaign.settings)
        known.save(update_fields=["consent"])
    return known


def consent_digest(settings: CampaignSettings) -> str:
    """Which consent text and licence somebody agreed to: the SHA-256 of both."""
    return hashlib.sha256(f"{settings.campaign.licence}\x1f{settings.campaign.consent}".encode()).hexdigest()


def member_from_file(campaign: Campaign, name: str) -> Membership:
    """The membership of a contributor named in a file: the exact trimmed, NFC-normalised text."""
    clean = unicodedata.normalize("NFC", name).strip()
    membership, _ = Membership.objects.get_or_create(
        campaign=campaign,
        contributor=campaign.contributor_id(clean),
        defaults={"pseudonym": clean, "role": Membership.CONTRIBUTOR},
    )
    return membership


def request_close(campaign: Campaign) -> None:
    """Close the open round now, as its organiser asks.

    Raises:
        InputError: when no round is open.
    """
    campaign.refresh_from_db()
    if not campaign.is_collecting:
        raise InputError("No round is open, so there is nothing to close. Wait for the next round to open.")
    Campaign.objects.filter(pk=campaign.pk).update(close_requested_round=campaign.round_number)
    wake(campaign)


def _add_member(campaign: Campaign, user: User, role: str) -> Membership:
    consent = consent_digest(campaign.settings) if role == Membership.CONTRIBUTOR else ""
    name = _free_name(campaign, user.pseudonym)
    return Membership.objects.create(
        campaign=campaign,
        user=user,
        contributor=campaign.contributor_id(name),
        pseudonym=name,
        role=role,
        consent=consent,
    )


def _free_name(campaign: Campaign, pseudonym: str) -> str:
    """`pseudonym`, or with a number behind it where a file or somebody who left had it before."""
    name, number = pseudonym, 2
    while campaign.memberships.filter(contributor=campaign.contributor_id(name)).exists():
        name, number = f"{pseudonym} ({number})", number + 1
    return name


def _free_slug(name: str) -> str:
    stem = slugify(name)[:60] or "campaign"
    taken = set(Campaign.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    taken |= ADDRESSES_IN_USE
    if stem not in taken:
        return stem
    number = 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"
