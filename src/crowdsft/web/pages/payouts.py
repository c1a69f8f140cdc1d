"""Payouts of a campaign: plan and fix one, see how far it is, mark lines, take it along as a file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from crowdsft.core.errors import InputError
from crowdsft.web.campaigns.models import Campaign, JournalEvent
from crowdsft.web.pages.access import Visit, organiser_visit
from crowdsft.web.payouts import paying
from crowdsft.web.payouts.export import as_csv, as_json
from crowdsft.web.payouts.models import Payout, PayoutLine
from crowdsft.web.payouts.planning import Plan, Wanted, plan_payout, read_wanted, unpaid_rounds
from crowdsft.web.saying import said

PER_PAGE = 50
PREVIEWED = 10
FIELDS = ("amount", "currency", "places", "minimum", "first_round", "last_round")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def payouts(request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's payouts and a form for the next; a POST previews it, or fixes what was previewed."""
    found = organiser_visit(request, slug)
    if request.method != "POST":
        return render(request, "pages/payouts.html", _list_context(found.campaign))
    sent = {name: request.POST.get(name, "") for name in FIELDS}
    context = _list_context(found.campaign) | {"sent": sent}
    try:
        plan = plan_payout(found.campaign, _wanted(sent))
        context |= _preview(found.campaign, plan)
        if request.POST.get("do") == "fix":
            return _fixed(request, found, plan)
    except InputError as error:
        return render(request, "pages/payouts.html", context | {"problem": said(error)}, status=422)
    return render(request, "pages/payouts.html", context)


def _fixed(request: HttpRequest, found: Visit, plan: Plan) -> HttpResponse:
    if request.POST.get("digest") != plan.digest:
        raise InputError(
            _(
                "Something has changed since you looked. Nothing was fixed; this is the payout as it would be now."
            )
        )
    payout = paying.fix_payout(found.campaign, found.user, plan)
    messages.success(request, _("The payout is fixed. Pay its lines, and mark them here as you do."))
    return redirect("payout", slug=found.campaign.slug, number=payout.number)


def _wanted(sent: dict[str, str]) -> Wanted:
    last = sent["last_round"]
    return read_wanted(
        amount=sent["amount"],
        currency=sent["currency"],
        places=_number(sent["places"]),
        minimum=sent["minimum"],
        first_round=_number(sent["first_round"]),
        last_round=_number(last) if last else None,
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 6:
        raise InputError(_("Rounds and digits are whole numbers; choose them from the lists."))
    return int(text)


def _list_context(campaign: Campaign) -> dict[str, Any]:
    unpaid = unpaid_rounds(campaign)
    return {
        "campaign": campaign,
        "section": "campaigns",
        "unpaid": unpaid,
        "rounds": _rounds(campaign),
        "payouts": [(row, paying.totals(row)) for row in Payout.objects.filter(campaign=campaign)],
        "sent": {"currency": "EUR", "places": "2", "first_round": str(unpaid[0]) if unpaid else ""},
        "places": [(2, "0.01"), (0, "1"), (3, "0.001"), (6, "0.000001"), (8, "0.00000001")],
    }


def _rounds(campaign: Campaign) -> list[tuple[str, Any]]:
    """Each paid round with the moment at which its points were awarded."""
    events = JournalEvent.objects.filter(campaign=campaign, kind="PointsAwarded").order_by("position")
    return [
        (str(number), created) for number, created in events.values_list("payload__round_number", "created")
    ]


def _preview(campaign: Campaign, plan: Plan) -> dict[str, Any]:
    shown = plan.shares[:PREVIEWED]
    names = _names(campaign, [share.contributor for share in shown])
    return {
        "plan": plan,
        "shares": [(names.get(share.contributor, ""), share) for share in shown],
        "more": len(plan.shares) - len(shown),
        "paid_people": sum(1 for share in plan.shares if share.amount),
        "owed_people": sum(1 for share in plan.shares if share.owed_after),
    }


def _names(campaign: Campaign, contributors: list[str]) -> dict[str, str]:
    rows = campaign.memberships.filter(contributor__in=contributors)
    return dict(rows.values_list("contributor", "pseudonym"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def payout(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A fixed payout; a POST marks one line or all, or takes the payout back."""
    found, row = _payout(request, slug, number)
    if request.method != "POST":
        return render(request, "pages/payout.html", _payout_context(request, found, row))
    try:
        messages.success(request, _done(request, found, row))
    except InputError as error:
        context = _payout_context(request, found, row) | {"problem": said(error)}
        context |= {"typed": request.POST.get("reference", ""), "typed_line": request.POST.get("line", "")}
        return render(request, "pages/payout.html", context, status=422)
    return redirect(f"{request.path}?{request.GET.urlencode()}" if request.GET else request.path)


def _done(request: HttpRequest, found: Visit, row: Payout) -> str:
    reference, line = request.POST.get("reference", ""), request.POST.get("line", "")
    match request.POST.get("do", ""):
        case "all":
            count = paying.mark_all_paid(row, found.user, reference)
            return ngettext(
                "%(count)s line is marked as paid.", "%(count)s lines are marked as paid.", count
            ) % {"count": count}
        case "void":
            paying.void_payout(row, found.user, reference)
            return _("The payout is taken back. Its points count in the next one.")
        case PayoutLine.PAID | PayoutLine.FAILED | PayoutLine.DUE as state:
            line_id = int(line) if line.isascii() and line.isdecimal() and len(line) < 18 else 0
            paying.mark_line(row, found.user, line_id, state, reference)
            return _("Noted. Its contributor can see it.")
        case _:
            raise InputError(_("Please use one of the buttons."))


def _payout(request: HttpRequest, slug: str, number: int) -> tuple[Visit, Payout]:
    found = organiser_visit(request, slug)
    row = Payout.objects.filter(campaign=found.campaign, number=number).select_related("fixed_by").first()
    if row is None:
        raise Http404("There is no such payout.")
    row.campaign = found.campaign
    return found, row


def _payout_context(request: HttpRequest, found: Visit, row: Payout) -> dict[str, Any]:
    state = request.GET.get("state", "")
    lines = row.lines.filter(state=state) if state in dict(STATES) else row.lines.all()
    page = Paginator(lines, PER_PAGE).get_page(request.GET.get("page"))
    names = _names(found.campaign, [line.contributor for line in page.object_list])
    return {
        "campaign": found.campaign,
        "section": "campaigns",
        "payout": row,
        "totals": paying.totals(row),
        "is_sound": paying.is_as_the_ledger_says(row),
        "lines": [(names.get(line.contributor, ""), line) for line in page.object_list],
        "page": page,
        "state": state if state in dict(STATES) else "",
        "is_newest": not Payout.objects.filter(
            campaign=found.campaign, voided=None, number__gt=row.number
        ).exists(),
    }


STATES = (
    (PayoutLine.DUE, "due"),
    (PayoutLine.PAID, "paid"),
    (PayoutLine.FAILED, "failed"),
    (PayoutLine.OWED, "owed"),
)


@never_cache
@require_safe
def payout_file(request: HttpRequest, slug: str, number: int, kind: str) -> HttpResponseBase:
    """The payout as CSV or JSON."""
    _found, row = _payout(request, slug, number)
    is_csv = kind == "csv"
    response = StreamingHttpResponse(
        as_csv(row) if is_csv else as_json(row), content_type="text/csv" if is_csv else "application/json"
    )
    name = f"payout-{row.campaign.slug}-{row.number}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
