"""What protects people in their browsers, on all pages alike."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from crowdsft.web.accounts.models import User
from tests.web.api.callers import ELSEWHERE, Caller

pytestmark = pytest.mark.django_db
PAGES = (
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/api/docs",
    "/api/campaigns",
    "/healthz",
    "/nothing/here/",
)
EVIL = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "javascript:alert(1)",
    "https:///evil.example",
)


@pytest.mark.parametrize("page", PAGES)
def test_every_answer_carries_the_headers(page: str) -> None:
    headers = Client().get(page).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert (headers["Referrer-Policy"], headers["Cross-Origin-Opener-Policy"]) == (
        "same-origin",
        "same-origin",
    )
    assert "camera=()" in headers["Permissions-Policy"]


def log_in(name: str = "bob", password: str = "bob-has-a-long-password", **extra: Any) -> tuple[Client, Any]:
    browser = Client()
    body = {"login": name, "password": password}
    return browser, browser.post(f"/accounts/login/{extra.pop('query', '')}", body, **extra)


def test_the_session_is_out_of_reach_of_scripts_and_other_sites(bob: Caller) -> None:
    browser, answer = log_in()
    assert answer.status_code == 302
    cookie = browser.cookies["sessionid"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"


def test_logging_in_begins_a_new_session(bob: Caller) -> None:
    browser = Client()
    browser.get("/accounts/login/")
    before = browser.session.session_key
    browser.post("/accounts/login/", {"login": "bob", "password": "bob-has-a-long-password"})
    assert browser.session.session_key != before


@pytest.mark.parametrize("target", EVIL)
def test_nobody_is_sent_elsewhere(target: str, bob: Caller) -> None:
    _, answer = log_in(query=f"?next={target}")
    assert answer.status_code == 302 and "evil" not in answer["Location"]
    answer = Client().post("/theme/", {"theme": "dark", "back": target})
    assert answer.status_code == 302 and answer["Location"] == "/"


def test_forms_need_the_csrf_token(bob: Caller) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/theme/", {"theme": "dark"}).status_code == 403
    answer = browser.post("/accounts/login/", {"login": "bob", "password": "bob-has-a-long-password"})
    assert answer.status_code == 403


def test_a_link_does_not_log_out(bob: Caller) -> None:
    browser, _ = log_in()
    browser.get("/accounts/logout/")
    assert browser.get("/api/me").status_code == 200


def test_an_unknown_host_is_not_served() -> None:
    assert Client().get("/", headers={"Host": "evil.example"}).status_code == 400


def test_guessing_on_the_page_stops_guessing_through_the_api(bob: Caller) -> None:
    for _ in range(5):
        log_in(password="a guess", REMOTE_ADDR=ELSEWHERE)
    right = {"username": "bob", "password": "bob-has-a-long-password"}
    assert Caller(address=ELSEWHERE)("POST", "/tokens", right).status_code == 429


def test_signing_up_on_the_page_makes_an_ordinary_account() -> None:
    Client().post(
        "/accounts/signup/",
        {"username": "dora", "password1": "a long and rare password", "is_staff": "on", "pseudonym": "boss"},
    )
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert user.pseudonym != "boss" and "dora" not in user.pseudonym
