"""Mails of notices, to a real mail server on loopback: who gets which, when, and never twice."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from crowdsft.web.campaigns.models import Membership
from crowdsft.web.notices.forgetting import forget_old
from crowdsft.web.notices.gathering import COLLECT_SECONDS, DIGEST_SECONDS, PEOPLE_AT_ONCE
from crowdsft.web.notices.mailing import UNCLEAR, send_due
from crowdsft.web.notices.models import Mail, Notice
from crowdsft.web.notices.notify import notify
from crowdsft.web.notices.reading import choose_mail, mail_choices, mark_all_read
from crowdsft.web.outgoing import WAITS_SECONDS
from crowdsft.web.payouts.models import PayoutLine
from crowdsft.web.payouts.paying import fix_payout
from crowdsft.web.payouts.planning import Wanted, plan_payout
from tests.web.api.callers import Caller, account
from tests.web.notices.mail_server import MailServer, mail_server
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

pytestmark = pytest.mark.django_db

SITE = "https://crowd.example.org"


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 5
        settings.DEFAULT_FROM_EMAIL = "crowdsft <notices@crowd.example.org>"
        settings.ADDRESS, settings.MAILS_NOTICES = SITE, True
        yield running


@pytest.fixture
def bob(bob: Caller) -> Caller:
    """Has a confirmed address."""
    assert bob.user is not None
    EmailAddress.objects.create(user=bob.user, email="bob@example.org", verified=True, primary=True)
    return bob


def _body(server: MailServer, number: int = -1) -> str:
    return str(server.mails[number].get_content())


def _later(seconds: float = COLLECT_SECONDS + 1) -> float:
    return time.time() + seconds


def test_what_is_urgent_comes_at_once(server: MailServer, bob: Caller) -> None:
    notify(bob.user, "appeal", None, "Your appeal was answered.", "/campaigns/joy/points/")
    assert send_due() == 1 and send_due() == 0
    (mail,) = server.mails
    assert server.addresses == ["bob@example.org"] and mail["To"] == "bob@example.org"
    assert mail["Subject"] == "Your appeal was answered."
    assert mail["From"] == "crowdsft <notices@crowd.example.org>"
    assert "Hello quiet-fern-202," in _body(server)
    assert f"{SITE}/campaigns/joy/points/" in _body(server)
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_decided_round_is_mailed_after_a_little_while(
    server: MailServer, bob: Caller, builder: CampaignBuilder
) -> None:
    builder.play(0.9, [0.84, 0.79, 0.87])
    assert send_due() == 0
    assert send_due(now=_later()) == 1
    assert "Round 1 of Joy in comments is decided." in _body(server)
    assert f"{SITE}/campaigns/joy-in-comments/points/?round=1" in _body(server)


def test_digests_come_at_most_once_an_hour_with_all_of_it(server: MailServer, bob: Caller) -> None:
    first = _later()
    notify(bob.user, "points", None, "The first.")
    notify(bob.user, "campaign", None, "The second.")
    assert send_due(now=first) == 1
    assert server.mails[0]["Subject"] == "2 notices from crowdsft"
    assert _body(server).index("The first.") < _body(server).index("The second.")
    notify(bob.user, "points", None, "The third.")
    notify(bob.user, "points", None, "The fourth.")
    assert send_due(now=first + DIGEST_SECONDS - 5) == 0
    notify(bob.user, "role", None, "You are an organiser now.")
    assert send_due(now=first + DIGEST_SECONDS - 4) == 1, "what is urgent does not wait"
    assert send_due(now=first + DIGEST_SECONDS + 5) == 1
    assert "The third." in _body(server) and "The fourth." in _body(server)
    assert "The first." not in _body(server) and len(server.mails) == 3


def test_a_digest_has_a_limit_and_says_where_the_rest_is(server: MailServer, bob: Caller) -> None:
    for number in range(40):
        notify(bob.user, "points", None, "Sentence %(number)s.", values={"number": str(number)})
    send_due(now=_later())
    assert server.mails[0]["Subject"] == "40 notices from crowdsft"
    assert _body(server).count("Sentence") == 30 and f"All of them: {SITE}/notices/" in _body(server)


def test_what_was_read_on_the_page_is_not_mailed(server: MailServer, bob: Caller) -> None:
    notify(bob.user, "points", None, "You got points.")
    assert bob.user is not None
    mark_all_read(bob.user)
    assert send_due(now=_later()) == 0 and server.texts == []


def test_only_confirmed_addresses_get_mails(server: MailServer, bob: Caller, charlie: Caller) -> None:
    assert charlie.user is not None
    EmailAddress.objects.create(user=charlie.user, email="victim@example.org", verified=False, primary=True)
    notify(charlie.user, "appeal", None, "Your appeal was answered.")
    assert send_due() == 0
    EmailAddress.objects.filter(user=charlie.user).update(verified=True)
    assert send_due() == 1 and server.addresses == ["victim@example.org"]


def test_never_means_never_and_the_choice_counts_from_the_next_notice(
    server: MailServer, bob: Caller
) -> None:
    assert bob.user is not None
    choose_mail(bob.user, {"appeal": "never", "points": "at_once"})
    notify(bob.user, "appeal", None, "Your appeal was answered.")
    assert send_due(now=_later()) == 0
    notify(bob.user, "points", None, "You got points.")
    assert send_due() == 1


def test_who_unsubscribes_while_a_mail_waits_does_not_get_it(server: MailServer, bob: Caller) -> None:
    server.refusals = ["RCPT 451"]
    notify(bob.user, "appeal", None, "Your appeal was answered.")
    now = time.time()
    send_due(now=now)
    assert bob.user is not None
    choose_mail(bob.user, {"appeal": "never"})
    assert send_due(now=now + WAITS_SECONDS[0]) == 1
    assert server.texts == [] and not Mail.objects.exists()


@pytest.mark.parametrize("refusal", ["RCPT 451", "DATA 452", "MAIL 421", "close"])
def test_what_the_server_refuses_for_now_is_sent_later_and_once(
    server: MailServer, bob: Caller, refusal: str
) -> None:
    server.refusals = [refusal] * 2
    notify(bob.user, "appeal", None, "Your appeal was answered.")
    now = time.time()
    for wait in WAITS_SECONDS[:2]:
        assert send_due(now=now) == 1 and send_due(now=now + wait - 0.5) == 0
        row = Mail.objects.get()
        assert row.state == Mail.WAITING and row.error
        now += wait
    assert send_due(now=now) == 1 and send_due(now=now + 90_000) == 0
    assert len(server.texts) == 1 and Mail.objects.get().state == Mail.DELIVERED


@pytest.mark.parametrize("refusal", ["RCPT 550", "DATA 554"])
def test_what_the_server_refuses_for_good_is_not_sent_again(
    server: MailServer, bob: Caller, refusal: str
) -> None:
    server.refusals = [refusal]
    notify(bob.user, "appeal", None, "Your appeal was answered.")
    assert send_due() == 1 and send_due(now=time.time() + 90_000) == 0
    row = Mail.objects.get()
    assert (row.state, row.error) == (Mail.FAILED, f"the mail server answered {refusal[-3:]}")


def test_a_server_that_is_away_all_day_is_given_up(server: MailServer, bob: Caller) -> None:
    server.refusals = ["close"] * 20
    notify(bob.user, "appeal", None, "Your appeal was answered.")
    now = time.time()
    for wait in (*WAITS_SECONDS, 0):
        assert send_due(now=now) == 1
        now += wait
    assert send_due(now=now + 90_000) == 0 and Mail.objects.get().state == Mail.FAILED


@pytest.mark.parametrize("refusal", ["drop", "late"])
def test_what_may_have_arrived_is_not_sent_twice(server: MailServer, bob: Caller, refusal: str) -> None:
    server.refusals = [refusal]
    notify(bob.user, "appeal", None, "Your appeal was answered.")
    assert send_due() == 1 and send_due(now=time.time() + 90_000) == 0
    row = Mail.objects.get()
    expected = (Mail.FAILED, UNCLEAR, 0) if refusal == "drop" else (Mail.DELIVERED, "", 1)
    assert (row.state, row.error, len(server.texts)) == expected


def test_a_worker_that_dies_while_it_sends_leaves_a_mail_that_is_not_sent_twice(
    server: MailServer, bob: Caller
) -> None:
    notify(bob.user, "appeal", None, "Your appeal was answered.")
    now = time.time()
    send_due(now=now)
    Mail.objects.update(state=Mail.SENDING, attempts=1, next_try=now + 60)  # as at the moment of its death
    assert send_due(now=now + 59) == 0 and Mail.objects.get().state == Mail.SENDING
    assert send_due(now=now + 61) == 0
    assert (Mail.objects.get().state, Mail.objects.get().error) == (Mail.FAILED, UNCLEAR)
    assert len(server.texts) == 1


def test_mails_are_in_the_language_of_the_account(server: MailServer, bob: Caller) -> None:
    assert bob.user is not None
    bob.user.language = "de"
    bob.user.save()
    notify(bob.user, "role", None, "Skip to content")  # a sentence that the German catalogue has
    send_due()
    assert server.mails[0]["Subject"] == "Zum Inhalt springen"


def test_points_and_amounts_are_written_as_the_language_of_the_account_does(
    server: MailServer, alice: Caller, bob: Caller
) -> None:
    """A round of 30,000 points and a payout of it, told to somebody who reads German and somebody who reads English."""
    assert alice.user is not None and bob.user is not None
    EmailAddress.objects.create(user=alice.user, email="alice@example.org", verified=True, primary=True)
    bob.user.language, alice.user.language = "de", "en"
    bob.user.save()
    alice.user.save()
    builder = CampaignBuilder.start(
        owner=alice.user, people=[alice.user, bob.user], points={"budget_per_round": 30_000}
    )
    builder.play(0.9, [0.84, 0.79, 0.87])
    plan = plan_payout(builder.campaign, Wanted("EUR", 2, 12_345_678, 0, 1, None))
    fix_payout(builder.campaign, alice.user, plan)
    send_due(now=_later())
    texts = {
        str(mail["To"]): [str(one.get_content()) for one in server.mails if one["To"] == mail["To"]]
        for mail in server.mails
    }
    german, english = "\n".join(texts["bob@example.org"]), "\n".join(texts["alice@example.org"])
    lines = {line.contributor: line for line in PayoutLine.objects.all()}
    for user, text, thousands, point in ((bob.user, german, ".", ","), (alice.user, english, ",", ".")):
        mine = Membership.objects.get(user=user, campaign=builder.campaign)
        line = lines[mine.contributor]
        whole, cents = divmod(line.amount, 100)
        assert whole > 999
        assert f"{whole:,}".replace(",", thousands) + f"{point}{cents:02} EUR" in text, text
        points = f"{line.points:,}".replace(",", thousands)
        assert len(points) > 4 and points in text, text
    assert "Hallo " in german and "entschieden" in german and "is decided" not in german
    assert "Hello " in english and "is decided" in english


def test_names_and_sentences_cannot_add_headers(server: MailServer, bob: Caller) -> None:
    notify(
        bob.user,
        "role",
        None,
        "%(name)s is here.",
        values={"name": "Eve\r\nBcc: all@example.org\n\n" + "x" * 300},
    )
    assert send_due() == 1
    (mail,) = server.mails
    assert (
        mail["Bcc"] is None
        and len(mail["Subject"].strip()) <= 120
        and server.addresses == ["bob@example.org"]
    )


def test_old_notices_are_not_mailed_when_mail_is_set_up_late(server: MailServer, bob: Caller) -> None:
    notify(bob.user, "role", None, "You are an organiser now.")
    assert send_due(now=time.time() + 2 * 86_400) == 0


def test_nothing_is_mailed_where_no_mail_is_set_up(server: MailServer, bob: Caller, settings: Any) -> None:
    settings.MAILS_NOTICES = False
    notify(bob.user, "role", None, "You are an organiser now.")
    assert send_due() == 0 and Notice.objects.count() == 1


def test_mails_can_be_ended_by_a_link_without_signing_in(server: MailServer, bob: Caller) -> None:
    notify(bob.user, "role", None, "You are an organiser now.")
    send_due()
    link = re.search(r"No more mails: (\S+)", _body(server))
    assert link is not None and server.mails[0]["List-Unsubscribe"].strip() == f"<{link[1]}>"
    assert server.mails[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path, browser = link[1].removeprefix(SITE), Client(enforce_csrf_checks=True)
    assert "No more mails?" in check_page(browser.get(path))
    assert bob.user is not None
    assert mail_choices(bob.user)["role"] == "at_once", "looking ends nothing"
    assert "Nothing is mailed to you from now on." in check_page(
        browser.post(path, {"List-Unsubscribe": "One-Click"})
    )
    assert set(mail_choices(bob.user).values()) == {"never"}
    notify(bob.user, "role", None, "You are a reviewer now.")
    assert send_due(now=_later()) == 0


@pytest.mark.parametrize("token", ["1", "1:made-up", "x:y:z", "%00"])
def test_a_link_that_nobody_signed_ends_nothing(bob: Caller, token: str) -> None:
    for answer in (
        Client().get(f"/notices/unsubscribe/{token}/"),
        Client().post(f"/notices/unsubscribe/{token}/"),
    ):
        assert answer.status_code == 404
        assert "This link does not work" in check_page(answer)
    assert bob.user is not None
    assert mail_choices(bob.user)["role"] == "at_once"


def test_many_people_get_their_mails_in_turns(server: MailServer, bob: Caller) -> None:
    people = [account(f"person{number}", f"quiet-tern-{number}") for number in range(25)]
    for person in people:
        EmailAddress.objects.create(user=person, email=f"{person.username}@example.org", verified=True)
        notify(person, "role", None, "You are an organiser now.")
    assert len(people) < PEOPLE_AT_ONCE
    assert [send_due(), send_due(), send_due()] == [20, 5, 0]
    assert sorted(server.addresses) == sorted(f"{person.username}@example.org" for person in people)


def test_settings_say_where_mails_go(server: MailServer, bob: Caller, charlie: Caller, settings: Any) -> None:
    browser = Client()
    assert bob.user is not None and charlie.user is not None
    browser.force_login(bob.user)
    assert "Mails go to bob@example.org." in check_page(browser.get("/account/notices/"))
    EmailAddress.objects.update(verified=False)
    assert "Mails begin when you have confirmed bob@example.org." in check_page(
        browser.get("/account/notices/")
    )
    browser.force_login(charlie.user)
    assert "We have no address of yours" in check_page(browser.get("/account/notices/"))
    settings.MAILS_NOTICES = False
    assert "sends no mails of notices at present" in check_page(browser.get("/account/notices/"))


def test_what_is_old_is_forgotten(bob: Caller) -> None:
    from datetime import timedelta

    from django.utils import timezone

    for text in ("Old.", "New."):
        notify(bob.user, "role", None, text)
    Notice.objects.filter(text="Old.").update(happened=timezone.now() - timedelta(days=400))
    assert forget_old() == 1
    assert [notice.text for notice in Notice.objects.all()] == ["New."]
