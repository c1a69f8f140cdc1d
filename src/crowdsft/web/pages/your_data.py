"""Your data: what is kept, a copy of it, leaving campaigns, deleting the account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.own_data import personal_zip
from crowdsft.web.campaigns.consent import last_agreement
from crowdsft.web.campaigns.leaving import campaigns_that_need, delete_account
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.pages.access import signed_in
from crowdsft.web.saying import said


@login_required
@require_safe
def your_data(request: HttpRequest) -> HttpResponse:
    """What is kept about the reader, campaign by campaign."""
    rows = Membership.objects.filter(user=signed_in(request.user)).select_related("campaign")
    lines = [
        {
            "membership": row,
            "agreement": last_agreement(row),
            "texts": Contribution.objects.filter(membership=row).exclude(response="").count(),
            "drafts": Task.objects.filter(membership=row).exclude(draft="").exclude(state=Task.DONE).count(),
        }
        for row in rows.order_by("-joined")
    ]
    return render(request, "pages/your_data.html", {"lines": lines})


@never_cache
@login_required
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """Everything as a zip."""
    user = signed_in(request.user)
    assert user is not None
    answer = HttpResponse(personal_zip(user), content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="crowdsft-your-data.zip"'
    return answer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays, and delete the account for its pseudonym and password."""
    user = signed_in(request.user)
    assert user is not None
    problem = ""
    if request.method == "POST":
        problem = _why_not(request)
        if not problem:
            try:
                delete_account(user)
            except InputError as error:
                problem = said(error)
            else:
                logout(request)
                messages.success(
                    request, _("Your account and your texts are deleted. Thank you for having been here.")
                )
                return redirect("home")
    context = {
        "needed": campaigns_that_need(user),
        "problem": problem,
        "has_password": user.has_usable_password(),
    }
    return render(request, "pages/delete_account.html", context, status=422 if problem else 200)


def _why_not(request: HttpRequest) -> str:
    user = signed_in(request.user)
    assert user is not None
    if request.POST.get("pseudonym", "").strip() != user.pseudonym:
        return _("Please type {pseudonym} into the first field. Nothing was deleted.").format(
            pseudonym=user.pseudonym
        )
    if user.has_usable_password() and not user.check_password(request.POST.get("password", "")):
        return _("This is not your password. Nothing was deleted.")
    return ""
