import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crowdsft.web.campaigns.models import Campaign, Step
from tests.web.pages.campaign_builder import OTHERS, CampaignBuilder
from tests.web.pages.reading import check_page


def _page(client: Client, builder: CampaignBuilder) -> str:
    return check_page(client.get(f"/campaigns/{builder.campaign.slug}/"))


def _markup(client: Client, builder: CampaignBuilder) -> str:
    return client.get(f"/campaigns/{builder.campaign.slug}/").content.decode()


def test_a_new_campaign_is_getting_ready(anonymous: Client, builder: CampaignBuilder) -> None:
    text = _page(anonymous, builder)
    assert "Getting ready" in text
    assert "Nothing measured yet" in text
    assert "Nobody has points yet" in text


def test_a_stranger_may_join_a_contributor_may_start(
    anonymous: Client, as_charlie: Client, as_bob: Client, builder: CampaignBuilder
) -> None:
    builder.open()
    for client in (anonymous, as_charlie):
        text = _page(client, builder)
        assert "Join this campaign" in text
        assert "Start: task" not in text
    text = _page(as_bob, builder)
    assert "Start: task 1 of 4" in text
    assert "Join this campaign" not in text


def test_only_the_organiser_may_close_the_round(
    as_alice: Client, as_bob: Client, builder: CampaignBuilder
) -> None:
    builder.open()
    assert "Close this round now" in _page(as_alice, builder)
    assert "Close this round now" not in _page(as_bob, builder)


@pytest.mark.parametrize(
    "rounds, expected",
    [
        ({"close": "size", "size": 12}, "6 of 12 contributions"),
        ({"close": "manual"}, "the organiser closes the round"),
        ({"close": "deadline", "minutes": 2910}, "in 2 days"),
    ],
)
def test_an_open_round_says_when_it_closes(
    anonymous: Client, alice: object, rounds: dict[str, object], expected: str
) -> None:
    builder = CampaignBuilder.start(owner=None, rounds=rounds, others=[f"person-{n}" for n in range(6)])
    builder.open().contribute()
    text = _page(anonymous, builder)
    assert "Round 1 open" in text
    assert expected in text


def test_a_deadline_that_has_passed_names_what_it_waits_for(anonymous: Client) -> None:
    builder = CampaignBuilder.start(owner=None, rounds={"close": "deadline", "minutes": 5})
    builder.open()
    Campaign.objects.filter(pk=builder.campaign.pk).update(round_opened=timezone.now() - timedelta(hours=1))
    Step.objects.filter(campaign=builder.campaign).update(note="waiting for contributors: 0 of at least 3")
    assert "waiting for contributors: 0 of at least 3" in _page(anonymous, builder)


def test_training_shows_the_step_with_the_groups_letter(anonymous: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close().at_work("training group 2, step 10 of 36", 0.43)
    text = _page(anonymous, builder)
    assert "Training group B, step 10 of 36 43 %" in text
    assert "round 1 of 3" in text
    assert 'aria-current="step"' in _markup(anonymous, builder)


def test_a_step_that_nobody_takes_says_so(anonymous: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    Step.objects.filter(campaign=builder.campaign).update(run_after=0.0)
    assert "Waiting for a worker to be free" in _page(anonymous, builder)


def test_a_worker_that_died_is_mentioned(anonymous: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close().at_work("training group 1, step 1 of 36", 0.1)
    Step.objects.filter(campaign=builder.campaign).update(lease_until=1.0)
    assert "another one takes over" in _page(anonymous, builder)


def test_a_failed_step_tells_everybody_and_the_organiser_why(
    as_alice: Client, as_bob: Client, builder: CampaignBuilder
) -> None:
    builder.open().contribute().close().failed("TrainingError: <b>no loss</b>")
    mine, theirs = _page(as_alice, builder), _page(as_bob, builder)
    assert "This campaign has stopped." in mine
    assert "TrainingError: <b>no loss</b>" in mine
    assert "Try again" in mine
    assert "Every contribution is safe, and the organiser can start the step again." in theirs
    assert "TrainingError" not in theirs
    assert "Try again" not in theirs


def test_a_step_that_is_tried_again_is_no_alarm(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close().failed("OSError: disk", again_in=60)
    text = _page(as_bob, builder)
    assert "Trying again" in text
    assert "we try again by ourselves" in text


def test_results_after_a_round(as_bob: Client, anonymous: Client, builder: CampaignBuilder) -> None:
    builder.play(0.62, [0.6, 0.5, 0.55], counts=[3, 1, 1, 1, 1, 1])
    text, markup = _page(as_bob, builder), _markup(as_bob, builder)
    assert "Distance to the target Lower is better" in text
    assert "19.4 % closer" in text
    assert "Group B" in text
    assert 'class="ring-you"' in markup
    assert "was 0.620 at the start and is 0.500 after round 1" in markup
    assert 'class="ring-you"' not in _markup(anonymous, builder).split("legend")[0]


def test_every_candidate_stands_in_the_table(anonymous: Client, builder: CampaignBuilder) -> None:
    builder.play(0.62, [0.601, 0.502, 0.553])
    assert "1 0.601 0.502 winner 0.553" in _page(anonymous, builder)


def test_a_round_without_a_clear_winner_keeps_the_base(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.play(0.6, [0.6, 0.599, 0.601])
    text = _page(as_bob, builder)
    assert "Base kept" in text
    assert "too close to tell" in text
    assert "later" in text


def test_a_round_in_which_everybody_lost_says_so(anonymous: Client, builder: CampaignBuilder) -> None:
    builder.play(0.5, [0.6, 0.65, 0.7])
    assert "none came closer" in _page(anonymous, builder)


def test_an_inner_product_rises(anonymous: Client) -> None:
    builder = CampaignBuilder.start(owner=None, evaluation={"distance": "dot"})
    builder.play(-0.2, [-0.3, -0.35, -0.25])  # the builder negates: utilities 0.2 and 0.3, 0.35, 0.25
    text = _page(anonymous, builder)
    assert "Closeness to the target Higher is better" in text
    assert "0.150 closer" in text
    assert "Of the way" not in text


def test_a_finished_campaign_rests(as_bob: Client, anonymous: Client, builder: CampaignBuilder) -> None:
    for base, distances in ((0.6, [0.5, 0.55, 0.58]), (0.5, [0.45, 0.4, 0.48]), (0.4, [0.4, 0.41, 0.42])):
        builder.play(base, distances)
    builder.finish()
    text = _page(anonymous, builder)
    assert "Finished after 3 rounds" in text
    assert "data-poll" not in _markup(anonymous, builder)
    assert "Join this campaign" not in text
    assert "See my points" in _page(as_bob, builder)


def test_simulated_contributors_are_called_simulated(anonymous: Client) -> None:
    builder = CampaignBuilder.start(owner=None, campaign={"simulated": True})
    assert "The contributors are simulated." in _page(anonymous, builder)


def test_a_campaign_from_a_file_asks_nobody_to_join(as_charlie: Client) -> None:
    builder = CampaignBuilder.start(owner=None)
    Campaign.objects.filter(pk=builder.campaign.pk).update(is_supplied=True)
    text = _page(as_charlie, builder)
    assert "The contributions of this campaign come from a file." in text
    assert "Join this campaign" not in text


def test_an_organiser_who_contributes_is_counted(as_alice: Client, builder: CampaignBuilder) -> None:
    assert "Contributors 6" in _page(as_alice, builder)
    as_alice.post("/campaigns/joy-in-comments/join/", {"licence": "yes", "consent": "yes"})
    assert "Contributors 7" in _page(as_alice, builder)


def test_a_hidden_target_stays_hidden(anonymous: Client) -> None:
    shown = CampaignBuilder.start(owner=None)
    hidden = CampaignBuilder.start(owner=None, target={"hidden": True})
    assert "Goal Joy" in _page(anonymous, shown)
    assert "Goal" not in _page(anonymous, hidden)


def test_guidelines_and_names_cannot_do_harm(anonymous: Client) -> None:
    builder = CampaignBuilder.start(
        owner=None,
        others=["<script>alert(1)</script>", "b", "c"],
        campaign={"name": "<b>Bold</b>", "guidelines": "Be **warm**.\n\n<script>alert(2)</script>"},
    )
    builder.play(0.6, [0.5, 0.55, 0.58])
    markup = _markup(anonymous, builder)
    assert "alert(2)" not in markup
    assert "<script>alert" not in markup
    assert "&lt;b&gt;Bold&lt;/b&gt;" in markup
    assert "<strong>warm</strong>" in markup


def test_the_standings_show_the_top_and_ones_own_neighbourhood(
    alice: object, bob: object, as_bob: Client, anonymous: Client
) -> None:
    builder = CampaignBuilder.start(
        owner=None, people=[bob], others=[f"person-{n:02}" for n in range(30)], rounds={"groups": 2}
    )
    builder.open().contribute([3, *[2 + n % 5 for n in range(30)]]).close()
    me = builder.members[0].contributor
    builder.decide(0.6, [0.45 if me in group else 0.5 for group in builder.state.current.groups])
    mine = builder.state.balances[builder.members[0].contributor]
    text = _page(as_bob, builder)
    assert f"quiet-fern-202 you {mine}" in text
    assert text.count("person-") <= 3 + 4
    assert _page(anonymous, builder).count("person-") <= 5


def test_asking_for_news_is_cheap(
    as_bob: Client, builder: CampaignBuilder, django_assert_max_num_queries: Any
) -> None:
    builder.open().contribute()
    shown = dict(re.findall(r'name="(status|results)" value="([^"]+)"', _markup(as_bob, builder)))
    with django_assert_max_num_queries(6):
        assert as_bob.get("/campaigns/joy-in-comments/live/", shown).status_code == 204


def test_an_unknown_campaign_is_not_found(anonymous: Client) -> None:
    for path in ("", "live/", "events/", "points/", "work/", "join/"):
        assert anonymous.get(f"/campaigns/nothing/{path}").status_code in (302, 404)
    assert anonymous.get("/campaigns/nothing/").status_code == 404


def test_a_long_campaign_stays_a_light_page(anonymous: Client) -> None:
    builder = CampaignBuilder.start(owner=None, rounds={"count": 40, "groups": 3}, others=["a", "b", "c"])
    for number in range(40):
        builder.play(0.6 - number / 100, [0.6 - number / 100 - gap for gap in (0.01, 0.03, 0.02)])
    _page(anonymous, builder)


AGREEMENT = "Do the points follow Shapley values?"


def test_agreement_with_shapley_values_is_shown_once_a_round_is_paid(
    as_bob: Client, anonymous: Client, builder: CampaignBuilder
) -> None:
    builder.open()
    assert AGREEMENT not in _page(anonymous, builder)
    builder.play(0.6, [0.45, 0.55, 0.62])
    text = _page(as_bob, builder)
    assert AGREEMENT in text
    assert "It is early: 6 contributors can be told apart after round 3 at the earliest." in text
    markup = _markup(as_bob, builder)
    assert 'aria-label="Points paid against Shapley value in points, 6 contributors.' in markup
    assert markup.count('class="point"') == 2  # bob's own dot, once for wide screens and once for phones
    assert 'class="point"' not in _markup(anonymous, builder)


def test_a_campaign_that_pays_by_shapley_values_says_what_is_kept_back(anonymous: Client) -> None:
    builder = CampaignBuilder.start(
        owner=None, others=("one", *OTHERS), points={"policy": "decoded_shapley", "budget_per_round": 600}
    )
    for _ in range(2):
        builder.play(0.6, [0.45, 0.55, 0.62])
    text = _page(anonymous, builder)
    assert AGREEMENT in text and "are kept back until the values are surer" in text
