"""Notices, their mails and the account's language by the API."""

from __future__ import annotations

import pytest

from crowdsft.web.accounts.models import issue_token
from crowdsft.web.notices.kinds import KINDS
from crowdsft.web.notices.models import Notice
from crowdsft.web.notices.notify import notify
from crowdsft.web.notices.reading import choose_mail
from tests.web.api.callers import Caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db


def test_notices_are_listed_newest_first_page_by_page(bob: Caller, charlie: Caller) -> None:
    for number in range(5):
        notify(bob.user, "points", None, "You got %(points)s points.", "/notices/", {"points": 1000 + number})
    notify(charlie.user, "points", None, "Not for bob.")
    first = bob("GET", "/me/notices?limit=2").json()
    assert [row["text"] for row in first] == ["You got 1,004 points.", "You got 1,003 points."]
    assert set(first[0]) == {"id", "kind", "campaign", "text", "link", "happened", "is_read"}
    rest = bob("GET", f"/me/notices?before={first[-1]['id']}").json()
    assert len(rest) == 3 and not any(row["is_read"] for row in rest)
    assert bob("GET", "/me/notices/unread").json() == {"unread": 5}
    for query in ("limit=0", "limit=101", "before=-1", f"before={10**30}", "limit=many", "unread=perhaps"):
        refusal(bob("GET", f"/me/notices?{query}"), 422)


def test_one_or_all_are_marked_as_read(bob: Caller, charlie: Caller) -> None:
    for _ in range(3):
        notify(bob.user, "appeal", None, "Your appeal was answered.")
    theirs = notify(charlie.user, "appeal", None, "Your appeal was answered.")
    assert theirs is not None
    newest = bob("GET", "/me/notices").json()[0]["id"]
    for _ in range(2):
        assert bob("POST", f"/me/notices/{newest}/read").status_code == 204
    assert [row["id"] == newest for row in bob("GET", "/me/notices").json() if row["is_read"]] == [True]
    assert newest not in [row["id"] for row in bob("GET", "/me/notices?unread=true").json()]
    assert bob("POST", "/me/notices/read").json() == {"marked": 2}
    assert bob("GET", "/me/notices/unread").json() == {"unread": 0}
    for made_up in (theirs.pk, 987_654_321, 10**30):
        assert "GET /api/me/notices" in refusal(bob("POST", f"/me/notices/{made_up}/read"), 404)
    assert Notice.objects.get(pk=theirs.pk).read is None


def test_a_round_s_notice_names_its_campaign(bob: Caller, builder: CampaignBuilder) -> None:
    builder.play(0.9, [0.84, 0.79, 0.87])
    row = bob("GET", "/me/notices").json()[0]
    assert row["campaign"] == "joy-in-comments" and row["link"].startswith("/campaigns/joy-in-comments/")


def test_notices_are_in_the_language_of_the_account(bob: Caller, builder: CampaignBuilder) -> None:
    builder.play(0.9, [0.84, 0.79, 0.87])
    assert "is decided" in bob("GET", "/me/notices").json()[0]["text"]
    assert bob("PUT", "/me/language", {"language": "de"}).json()["language"] == "de"
    assert "entschieden" in bob("GET", "/me/notices").json()[0]["text"]
    assert bob("POST", "/me/notices/9/read").json()["detail"].startswith("There is no such notice")


def test_the_choice_of_mails(bob: Caller) -> None:
    found = bob("GET", "/me/notices/mail").json()
    assert found["ways"] == ["at_once", "hourly", "never"] and found["mails"] is False
    assert found["kinds"] == {kind: about.mailed for kind, about in KINDS.items()}
    changed = bob("PUT", "/me/notices/mail", {"kinds": {"points": "never", "review": "at_once"}}).json()
    assert changed["kinds"] == {**found["kinds"], "points": "never", "review": "at_once"}
    assert bob("GET", "/me/notices/mail").json() == changed
    for kinds in ({"points": "weekly"}, {"cheese": "never"}, {"points": "hourly", "": "never"}):
        said = refusal(bob("PUT", "/me/notices/mail", {"kinds": kinds}), 422)
        assert "Nothing was changed." in said
    refusal(bob("PUT", "/me/notices/mail", {"kinds": {}}), 422)
    assert bob("GET", "/me/notices/mail").json() == changed


def test_the_language_of_the_account(bob: Caller) -> None:
    assert bob("GET", "/me/language").json() == {
        "language": "",
        "languages": {"en": "English", "de": "Deutsch"},
    }
    bob("PUT", "/me/language", {"language": "de"})
    assert bob("GET", "/me/language").json()["language"] == "de"
    assert "en, de" in refusal(bob("PUT", "/me/language", {"language": "xx"}), 422)
    refusal(bob("PUT", "/me/language", {"language": "d" * 13}), 422)
    assert bob("GET", "/me/language").json()["language"] == "de"
    assert bob("PUT", "/me/language", {"language": ""}).json()["language"] == ""


def test_reading_needs_a_reading_token_and_changing_every_scope(bob: Caller, anybody: Caller) -> None:
    assert bob.user is not None
    worker = Caller(bob.user, issue_token(bob.user, "narrow", scopes=["contribute"]))
    reader = Caller(bob.user, issue_token(bob.user, "narrow", scopes=["read"]))
    for path in ("/me/notices", "/me/notices/unread", "/me/notices/mail", "/me/language"):
        refusal(anybody("GET", path), 401)
        assert "needs read" in refusal(worker("GET", path), 403)
        assert reader("GET", path).status_code == 200
    assert "good for read only" in refusal(reader("POST", "/me/notices/read"), 403)
    choose_mail(bob.user, {"points": "never"})
    refusal(reader("PUT", "/me/notices/mail", {"kinds": {"points": "hourly"}}), 403)
    assert reader("GET", "/me/notices/mail").json()["kinds"]["points"] == "never"
