"""What a worker notices for reviewers: personal data, rude words, and nearly the same texts of others."""

from __future__ import annotations

import pytest

from crowdsft.core.errors import SettingsError
from crowdsft.core.settings import WORD_LISTS, ReviewsSection, parse_settings
from crowdsft.web.campaigns.models import Campaign
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.reviews import checkups
from crowdsft.web.reviews.checkups import check, check_next
from crowdsft.web.reviews.flags import flags_of, is_card, is_iban
from crowdsft.web.reviews.models import Checkup, NearText, TextHash
from crowdsft.web.reviews.queue import reserve
from crowdsft.web.reviews.reviewing import change, decide
from crowdsft.web.reviews.signals import signals_of
from tests.web.pages.campaign_builder import CampaignBuilder, plan

LONG = "The ferry was late again, so we sat on the quay and shared the last of the plums."


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkups, "SECONDS_BETWEEN_LOOKS", 0.0)


@pytest.mark.parametrize(
    ("text", "region", "found"),
    [
        ("Write to ada.lovelace@example.org!", None, ["ada.lovelace@example.org"]),
        ("Call +49 151 23456789 tonight.", None, ["+49 151 23456789"]),
        ("Call 0151 23456789 tonight.", None, []),
        ("Call 0151 23456789 tonight.", "DE", ["0151 23456789"]),
        ("Pay to DE89 3704 0044 0532 0130 00.", None, ["DE89 3704 0044 0532 0130 00"]),
        ("My card is 4111 1111 1111 1111.", None, ["4111 1111 1111 1111"]),
        ("4111 1111 1111 1111 12/27, code 123", None, ["4111 1111 1111 1111"]),
        ("DE89370400440532013000 BIC COBADEFFXXX", None, ["DE89370400440532013000"]),
        ("On 2024-05-06 at 10:30, 1,234,567 people paid 12.50 each.", "US", []),
        ("4111 1111 1111 1112 and 1111 1111 1111 1111, DE89 3704 0044 0532 0130 01", None, []),
    ],
)
def test_personal_data_is_found_and_numbers_are_not(text: str, region: str | None, found: list[str]) -> None:
    flags = flags_of(text, ReviewsSection(phone_region=region))
    assert flags == ({"personal": found} if found else {})


def test_rude_words_are_found_in_the_languages_asked_for() -> None:
    assert flags_of("What a damn sh1t day", ReviewsSection())["rude"]
    assert flags_of("Was für eine Scheiße", ReviewsSection()) == {}
    assert flags_of("Was für eine Scheiße", ReviewsSection(languages=("de",)))["rude"] == ["Scheiße"]
    assert flags_of("damn a@example.org", ReviewsSection(flags=())) == {}
    assert set(flags_of("damn a@example.org", ReviewsSection(flags=("personal",)))) == {"personal"}


def test_every_language_of_the_settings_has_a_word_list() -> None:
    from badwords import ProfanityFilter

    lists = ProfanityFilter()
    lists.init(languages=["en"])
    assert set(WORD_LISTS) == {name for name in lists.available_languages() if len(name) == 2}
    with pytest.raises(SettingsError, match="xx"):
        parse_settings(plan(reviews={"languages": ["xx"]}))


def test_check_digits() -> None:
    assert is_card("5500-0000-0000-0004") and not is_card("5500-0000-0000-0005")
    assert is_iban("GB82WEST12345698765432") and not is_iban("GB82WEST12345698765431")


def written(builder: CampaignBuilder, place: int, text: str, draft: str = "") -> Contribution:
    """The contribution of a member, with this text."""
    row = Contribution.objects.get(membership=builder.members[place])
    Contribution.objects.filter(pk=row.pk).update(response=text, model_response=draft)
    row.refresh_from_db()
    return row


def everything_checked() -> None:
    while check_next():
        pass


def test_near_texts_of_two_people_are_shown_at_both(builder: CampaignBuilder) -> None:
    first, second = written(builder, 0, LONG), written(builder, 1, LONG.replace("plums", "prunes"))
    everything_checked()
    pair = NearText.objects.get()
    assert (pair.first, pair.second) == (first, second) and 0.8 <= pair.likeness < 1
    (earlier,), (later,) = signals_of(second).near, signals_of(first).near
    assert earlier.is_earlier and earlier.response == LONG and not later.is_earlier
    assert Checkup.objects.count() == Contribution.objects.count()


def test_corrections_that_keep_the_models_words_are_nobodys_copy(builder: CampaignBuilder) -> None:
    for place in (0, 1):
        written(builder, place, LONG, draft=LONG.replace("plums", "plum"))
    everything_checked()
    assert not NearText.objects.exists()


def test_a_changed_text_is_looked_at_anew(builder: CampaignBuilder, dora: object) -> None:
    from crowdsft.web.campaigns.models import Membership

    assert isinstance(dora, Membership)
    row = written(builder, 0, f"{LONG} damn")
    written(builder, 1, LONG)
    everything_checked()
    assert signals_of(row).flags == {"rude": ["damn"]} and signals_of(row).near
    assert reserve(builder.campaign, dora).contribution == row  # flagged ones first
    decide(reserve(builder.campaign, dora), "returned", words="Without the swearing, please.")
    changed = change(row, row.membership, "Nothing of the sort happened to me on that day.")
    assert not signals_of(changed).is_checked and not NearText.objects.exists()
    everything_checked()
    assert signals_of(changed).is_checked and signals_of(changed).flags == {}


def test_two_workers_at_one_text_write_it_down_once(builder: CampaignBuilder) -> None:
    row = written(builder, 0, LONG)
    check(row)
    check(row)
    assert Checkup.objects.filter(contribution=row).count() == 1
    assert TextHash.objects.filter(contribution=row).count() == 8


def test_a_text_that_changed_meanwhile_is_left_for_the_next_look(builder: CampaignBuilder) -> None:
    row = written(builder, 0, LONG)
    Contribution.objects.filter(pk=row.pk).update(response="Something else.")
    check(row)
    assert not Checkup.objects.exists()


def test_campaigns_that_are_over_are_left_alone(builder: CampaignBuilder) -> None:
    Campaign.objects.update(life="cancelled")
    assert not check_next() and not Checkup.objects.exists()
