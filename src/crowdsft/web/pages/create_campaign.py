"""Setting up a campaign: from a template, a file or an empty form; checked as one types; kept as a draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings as django_settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crowdsft.core.errors import Fault, InputError, SettingsError
from crowdsft.core.settings import CampaignSettings, parse_settings
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.create import change_draft, check_settings, open_draft
from crowdsft.web.campaigns.create import create_campaign as make_campaign
from crowdsft.web.campaigns.estimate import estimate
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.campaigns.starting_points import TEMPLATES, template_named
from crowdsft.web.campaigns.steering import cancel
from crowdsft.web.campaigns.toml_text import LONGEST_FILE, read_toml
from crowdsft.web.pages.access import draft_visit, organiser_visit, signed_in
from crowdsft.web.pages.campaign_form import ADVANCED, GOLD, CampaignForm, form_values
from crowdsft.web.pages.campaign_people_fields import REVIEWS_FOLDED, VOTES
from crowdsft.web.pages.safe_markdown import render_markdown
from crowdsft.web.pages.wording import duration_words
from crowdsft.web.saying import decimal, said, whole

PAGE = "pages/create_campaign.html"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create_campaign(request: HttpRequest) -> HttpResponse:
    """Show the form; a POST checks it, keeps it as a draft or opens the campaign."""
    if request.method != "POST":
        template = template_named(request.GET.get("template", ""))
        form = CampaignForm(initial=form_values(template.plan if template else {}))
        return render(request, PAGE, _context(form, template=template.name if template else ""))
    if request.POST.get("do") == "import":
        return _imported(request)
    form, user = CampaignForm(request.POST), signed_in(request.user)
    settings, faults = _checked(form, user)
    if request.POST.get("do") == "check":
        return _check_shown(request, form, settings, faults)
    if settings is None:
        return _faulty(request, form, faults)
    is_draft = request.POST.get("do") == "draft"
    campaign = make_campaign(settings, owner=user, is_draft=is_draft)
    return _made(request, campaign)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def draft_campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a draft, open it, or throw it away."""
    campaign = draft_visit(request, slug).campaign
    if request.method != "POST":
        return render(
            request,
            PAGE,
            _context(CampaignForm(initial=form_values(campaign.plan), kept=campaign.plan), draft=campaign),
        )
    if request.POST.get("do") == "remove":
        cancel(campaign, signed_in(request.user))
        messages.success(request, _("The draft of {name} is gone.").format(name=campaign.name))
        return redirect("account")
    form = CampaignForm(request.POST, kept=campaign.plan)
    settings, faults = _checked(form, signed_in(request.user), campaign.plan)
    if request.POST.get("do") == "check":
        return _check_shown(request, form, settings, faults, draft=campaign)
    if settings is None:
        return _faulty(request, form, faults, draft=campaign)
    change_draft(campaign, settings)
    if request.POST.get("do") != "draft":
        open_draft(campaign)
    return _made(request, campaign)


@require_POST
def copy_campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """A draft with the settings of a campaign of one's own."""
    found = organiser_visit(request, slug)
    try:
        made = make_campaign(found.state.plan, owner=found.user, is_draft=True)
    except SettingsError as error:
        messages.error(request, said(error))
        return redirect("manage", slug=slug)
    return redirect("draft_campaign", slug=made.slug)


def _checked(
    form: CampaignForm, user: User | None, kept: Mapping[str, Any] | None = None
) -> tuple[CampaignSettings | None, tuple[Fault, ...]]:
    """The settings, or None and every fault."""
    try:
        settings = parse_settings(form.plan(kept), source="the form")
        check_settings(settings, owner=user)
    except SettingsError as error:
        return None, error.faults
    return settings, ()


def _faulty(
    request: HttpRequest, form: CampaignForm, faults: tuple[Fault, ...], draft: Campaign | None = None
) -> HttpResponse:
    form.show_faults(faults)
    return render(request, PAGE, _context(form, draft=draft), status=422)


def _check_shown(
    request: HttpRequest,
    form: CampaignForm,
    settings: CampaignSettings | None,
    faults: tuple[Fault, ...],
    draft: Campaign | None = None,
) -> HttpResponse:
    """What would be wrong, what it would take and how it would look; nothing is stored."""
    form.show_faults(faults)
    checked = {"checked": _preview(settings, form), "form": form}
    if request.headers.get("HX-Request") == "true":
        return render(request, "pages/_campaign_check.html", checked)
    return render(request, PAGE, {**_context(form, draft=draft), **checked, "is_checked": True})


def _preview(settings: CampaignSettings | None, form: CampaignForm) -> dict[str, Any] | None:
    if settings is None:
        return None
    said = str(form.cleaned_data.get("expected") or "")
    takes = estimate(settings, expected=int(said) if said.isdecimal() and len(said) < 7 else None)
    hours = takes.machine_hours
    return {
        "settings": settings,
        "takes": takes,
        "machine": None if hours is None else duration_words(3600 * hours),
        "people": duration_words(3600 * takes.people_hours),
        "for_one": duration_words(60 * takes.task_minutes * takes.contributions / takes.contributors),
        "cost": _cost(hours),
        "guidelines": render_markdown(settings.campaign.guidelines),
    }


def _cost(hours: float | None) -> str:
    """What the machine costs, where whoever runs the platform said what an hour does ("2.50 EUR")."""
    amount, _blank, currency = django_settings.MACHINE_HOUR_COST.partition(" ")
    try:
        return "" if hours is None else f"{decimal(hours * float(amount), 2)} {currency}".strip()
    except ValueError:
        return ""


def _imported(request: HttpRequest) -> HttpResponse:
    """A draft with all settings of a campaign file, also those that the form has no field for."""
    sent = request.FILES.get("file")
    try:
        if sent is None:
            raise InputError(_("Please choose a campaign file first."))
        if (sent.size or 0) > LONGEST_FILE:
            raise InputError(
                _("The file is larger than {longest_file} bytes.").format(longest_file=whole(LONGEST_FILE))
            )
        plan = read_toml(sent.read().decode("utf-8-sig"))
        settings = parse_settings(plan, source=sent.name or "the file")
        campaign = make_campaign(settings, owner=signed_in(request.user), is_draft=True)
    except UnicodeDecodeError:
        return _not_imported(request, [_("The file is no text in UTF-8. Save it as such and try again.")])
    except SettingsError as error:
        return _not_imported(request, [f"{fault.where}: {said(fault.problem)}" for fault in error.faults])
    except InputError as error:
        return _not_imported(request, [said(error)])
    messages.success(
        request, _("{name} is kept as a draft. Look it over, then open it.").format(name=campaign.name)
    )
    return redirect("draft_campaign", slug=campaign.slug)


def _not_imported(request: HttpRequest, problems: list[str]) -> HttpResponse:
    context = _context(CampaignForm(initial=form_values({}))) | {"import_problems": problems}
    return render(request, PAGE, context, status=422)


def _made(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    if campaign.life == Campaign.DRAFT:
        messages.success(request, _("Kept as a draft. Only its organisers see it."))
        return redirect("draft_campaign", slug=campaign.slug)
    messages.success(
        request, _("{name} is open. Send its address to your contributors.").format(name=campaign.name)
    )
    return redirect("campaign", slug=campaign.slug)


def _context(form: CampaignForm, *, draft: Campaign | None = None, template: str = "") -> dict[str, object]:
    advanced = ["tasks.lease_minutes", "tasks.max_characters", "tasks.drafts", "campaign.seed"]
    advanced += [f"{section}.{name}" for section, names in ADVANCED.items() for name in names]
    return {
        "form": form,
        "draft": draft,
        "templates": TEMPLATES,
        "template": template,
        "advanced_fields": [form[name] for name in advanced],
        "advanced_has_faults": any(name in form.errors for name in advanced),
        "gold_has_faults": any(
            name in form.errors for name in ("tasks.overlap", *(f"gold.{key}" for key in GOLD))
        ),
        "reviews_folded": [form[f"reviews.{name}"] for name in REVIEWS_FOLDED],
        "reviews_has_faults": any(f"reviews.{name}" in form.errors for name in REVIEWS_FOLDED),
        "votes_fields": [form[f"votes.{name}"] for name in VOTES],
        "votes_has_faults": any(f"votes.{name}" in form.errors for name in VOTES),
        "votes_are_on": bool(form["votes.minutes"].value()),
        "field": {name.replace(".", "_"): form[name] for name in form.fields},
        "section": "create",
    }
