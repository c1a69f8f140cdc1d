"""Asking two models, and answering when no step of a campaign is due.

Like steps, exchanges are claimed by a conditional update with a lease: of two workers one answers, and what a
killed worker had claimed is answered by the next.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crowdsft.core.errors import CrowdsftError, InputError
from crowdsft.core.seeds import derive_seed
from crowdsft.rounds.playground import Reply, answer
from crowdsft.rounds.resources import Resources
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.journal_django import campaign_state
from crowdsft.web.playground.choices import find_choice
from crowdsft.web.playground.models import Exchange
from crowdsft.web.saying import whole
from crowdsft.web.task_types.texts import clean_text, has_words

MOST_CHARACTERS = 2_000
MOST_AN_HOUR = 60
LEASE_SECONDS = 120.0
KEPT = timedelta(days=1)


def ask(campaign: Campaign, user: User, *, message: str, left: str, right: str) -> Exchange:
    """Put a message to two models in the queue. The same message to the same models while it waits is the same.

    Raises:
        InputError: when the message is empty or too long, there is no such model, or too much was asked.
    """
    state, text = campaign_state(campaign), clean_text(message)
    if not has_words(text):
        raise InputError(_("The message is empty. Write what you would say to the models."))
    if len(text) > MOST_CHARACTERS:
        raise InputError(
            _("The message has {count} characters; at most {most_characters} can be asked at once.").format(
                count=whole(len(text)), most_characters=whole(MOST_CHARACTERS)
            )
        )
    for key in (left, right):
        find_choice(state, key)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        mine = Exchange.objects.filter(user=user)
        pending = mine.filter(state__in=(Exchange.WAITING, Exchange.WORKING)).first()
        if pending is not None:
            same = (pending.campaign_id, pending.message, pending.left, pending.right)
            if same == (campaign.pk, text, left, right):
                return pending
            raise InputError(_("Your last message is not answered yet. Ask again when it is."))
        if mine.filter(created__gte=timezone.now() - timedelta(hours=1)).count() >= MOST_AN_HOUR:
            raise InputError(
                _(
                    "You have asked {most_an_hour} times within an hour. Please come back a little later."
                ).format(most_an_hour=MOST_AN_HOUR)
            )
        return Exchange.objects.create(campaign=campaign, user=user, message=text, left=left, right=right)


def answer_next(resources: Resources) -> bool:
    """Answer the oldest exchange that waits. Returns whether there was one."""
    exchange = _claim()
    if exchange is None:
        return False
    try:
        replies = _answers(exchange, resources)
    except CrowdsftError as error:
        _finish(exchange, state=Exchange.FAILED, error=str(error))
    except BaseException:
        Exchange.objects.filter(pk=exchange.pk).update(state=Exchange.WAITING, lease_until=0.0)
        raise
    else:
        answers = [
            {"text": reply.text, "utility": reply.utility, "seconds": reply.seconds} for reply in replies
        ]
        _finish(exchange, state=Exchange.DONE, answers=answers)
    Exchange.objects.filter(created__lt=timezone.now() - KEPT).delete()
    return True


def _claim() -> Exchange | None:
    now = time.time()
    free = Q(state=Exchange.WAITING) | Q(state=Exchange.WORKING, lease_until__lt=now)
    for exchange in Exchange.objects.filter(free).select_related("campaign").order_by("created")[:4]:
        won = Exchange.objects.filter(free, pk=exchange.pk).update(
            state=Exchange.WORKING, lease_until=now + LEASE_SECONDS
        )
        if won:
            return exchange
    return None


def _answers(exchange: Exchange, resources: Resources) -> list[Reply]:
    state = campaign_state(exchange.campaign)
    stacks = [find_choice(state, key).adapters for key in (exchange.left, exchange.right)]
    return answer(
        resources,
        state,
        stacks=stacks,
        message=exchange.message,
        seed=derive_seed("playground", str(exchange.pk)),
    )


def _finish(exchange: Exchange, **fields: object) -> None:
    Exchange.objects.filter(pk=exchange.pk, state=Exchange.WORKING).update(**fields)
