"""The models of a campaign: what was measured, and their files."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Router, Schema

from crowdsft.core.campaign import CampaignState
from crowdsft.core.errors import InputError
from crowdsft.web.adapters.catalogue import Model, decided, find_model, models_of
from crowdsft.web.api.access import answers, find_campaign
from crowdsft.web.api.errors import NotFoundError
from crowdsft.web.journal_django import campaign_state
from crowdsft.web.pages.measure import measure_of
from crowdsft.web.pages.models import zip_response

router = Router(tags=["models"])


class ModelOut(Schema):
    """A contender of a decided round. `distance` has the campaign's sense; `low` and `high` are its interval.

    `group` is None for a merge of the round's candidates. `adapters` are digests of the stack on the first base,
    oldest first. `available` is false where the weights were dropped after the round.
    """

    key: str
    round: int
    group: int | None
    winner: bool
    distance: float
    low: float
    high: float
    adapters: list[str]
    available: bool


@router.get("/campaigns/{slug}/models", auth=None, response=answers(list[ModelOut], 404))
def list_models(request: HttpRequest, slug: str) -> list[ModelOut]:
    """Every candidate of the decided rounds, newest round first, the winner first in each."""
    state = campaign_state(find_campaign(slug))
    return [_out(state, model) for model in models_of(decided(state))]


@router.get("/campaigns/{slug}/models/{key}.zip", auth=None, response=answers(Any, 404))
def download_model(request: HttpRequest, slug: str, key: str) -> HttpResponseBase:
    """A model as a zip file: README.md and its adapters in PEFT's format. A round's number alone is its winner."""
    campaign = find_campaign(slug)
    try:
        model = find_model(campaign_state(campaign), key)
    except InputError as error:
        raise NotFoundError(str(error)) from None
    return zip_response(request, campaign, model)


def _out(state: CampaignState, model: Model) -> ModelOut:
    measure = measure_of(state.plan)
    low, high = measure.interval(model.score)
    return ModelOut(
        key=model.key,
        round=model.past.number,
        group=model.number if model.number < len(model.past.groups) else None,
        winner=model.is_winner,
        distance=measure.value(model.score.mean_utility),
        low=low,
        high=high,
        adapters=list(model.adapters),
        available=not model.is_gone,
    )
