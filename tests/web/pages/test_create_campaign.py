import re
from typing import Any

import pytest
from django.test import Client

from crowdsft.core.settings import SECTIONS, parse_settings
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Campaign, Membership
from crowdsft.web.pages.campaign_form import CampaignForm, form_values, readable, starting_values
from tests.web.pages.reading import check_page

URL = "/campaigns/new/"


def _filled(**changes: Any) -> dict[str, Any]:
    values = {**starting_values(), "campaign.name": "Joy in comments"}
    return {**values, **{name.replace("__", "."): value for name, value in changes.items()}}


def test_without_an_account_one_signs_in_first(anonymous: Client) -> None:
    assert anonymous.get(URL).headers["Location"] == f"/accounts/login/?next={URL}"


def test_the_form_comes_with_defaults_that_work(as_alice: Client, alice: User) -> None:
    text = check_page(as_alice.get(URL))
    assert "Everything else has a default that works on a laptop." in text
    response = as_alice.post(URL, _filled(), follow=True)
    assert response.redirect_chain == [("/campaigns/joy-in-comments/", 302)]
    campaign = Campaign.objects.get()
    assert campaign.owner == alice
    assert Membership.objects.get(campaign=campaign).role == Membership.ORGANISER
    assert campaign.settings.target.emotion == "joy"
    assert len(campaign.settings.prompts.texts) == 8


def test_the_defaults_of_the_form_are_those_of_the_settings() -> None:
    form = CampaignForm(_filled())
    settings = parse_settings(form.plan())
    plain = parse_settings(
        {
            "campaign": {"name": "Joy in comments"},
            "target": {"emotion": "joy"},
            "prompts": {"texts": list(settings.prompts.texts)},
        }
    )
    assert settings == plain


def test_all_faults_are_shown_together_at_their_fields(as_alice: Client) -> None:
    response = as_alice.post(
        URL,
        _filled(
            campaign__name="",
            rounds__count="many",
            rounds__groups="1",
            prompts__texts="",
            target_kind="vector",
            target__vector="joy = lots",
            tasks__kinds=[],
            training__learning_rate="7",
        ),
    )
    assert response.status_code == 422
    text, markup = check_page(response), response.content.decode()
    assert "7 things need another look" in text or "8 things need another look" in text
    for field in (
        "campaign.name",
        "rounds.count",
        "rounds.groups",
        "prompts.texts",
        "training.learning_rate",
    ):
        assert re.search(rf'name="{re.escape(field)}"[^>]*aria-invalid="true"', markup), field
    assert "it must be a whole number" in text
    assert "it must be at least 2" in text
    assert not Campaign.objects.exists()


def test_what_was_typed_comes_back(as_alice: Client) -> None:
    response = as_alice.post(
        URL, _filled(campaign__name="", campaign__description="My <idea>", rounds__count="x")
    )
    markup = response.content.decode()
    assert 'value="My &lt;idea&gt;"' in markup
    assert 'value="x"' in markup


def test_the_fields_with_faults_are_linked_from_the_top(as_alice: Client) -> None:
    markup = as_alice.post(URL, _filled(campaign__name="", target_kind="")).content.decode()
    links = re.findall(r'<a href="#([^"]+)">', markup.split('id="faults"')[1].split("</ul>")[0])
    assert len(links) == 2
    assert all(f'id="{link}"' in markup for link in links)


@pytest.mark.parametrize(
    "changes, expected",
    [
        (
            {"target_kind": "examples", "target.examples": "What a joy!\n\n So glad. "},
            {"examples": ("What a joy!", "So glad.")},
        ),
        (
            {"target_kind": "vector", "target.vector": "joy = 0.8\nanger=-0.2"},
            {"vector": {"joy": 0.8, "anger": -0.2}},
        ),
        ({"target_kind": "emotion", "target.examples": "left over"}, {"emotion": "joy"}),
    ],
)
def test_each_kind_of_target(changes: dict[str, str], expected: dict[str, Any]) -> None:
    settings = parse_settings(CampaignForm({**_filled(), **changes}).plan())
    assert settings.target.model_dump(exclude_none=True, exclude={"hidden"}) == expected


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"rounds.close": "size", "rounds.size": "40", "rounds.minutes": "5"}, ("size", 40, None)),
        (
            {"rounds.close": "deadline", "rounds.size": "40", "rounds.minutes": "90.5"},
            ("deadline", None, 90.5),
        ),
        ({"rounds.close": "manual", "rounds.size": "40", "rounds.minutes": "5"}, ("manual", None, None)),
    ],
)
def test_each_way_of_closing(changes: dict[str, str], expected: tuple[Any, ...]) -> None:
    rounds = parse_settings(CampaignForm({**_filled(), **changes}).plan()).rounds
    assert (rounds.close, rounds.size, rounds.minutes) == expected


def test_an_unknown_emotion_is_refused_at_its_field(as_alice: Client) -> None:
    response = as_alice.post(URL, _filled(target__emotion="cheese"))
    assert response.status_code == 422
    assert "There is no emotion named 'cheese'" in check_page(response)


def test_every_fault_has_a_place_to_stand() -> None:
    form = CampaignForm(_filled())
    assert form.field_of("rounds.size") == "rounds.size"
    assert form.field_of("prompts.texts.3") == "prompts.texts"
    assert form.field_of("target") == "target_kind"
    assert form.field_of("version") is None


def test_every_field_is_a_setting() -> None:
    for name in CampaignForm().fields:
        section, _, key = name.partition(".")
        assert name in ("target_kind", "expected", "left_out") or key in SECTIONS[section].model_fields


def test_code_of_strangers_is_never_trusted_from_the_web(as_alice: Client) -> None:
    as_alice.post(URL, {**_filled(), "model.trust_remote_code": "true", "campaign.simulated": "true"})
    settings = Campaign.objects.get().settings
    assert not settings.model.trust_remote_code
    assert not settings.campaign.simulated


@pytest.mark.parametrize(
    "problem, shown",
    [
        ("is missing and has no default; please set it", "Please fill this in."),
        (
            "is 'many'; input should be a valid integer, unable to parse",
            "This is 'many'; it must be a whole number.",
        ),
        ("is '1'; input should be greater than or equal to 2", "This is '1'; it must be at least 2."),
        ("there is no emotion named 'x'. Allowed: joy.", "There is no emotion named 'x'. Allowed: joy."),
        ("is []; tuple should have at least 1 item after validation, not 0", "Please give at least one."),
    ],
)
def test_faults_are_told_in_plain_words(problem: str, shown: str) -> None:
    assert readable(problem) == shown


def test_a_network_and_judges_of_a_draft_are_kept() -> None:
    """The form has no fields for judges, and its list of embeddings cannot hold every network of the hub."""
    plan = {
        "campaign": {"name": "Kept"},
        "target": {"examples": ["a", "b", "c", "d"]},
        "evaluation": {"embedding": "sentence:organisation/encoder", "embedding_revision": "abc"},
        "judging": {"weights": {"embedding": 1.0}, "guards": ["likelihood"]},
    }
    values = form_values(plan)
    assert "selected>sentence:organisation/encoder<" in str(
        CampaignForm(initial=values)["evaluation.embedding"]
    )
    kept = CampaignForm(values).plan(plan)
    assert kept["evaluation"]["embedding"] == "sentence:organisation/encoder"
    assert kept["evaluation"]["embedding_revision"] == "abc" and kept["judging"] == plan["judging"]
