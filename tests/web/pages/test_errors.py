import pytest
from django.test import Client

from crowdsft.web.pages import home
from tests.web.pages.reading import check_page, words


def test_a_page_that_does_not_exist(anonymous: Client, as_bob: Client) -> None:
    for client in (anonymous, as_bob):
        response = client.get("/nothing-here/")
        assert response.status_code == 404
        assert "This page does not exist" in check_page(response)


def test_a_fault_of_ours_says_what_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(home, "render", broken)
    client = Client(raise_request_exception=False)
    client.cookies["theme"] = "dark"
    response = client.get("/")
    assert response.status_code == 500
    assert "Drafts and contributions are saved." in words(response)
    assert "secret detail" not in response.content.decode()
    assert 'data-theme="dark"' in response.content.decode()
