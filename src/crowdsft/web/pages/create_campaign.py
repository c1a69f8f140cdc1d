"""Setting up a campaign: one form, all faults shown together."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from crowdsft.core.errors import SettingsError
from crowdsft.core.settings import parse_settings
from crowdsft.web.campaigns.create import create_campaign as open_new_campaign
from crowdsft.web.pages.access import signed_in
from crowdsft.web.pages.campaign_form import ADVANCED, CampaignForm, starting_values


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create_campaign(request: HttpRequest) -> HttpResponse:
    """Show the form; a POST opens the campaign."""
    if request.method != "POST":
        return render(
            request, "pages/create_campaign.html", _context(CampaignForm(initial=starting_values()))
        )
    form = CampaignForm(request.POST)
    try:
        settings = parse_settings(form.plan(), source="the form")
        campaign = open_new_campaign(settings, owner=signed_in(request.user))
    except SettingsError as error:
        form.show_faults(error.faults)
        return render(request, "pages/create_campaign.html", _context(form), status=422)
    messages.success(request, f"{campaign.name} is open. Send its address to your contributors.")
    return redirect("campaign", slug=campaign.slug)


def _context(form: CampaignForm) -> dict[str, object]:
    advanced = ["tasks.lease_minutes", "tasks.max_characters", "campaign.seed"]
    advanced += [f"{section}.{name}" for section, names in ADVANCED.items() for name in names]
    return {
        "form": form,
        "advanced_fields": [form[name] for name in advanced],
        "advanced_has_faults": any(name in form.errors for name in advanced),
        "field": {name.replace(".", "_"): form[name] for name in form.fields},
        "section": "create",
    }
