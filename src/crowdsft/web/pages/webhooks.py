"""Webhooks of a campaign: add and remove, try, look at what was sent."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from crowdsft.core.errors import InputError
from crowdsft.web.pages.access import Visit, organiser_visit
from crowdsft.web.saying import said
from crowdsft.web.webhooks import managing
from crowdsft.web.webhooks.models import EVENTS, Delivery

SHOWN = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's webhooks and their log; a POST does what its button says."""
    found = organiser_visit(request, slug)
    if request.method != "POST":
        return render(request, "pages/webhooks.html", _context(found))
    try:
        return _done(request, found)
    except InputError as error:
        context = _context(found) | {"problem": said(error), "sent": request.POST}
        return render(request, "pages/webhooks.html", context, status=422)


def _done(request: HttpRequest, found: Visit) -> HttpResponse:
    number = request.POST.get("webhook", "")
    webhook_id = int(number) if number.isdecimal() and len(number) < 12 else 0
    match request.POST.get("do"):
        case "add":
            hook = managing.add_webhook(
                found.campaign,
                found.user,
                url=request.POST.get("url", ""),
                events=request.POST.getlist("events"),
            )
            return render(request, "pages/webhooks.html", _context(found) | {"secret": hook.secret})
        case "remove":
            managing.remove_webhook(found.campaign, found.user, webhook_id)
            messages.success(request, _("The webhook is removed."))
        case "ping":
            managing.try_webhook(found.campaign, webhook_id)
            messages.success(request, _("A ping is on its way. Reload this page in a few seconds."))
        case "again":
            managing.send_again(found.campaign, request.POST.get("delivery", ""))
            messages.success(request, _("It is sent again."))
        case _:
            raise InputError(_("Please use one of the buttons."))
    return redirect("webhooks", slug=found.campaign.slug)


def _context(found: Visit) -> dict[str, Any]:
    deliveries = Delivery.objects.filter(webhook__campaign=found.campaign).select_related("webhook")
    return {
        "campaign": found.campaign,
        "hooks": found.campaign.webhooks.all(),
        "events": EVENTS,
        "deliveries": deliveries[:SHOWN],
        "section": "campaigns",
    }
