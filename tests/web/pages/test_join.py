from django.test import Client

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Membership
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page


def _url(builder: CampaignBuilder) -> str:
    return f"/campaigns/{builder.campaign.slug}/join/"


def test_without_an_account_one_comes_to_sign_up_and_back(
    anonymous: Client, builder: CampaignBuilder
) -> None:
    response = anonymous.get(_url(builder))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(
        "/accounts/signup/?next=%2Fcampaigns%2Fjoy-in-comments%2Fjoin"
    )


def test_the_page_says_what_one_agrees_to(as_charlie: Client, builder: CampaignBuilder) -> None:
    text = check_page(as_charlie.get(_url(builder)))
    assert "I license my contributions under CC-BY-4.0." in text
    assert "I may leave and have my texts deleted at any time." in text
    assert "lunar-moss-303" in text


def test_nobody_joins_without_both_ticks(as_charlie: Client, charlie: User, builder: CampaignBuilder) -> None:
    for ticks in ({}, {"licence": "yes"}, {"consent": "yes"}):
        response = as_charlie.post(_url(builder), ticks)
        assert response.status_code == 422
        assert "Please tick both boxes" in check_page(response)
    assert not Membership.objects.filter(user=charlie).exists()


def test_joining_leads_to_the_first_task(as_charlie: Client, charlie: User, builder: CampaignBuilder) -> None:
    builder.open()
    response = as_charlie.post(_url(builder), {"licence": "yes", "consent": "yes"}, follow=True)
    assert response.redirect_chain == [("/campaigns/joy-in-comments/work/", 302)]
    assert "You are lunar-moss-303 here." in check_page(response)
    membership = Membership.objects.get(user=charlie)
    assert membership.role == Membership.CONTRIBUTOR
    assert membership.consent


def test_the_organiser_may_contribute_as_well(
    as_alice: Client, alice: User, builder: CampaignBuilder
) -> None:
    builder.open()
    as_alice.post(_url(builder), {"licence": "yes", "consent": "yes"})
    membership = Membership.objects.get(user=alice)
    assert membership.role == Membership.ORGANISER
    assert membership.consent


def test_who_has_joined_goes_on_to_work(as_bob: Client, builder: CampaignBuilder) -> None:
    assert as_bob.get(_url(builder)).headers["Location"] == "/campaigns/joy-in-comments/work/"
