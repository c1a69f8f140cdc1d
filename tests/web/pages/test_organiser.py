import pytest
from django.test import Client

from crowdsft.web.campaigns.models import Step
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import words

URL = "/campaigns/joy-in-comments/"


def test_the_organiser_closes_a_round(as_alice: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute()
    response = as_alice.post(f"{URL}close/", follow=True)
    assert "Round 1 closes as soon as every group can have a contributor." in words(response)
    assert builder.refreshed().close_requested_round == 1


def test_closing_when_no_round_is_open_is_explained(as_alice: Client, builder: CampaignBuilder) -> None:
    response = as_alice.post(f"{URL}close/", follow=True)
    assert "No round is open, so there is nothing to close." in words(response)


def test_the_organiser_tries_a_failed_step_again(as_alice: Client, builder: CampaignBuilder) -> None:
    builder.open().contribute().close().failed("TrainingError: no loss")
    as_alice.post(f"{URL}retry/")
    step = Step.objects.get(campaign=builder.campaign)
    assert step.run_after is not None
    assert step.error == ""


@pytest.mark.parametrize("action", ["close", "retry"])
def test_nobody_else_may(
    as_bob: Client, as_charlie: Client, anonymous: Client, builder: CampaignBuilder, action: str
) -> None:
    builder.open().contribute()
    for client in (as_bob, as_charlie, anonymous):
        response = client.post(f"{URL}{action}/")
        assert response.status_code == 403
        assert "Only the organiser of this campaign can do this." in words(response)
    assert builder.refreshed().close_requested_round == 0


@pytest.mark.parametrize("action", ["close", "retry"])
def test_a_link_alone_changes_nothing(as_alice: Client, builder: CampaignBuilder, action: str) -> None:
    assert as_alice.get(f"{URL}{action}/").status_code == 405
