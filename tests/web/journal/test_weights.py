"""A contribution's weight on its way from the row into training and the journal."""

from __future__ import annotations

import pytest

from crowdsft.rounds.steps import training_data
from crowdsft.web.accounts.own_data import personal_data
from crowdsft.web.contributions.export import dataset_of
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.journal_django import DjangoStore, contribution_digest
from tests.web.api.callers import Caller
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db


def test_an_example_counts_by_the_weight_of_its_contribution() -> None:
    builder = CampaignBuilder.start(owner=None).open().contribute([2, 1, 1, 1, 1])
    halved = builder.members[0]
    Contribution.objects.filter(membership=halved).update(weight=0.5)
    builder.close()
    examples = [
        example for group in training_data(builder.state, DjangoStore()) for example in group.examples
    ]
    assert [e.weight for e in examples if e.contributor == halved.contributor] == [0.5, 0.5]
    assert {e.weight for e in examples if e.contributor != halved.contributor} == {1.0}


def test_the_digest_in_the_journal_covers_the_weight_and_old_digests_stay() -> None:
    whole, quarter = contribution_digest("Hi?", "Hello."), contribution_digest("Hi?", "Hello.", 0.25)
    assert whole == contribution_digest("Hi?", "Hello.", 1.0)
    assert len({whole, quarter, contribution_digest("Hi?", "Hello.", 0.5)}) == 3
    assert whole == "ed525729ee54b6d7cfc78b9f5fbdfe0f281411d7c0c61c94e454cf4b682b2e45"


def test_weights_are_exported_and_in_one_s_own_data(alice: Caller) -> None:
    assert alice.user is not None
    builder = CampaignBuilder.start(owner=None, people=[alice.user]).open().contribute()
    Contribution.objects.filter(membership=builder.members[0]).update(weight=0.75)
    builder.close()
    (mine,) = [
        row for row in dataset_of(builder.campaign).rows if row.contributor == builder.members[0].contributor
    ]
    assert mine.weight == 0.75
    (campaign,) = personal_data(alice.user)["campaigns"]
    assert campaign["contributions"][0]["weight"] == 0.75
