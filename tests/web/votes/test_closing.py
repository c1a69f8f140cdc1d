"""Closing a vote by hand, and outputs that lie in a storage of their own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crowdsft.core.errors import InputError
from crowdsft.core.events import VotesCounted
from crowdsft.rounds.artifacts import artifacts_in
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.steps import Wait, do
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import AuditLine, Step
from crowdsft.web.campaigns.steering import roll_back
from crowdsft.web.journal_django import DjangoStore, forget_states
from crowdsft.web.votes.closing import request_count
from crowdsft.web.votes.models import Vote
from crowdsft.web.votes.voting import cast, current_vote
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

pytestmark = pytest.mark.django_db
PAGE = "/campaigns/joy-in-comments/"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    forget_states()


@pytest.fixture
def alice() -> User:
    return _account("alice", "amber-otter-101")


@pytest.fixture
def bob() -> User:
    return _account("bob", "quiet-fern-202")


def _account(name: str, pseudonym: str) -> User:
    return User.objects.create_user(username=name, password="a-long-password", pseudonym=pseudonym)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def voting(alice: User, bob: User, builder: CampaignBuilder | None = None) -> CampaignBuilder:
    found = builder or CampaignBuilder.start(
        owner=alice, people=[bob], votes={"minutes": 60, "per_voter": 12, "role": "decide"}
    )
    return found.open().contribute().close().measure(0.6, [0.5, 0.495, 0.62])


def count(builder: CampaignBuilder, data: Path) -> Any:
    """What the worker does with the step that is due."""
    store = DjangoStore()
    claim = store.claim("one", lease_seconds=60)
    assert claim is not None and claim.step.name == "count_votes"
    result = do(claim.step, builder.state, store, Resources(data))
    if isinstance(result, Wait):
        store.postpone(claim, seconds=999, reason="")
    else:
        store.commit(claim, builder.state, result)
    return result


def test_the_organiser_closes_a_vote_and_what_was_voted_counts(
    alice: User, bob: User, tmp_path: Path
) -> None:
    builder, organiser = voting(alice, bob), signed_in(alice)
    artifacts = artifacts_in(tmp_path)
    cast(current_vote(builder.campaign, builder.members[0], artifacts)[0], Vote.LEFT)
    assert isinstance(count(builder, tmp_path), Wait)
    text = check_page(organiser.get(PAGE))
    assert "Count the votes now" in text and "1 vote is in and counts." in text
    assert "Count the votes now" not in check_page(signed_in(bob).get(PAGE))

    said = check_page(organiser.post(f"{PAGE}vote/close/", follow=True))
    assert "The votes of round 1 are counted now." in said and "counting now" in said
    assert "Count the votes now" not in said
    organiser.post(f"{PAGE}vote/close/")
    (line,) = AuditLine.objects.filter(what="closed a vote by hand")
    assert (line.actor, line.detail) == (alice, "round 1")

    assert (Step.objects.get().run_after or 0) <= time.time()
    (event,) = count(builder, tmp_path)
    assert isinstance(event, VotesCounted) and event.voters == 1
    said = check_page(organiser.post(f"{PAGE}vote/close/", follow=True))
    assert "No vote is open, so there is nothing to close." in said


def test_nobody_else_closes_a_vote(alice: User, bob: User) -> None:
    builder = voting(alice, bob)
    for client in (signed_in(bob), Client()):
        assert client.post(f"{PAGE}vote/close/").status_code == 403
    assert signed_in(alice).get(f"{PAGE}vote/close/").status_code == 405
    assert builder.refreshed().close_requested_vote == 0


def test_a_vote_closed_in_one_round_is_open_in_the_next(alice: User, bob: User, tmp_path: Path) -> None:
    builder = voting(alice, bob)
    request_count(builder.campaign, alice)
    count(builder, tmp_path)
    builder.decided()
    voting(alice, bob, builder)
    assert isinstance(count(builder, tmp_path), Wait)


def test_a_rollback_forgets_that_the_vote_was_to_close(alice: User, bob: User, tmp_path: Path) -> None:
    started = CampaignBuilder.start(owner=alice, people=[bob], votes={"minutes": 60})
    builder = voting(alice, bob, started)
    request_count(builder.campaign, alice)
    count(builder, tmp_path)
    builder.decided()
    assert builder.state.rounds[0].winner is not None
    voting(alice, bob, builder)
    request_count(builder.campaign, alice)
    roll_back(builder.refreshed(), alice, 0)
    with pytest.raises(InputError, match="No vote is open"):
        request_count(builder.campaign, alice)
    builder.step("form_groups").measure(0.6, [0.5, 0.495, 0.62])
    assert isinstance(count(builder, tmp_path), Wait)


def test_outputs_are_read_where_artifacts_are_kept(
    alice: User, bob: User, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker wrote them on another machine: this one has none of its own, only the storage."""
    builder = voting(alice, bob)
    (tmp_path / "artifacts").rename(tmp_path / "storage")
    monkeypatch.setenv("CROWDSFT_ARTIFACTS", f"file://{tmp_path}/storage")
    settings.DATA = tmp_path / "here"
    text = check_page(signed_in(bob).get(f"{PAGE}vote/"))
    vote = Vote.objects.get()
    assert f"model {vote.left} row {vote.row}" in text
    token = Client()
    token.force_login(bob)
    answer = token.post(f"/api{PAGE.rstrip('/')}/vote")
    assert answer.json()["left"] == f"model {vote.left} row {vote.row}"
    assert builder.state.current.number == 1
