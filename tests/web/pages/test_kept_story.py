"""Where the best contributions so far are trained on, contributors see how many of theirs were; merges have names."""

from dataclasses import replace

from django.test import Client

from crowdsft.core.events import CandidatesMerged, CandidateTrained, ContributionsKept, OtherPart
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Campaign
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

PAGE = "/campaigns/joy-in-comments/"


def _second_round(alice: User, bob: User, *, kept_of_bob: int) -> CampaignBuilder:
    """Round 1: everybody alone. Round 2: two groups; of bob's four contributions so far some are kept."""
    builder = CampaignBuilder.start(
        owner=alice,
        people=[bob],
        rounds={"groups": 2, "groups_of_one": "first"},
        training={"keep": "values"},
    )
    builder.play(0.9, [0.8, 0.82, 0.84, 0.86, 0.87, 0.88], [2, 1, 1, 1, 1, 1])
    builder.open().contribute([2, 1, 1, 1, 1, 1])
    Campaign.objects.filter(pk=builder.campaign.pk).update(close_requested_round=2)
    builder.step("close_round")
    me = builder.members[0].contributor
    refs = [ref for past in builder.state.rounds for ref in past.contributions or ()]
    mine = [ref.id for ref in refs if ref.contributor == me][:kept_of_bob]
    others = [ref.id for ref in refs if ref.contributor != me][: 3 - kept_of_bob]
    builder.commit((ContributionsKept(2, (), (*mine, *others)),))
    return builder


def _trained(builder: CampaignBuilder) -> None:
    """Bob has half of the training of his own group's copy, and a quarter of the other one's."""
    builder.step("form_groups")
    me = builder.members[0].contributor
    events = []
    for event, group in zip(builder.trained(), builder.state.current.groups, strict=True):
        assert isinstance(event, CandidateTrained)
        rest = 0.5 / (len(group) - 1) if me in group else 0.75 / len(group)
        weights = tuple(0.5 if name == me else rest for name in group)
        events.append(replace(event, weights=weights, others=() if me in group else (OtherPart(me, 0.25),)))
    builder.commit(tuple(events))


def test_how_much_of_ones_work_was_trained_on_is_said(as_bob: Client, alice: User, bob: User) -> None:
    builder = _second_round(alice, bob, kept_of_bob=2)
    _trained(builder)
    builder.commit(builder._evaluated(builder.state.current, 0.8, [0.6, 0.7]))
    builder.decided()
    text = check_page(as_bob.get(f"{PAGE}points/"))
    assert "This round was trained on 2 of the 4 contributions that you have handed in so far." in text
    assert "The best 25 % of everybody's work are kept" in text and "share 5 % of the training" in text
    paid = builder.state.balances[builder.members[0].contributor]
    assert "Of what the groups' copies trained on, 38 % was yours, older contributions included." in text
    assert "of the round's 1,000 points" in text and paid > 0
    awards = as_bob.get("/api/v1/campaigns/joy-in-comments/points")
    if awards.status_code == 404:
        awards = as_bob.get("/api/campaigns/joy-in-comments/points")
    first, second = awards.json()
    assert (first["kept"], first["handed_in"]) == (None, None)
    assert (second["kept"], second["handed_in"]) == (2, 4)


def test_the_first_round_trains_everybody_alone_and_hides_nothing(
    as_bob: Client, alice: User, bob: User
) -> None:
    builder = CampaignBuilder.start(
        owner=alice,
        people=[bob],
        rounds={"groups": 2, "groups_of_one": "first"},
        training={"keep": "values"},
    )
    builder.play(0.9, [0.8, 0.82, 0.84, 0.86, 0.87, 0.88])
    text = check_page(as_bob.get(f"{PAGE}points/"))
    assert "6 groups trained a candidate each" in text
    assert "handed in so far" not in text


def test_a_merge_that_won_is_called_by_what_it_is(
    as_bob: Client, as_alice: Client, alice: User, bob: User
) -> None:
    builder = CampaignBuilder.start(
        owner=alice, people=[bob], rounds={"groups": 2, "merges": ["mean"], "approval": True}
    )
    builder.open().contribute().close()
    builder.commit(builder.trained())
    *both, of_merge = builder._evaluated(builder.state.current, 0.8, [0.7, 0.7, 0.5])
    builder.commit(tuple(both))
    builder.commit((CandidatesMerged(1, 2, "mean", "f" * 64, (0.5, 0.5)), of_merge))
    builder.step("select")
    managing = check_page(as_alice.get(f"{PAGE}manage/"))
    assert "Round 1: the mean of the groups won" in managing and "6 contributors trained it" in managing
    assert as_alice.post(f"{PAGE}manage/approve/").status_code == 302
    builder.step("award").step("finish_round")
    text = check_page(as_bob.get(f"{PAGE}points/"))
    assert "The mean of the groups won." in text
    page = check_page(as_bob.get(PAGE))
    assert "The mean of the groups" in page and "Group A" in page
    assert builder.state.lineage == ("f" * 64,)
