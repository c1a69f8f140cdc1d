"""What a campaign file says stays said when the form changes something else; reviews and votes have fields."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crowdsft.core.settings import SECTIONS, parse_settings, settings_to_dict
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.campaigns.toml_text import read_toml, settings_as_toml
from crowdsft.web.pages.campaign_form import CampaignForm, form_values, starting_values
from crowdsft.web.pages.kept_texts import rows_of, texts_of
from tests.web.pages.reading import check_page

NEW = "/campaigns/new/"
DRAFT = "/campaigns/kept/draft/"
OTHERS: dict[str, dict[str, Any]] = {  # a value other than the default for every setting that the form may meet
    "campaign": {"name": "Kept", "description": "Why.", "guidelines": "# One\n\n- two\n", "consent": "I agree.\n",
                 "licence": "MIT", "seed": 7, "simulated": True},
    "model": {"base": "organisation/model", "revision": "abc"},
    "prompts": {"texts": ["Two\nlines", "One", "One\n\nand more", "Say a|b"]},
    "target": {"examples": ["A haiku\nof two lines", "b", "c", "d"], "hidden": True},
    "rounds": {"count": 9, "groups": 4, "grouping": "interleaved", "close": "deadline", "minutes": 1234567.25,
               "approval": True, "groups_of_one": "first", "most_groups": 12,
               "merge_temperature": 0.5},
    "training": {"backend": "lora", "rank": 8, "alpha": 12.5, "learning_rate": 0.000123456789, "b_rate_ratio": 3.0,
                 "adapt_head": False, "batch_size": 4, "passes": 2, "max_tokens": 99, "warmup_fraction": 0.125,
                 "weight_decay": 0.25, "gradient_clip": 0.75, "weighting": "points_squared", "weighting_rate": 2.0,
                 "keep_share": 0.123456789, "keep_floor": 0.0625, "learn_examples": True, "last_rate": 0.333333333},
    "evaluation": {"embedding": "sentence:organisation/encoder", "embedding_revision": "def", "distance": "l1",
                   "selection_samples": 40, "report_samples": 41, "max_new_tokens": 9, "temperature": 0.123456789,
                   "improvement_standard_errors": 1.25, "tie_standard_errors": 1.5, "confidence": 0.9},
    "judging": {"weights": {"embedding": 0.5, "likelihood": 0.5}, "guards": ["likelihood"],
                "guard_standard_errors": 3.0},
    "votes": {"minutes": 90.5, "role": "break_ties", "per_voter": 5, "enough": 77},
    "points": {"policy": "marginal", "budget_per_round": 123_456_789},
    "reviews": {"required": True, "per_contribution": 2, "lease_minutes": 12.5, "flags": ["rude"],
                "languages": ["de", "uk"], "phone_region": "DE"},
    "tasks": {"kinds": ["choose_response", "rate_response", "write_response"], "per_contributor": 6,
              "lease_minutes": 7.5, "max_characters": 500, "overlap": 2, "drafts": 50},
    "gold": {"share": 0.2, "choose": [{"prompt": "a | b", "better": "c\nd", "worse": "e"}],
             "rate": [{"prompt": "p", "response": "r | s", "rating": 2}]},
    "artifacts": {"keep": "winners"},
}  # fmt: skip
NEEDS_MORE = {  # contradict what is above, or need models and keys; of the kind of those that are kept there
    ("target", "emotion"), ("target", "vector"), ("rounds", "size"), ("rounds", "merges"),
    ("training", "trl"), ("training", "keep"),
    ("training", "tokens_per_pass"), ("training", "gradient_checkpointing"), ("model", "trust_remote_code"),
}  # fmt: skip


def _posted(form: CampaignForm) -> dict[str, Any]:
    """What a browser sends for the form as it stands: line ends of two signs, ticks only where they are set."""
    sent = {}
    for name in form.fields:
        value = form[name].value()
        if value not in (None, False, "", []):
            sent[name] = value.replace("\n", "\r\n") if isinstance(value, str) else value
    return sent


def _imported(client: Client, text: str) -> Campaign:
    answer = client.post(NEW, {"do": "import", "file": SimpleUploadedFile("kept.toml", text.encode())})
    assert answer.status_code == 302, check_page(answer)
    return Campaign.objects.get()


def test_the_list_of_settings_here_is_whole() -> None:
    for section, kind in SECTIONS.items():
        if section in ("reward_model", "llm_judge"):
            continue  # no field of the form is theirs: kept as those of judging are
        told = set(OTHERS[section]) | {key for part, key in NEEDS_MORE if part == section}
        assert told == set(kind.model_fields), section


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"votes": {}, "rounds": {**OTHERS["rounds"], "merges": ["by_value", "mean"]}},
        {"rounds": {"close": "size", "size": 40}, "target": {"vector": {"joy": 0.1234567891, "a, b=c": 1.0}},
         "judging": {}, "training": {}, "evaluation": {"embedding": "classifier:organisation/scores"}},
        {"training": {"tokens_per_pass": 4096, "gradient_checkpointing": False}},
        {"training": {"backend": "trl_sft", "trl": {"bf16": True, "lr_scheduler_type": "cosine"}}},
        {"reward_model": {"model": "organisation/judge", "label": "good"},
         "judging": {"weights": {"embedding": 1.0, "reward_model": 0.5}}},
    ],
)  # fmt: skip
def test_no_setting_of_a_file_is_lost_when_the_form_is_saved(
    as_alice: Client, changes: dict[str, Any]
) -> None:
    settings = parse_settings({**OTHERS, **changes})
    campaign = _imported(as_alice, settings_as_toml(settings))
    form = CampaignForm(initial=form_values(campaign.plan), kept=campaign.plan)
    answer = as_alice.post(DRAFT, {**_posted(form), "do": "draft", "rounds.count": "11"})
    assert answer.status_code == 302, check_page(answer)
    campaign.refresh_from_db()
    wanted = settings_to_dict(settings)
    assert wanted["rounds"]["count"] != 11
    wanted["rounds"]["count"] = 11
    assert settings_to_dict(campaign.settings) == wanted
    assert parse_settings(read_toml(settings_as_toml(campaign.settings))) == campaign.settings


def test_reviews_and_votes_are_said_by_the_form(as_alice: Client) -> None:
    sent: dict[str, Any] = {
        **starting_values(), "campaign.name": "Kept", "do": "draft", "reviews.required": "on",
        "reviews.per_contribution": "2", "reviews.lease_minutes": "45", "reviews.flags": ["personal"],
        "reviews.languages": ["de", "en"], "reviews.phone_region": "DE", "votes.minutes": "1440",
        "votes.role": "decide", "votes.per_voter": "7", "votes.enough": "60", "artifacts.keep": "winners",
        "rounds.most_groups": "30", "training.weighting": "points_squared",
    }  # fmt: skip
    assert as_alice.post(NEW, sent).status_code == 302
    settings = Campaign.objects.get().settings
    assert settings.reviews.model_dump() == {
        "required": True, "per_contribution": 2, "lease_minutes": 45.0, "flags": ("personal",),
        "languages": ("de", "en"), "phone_region": "DE",
    }  # fmt: skip
    assert settings.votes.model_dump() == {"minutes": 1440.0, "role": "decide", "per_voter": 7, "enough": 60}
    assert (settings.artifacts.keep, settings.rounds.most_groups) == ("winners", 30)
    assert settings.training.weighting == "points_squared"
    page = check_page(as_alice.get(DRAFT))
    assert "Reviews and votes" in page and "Reviewers for each contribution" in page
    assert parse_settings(read_toml(settings_as_toml(settings))) == settings


def test_nothing_ticked_means_nothing(as_alice: Client) -> None:
    sent = {name: value for name, value in starting_values().items() if name != "reviews.flags"}
    as_alice.post(NEW, {**sent, "campaign.name": "Kept", "do": "draft"})
    assert Campaign.objects.get().settings.reviews.flags == ()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("reviews.per_contribution", "0", "it must be at least 1"),
        ("reviews.per_contribution", "many", "it must be a whole number"),
        ("reviews.lease_minutes", "-3", "it must be greater than 0"),
        ("reviews.languages", ["de", "xx"], "xx"),
        ("reviews.flags", ["nonsense"], "nonsense"),
        ("reviews.phone_region", "germany", "Please give two capital letters"),
        ("votes.enough", "5", "there is none"),
        ("votes.minutes", "soon", "it must be a number"),
    ],
)
def test_their_faults_stand_at_their_fields_while_one_types(
    as_alice: Client, field: str, value: Any, said: str
) -> None:
    sent = {**starting_values(), "campaign.name": "Kept", "do": "check", field: value}
    part = as_alice.post(NEW, sent, headers={"HX-Request": "true"}).content.decode()
    assert "1 thing needs another look" in part
    whole = as_alice.post(NEW, {**sent, "do": "draft"})
    assert whole.status_code == 422 and said in check_page(whole)
    assert not Campaign.objects.exists()


def test_what_contradicts_a_field_can_be_left_out(as_alice: Client) -> None:
    """The revision of another base model came with the file, and no field of the form holds it."""
    campaign = _imported(as_alice, settings_as_toml(parse_settings(OTHERS)))
    page = check_page(as_alice.get(DRAFT))
    assert 'model.revision = "abc"' in page and "training.alpha = 12.5" in page
    assert "training.gradient_clip" in page and "llm_judge.samples" not in page  # that one is the default
    sent = {**_posted(CampaignForm(initial=form_values(campaign.plan), kept=campaign.plan)), "do": "draft"}
    sent["model.base"] = "builtin:tiny"
    refused = as_alice.post(DRAFT, sent)
    assert refused.status_code == 422 and "model.revision:" in check_page(refused)
    assert as_alice.post(DRAFT, {**sent, "left_out": ["model.revision"]}).status_code == 302
    campaign.refresh_from_db()
    assert campaign.settings.model.revision is None and campaign.settings.training.alpha == 12.5


def test_entries_of_several_lines_stay_whole_until_they_are_changed() -> None:
    before = ["a\nb", "a", "c"]
    assert texts_of("a\r\nb\r\na\r\nc\r\nd", before) == ["a\nb", "a", "c", "d"]
    assert texts_of("a\nB\nc", before) == ["a", "B", "c"]
    keys = ("prompt", "better", "worse")
    odd = {"prompt": "x | y", "better": "1", "worse": "2"}
    assert rows_of("x | y | 1 | 2\np | q | r", keys, [odd]) == [
        odd,
        {"prompt": "p", "better": "q", "worse": "r"},
    ]


def test_decimal_numbers_are_read_as_their_writer_s_language_has_them(as_alice: Client) -> None:
    sent = {**starting_values(), "campaign.name": "Kept", "do": "draft", "gold.share": "0,25"}
    sent |= {"rounds.close": "deadline", "rounds.minutes": "90,5", "evaluation.temperature": "0.75"}
    assert as_alice.post(NEW, sent).status_code == 422
    as_alice.cookies["language"] = "de"
    for wrong in ("1.440,5", "1,2,3"):
        assert as_alice.post(NEW, {**sent, "rounds.minutes": wrong}).status_code == 422
    assert as_alice.post(NEW, sent).status_code == 302
    settings = Campaign.objects.get().settings
    assert (settings.gold.share, settings.rounds.minutes, settings.evaluation.temperature) == (
        0.25,
        90.5,
        0.75,
    )


def test_faults_are_listed_in_the_order_of_the_page(as_alice: Client) -> None:
    campaign = _imported(as_alice, settings_as_toml(parse_settings(OTHERS)))
    sent = _posted(CampaignForm(initial=form_values(campaign.plan), kept=campaign.plan))
    wrong = {"votes.enough": "-1", "reviews.phone_region": "x", "points.budget_per_round": "-1", "rounds.count": "0",
             "training.rank": "0", "model.base": "builtin:tiny"}  # fmt: skip
    markup = as_alice.post(DRAFT, {**sent, **wrong, "do": "draft"}).content.decode()
    summary, form = markup.split('id="faults"')[1].split("</ul>", 1)
    links = re.findall(r'<a href="#([^"]+)">', summary)
    places = [form.index(f'id="{link}"') for link in links]
    assert len(places) == 6 and places == sorted(places), links
