from django.test import Client

from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page


def test_without_campaigns_the_page_says_what_comes_next(anonymous: Client, as_bob: Client) -> None:
    text = check_page(anonymous.get("/"))
    assert "Make a language model better, together" in text
    assert "No campaigns yet" in text
    assert "Sign in to start one" in text
    assert 'href="/campaigns/new/"' in as_bob.get("/").content.decode()


def test_open_and_finished_campaigns_stand_apart(anonymous: Client, builder: CampaignBuilder) -> None:
    finished = CampaignBuilder.start(
        owner=None, campaign={"name": "A town that smiles", "simulated": True}, rounds={"count": 1}
    )
    finished.play(0.6, [0.5, 0.55, 0.58]).finish()
    builder.open()
    text = check_page(anonymous.get("/"))
    assert text.index("Open campaigns") < text.index("Joy in comments") < text.index("Finished campaigns")
    assert text.index("Finished campaigns") < text.index("A town that smiles")
    assert "Round 1 open" in text
    assert "Finished Simulated" in text


def test_a_card_says_how_far_the_model_has_come(anonymous: Client, builder: CampaignBuilder) -> None:
    builder.play(0.6, [0.59, 0.45, 0.55])
    text = check_page(anonymous.get("/"))
    assert "Of the way to the target 25 %" in text
    assert "6 contributors · 1,000 points a round" in text


def test_the_number_of_queries_does_not_grow_with_the_contributors(
    anonymous: Client, builder: CampaignBuilder, django_assert_max_num_queries: object
) -> None:
    builder.open()
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        anonymous.get("/")


def test_there_is_one_filled_button(anonymous: Client, as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open()
    for client, words in ((anonymous, "Join in under a minute"), (as_bob, "Choose a campaign")):
        page = client.get("/").content.decode()
        assert page.count('role="button" href') == 1 and f">{words}</a>" in page
