"""In which language somebody reads the pages, and what remembers it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from crowdsft.core.errors import InputError
from crowdsft.core.sentences import counted_sentence, sentence
from crowdsft.web.accounts.models import User
from crowdsft.web.pages.wording import duration_words, in_duration, listed, number, ordinal, points_shown
from crowdsft.web.saying import said
from crowdsft.web.templatetags.crowdsft import day, moment, plural
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}
FRENCH_OR_ENGLISH = {"Accept-Language": "fr-FR,fr;q=0.9"}


def test_a_page_is_in_the_language_that_the_browser_asks_for(anonymous: Client) -> None:
    german = anonymous.get("/", headers=GERMAN)
    assert "Kampagnen" in check_page(german)
    assert '<html lang="de"' in german.content.decode()
    assert german.headers["Content-Language"] == "de"
    assert {"accept-language", "cookie"} <= {
        name.strip().lower() for name in german.headers["Vary"].split(",")
    }
    english = anonymous.get("/", headers=FRENCH_OR_ENGLISH)
    assert '<html lang="en"' in english.content.decode()
    assert "Campaigns" in check_page(english)


def test_a_choice_is_kept_in_a_cookie_and_leads_back(anonymous: Client) -> None:
    answer = anonymous.post("/language/", {"language": "de", "back": "/accounts/login/?next=/account/"})
    assert answer.headers["Location"] == "/accounts/login/?next=/account/"
    cookie = answer.cookies["language"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("de", True, "Lax")
    assert '<html lang="de"' in anonymous.get("/", headers=FRENCH_OR_ENGLISH).content.decode()
    assert "sessionid" not in anonymous.cookies, "a choice of language needs no session"


def test_a_language_that_we_do_not_have_changes_nothing(anonymous: Client) -> None:
    answer = anonymous.post("/language/", {"language": "tlh", "back": "https://evil.example/"})
    assert answer.headers["Location"] == "/"
    assert "language" not in answer.cookies
    anonymous.cookies["language"] = "../../etc"
    assert '<html lang="en"' in anonymous.get("/").content.decode()


def test_a_choice_is_kept_on_the_account_and_follows_it(as_bob: Client, bob: User) -> None:
    as_bob.post("/language/", {"language": "de", "back": "/account/"})
    bob.refresh_from_db()
    assert bob.language == "de"
    elsewhere = Client()
    elsewhere.force_login(bob)
    page = elsewhere.get("/account/")
    assert '<html lang="de"' in page.content.decode()
    assert page.cookies["language"].value == "de"


def test_signing_in_brings_the_accounts_language(anonymous: Client, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(language="de")
    anonymous.cookies["language"] = "en"
    answer = anonymous.post("/accounts/login/", {"login": "bob", "password": "bob-has-a-long-password"})
    assert answer.cookies["language"].value == "de"


def test_the_language_in_which_one_signs_up_is_the_accounts(anonymous: Client) -> None:
    data = {"username": "dora", "password1": "four-random-words-here"}
    anonymous.post("/accounts/signup/", data, headers=GERMAN)
    assert User.objects.get(username="dora").language == "de"


def test_programs_read_english(anonymous: Client) -> None:
    answer = anonymous.get("/api/campaigns/nothing-here", headers=GERMAN)
    assert answer.status_code == 404
    assert "There is no" in answer.json()["detail"] or "nothing" in answer.json()["detail"]
    assert "Content-Language" not in answer.headers


def test_whoever_has_chosen_costs_no_query(anonymous: Client, django_assert_num_queries: object) -> None:
    anonymous.cookies["language"] = "de"
    with django_assert_num_queries(0):  # type: ignore[operator]
        anonymous.get("/nothing-is-here/")


@pytest.mark.parametrize(
    "language, shown",
    [
        ("en", ["0.388", "4,321", "345.7", "0.00012", "\N{MINUS SIGN}1,200", "1,200 members", "2 and 3"]),
        ("de", ["0,388", "4.321", "345,7", "0,00012", "\N{MINUS SIGN}1.200", "1.200 Mitglieder", "2 und 3"]),
    ],
)
def test_numbers_are_written_as_the_reader_writes_them(language: str, shown: list[str]) -> None:
    with override(language):
        written = [
            number(0.388), number(4321), number(345.67), number(0.000123),
            points_shown(-1200), plural(1200, "member,members"), listed(["2", "3"]),
        ]  # fmt: skip
    assert written == shown


def test_dates_and_times_are_written_as_the_reader_writes_them() -> None:
    when = timezone.make_aware(timezone.datetime(2024, 3, 7, 18, 5))
    with override("de"):
        assert day(when) == "7. März 2024"
        assert ">7. März 2024, 18:05 UTC</time>" in moment(when)
        assert [duration_words(2 * 86_400), in_duration(2 * 86_400)] == ["2 Tage", "in 2 Tagen"]
        assert [ordinal(2), ordinal(11)] == ["auf Platz 2", "auf Platz 11"]
        soon = timezone.now() + timedelta(hours=1)
        assert any(name in moment(soon) for name in ("tag, ", "woch, "))
    assert day(when) == "7 March 2024"


def test_what_core_says_can_be_said_in_another_language() -> None:
    known = sentence(
        "{some} and {last}", some="2", last=counted_sentence("in {count} day", "in {count} days", 3)
    )
    error = InputError(known)
    assert str(error) == "2 and in 3 days"
    with override("de"):
        assert said(error) == "2 und in 3 days", "a part without a translation stays as it is"
        assert said(InputError("Sign in")) == "Sign in", "a text that is no sentence may be a person's"


def test_a_page_with_a_form_says_in_german_what_is_wrong(anonymous: Client, bob: User) -> None:
    wrong = anonymous.post("/accounts/login/", {"login": "bob", "password": "wrong"}, headers=GERMAN)
    assert "falsch" in check_page(wrong)


def test_the_mail_of_a_forgotten_password_is_german(anonymous: Client, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(email="bob@example.org")
    anonymous.post("/accounts/password/reset/", {"email": "bob@example.org"}, headers=GERMAN)
    assert "Passwort" in mail.outbox[0].body


def test_a_campaign_in_german(as_bob: Client, builder: CampaignBuilder) -> None:
    builder.open()
    assert '<html lang="de"' in as_bob.get("/campaigns/joy-in-comments/", headers=GERMAN).content.decode()
