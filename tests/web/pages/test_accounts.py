import pytest
from django.core.cache import cache
from django.test import Client

from crowdsft.web.accounts.models import User
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

PASSWORD = "four-random-words-here"


@pytest.fixture(autouse=True)
def _no_rate_limits_from_other_tests() -> None:
    cache.clear()


def test_signing_up_needs_no_email_and_leads_on(anonymous: Client, builder: CampaignBuilder) -> None:
    onward = "/campaigns/joy-in-comments/join/"
    check_page(anonymous.get("/accounts/signup/", {"next": onward}))
    response = anonymous.post(
        "/accounts/signup/", {"username": "dora", "password1": PASSWORD, "next": onward}
    )
    assert response.headers["Location"] == onward
    user = User.objects.get(username="dora")
    assert user.pseudonym != "dora"
    assert user.pseudonym.count("-") == 2


def test_a_bad_sign_up_keeps_what_was_typed_and_says_what_is_wrong(anonymous: Client, bob: User) -> None:
    response = anonymous.post("/accounts/signup/", {"username": "bob", "password1": "short"})
    text = check_page(response)
    assert "already exists" in text
    assert "too short" in text
    assert 'value="bob"' in response.content.decode()
    assert "short" not in response.content.decode().split("<form", 2)[1].split('name="password1"')[1][:60]


def test_signing_in_and_out(anonymous: Client, bob: User) -> None:
    check_page(anonymous.get("/accounts/login/"))
    wrong = anonymous.post("/accounts/login/", {"login": "bob", "password": "wrong"})
    assert "not correct" in check_page(wrong)
    assert (
        anonymous.post(
            "/accounts/login/", {"login": "bob", "password": "bob-has-a-long-password"}
        ).status_code
        == 302
    )
    assert "quiet-fern-202" in check_page(anonymous.get("/account/"))
    check_page(anonymous.get("/accounts/logout/"))
    anonymous.post("/accounts/logout/")
    assert anonymous.get("/account/").headers["Location"] == "/accounts/login/?next=/account/"


def test_signing_in_never_leads_to_another_site(anonymous: Client, bob: User) -> None:
    data = {"login": "bob", "password": "bob-has-a-long-password", "next": "https://evil.example/"}
    assert anonymous.post("/accounts/login/", data).headers["Location"] == "/"


@pytest.mark.parametrize("path", ["password/change/", "email/", "2fa/", "password/reset/"])
def test_the_other_pages_of_an_account_keep_to_the_rules(as_bob: Client, path: str) -> None:
    response = as_bob.get(f"/accounts/{path}", follow=True)
    assert response.status_code == 200
    check_page(response)


def test_the_theme_is_rendered_by_the_server(anonymous: Client) -> None:
    assert b"data-theme=" not in anonymous.get("/").content
    response = anonymous.post("/theme/", {"theme": "dark", "back": "/accounts/login/"})
    assert response.headers["Location"] == "/accounts/login/"
    assert b'<html lang="en" data-theme="dark">' in anonymous.get("/").content
    assert anonymous.post("/theme/", {"theme": "light"}, headers={"HX-Request": "true"}).status_code == 204
    assert b'<html lang="en" data-theme="light">' in anonymous.get("/").content
    anonymous.post("/theme/", {"theme": "system"})
    assert b'<html lang="en">' in anonymous.get("/").content


def test_a_strange_theme_cookie_is_ignored(anonymous: Client) -> None:
    anonymous.cookies["theme"] = '"><script>'
    assert b"data-theme=" not in anonymous.get("/").content


def test_the_theme_switch_never_leads_to_another_site(anonymous: Client) -> None:
    for back in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert anonymous.post("/theme/", {"theme": "dark", "back": back}).headers["Location"] == "/"


def test_forms_without_their_token_are_refused(bob: User, builder: CampaignBuilder) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    for path in ("/theme/", "/campaigns/joy-in-comments/join/", "/campaigns/new/", "/accounts/logout/"):
        response = client.post(path, {})
        assert response.status_code == 403
        assert "Please send that again" in check_page(response)
