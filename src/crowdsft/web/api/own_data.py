"""Your own data: get all of it, delete all of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.own_data import personal_data
from crowdsft.web.api.access import answers, in_person
from crowdsft.web.campaigns.leaving import delete_account

router = Router(tags=["people"])


class Farewell(Schema):
    """Your pseudonym, so that nothing is deleted by accident."""

    confirm: str


@router.get("/me/data", response=answers(dict[str, Any], 401, 403))
def my_data(request: HttpRequest) -> dict[str, Any]:
    """All that the platform keeps about you: account, agreements, tasks, texts, awards, ledger lines."""
    return personal_data(in_person(request))


@router.post("/me/delete", response=answers(None, 401, 403, 422, status=204))
def delete_me(request: HttpRequest, body: Farewell) -> Status[None]:
    """Delete your account and your texts for good; points stay in the ledger under a random identifier."""
    user = in_person(request)
    if body.confirm != user.pseudonym:
        raise InputError(
            f"To delete your account, confirm with your pseudonym, {user.pseudonym!r}. Nothing was deleted."
        )
    delete_account(user)
    return Status(204, None)
