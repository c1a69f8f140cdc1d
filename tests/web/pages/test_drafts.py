from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crowdsft.core.settings import parse_settings, settings_to_dict
from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.estimate import TINY_DEFAULT, estimate
from crowdsft.web.campaigns.models import Campaign, ConsentVersion, JournalEvent
from crowdsft.web.campaigns.starting_points import TEMPLATES
from crowdsft.web.campaigns.toml_text import read_toml, settings_as_toml
from crowdsft.web.pages.campaign_form import CampaignForm, form_values, starting_values
from tests.web.pages.campaign_builder import CampaignBuilder, plan
from tests.web.pages.reading import check_page

NEW = "/campaigns/new/"
DRAFT = "/campaigns/joy-in-comments/draft/"


def _filled(**changes: Any) -> dict[str, Any]:
    values = {**starting_values(), "campaign.name": "Joy in comments"}
    return {**values, **{name.replace("__", "."): value for name, value in changes.items()}}


@pytest.fixture
def draft(as_alice: Client) -> Campaign:
    as_alice.post(NEW, _filled(do="draft"))
    return Campaign.objects.get()


def test_a_draft_is_seen_by_its_organisers_only(
    as_alice: Client, as_bob: Client, anonymous: Client, draft: Campaign
) -> None:
    assert draft.life == Campaign.DRAFT and not JournalEvent.objects.exists()
    assert "Only its organisers see it." in check_page(as_alice.get(DRAFT))
    assert as_bob.get(DRAFT).status_code == 404
    assert anonymous.get(DRAFT).headers["Location"].startswith("/accounts/login/")
    for client in (as_bob, anonymous):
        for page in ("", "join/", "work/", "points/", "manage/"):
            path = f"/campaigns/joy-in-comments/{page}"
            assert client.get(path, follow=True).status_code in (404, 200)
            assert b"Joy in comments" not in client.get(path).content
        assert client.get("/api/campaigns/joy-in-comments").status_code == 404
        assert client.get("/api/campaigns").json() == []
        assert "Joy in comments" not in check_page(client.get("/"))


def test_a_draft_is_changed_and_opened(as_alice: Client, draft: Campaign) -> None:
    as_alice.post(DRAFT, _filled(do="draft", rounds__count="7"))
    draft.refresh_from_db()
    assert draft.settings.rounds.count == 7 and draft.life == Campaign.DRAFT
    response = as_alice.post(DRAFT, _filled(do="open", rounds__count="8"), follow=True)
    assert "Joy in comments is open." in check_page(response)
    draft.refresh_from_db()
    assert draft.life == Campaign.OPEN and draft.settings.rounds.count == 8
    assert ConsentVersion.objects.get().number == 1
    assert as_alice.get(DRAFT).status_code == 404


def test_a_faulty_draft_keeps_what_was_typed(as_alice: Client, draft: Campaign) -> None:
    response = as_alice.post(DRAFT, _filled(do="draft", rounds__count="many"))
    assert response.status_code == 422 and 'value="many"' in response.content.decode()
    check_page(response)


def test_a_draft_is_thrown_away(as_alice: Client, as_bob: Client, draft: Campaign) -> None:
    assert as_bob.post(DRAFT, {"do": "remove"}).status_code == 404
    as_alice.post(DRAFT, {"do": "remove"})
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_every_template_opens_as_it_is(as_alice: Client, template: Any) -> None:
    assert str(template.title) in check_page(as_alice.get(f"{NEW}?template={template.name}"))
    values = form_values(template.plan)
    settings = parse_settings(CampaignForm(values).plan())
    for section, changes in template.plan.items():
        for key, value in changes.items():
            found = getattr(getattr(settings, section), key)
            assert (list(found) if isinstance(found, tuple) else found) == (
                value.strip() if isinstance(value, str) else value
            )
    assert as_alice.post(NEW, values).status_code == 302


def test_a_campaign_file_becomes_a_draft_with_every_setting(as_alice: Client) -> None:
    whole = plan(
        campaign={"name": "Joy in comments", "guidelines": 'Say "hi"\n\n\\o/ \x7f é 🎉'},
        training={"alpha": 12.5, "warmup_fraction": 0.1},
        target={"emotion": None, "vector": {"joy": 0.25, "love": 1.0}},
        evaluation={"confidence": 0.9},
    )
    settings = parse_settings(
        {key: {k: v for k, v in part.items() if v is not None} for key, part in whole.items()}
    )
    sent = SimpleUploadedFile("campaign.toml", settings_as_toml(settings).encode())
    response = as_alice.post(NEW, {"do": "import", "file": sent})
    assert response.headers["Location"] == DRAFT
    campaign = Campaign.objects.get()
    assert campaign.settings == settings
    form = CampaignForm(form_values(campaign.plan))
    assert parse_settings(form.plan(campaign.plan)) == settings


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[rounds\n", "The file is no TOML"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"[rounds]\ncount = 0\n[nonsense]\n", "rounds.count"),
        (b"[campaign]\nname = 'x'\n", "target: says nothing"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained(as_alice: Client, content: bytes, said: str) -> None:
    response = as_alice.post(NEW, {"do": "import", "file": SimpleUploadedFile("c.toml", content)})
    assert response.status_code == 422 and said in check_page(response)
    assert "Please choose a campaign file first." in check_page(as_alice.post(NEW, {"do": "import"}))
    assert not Campaign.objects.exists()


def test_toml_is_read_back_as_it_was_written() -> None:
    settings = parse_settings(plan(training={"learning_rate": 1e-5}, evaluation={"temperature": 0.7}))
    assert parse_settings(read_toml(settings_as_toml(settings))) == settings


def test_the_check_says_what_it_takes_and_stores_nothing(as_alice: Client) -> None:
    said = check_page(as_alice.post(NEW, _filled(do="check", expected="12")))
    assert "Each of 3 rounds: 30 contributions of 12 people, 18 training steps" in said
    assert "default for the built-in model" in said
    part = as_alice.post(NEW, _filled(do="check", rounds__count="0"), headers={"HX-Request": "true"})
    assert b"<html" not in part.content and b"1 thing needs another look" in part.content
    assert not Campaign.objects.exists()


def test_nothing_is_said_about_a_machine_that_nobody_has_measured(as_alice: Client) -> None:
    said = check_page(as_alice.post(NEW, _filled(do="check", model__base="somebody/large-model")))
    assert "not known yet" in said and "The first round will tell." in said


def test_the_cost_is_told_where_an_hour_has_a_price(as_alice: Client, settings: Any) -> None:
    settings.MACHINE_HOUR_COST = "3600 EUR"
    text = check_page(as_alice.post(NEW, _filled(do="check")))
    seconds = estimate(parse_settings(CampaignForm(_filled()).plan())).machine_hours
    assert seconds is not None and f"{3600 * seconds:,.2f} EUR" in text


def test_speeds_are_those_of_earlier_rounds(builder: CampaignBuilder) -> None:
    before = estimate(builder.campaign.settings)
    assert before.speed == TINY_DEFAULT
    builder.play(0.9, [0.84, 0.79, 0.87])
    after = estimate(builder.campaign.settings).speed
    assert after is not None
    assert (after.step_seconds, after.answer_seconds, after.rounds) == (2 / 36, 1 / 400, 1)


def test_the_amounts_are_counted_as_the_rounds_do_the_work() -> None:
    settings = parse_settings(
        plan(rounds={"count": 2, "groups": 4, "close": "size", "size": 50}, tasks={"per_contributor": 5})
    )
    takes = estimate(settings, expected=20)
    assert (takes.contributors, takes.contributions) == (20, 50)
    assert takes.steps == 4 * 2 * 3  # 13 texts a group: 2 batches of 8, 3 passes
    assert takes.answers == 5 * 800
    assert takes.people_hours == pytest.approx(2 * 50 * 2 / 60)
    assert estimate(settings, expected=1).contributors == 4  # no group may be empty
    assert estimate(settings, expected=6).contributions == 30


def test_a_hidden_goal_is_shown_nowhere(as_alice: Client, as_bob: Client, alice: User, bob: User) -> None:
    builder = CampaignBuilder.start(
        owner=alice, people=[bob], campaign={"name": "Secret", "description": "Be nice."},
        target={"emotion": "gratitude", "hidden": True},
    )  # fmt: skip
    builder.play(0.9, [0.84, 0.79, 0.87]).open()
    pages = ("", "join/", "work/", "points/", "live/")
    paths = [f"/campaigns/secret/{page}" for page in pages]
    paths += [
        f"/api/campaigns{rest}"
        for rest in ("", "/secret", "/secret/result", "/secret/standings", "/secret/me", "/secret/points")
    ]
    for path in paths:
        assert b"gratitude" not in as_bob.get(path, follow=True).content.lower(), path
    assert as_bob.get("/api/campaigns/secret/settings").status_code == 403
    assert "gratitude" in as_alice.get("/api/campaigns/secret/settings").json()["toml"]


def test_the_repositorys_own_examples_can_be_imported(as_alice: Client) -> None:
    for file in sorted(Path("examples").glob("*.toml")):
        text = file.read_text()
        if "_file" in text:  # texts beside the file are for the command line
            continue
        assert settings_to_dict(parse_settings(read_toml(text)))
