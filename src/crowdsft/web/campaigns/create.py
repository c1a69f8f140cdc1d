"""Creating a campaign, joining one, closing a round by hand."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from django.conf import settings as django_settings
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from crowdsft.core.errors import Fault, InputError, SettingsError
from crowdsft.core.life import check_change
from crowdsft.core.seeds import derive_seed
from crowdsft.core.settings import CampaignSettings, settings_to_dict
from crowdsft.rounds.references import check_references
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.audit import note
from crowdsft.web.campaigns.consent import agree, publish_consent
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.journal_django import open_campaign, wake
from crowdsft.web.notices.of_decisions import notify_of_decision

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
ADDRESSES_IN_USE = frozenset({"new"})  # /campaigns/new/ is the form


def create_campaign(
    settings: CampaignSettings,
    *,
    owner: User | None,
    salt: str | None = None,
    is_supplied: bool = False,
    is_draft: bool = False,
) -> Campaign:
    """Set a campaign up with `settings`, and open it unless it `is_draft`; its organiser is a member from the start.

    Args:
        salt: Makes contributors' identifiers; random unless a repeatable campaign (a file, the demo) gives one.
        is_supplied: All contributions come from a file.

    Raises:
        SettingsError: when the base model or a name in the target does not exist, or when the owner asks for
            what only the platform's operator may allow.
    """
    check_settings(settings, owner=owner, is_supplied=is_supplied)

    def created() -> Campaign:
        return _created(settings, owner=owner, salt=salt, is_supplied=is_supplied, is_draft=is_draft)

    try:
        return created()
    except IntegrityError:  # another campaign of this name was opened in this moment
        return created()


def check_settings(settings: CampaignSettings, *, owner: User | None, is_supplied: bool = False) -> None:
    """Refuse what this platform cannot do or `owner` may not ask for.

    Raises:
        SettingsError: naming what.
    """
    if owner is not None and not django_settings.TRUST_ORGANISERS:
        _check_trust(settings)
    if is_supplied:
        _check_needs_nobody(settings)
    check_references(settings)


def _check_needs_nobody(settings: CampaignSettings) -> None:
    faults = []
    if settings.rounds.approval:
        faults.append(
            Fault(
                "rounds.approval", _("needs somebody on a platform who approves; set it to false for a file")
            )
        )
    if settings.votes.minutes is not None:
        faults.append(Fault("votes.minutes", _("needs people on a platform who vote; remove it for a file")))
    if settings.reviews.required:
        faults.append(
            Fault("reviews.required", _("needs people on a platform who review; set it to false for a file"))
        )
    if faults:
        raise SettingsError(faults)


def change_draft(campaign: Campaign, settings: CampaignSettings) -> None:
    """Give a draft other settings.

    Raises:
        InputError: when the campaign is no draft any more.
        SettingsError: see `check_settings`.
    """
    check_settings(settings, owner=campaign.owner)
    changed = Campaign.objects.filter(pk=campaign.pk, life=Campaign.DRAFT).update(
        plan=settings_to_dict(settings), name=settings.campaign.name
    )
    if not changed:
        raise InputError(_("This campaign is open, and the settings of an open campaign cannot be changed."))
    campaign.refresh_from_db()


def open_draft(campaign: Campaign) -> None:
    """Open a draft: its first round is prepared.

    Raises:
        InputError: when it is no draft any more.
        SettingsError: see `check_settings`.
    """
    check_settings(campaign.settings, owner=campaign.owner)
    with transaction.atomic():
        if not Campaign.objects.filter(pk=campaign.pk, life=Campaign.DRAFT).update(life=Campaign.OPEN):
            check_change(campaign.life, "open")
        campaign.refresh_from_db()
        _open(campaign)
        notify_of_decision(campaign, campaign.owner, "opened")


def _open(campaign: Campaign) -> None:
    settings = campaign.settings
    publish_consent(
        campaign, licence=settings.campaign.licence, text=settings.campaign.consent, actor=campaign.owner
    )
    open_campaign(campaign, settings)


def _check_trust(settings: CampaignSettings) -> None:
    """Refuse what would hand this machine to anybody with an account: its files, keys, and code from elsewhere.

    Raises:
        SettingsError: naming what.
    """
    with_code = {
        "model": settings.model.trust_remote_code,
        "reward_model": settings.reward_model.trust_remote_code,
    }
    faults = [
        Fault(
            f"{name}.trust_remote_code",
            _(
                "would run the model's own code on this platform. Ask whoever runs the platform to allow "
                "it with CROWDSFT_TRUST_ORGANISERS=1."
            ),
        )
        for name, is_asked in with_code.items()
        if is_asked
    ]
    base, reward_model = settings.model.base, settings.reward_model.model
    if not base.startswith("builtin:") and not _is_hub_id(base):
        faults.append(
            Fault(
                "model.base",
                _(
                    "is neither 'builtin:tiny' nor an id on the Hugging Face hub. Ask whoever runs the "
                    "platform to allow it with CROWDSFT_TRUST_ORGANISERS=1."
                ),
            )
        )
    if reward_model is not None and not _is_hub_id(reward_model):
        faults.append(
            Fault(
                "reward_model.model",
                _(
                    "is no id on the Hugging Face hub. Ask whoever runs the platform to allow it with "
                    "CROWDSFT_TRUST_ORGANISERS=1."
                ),
            )
        )
    _kind, colon, network = settings.evaluation.embedding.partition(":")
    if colon and not _is_hub_id(network):
        faults.append(
            Fault(
                "evaluation.embedding",
                _(
                    "names no id on the Hugging Face hub. Ask whoever runs the platform to allow it with "
                    "CROWDSFT_TRUST_ORGANISERS=1."
                ),
            )
        )
    if settings.llm_judge.endpoint is not None:
        faults.append(
            Fault(
                "llm_judge.endpoint",
                _(
                    "would have this platform send requests, and a key of its own, to an address of your "
                    "choice. Ask whoever runs the platform to allow it with CROWDSFT_TRUST_ORGANISERS=1."
                ),
            )
        )
    if faults:
        raise SettingsError(faults)


def _is_hub_id(reference: str) -> bool:
    return HUB_ID.fullmatch(reference) is not None and not Path(reference).exists()


def _created(
    settings: CampaignSettings, *, owner: User | None, salt: str | None, is_supplied: bool, is_draft: bool
) -> Campaign:
    with transaction.atomic():
        campaign = Campaign(
            slug=_free_slug(settings.campaign.name),
            name=settings.campaign.name,
            owner=owner,
            plan=settings_to_dict(settings),
            is_supplied=is_supplied,
            life=Campaign.DRAFT if is_draft else Campaign.OPEN,
        )
        if salt is None and settings.campaign.simulated:  # nobody to protect, and the same seed repeats
            salt = f"{derive_seed(settings.campaign.seed, 'contributors'):016x}"
        if salt is not None:
            campaign.salt = salt
        campaign.save()
        if owner is not None:
            _add_member(campaign, owner, Membership.ORGANISER)
        if not is_draft:
            _open(campaign)
    return campaign


def join(campaign: Campaign, user: User, *, consent_version: int | None = None) -> Membership:
    """Make `user` a contributor who agrees to the newest consent text and licence; joining twice is fine.

    Args:
        consent_version: The version that was read, where that is known.

    Raises:
        InputError: when the campaign is a draft, or another version of the text was published meanwhile.
    """
    if campaign.life == Campaign.DRAFT:
        raise InputError(_("This campaign is not open yet. Its organisers are still setting it up."))
    known = member(campaign, user)
    agree(known, version_number=consent_version)
    return known


def member(campaign: Campaign, user: User, role: str = Membership.CONTRIBUTOR) -> Membership:
    """The membership of `user`, made with `role` when there is none; it agrees to nothing yet."""
    known = Membership.objects.filter(campaign=campaign, user=user).first()
    if known is None:
        try:
            with transaction.atomic():
                return _add_member(campaign, user, role)
        except IntegrityError:  # joined in another tab in this moment
            known = Membership.objects.get(campaign=campaign, user=user)
    return known


def member_from_file(campaign: Campaign, name: str) -> Membership:
    """The membership of a contributor named in a file: the exact trimmed, NFC-normalised text."""
    clean = unicodedata.normalize("NFC", name).strip()
    membership, _is_new = Membership.objects.get_or_create(
        campaign=campaign,
        contributor=campaign.contributor_id(clean),
        defaults={"pseudonym": clean, "role": Membership.CONTRIBUTOR},
    )
    return membership


def request_close(campaign: Campaign, actor: User | None) -> None:
    """Close the open round now, as its organiser asks.

    Raises:
        InputError: when no round is open.
    """
    campaign.refresh_from_db()
    if not campaign.is_collecting:
        raise InputError(
            _("No round is open, so there is nothing to close. Wait for the next round to open.")
        )
    Campaign.objects.filter(pk=campaign.pk).update(close_requested_round=campaign.round_number)
    note(campaign, actor, "closed a round by hand", f"round {campaign.round_number}")
    wake(campaign)


def _add_member(campaign: Campaign, user: User, role: str) -> Membership:
    name = _free_name(campaign, user.pseudonym)
    return Membership.objects.create(
        campaign=campaign,
        user=user,
        contributor=campaign.contributor_id(name),
        pseudonym=name,
        role=role,
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
