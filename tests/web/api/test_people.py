from __future__ import annotations

import hashlib
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from crowdsft.web.accounts.models import ApiToken, User
from tests.web.api.callers import ELSEWHERE, Caller, refusal

pytestmark = pytest.mark.django_db
GOOD = {"username": "dora", "password": "a long and rare password", "pseudonym": "night-owl"}


# Signing up


def test_an_account_comes_with_a_token_that_works(anybody: Caller) -> None:
    answer = anybody("POST", "/accounts", GOOD)
    assert answer.status_code == 201
    assert Caller(token=answer.json()["token"]).get("/me") == {"username": "dora", "pseudonym": "night-owl"}


def test_only_digests_of_password_and_token_are_kept(anybody: Caller) -> None:
    token = anybody("POST", "/accounts", GOOD).json()["token"]
    row = ApiToken.objects.get()
    assert row.digest == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(row.__dict__)
    assert GOOD["password"] not in str(User.objects.get().__dict__)


def test_a_pseudonym_is_made_up(anybody: Caller) -> None:
    answer = anybody("POST", "/accounts", {k: v for k, v in GOOD.items() if k != "pseudonym"})
    assert len(answer.json()["pseudonym"]) >= 3


@pytest.mark.parametrize(
    ("change", "where", "says"),
    [
        ({"password": "password1"}, "password", "too common"),
        ({"password": "short"}, "password", "at least 8"),
        ({"username": "dorothea", "password": "dorothea1"}, "password", "too similar"),
        ({"username": "no spaces here"}, "username", "valid username"),
        ({"username": "al"}, "username", "at least 3"),
        ({"pseudonym": "x"}, "pseudonym", "3 to 40"),
        ({"pseudonym": "<b>bold</b>"}, "pseudonym", "letters"),
        ({"pseudonym": "a" * 41}, "pseudonym", "3 to 40"),
        ({"pseudonym": "new\nline"}, None, None),
    ],
)
def test_what_cannot_be_used_is_named(
    change: dict[str, str], where: str | None, says: str | None, anybody: Caller
) -> None:
    answer = anybody("POST", "/accounts", {**GOOD, **change})
    if where is None:  # blanks of any kind become one blank
        assert answer.json()["pseudonym"] == "new line"
        return
    assert says is not None and says in refusal(answer, 422)
    assert [fault["where"] for fault in answer.json()["faults"]] == [where]
    assert not User.objects.exists()


def test_all_faults_are_named_together(anybody: Caller, bob: Caller) -> None:
    answer = anybody(
        "POST", "/accounts", {"username": "bob", "password": "password1", "pseudonym": "Quiet-Fern-202"}
    )
    assert [fault["where"] for fault in answer.json()["faults"]] == ["username", "password", "pseudonym"]
    assert "taken" in refusal(answer, 422)


@pytest.mark.parametrize("username", ["bob", "BOB"])
def test_a_taken_name_is_refused_in_any_case(username: str, anybody: Caller, bob: Caller) -> None:
    assert "username" in refusal(anybody("POST", "/accounts", {**GOOD, "username": username}), 422)
    assert User.objects.count() == 1


def test_nobody_can_make_themselves_more_than_they_are(anybody: Caller) -> None:
    more = {"is_staff": True, "is_superuser": True, "is_active": False, "id": 1, "date_joined": "2000-01-01"}
    assert anybody("POST", "/accounts", {**GOOD, **more}).status_code == 201
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)
    assert user.date_joined.year > 2000


# Logging in


def test_logging_in_gives_another_token(anybody: Caller, bob: Caller) -> None:
    answer = anybody("POST", "/tokens", {"username": "bob", "password": "bob-has-a-long-password"})
    assert answer.status_code == 201
    assert Caller(token=answer.json()["token"]).get("/me")["username"] == "bob"
    assert bob.get("/me")["username"] == "bob"


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(anybody: Caller, bob: Caller) -> None:
    wrong = anybody("POST", "/tokens", {"username": "bob", "password": "not this one"})
    unknown = anybody("POST", "/tokens", {"username": "nobody", "password": "not this one"})
    assert refusal(wrong, 401) == refusal(unknown, 401)


def test_somebody_who_was_shut_out_stays_out(anybody: Caller, bob: Caller) -> None:
    User.objects.update(is_active=False)
    refusal(bob("GET", "/me"), 401)
    refusal(anybody("POST", "/tokens", {"username": "bob", "password": "bob-has-a-long-password"}), 401)


def test_a_second_factor_cannot_be_left_out(anybody: Caller, bob: Caller) -> None:
    Authenticator.objects.create(user=bob.user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    answer = anybody("POST", "/tokens", {"username": "bob", "password": "bob-has-a-long-password"})
    assert "second factor" in refusal(answer, 403)
    assert ApiToken.objects.count() == 1


def test_passwords_cannot_be_tried_one_after_the_other(anybody: Caller, bob: Caller) -> None:
    for _ in range(5):
        refusal(anybody("POST", "/tokens", {"username": "bob", "password": "a guess"}), 401)
    right = {"username": "bob", "password": "bob-has-a-long-password"}
    assert "a few minutes" in refusal(anybody("POST", "/tokens", right), 429)
    assert Caller(address=ELSEWHERE)("POST", "/tokens", right).status_code == 429


# Tokens


def test_tokens_are_listed_without_their_keys_and_taken_back(bob: Caller, charlie: Caller) -> None:
    made = bob("POST", "/me/tokens", {"name": "laptop"})
    assert made.status_code == 201
    rows = bob.get("/me/tokens")
    assert [row["name"] for row in rows] == ["laptop", "test"]
    assert made.json()["token"] not in str(rows)
    refusal(charlie("DELETE", f"/me/tokens/{rows[0]['id']}"), 404)
    assert bob("DELETE", f"/me/tokens/{rows[0]['id']}").status_code == 204
    assert "unknown" in refusal(Caller(token=made.json()["token"])("GET", "/me"), 401)


@pytest.mark.parametrize("token", ["crowdsft_wrong", "x", " ", "é"])
def test_a_wrong_token_is_refused_even_beside_a_good_session(token: str, bob: Caller) -> None:
    browser = Client(headers={"Authorization": f"Bearer {token}"})
    assert bob.user is not None
    browser.force_login(bob.user)
    answer = browser.get("/api/me")
    assert "POST /api/tokens" in refusal(answer, 401)
    assert answer["WWW-Authenticate"] == "Bearer"


def test_without_a_token_one_is_told_how_to_get_one(anybody: Caller) -> None:
    assert "POST /api/tokens" in refusal(anybody("GET", "/me"), 401)
    assert "POST /api/tokens" in refusal(anybody("POST", "/campaigns", {"settings": {}}), 401)


# Sessions


def signed_in_browser(bob: Caller) -> Client:
    browser = Client(enforce_csrf_checks=True)
    assert bob.user is not None
    browser.force_login(bob.user)
    return browser


def test_a_session_may_read_and_needs_the_csrf_token_to_write(bob: Caller) -> None:
    browser = signed_in_browser(bob)
    assert browser.get("/api/me").json()["username"] == "bob"
    send: dict[str, Any] = {"data": {"name": "mine"}, "content_type": "application/json"}
    assert "X-CSRFToken" in refusal(browser.post("/api/me/tokens", **send), 403)
    assert ApiToken.objects.count() == 1
    browser.get("/api/docs")  # sets the cookie
    token = browser.cookies["csrftoken"].value
    assert browser.post("/api/me/tokens", **send, headers={"X-CSRFToken": token}).status_code == 201


def test_a_form_of_another_site_is_refused_with_the_session(bob: Caller) -> None:
    browser = signed_in_browser(bob)
    browser.get("/api/docs")
    answer = browser.post(
        "/api/me/tokens",
        '{"name": "stolen"}',
        content_type="text/plain",
        headers={"Origin": "https://evil.example", "X-CSRFToken": browser.cookies["csrftoken"].value},
    )
    refusal(answer, 403)
    assert ApiToken.objects.count() == 1


def test_a_token_needs_no_csrf_token(bob: Caller) -> None:
    answer = Client(enforce_csrf_checks=True).post(
        "/api/me/tokens",
        {"name": "script"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {bob.token}"},
    )
    assert answer.status_code == 201
