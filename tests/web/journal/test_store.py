"""The laws of `rounds.store.Store`, for the platform's database."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from crowdsft.core.errors import (
    ContributionsError,
    InputError,
    JournalError,
    StalePositionError,
    WorkerLostClaim,
)
from crowdsft.core.events import Event, PointsAwarded, RoundClosed
from crowdsft.core.settings import parse_settings
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.steps import Wait, do
from crowdsft.rounds.store import Claim
from crowdsft.rounds.worker import MAX_ATTEMPTS, Worker
from crowdsft.web.campaigns.create import create_campaign
from crowdsft.web.campaigns.models import Campaign, JournalEvent, LedgerRow, Step
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.journal_django import (
    DjangoStore,
    campaign_state,
    forget_states,
    retry,
    take_over,
    wake,
)
from tests.web.journal.databases import at_once
from tests.web.pages.campaign_builder import CampaignBuilder, plan

pytestmark = pytest.mark.django_db
STORE = DjangoStore()
EXPIRED = -1.0  # seconds of a lease that has run out when it begins


def everything() -> list[Any]:
    """Every row that a commit may touch."""
    tables = (Campaign, Step, JournalEvent, LedgerRow, Contribution, Task)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def make_due() -> None:
    Step.objects.update(run_after=0.0)


def claim(worker: str = "one", *, lease_seconds: float = 60.0) -> Claim:
    found = STORE.claim(worker, lease_seconds=lease_seconds)
    assert found is not None
    return found


def done(claimed: Claim, builder: CampaignBuilder) -> tuple[Event, ...]:
    """What happens in the claimed step."""
    result = do(claimed.step, builder.state, STORE, Resources(builder_data()))
    assert not isinstance(result, Wait)
    return result


def builder_data() -> Any:
    from django.conf import settings

    return settings.DATA


def ready_to_close(builder: CampaignBuilder) -> CampaignBuilder:
    builder.open().contribute()
    Campaign.objects.update(close_requested_round=1)
    make_due()
    return builder


def ready_to_pay(builder: CampaignBuilder) -> CampaignBuilder:
    """Everything but the award of the first round."""
    builder.open().contribute().close().decide_until_award(1.0, [0.7, 0.9, 1.1])
    make_due()
    return builder


# Claiming


def test_a_claim_says_what_is_due(builder: CampaignBuilder) -> None:
    found = claim("one")
    assert (found.campaign, found.worker, found.fence, found.attempts) == ("joy-in-comments", "one", 1, 1)
    assert (found.step.name, found.step.round_number) == ("measure_target", 0)
    assert STORE.claim("two", lease_seconds=60.0) is None


def test_of_two_workers_exactly_one_wins_200_times(shared_database: None, alice: Any) -> None:
    create_campaign(parse_settings(plan()), owner=alice.user)
    rounds = 200
    wins: list[tuple[int, str]] = []

    def compete(name: str) -> Callable[[], int]:
        def run() -> int:
            own = 0
            deadline = time.monotonic() + 50
            while len(wins) < rounds and time.monotonic() < deadline:
                found = STORE.claim(name, lease_seconds=60.0)
                if found is not None:
                    own += 1
                    wins.append((found.fence, name))
                    STORE.postpone(found, seconds=0.0, reason="next")
            return own

        return run

    won = at_once([compete("one"), compete("two")])
    fences = [fence for fence, _ in wins]
    assert sum(won) == len(wins) >= rounds
    assert sorted(fences) == list(range(1, len(wins) + 1))  # no fence twice: never two winners of one claim
    assert Step.objects.get().fence == len(wins)


def test_both_try_the_same_claim_at_the_same_moment(shared_database: None, alice: Any) -> None:
    create_campaign(parse_settings(plan()), owner=alice.user)
    for _ in range(25):
        Step.objects.update(worker="", run_after=0.0)
        found = at_once([lambda name=name: STORE.claim(name, lease_seconds=60.0) for name in "ab"])
        assert sum(one is not None for one in found) == 1


def test_a_step_that_is_not_due_or_waits_for_somebody_is_not_claimed(builder: CampaignBuilder) -> None:
    Step.objects.update(run_after=time.time() + 60)
    assert STORE.claim("one", lease_seconds=60.0) is None
    Step.objects.update(run_after=None)
    assert STORE.claim("one", lease_seconds=60.0) is None


def test_one_campaign_can_be_asked_for(alice: Any) -> None:
    first, second = (create_campaign(parse_settings(plan()), owner=alice.user) for _ in range(2))
    found = STORE.claim("one", lease_seconds=60.0, campaign=second.slug)
    assert found is not None and found.campaign == second.slug
    assert STORE.claim("two", lease_seconds=60.0, campaign=second.slug) is None
    other = STORE.claim("two", lease_seconds=60.0)
    assert other is not None and other.campaign == first.slug


def test_what_was_due_first_is_done_first(alice: Any) -> None:
    slugs = [create_campaign(parse_settings(plan()), owner=alice.user).slug for _ in range(3)]
    for age, slug in enumerate(slugs):
        Step.objects.filter(campaign__slug=slug).update(run_after=100.0 - age)
    assert [claim(str(number)).campaign for number in range(3)] == slugs[::-1]


def test_a_step_that_changed_in_between_is_not_claimed_under_its_old_name(builder: CampaignBuilder) -> None:
    first = claim("slow", lease_seconds=EXPIRED)
    events = done(first, builder)
    seen: list[str] = []

    def interfere(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and "campaigns_step" in sql and not seen:
            seen.append(sql)
            STORE.commit(first, builder.state, events)  # the first worker is not dead after all
            make_due()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(interfere):
        assert STORE.claim("quick", lease_seconds=60.0) is None
    assert seen
    assert claim("quick").step.name == "open_round"


# Leases and fences


def test_a_lease_that_ran_out_is_taken_over_with_a_higher_fence(builder: CampaignBuilder) -> None:
    first = claim("one", lease_seconds=EXPIRED)
    second = claim("two")
    assert (second.step, second.fence, second.attempts) == (first.step, first.fence + 1, first.attempts + 1)


def test_renewing_prolongs_one_s_own_lease_only(builder: CampaignBuilder) -> None:
    first = claim("one", lease_seconds=EXPIRED)
    STORE.renew(first, lease_seconds=60.0)
    assert STORE.claim("two", lease_seconds=60.0) is None
    Step.objects.update(lease_until=0.0)
    second = claim("two")
    before = everything()
    with pytest.raises(WorkerLostClaim):
        STORE.renew(first, lease_seconds=60.0)
    assert everything() == before
    STORE.renew(second, lease_seconds=60.0)


@pytest.mark.parametrize("prepare", [ready_to_close, ready_to_pay])
def test_a_commit_with_an_old_fence_changes_nothing(
    prepare: Callable[[CampaignBuilder], CampaignBuilder], builder: CampaignBuilder
) -> None:
    prepare(builder)
    old = claim("one", lease_seconds=EXPIRED)
    state, events = builder.state, done(old, builder)
    assert isinstance(events[0], RoundClosed | PointsAwarded)
    new = claim("two")
    before = everything()
    with pytest.raises(WorkerLostClaim):
        STORE.commit(old, state, events)
    assert everything() == before
    STORE.commit(new, state, events)
    assert everything() != before
    after = everything()
    with pytest.raises(WorkerLostClaim):
        STORE.commit(old, state, events)
    with pytest.raises(WorkerLostClaim):
        STORE.commit(new, state, events)
    assert everything() == after


@pytest.mark.parametrize("prepare", [ready_to_close, ready_to_pay])
def test_a_commit_at_a_taken_position_changes_nothing(
    prepare: Callable[[CampaignBuilder], CampaignBuilder], builder: CampaignBuilder
) -> None:
    prepare(builder)
    current = claim("one")
    state, events = builder.state, done(current, builder)
    JournalEvent.objects.create(
        campaign=builder.campaign, position=state.position, kind="RoundFinished", payload={}
    )
    before = everything()
    with pytest.raises(StalePositionError):
        STORE.commit(current, state, events)
    assert everything() == before


def test_two_workers_with_the_same_claim_commit_once(shared_database: None, builder: CampaignBuilder) -> None:
    """What a fence alone could not tell apart, the key of the journal does."""
    ready_to_pay(builder)
    current = claim("one")
    state, events = builder.state, done(current, builder)

    def commit() -> str:
        try:
            STORE.commit(current, state, events)
        except (WorkerLostClaim, StalePositionError) as error:
            return type(error).__name__
        return "written"

    outcomes = at_once([commit] * 4)
    assert outcomes.count("written") == 1
    assert JournalEvent.objects.filter(kind="PointsAwarded").count() == 1
    assert sum(LedgerRow.objects.values_list("amount", flat=True)) == 1000


def test_an_effect_that_fails_takes_everything_back(builder: CampaignBuilder) -> None:
    ready_to_close(builder)
    current = claim("one")
    state, events = builder.state, done(current, builder)
    gone = Contribution.objects.first()
    assert gone is not None
    gone.delete()
    before = everything()
    with pytest.raises(StalePositionError, match="withdrawn"):
        STORE.commit(current, state, events)
    assert everything() == before
    assert builder.state == state


def test_a_commit_writes_events_effects_and_the_next_step_together(builder: CampaignBuilder) -> None:
    ready_to_pay(builder)
    current = claim("one")
    state = STORE.commit(current, builder.state, done(current, builder))
    step = Step.objects.get()
    assert (step.name, step.worker, step.attempts, step.error, step.note) == ("finish_round", "", 0, "", "")
    assert step.run_after is not None and step.run_after <= time.time()
    assert STORE.load(current.campaign) == state
    assert {row.contributor: row.amount for row in LedgerRow.objects.all()} == {
        name: points for name, points in state.balances.items() if points
    }


def test_a_database_that_was_restarted_is_found_again(
    shared_database: None, builder: CampaignBuilder
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could be restarted; set CROWDSFT_DATABASE_URL to PostgreSQL")

    def disconnect() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (number,) = cursor.fetchone()
        others = "SELECT pg_terminate_backend(%s)"
        at_once([lambda: connection.cursor().execute(others, [number])])

    ready_to_pay(builder)
    disconnect()
    current = claim("one")
    disconnect()
    STORE.renew(current, lease_seconds=60.0)
    events = done(current, builder)
    state = builder.state
    disconnect()
    STORE.commit(current, state, events)
    assert LedgerRow.objects.exists()


# Postponing, failing, trying again


def test_a_postponed_step_comes_back_later(builder: CampaignBuilder) -> None:
    STORE.postpone(claim(), seconds=60.0, reason="waiting for contributors")
    step = Step.objects.get()
    assert (step.worker, step.note, step.attempts) == ("", "waiting for contributors", 0)
    assert step.run_after == pytest.approx(time.time() + 60, abs=10)
    assert STORE.claim("two", lease_seconds=60.0) is None


def test_a_wake_up_during_the_look_around_is_not_lost(builder: CampaignBuilder) -> None:
    builder.open()
    make_due()
    current = claim("one")
    wake(builder.campaign)
    STORE.postpone(current, seconds=60.0, reason="collecting contributions")
    assert claim("two").step.name == "close_round"


def test_a_wake_up_is_for_the_step_that_it_names(builder: CampaignBuilder) -> None:
    Step.objects.update(run_after=time.time() + 60)
    wake(builder.campaign)
    assert STORE.claim("one", lease_seconds=60.0) is None
    wake(builder.campaign, "measure_target")
    assert STORE.claim("one", lease_seconds=60.0) is not None


def test_whoever_lost_the_claim_cannot_postpone_or_fail_it(builder: CampaignBuilder) -> None:
    old = claim("one", lease_seconds=EXPIRED)
    claim("two")
    before = everything()
    STORE.postpone(old, seconds=0.0, reason="the worker was stopped")
    with pytest.raises(WorkerLostClaim):
        STORE.fail(old, seconds=None, error="late")
    assert everything() == before


def test_a_failing_step_is_tried_again_later_and_later_and_then_waits_for_a_person(
    builder: CampaignBuilder,
) -> None:
    builder.open()
    Campaign.objects.update(is_supplied=True)  # nobody contributes, and nobody will: an error
    worker = Worker(STORE, Resources(builder_data()))
    for attempt in range(1, MAX_ATTEMPTS):
        make_due()
        assert worker.work_once()
        step = Step.objects.get()
        assert step.attempts == attempt and step.error.startswith("ContributionsError: Round 1")
        assert step.run_after == pytest.approx(time.time() + 2**attempt, abs=1.9)
        assert not worker.work_once()
    make_due()
    assert worker.work_once()
    assert Step.objects.get().run_after is None
    wake(builder.campaign)
    assert not worker.work_once()
    assert retry(builder.campaign)
    step = Step.objects.get()
    assert (step.attempts, step.error) == (0, "")
    assert worker.work_once() and Step.objects.get().attempts == 1


def test_a_worker_in_the_foreground_raises_at_once(builder: CampaignBuilder) -> None:
    builder.open()
    Campaign.objects.update(is_supplied=True)
    make_due()
    with pytest.raises(ContributionsError):
        Worker(STORE, Resources(builder_data()), raise_errors=True).work_once()
    assert Step.objects.get().run_after is None


def test_taking_over_voids_what_dead_workers_hold(builder: CampaignBuilder) -> None:
    ready_to_close(builder)
    old = claim("one")
    state, events = builder.state, done(old, builder)
    take_over(builder.campaign)
    before = everything()
    with pytest.raises(WorkerLostClaim):
        STORE.commit(old, state, events)
    assert everything() == before
    new = claim("two")
    assert (new.step, new.fence, new.attempts) == (old.step, old.fence + 2, 1)


def test_a_finished_campaign_stays_finished(builder: CampaignBuilder) -> None:
    for _ in range(3):
        builder.play(1.0, [0.7, 0.9, 1.1])
    builder.finish()
    before = everything()
    assert not retry(builder.campaign)
    take_over(builder.campaign)
    wake(builder.campaign)
    assert everything() == before
    assert STORE.claim("one", lease_seconds=60.0) is None


# Reading


def test_texts_come_in_the_order_asked_for_and_without_those_who_left(builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    refs = builder.state.current.contributions or ()
    asked = [ref.id for ref in refs][::-1]
    assert [row.id for row in STORE.texts(builder.campaign.slug, asked)] == asked
    Contribution.objects.filter(pk=asked[1]).delete()
    assert [row.id for row in STORE.texts(builder.campaign.slug, asked)] == [asked[0], *asked[2:]]


def test_texts_of_long_lists_are_the_same(builder: CampaignBuilder) -> None:
    builder.open().contribute([100] * 6).close()
    asked = [ref.id for ref in builder.state.current.contributions or ()]
    assert len(asked) == 600
    assert [row.id for row in STORE.texts(builder.campaign.slug, asked)] == asked


def test_only_what_is_planned_for_a_round_or_for_none_is_waiting(builder: CampaignBuilder) -> None:
    builder.open().contribute([1, 1, 1, 1])
    for contribution, planned in zip(Contribution.objects.all(), (1, 2, None, 1), strict=True):
        Contribution.objects.filter(pk=contribution.pk).update(planned_round=planned)
    waiting = STORE.waiting(builder.campaign.slug, 1)
    assert [row.planned_round for row in waiting.contributions].count(2) == 0
    assert len(waiting.contributions) == 3
    assert (waiting.close_requested, waiting.is_complete) == (False, False)
    assert waiting.opened_at == pytest.approx(time.time(), abs=60)


def test_a_campaign_that_does_not_exist() -> None:
    with pytest.raises(InputError, match="no campaign 'nothing'"):
        STORE.load("nothing")


def test_a_gap_in_the_journal_is_an_error(builder: CampaignBuilder) -> None:
    builder.open()
    JournalEvent.objects.filter(campaign=builder.campaign, position=1).delete()
    forget_states()
    with pytest.raises(JournalError, match="gap before position 2"):
        campaign_state(builder.campaign)


# The state in memory


def test_nothing_is_remembered_of_a_transaction_that_was_rolled_back(
    shared_database: None, alice: Any
) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        create_campaign(parse_settings(plan(campaign={"name": "Never was"})), owner=alice.user)
        raise ZeroDivisionError
    campaign = create_campaign(parse_settings(plan(campaign={"name": "Is"})), owner=alice.user)
    assert campaign_state(campaign).plan.campaign.name == "Is"


def test_events_are_read_once(shared_database: None, builder: CampaignBuilder) -> None:
    builder.open()
    before = campaign_state(builder.campaign)
    assert campaign_state(builder.campaign) is before
    JournalEvent.objects.filter(campaign=builder.campaign, position__lt=before.position).delete()
    assert campaign_state(builder.campaign) is before


def test_many_readers_and_a_writer_agree(shared_database: None, builder: CampaignBuilder) -> None:
    def read() -> int:
        seen = campaign_state(builder.campaign)
        deadline = time.monotonic() + 30
        while not (seen.rounds and seen.current.finished) and time.monotonic() < deadline:
            newer = campaign_state(builder.campaign)
            assert newer.position >= seen.position
            seen = newer
        return seen.position

    def write() -> int:
        return builder.play(1.0, [0.7, 0.9, 1.1]).state.position

    positions = at_once([write, read, read, read])
    assert positions == [JournalEvent.objects.count()] * 4
