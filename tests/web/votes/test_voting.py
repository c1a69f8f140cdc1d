"""Voting: blind, never on one's own group, one pair at a time, until time or enough votes close it."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db.models import F
from django.test import Client

from crowdsft.core.errors import InputError
from crowdsft.core.events import VotesCounted
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.steps import Wait, do
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import JournalEvent, Membership, Step
from crowdsft.web.contributions.work import NotNow
from crowdsft.web.journal_django import DjangoStore, forget_states
from crowdsft.web.votes.models import Vote
from crowdsft.web.votes.voting import Pair, cast, current_vote, votes_cast
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

pytestmark = pytest.mark.django_db
PAGE = "/campaigns/joy-in-comments/"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    forget_states()


@pytest.fixture
def bob() -> User:
    return User.objects.create_user(
        username="bob", password="bob-has-a-long-password", pseudonym="quiet-fern-202"
    )


@pytest.fixture
def as_bob(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def voting(bob: User, *, role: str = "break_ties", **votes: Any) -> CampaignBuilder:
    """A campaign whose first round waits for votes; each model's output names the model."""
    builder = CampaignBuilder.start(
        owner=None, people=[bob], votes={"minutes": 60, "per_voter": 12, "role": role, **votes}
    )
    return builder.open().contribute().close().measure(0.6, [0.5, 0.495, 0.62])


def ask(builder: CampaignBuilder, member: Membership) -> tuple[Vote, Pair]:
    return current_vote(builder.campaign, member, Artifacts(django_settings.DATA / "artifacts"))


def elect(builder: CampaignBuilder, favourite: int) -> list[tuple[Vote, Pair]]:
    """Everybody votes on all their pairs, for the favourite where it is shown, else for the lower number."""
    seen = []
    for member in builder.members:
        while True:
            try:
                vote, pair = ask(builder, member)
            except NotNow:
                break
            seen.append((vote, pair))
            wins_left = vote.left == favourite or (vote.right != favourite and vote.left < vote.right)
            cast(vote, Vote.LEFT if wins_left else Vote.RIGHT)
    return seen


def time_is_up() -> None:
    JournalEvent.objects.update(created=F("created") - timedelta(hours=2))


def count(builder: CampaignBuilder) -> Any:
    """What the worker does with the step that is due."""
    Step.objects.update(run_after=0.0)
    store = DjangoStore()
    claim = store.claim("one", lease_seconds=60)
    assert claim is not None and claim.step.name == "count_votes"
    result = do(claim.step, builder.state, store, Resources(django_settings.DATA))
    if isinstance(result, Wait):
        store.postpone(claim, seconds=0, reason="")
    else:
        store.commit(claim, builder.state, result)
    return result


def test_nobody_votes_on_the_own_group_and_sides_are_shuffled(bob: User) -> None:
    builder = voting(bob)
    groups = builder.state.current.groups
    sides: Counter[str] = Counter()  # of the base, which everybody may see
    for vote, pair in elect(builder, favourite=1):
        own = next(g for g, names in enumerate(groups) if vote.membership.contributor in names)
        assert own + 1 not in (vote.left, vote.right) and vote.left != vote.right
        assert pair.left == f"model {vote.left} row {vote.row}"
        assert pair.right == f"model {vote.right} row {vote.row}"
        sides["left" if vote.left == 0 else "right" if vote.right == 0 else "absent"] += 1
    shown = sides["left"] + sides["right"]
    assert shown > 20 and abs(sides["left"] - shown / 2) < 4.5 * (shown / 4) ** 0.5


def test_a_voter_sees_the_same_pair_again_until_it_is_decided(bob: User) -> None:
    builder = voting(bob)
    member = builder.members[0]
    vote, pair = ask(builder, member)
    assert ask(builder, member) == (vote, pair)
    cast(vote, Vote.LEFT)
    cast(vote, Vote.LEFT)
    with pytest.raises(InputError, match="already"):
        cast(vote, Vote.RIGHT)
    assert votes_cast(member, 1) == 1
    assert ask(builder, member)[0].number == 1


def test_there_is_a_limit_for_each_voter(bob: User) -> None:
    builder = voting(bob, per_voter=3)
    assert len(elect(builder, favourite=1)) == 3 * len(builder.members)
    with pytest.raises(NotNow, match="3 pairs"):
        ask(builder, builder.members[0])


def test_the_vote_waits_for_its_time(bob: User) -> None:
    builder = voting(bob)
    assert isinstance(count(builder), Wait)
    time_is_up()
    (event,) = count(builder)
    assert isinstance(event, VotesCounted) and event.voters == 0
    with pytest.raises(NotNow, match="nothing to vote on"):
        ask(builder, builder.members[0])


def test_enough_votes_close_it_early_and_wake_the_worker(bob: User) -> None:
    builder = voting(bob, enough=2)
    count(builder)
    Step.objects.update(run_after=time.time() + 999)
    for member in builder.members[:2]:
        cast(ask(builder, member)[0], Vote.LEFT)
    assert Step.objects.get().run_after <= time.time()
    (event,) = count(builder)
    assert event.voters == 2 and sum(row.comparisons for row in event.strengths) == 4


def test_skipped_pairs_do_not_count(bob: User) -> None:
    builder = voting(bob)
    cast(ask(builder, builder.members[0])[0], Vote.SKIPPED)
    time_is_up()
    (event,) = count(builder)
    assert event.voters == 0


def test_a_vote_that_comes_too_late_is_told_so(bob: User) -> None:
    builder = voting(bob)
    vote, _ = ask(builder, builder.members[0])
    time_is_up()
    count(builder)
    with pytest.raises(InputError, match="too late"):
        cast(vote, Vote.LEFT)


def test_voters_decide_where_the_campaign_says_so(bob: User) -> None:
    """Group C is farthest from the target, and voters like it best."""
    builder = voting(bob, role="decide")
    elect(builder, favourite=3)
    time_is_up()
    count(builder)
    builder.decided()
    current = builder.state.rounds[0]
    assert current.winner == 2
    points = {award.contributor: award.points for award in current.points.awards} if current.points else {}
    means = [sum(points[name] for name in group) / len(group) for group in current.groups]
    assert max(means) == means[2]  # points follow the votes, too


def test_voters_break_a_tie(bob: User) -> None:
    """Groups A and B are within noise of each other; the distance alone would take B."""
    builder = voting(bob)
    elect(builder, favourite=1)
    time_is_up()
    count(builder)
    builder.decided()
    current = builder.state.rounds[0]
    assert current.selected is not None and current.selected.contenders == (0, 1)
    assert current.winner == 0


def test_the_page_shows_a_pair_and_takes_the_vote(as_bob: Client, bob: User) -> None:
    builder = voting(bob)
    text = check_page(as_bob.get(PAGE))
    assert "Vote on round 1" in text and "Vote on the candidates" in text
    text = check_page(as_bob.get(f"{PAGE}vote/"))
    vote = Vote.objects.get()
    assert "Which response is better?" in text and f"model {vote.left} row {vote.row}" in text
    sent = as_bob.post(f"{PAGE}vote/", {"vote": vote.pk, "choice": "right"})
    assert sent.headers["Location"] == f"{PAGE}vote/"
    vote.refresh_from_db()
    assert vote.choice == "right"
    assert "Pair 2 of at most 12" in check_page(as_bob.get(f"{PAGE}vote/"))
    theirs, _ = ask(builder, builder.members[1])
    assert as_bob.post(f"{PAGE}vote/", {"vote": theirs.pk, "choice": "left"}).status_code == 404


def test_strangers_join_first(bob: User, client: Client) -> None:
    voting(bob)
    charlie = User.objects.create_user(
        username="charlie", password="long-enough-for-it", pseudonym="lunar-moss-303"
    )
    client.force_login(charlie)
    assert client.get(f"{PAGE}vote/").headers["Location"] == f"{PAGE}join/"


def test_results_say_who_was_preferred(as_bob: Client, bob: User) -> None:
    builder = voting(bob, role="decide")
    elect(builder, favourite=3)
    time_is_up()
    count(builder)
    builder.decided()
    text = check_page(as_bob.get(PAGE))
    assert "What voters preferred in round 1" in text and "Group C winner" in text
