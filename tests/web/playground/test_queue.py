"""Asking two models: who may, how often, and what becomes of a question whose worker is killed."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from crowdsft.core.errors import CrowdsftError, InputError
from crowdsft.rounds.playground import Reply
from crowdsft.rounds.resources import Resources
from crowdsft.web.accounts.models import User
from crowdsft.web.playground import queue
from crowdsft.web.playground.choices import default_pair, model_choices
from crowdsft.web.playground.models import Exchange
from crowdsft.web.playground.queue import MOST_AN_HOUR, MOST_CHARACTERS, answer_next, ask
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user(
        username="bob", password="bob-has-a-long-password", pseudonym="quiet-fern-202"
    )


@pytest.fixture
def builder(bob: User) -> CampaignBuilder:
    return CampaignBuilder.start(owner=None, people=[bob]).play(1.0, [0.9, 0.8, 0.7])


def test_the_start_the_winner_and_the_other_candidates_can_be_asked(builder: CampaignBuilder) -> None:
    choices = model_choices(builder.state)
    winner = builder.state.rounds[0].winner
    assert [choice.key for choice in choices] == [
        "1",
        *(f"1-{group}" for group in range(3) if group != winner),
        "start",
    ]
    assert default_pair(choices) == ("start", "1")
    assert choices[0].adapters == (f"{winner:064x}",) and choices[-1].adapters == ()


def test_candidates_of_an_undecided_round_stay_hidden(builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    builder.commit(builder.trained())
    assert not any(choice.key.startswith("2") for choice in model_choices(builder.state))


def test_one_question_at_a_time_and_the_same_one_twice_is_one(builder: CampaignBuilder, bob: User) -> None:
    first = ask(builder.campaign, bob, message="Hello", left="start", right="1")
    assert ask(builder.campaign, bob, message=" Hello ", left="start", right="1") == first
    with pytest.raises(InputError, match="not answered yet"):
        ask(builder.campaign, bob, message="Hello again", left="start", right="1")


@pytest.mark.parametrize(
    ("message", "left", "words"),
    [
        ("", "start", "empty"),
        ("\u200b", "start", "empty"),
        ("x" * (MOST_CHARACTERS + 1), "start", "at most 2,000"),
        ("Hello", "7", "no model '7'"),
        ("Hello", "1-9", "no model '1-9'"),
    ],
)
def test_what_cannot_be_asked(
    builder: CampaignBuilder, bob: User, message: str, left: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        ask(builder.campaign, bob, message=message, left=left, right="1")
    assert not Exchange.objects.exists()


def test_there_is_a_limit_an_hour(builder: CampaignBuilder, bob: User) -> None:
    Exchange.objects.bulk_create(
        Exchange(
            campaign=builder.campaign, user=bob, message="x", left="start", right="1", state=Exchange.DONE
        )
        for _ in range(MOST_AN_HOUR)
    )
    with pytest.raises(InputError, match="within an hour"):
        ask(builder.campaign, bob, message="Hello", left="start", right="1")


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that say how many adapters they have; real ones answer in tests/rounds."""

    def answer(
        resources: Resources, state: object, *, stacks: list[tuple[str, ...]], message: str, seed: int
    ) -> list[Reply]:
        if message == "fail":
            raise CrowdsftError("The adapter is missing.")
        if message == "stop":
            raise KeyboardInterrupt
        return [Reply(f"{len(stack)} {message}", -0.5, 0.1) for stack in stacks]

    monkeypatch.setattr(queue, "answer", answer)


def test_the_oldest_is_answered_first(
    builder: CampaignBuilder, bob: User, echo: None, tmp_path: Path
) -> None:
    assert not answer_next(Resources(tmp_path))
    exchange = ask(builder.campaign, bob, message="Hello", left="start", right="1")
    assert answer_next(Resources(tmp_path)) and not answer_next(Resources(tmp_path))
    exchange.refresh_from_db()
    assert exchange.state == Exchange.DONE
    assert [part["text"] for part in exchange.answers] == ["0 Hello", "1 Hello"]


def test_a_model_that_cannot_answer_says_why(
    builder: CampaignBuilder, bob: User, echo: None, tmp_path: Path
) -> None:
    exchange = ask(builder.campaign, bob, message="fail", left="start", right="1")
    assert answer_next(Resources(tmp_path))
    exchange.refresh_from_db()
    assert exchange.state == Exchange.FAILED and exchange.error == "The adapter is missing."
    ask(builder.campaign, bob, message="Hello", left="start", right="1")


def test_a_stopped_worker_gives_the_question_back(
    builder: CampaignBuilder, bob: User, echo: None, tmp_path: Path
) -> None:
    exchange = ask(builder.campaign, bob, message="stop", left="start", right="1")
    with pytest.raises(KeyboardInterrupt):
        answer_next(Resources(tmp_path))
    exchange.refresh_from_db()
    assert exchange.state == Exchange.WAITING


def test_a_killed_workers_question_is_answered_when_its_lease_is_over(
    builder: CampaignBuilder, bob: User, echo: None, tmp_path: Path
) -> None:
    exchange = ask(builder.campaign, bob, message="Hello", left="start", right="1")
    Exchange.objects.update(state=Exchange.WORKING, lease_until=time.time() + 60)
    assert not answer_next(Resources(tmp_path))
    Exchange.objects.update(lease_until=time.time() - 1)
    assert answer_next(Resources(tmp_path))
    exchange.refresh_from_db()
    assert exchange.state == Exchange.DONE


def test_exchanges_are_forgotten_after_a_day(
    builder: CampaignBuilder, bob: User, echo: None, tmp_path: Path
) -> None:
    old = ask(builder.campaign, bob, message="Hello", left="start", right="1")
    answer_next(Resources(tmp_path))
    Exchange.objects.update(created=timezone.now() - timedelta(days=2))
    new = ask(builder.campaign, bob, message="Hello", left="start", right="1")
    answer_next(Resources(tmp_path))
    assert list(Exchange.objects.all()) == [new] and old != new
