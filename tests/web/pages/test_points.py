import re
from dataclasses import replace

import pytest
from django.test import Client

from crowdsft.core.events import CandidateTrained, GroupsValued, PointsAwarded, RolledBack
from crowdsft.core.rewards.base import Award
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import LedgerRow
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.journal_django import contribution_digest, intervene
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

URL = "/campaigns/joy-in-comments/points/"


def _group_of(builder: CampaignBuilder) -> int:
    me = builder.members[0].contributor
    return next(index for index, group in enumerate(builder.state.current.groups) if me in group)


def _distances(builder: CampaignBuilder, mine: float, others: float) -> list[float]:
    """Bob's group gets `mine`, the other groups `others` and a little more each."""
    own = _group_of(builder)
    return [mine if group == own else others + 0.01 * group for group in range(3)]


def _awarded(
    builder: CampaignBuilder, base: float, distances: list[float], award: Award, *, others: float = 500.0
) -> None:
    """Decide a round whose points were settled by a policy that makes estimates; `others` is somebody else's."""
    builder.decide_until_award(base, distances)
    number = builder.state.current.number
    second = Award(builder.members[1].contributor, 0, estimate=others, low=others - 9, high=others + 9)
    builder.commit((PointsAwarded(number, (award, second), 0, 1000 - award.points, number),))


def test_without_an_account_one_signs_in_first(anonymous: Client, builder: CampaignBuilder) -> None:
    assert anonymous.get(URL).headers["Location"] == f"/accounts/login/?next={URL}"


def test_strangers_and_organisers_have_none_here(
    as_charlie: Client, as_alice: Client, builder: CampaignBuilder
) -> None:
    assert "You are not a contributor here yet" in check_page(as_charlie.get(URL))
    assert "You organise Joy in comments." in check_page(as_alice.get(URL))


def test_before_the_first_award(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open()
    assert "You have not handed in anything yet." in check_page(as_bob.get(URL))
    builder.contribute([2, 1, 1])
    assert "You have handed in 2 responses for round 1." in check_page(as_bob.get(URL))
    builder.close()
    assert "Your work is in round 1" in check_page(as_bob.get(URL))


def test_the_winners_award_group_first_then_the_person_then_the_doubt(
    as_bob: Client, builder: CampaignBuilder
) -> None:
    builder.open().contribute([3, 1, 1, 1, 1, 1]).close()
    builder.decide(0.6, _distances(builder, mine=0.45, others=0.55))
    text = check_page(as_bob.get(URL))
    me = builder.members[0].contributor
    paid = builder.state.balances[me]
    assert re.search(r"Your group, group [ABC], moved the model 25.0 % closer to the target\. It won", text)
    earned = re.search(r"That earned the group (\d+) of the round's 1,000 points\.", text)
    share = re.search(r"You gave (\d+) % of the group's contributions, so we paid you (\d+)\.", text)
    assert earned is not None and share is not None
    assert int(share[2]) == paid
    assert abs(int(earned[1]) * int(share[1]) / 100 - paid) <= 0.005 * int(earned[1]) + 1
    assert text.index("Your group") < text.index("You gave") < text.index("There is no range here")
    assert f"why you got {paid} points" in text


def test_a_group_that_lost_earns_nothing_and_is_told_why(as_bob: Client, alice: User, bob: User) -> None:
    builder = CampaignBuilder.start(owner=alice, people=[bob], points={"policy": "marginal"})
    builder.open().contribute().close()
    builder.decide(0.6, _distances(builder, mine=0.66, others=0.4))
    text = check_page(as_bob.get(URL))
    assert "10.0 % further away from the target and came third of 3." in text
    assert "By this campaign's rule your group has no part of the round's 1,000 points, so we paid 0." in text


def test_a_small_gain_is_called_too_little_to_tell(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    builder.decide(0.6, _distances(builder, mine=0.599, others=0.4))
    assert "changed the model too little to tell" in check_page(as_bob.get(URL))


def test_points_of_a_round_without_winner_are_carried_and_paid_together(
    as_bob: Client, builder: CampaignBuilder
) -> None:
    builder.play(0.6, [0.6, 0.599, 0.601])
    text = check_page(as_bob.get(URL))
    assert "So 1,000 points are carried over." in text
    assert "No clear winner, points carried over" in text
    builder.open().contribute().close()
    builder.decide(0.6, _distances(builder, mine=0.4, others=0.5))
    text = check_page(as_bob.get(URL))
    paid = builder.state.balances[builder.members[0].contributor]
    assert (
        f"The points of rounds 1 and 2 are paid together. Your parts of them add up to {paid:,} points."
        in text
    )
    assert "paid for rounds 1 and 2" in text
    assert "carried over" in check_page(as_bob.get(f"{URL}?round=1"))


def test_the_history_ends_in_the_balance(as_bob: Client, builder: CampaignBuilder) -> None:
    for base in (0.6, 0.5, 0.4):
        builder.open().contribute().close()
        builder.decide(base, _distances(builder, mine=base - 0.1, others=base - 0.05))
    builder.finish()
    response = as_bob.get(URL)
    check_page(response)
    rows = re.findall(
        r'<td class="num">([+\d,]+)</td><td class="num">([\d,]+)</td></tr>', response.content.decode()
    )
    amounts = [int(amount.replace(",", "")) for amount, _ in rows][::-1]
    balances = [int(balance.replace(",", "")) for _, balance in rows][::-1]
    assert len(rows) == 3
    assert balances == [sum(amounts[: index + 1]) for index in range(3)]
    assert balances[-1] == builder.state.balances[builder.members[0].contributor]


def test_each_payment_names_its_entry_of_the_ledger(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    builder.decide(0.6, _distances(builder, mine=0.4, others=0.5))
    row = LedgerRow.objects.get(campaign=builder.campaign, contributor=builder.members[0].contributor)
    assert f"entry {row.position + 1} of the ledger, {row.hash[:12]}" in check_page(as_bob.get(URL))


def test_an_estimate_is_explained_with_its_range(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    me = builder.members[0].contributor
    award = Award(me, 62, estimate=62.4, low=40.2, high=80.1, for_rounds=(1,))
    _awarded(builder, 0.6, _distances(builder, mine=0.5, others=0.55), award)
    response = as_bob.get(URL)
    text = check_page(response)
    assert "Your own work so far is worth between 40 and 80 points, most likely 62. We paid 62." in text
    assert "kept back" not in text.split("How this is worked out")[0]
    assert "The range is wide because one round says little." in text
    assert 'class="range"' in response.content.decode()
    assert text.index("Your group") < text.index("Your own work") < text.index("The range is wide")


def test_equal_estimates_are_not_called_sure(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    me = builder.members[0].contributor
    award = Award(me, 166, estimate=166.6, low=166.59, high=166.61, for_rounds=(1,))
    _awarded(builder, 0.6, _distances(builder, mine=0.5, others=0.55), award, others=166.8)
    response = as_bob.get(URL)
    text = check_page(response)
    assert "Your own work so far is worth about 167 points. We paid 166" in text
    assert "So far the rounds do not tell contributors apart" in text
    assert 'class="range"' not in response.content.decode()


def test_what_is_not_sure_yet_is_kept_back(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    me = builder.members[0].contributor
    award = Award(me, 40, estimate=62.4, low=40.2, high=84.6, for_rounds=(1,))
    _awarded(builder, 0.6, _distances(builder, mine=0.5, others=0.55), award)
    text = check_page(as_bob.get(URL))
    assert "We paid 40 now, which is the part that is sure. The rest is kept back." in text


def test_nothing_sure_yet_is_not_nothing(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    me = builder.members[0].contributor
    award = Award(me, 0, estimate=206.0, low=-68.0, high=480.0, for_rounds=(1,))
    _awarded(builder, 0.6, _distances(builder, mine=0.5, others=0.55), award)
    text = check_page(as_bob.get(URL))
    assert "No more of it is sure enough to be paid now. It is kept back, not lost." in text


def test_a_negative_estimate_is_shown_and_not_paid(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    me = builder.members[0].contributor
    award = Award(me, 0, estimate=-12.0, low=-40.0, high=15.0, for_rounds=(1,))
    _awarded(builder, 0.6, _distances(builder, mine=0.58, others=0.5), award)
    text = check_page(as_bob.get(URL))
    assert "between \N{MINUS SIGN}40 and 15 points, most likely \N{MINUS SIGN}12." in text
    assert "points are never taken away: we paid 0." in text


def test_a_round_one_took_no_part_in(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    builder.decide(0.6, _distances(builder, mine=0.5, others=0.55))
    builder.open().contribute([0, 1, 1, 1]).close()
    builder.decide(0.5, [0.4, 0.45, 0.48])
    text = check_page(as_bob.get(URL))
    assert "You took no part in round 2." in text
    assert "So there are no points in it for you." in text


def test_an_unknown_round_falls_back_to_the_newest(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.play(0.6, [0.5, 0.55, 0.58])
    for wanted in ("9", "x", "-1", "9" * 30):
        assert "Round 1: why you got" in check_page(as_bob.get(URL, {"round": wanted}))


def test_all_my_points_lists_campaigns_or_goes_to_the_only_one(
    as_bob: Client, as_charlie: Client, alice: User, bob: User, builder: CampaignBuilder
) -> None:
    assert as_bob.get("/points/").headers["Location"] == URL
    CampaignBuilder.start(owner=alice, people=[bob], campaign={"name": "Second"})
    text = check_page(as_bob.get("/points/"))
    assert "Joy in comments" in text
    assert "Second" in text
    assert "You are in no campaign yet" in check_page(as_charlie.get("/points/"))


def test_the_campaign_page_shows_my_own_row(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close()
    builder.decide(0.6, _distances(builder, mine=0.4, others=0.5))
    paid = builder.state.balances[builder.members[0].contributor]
    assert f"quiet-fern-202 you {paid}" in check_page(as_bob.get("/campaigns/joy-in-comments/"))


def test_points_by_group_are_compared_with_the_shapley_value(
    as_bob: Client, builder: CampaignBuilder
) -> None:
    builder.open().contribute().close()
    builder.decide(0.6, _distances(builder, mine=0.45, others=0.55))
    assert "For comparison: by Shapley value your work up to here is worth about" in check_page(
        as_bob.get(URL)
    )


def test_a_repeated_text_is_said_to_count_for_somebody_else(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open()
    first, own = builder.members[1], builder.members[0]
    for member in (first, own):
        text = "The bakery on our street sells warm bread from five in the morning."
        Contribution.objects.create(
            campaign=builder.campaign,
            membership=member,
            kind="write_response",
            prompt="How was your day?",
            response=text,
            digest=contribution_digest("How was your day?", text),
        )
    builder.contribute().close()
    builder.decide(0.6, _distances(builder, mine=0.45, others=0.55))
    assert (
        "1 of your 2 contributions counts for whoever handed in nearly the same text before."
        in check_page(as_bob.get(URL))
    )


def _credited(alice: User, bob: User) -> CampaignBuilder:
    """Two groups, paid by credit, of which bob's was worth 0.3 nats and the other 0.1."""
    builder = CampaignBuilder.start(
        owner=alice,
        people=[bob],
        points={"policy": "in_run_split"},
        rounds={"groups": 2},
        training={"backend": "multi_lora"},
        target={"emotion": None, "examples": [f"What a joy, number {number}." for number in range(10)]},
    )
    builder.open().contribute().close()
    me = builder.members[0].contributor
    groups = builder.state.current.groups
    builder.commit(
        tuple(
            replace(event, credits=tuple(0.2 if name == me else 0.05 for name in group))
            for event, group in zip(builder.trained(), groups, strict=True)
            if isinstance(event, CandidateTrained)
        )
    )
    distances = [0.45 if me in group else 0.5 for group in groups]
    builder.commit(builder._evaluated(builder.state.current, 0.6, distances))
    builder.step("select")
    values = tuple(0.3 if me in group else 0.1 for group in groups)
    builder.commit((GroupsValued(1, values, (0.0, 0.0), 0.4, 3, (0.3, 0.1, 0.4)),))
    return builder.step("award").step("finish_round")


def test_credit_is_explained_as_the_groups_part_and_the_own_part_of_it(
    as_bob: Client, alice: User, bob: User
) -> None:
    builder = _credited(alice, bob)
    text = check_page(as_bob.get(URL))
    me = builder.members[0].contributor
    members = next(group for group in builder.state.current.groups if me in group)
    paid, count = builder.state.balances[me], len(members)
    own = 0.2 + (0.3 - (0.2 + 0.05 * (count - 1))) / count
    assert paid == pytest.approx(750 * own / 0.3, abs=1)
    assert "Your group: merged with the others in all ways, its copy brought 75 %" in text
    assert (
        f"Your own part of that is {round(100 * own / 0.3)} %" in text and f"so we paid you {paid}." in text
    )
    assert "a correlation of 0.69 on average, and of 0.27 in the worst" in text
    assert "yours by +0.200" in text and "Shapley value of that is +0.300" in text
    assert "The rule here is in_run_split" in text


def test_a_round_that_was_rolled_back_says_so_and_stays_paid(
    as_bob: Client, builder: CampaignBuilder
) -> None:
    for base in (0.6, 0.5):
        builder.open().contribute().close()
        builder.decide(base, _distances(builder, mine=base - 0.1, others=base - 0.05))
    before = check_page(as_bob.get(URL))
    assert "went back" not in before and "rolled back" not in before
    balance = builder.state.balances[builder.members[0].contributor]
    intervene(builder.campaign, lambda state: RolledBack(1, "it repeats itself"))
    text = check_page(as_bob.get(URL))
    assert "Since then the model went back to an earlier one" in text and "The points stay yours." in text
    assert text.count("; rolled back since") == 1 and f"{balance:,} points" in text
    assert "Since then" not in check_page(as_bob.get(f"{URL}?round=1"))


def test_a_tie_reads_as_one(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close().decide(0.6, _distances(builder, mine=0.6, others=0.599))
    text = check_page(as_bob.get(URL))
    assert "Round 1: points carried over" in text and "why you got 0" not in text
    assert "In this sample your group, group" in text and "made no difference." in text
    assert "came out no change" not in text


def test_a_long_history_is_shortened_and_can_be_seen_whole(as_bob: Client, alice: User, bob: User) -> None:
    builder = CampaignBuilder.start(
        owner=alice, people=[bob], rounds={"count": 20, "groups": 3, "close": "manual"}
    )
    for number in range(16):
        builder.play(0.9 - 0.02 * number, [0.88 - 0.02 * number] * 3)

    def rounds(query: str) -> list[int]:
        return [
            int(n) for n in re.findall(r'href="\?round=(\d+)#why"', as_bob.get(URL + query).content.decode())
        ]

    assert rounds("") == list(range(16, 4, -1))
    assert "Show all 16 lines" in check_page(as_bob.get(URL))
    assert rounds("?history=all") == rounds("?round=2") == list(range(16, 0, -1))
    assert "Show all" not in check_page(as_bob.get(f"{URL}?history=all"))
