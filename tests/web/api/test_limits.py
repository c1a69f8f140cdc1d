from __future__ import annotations

from typing import Any

import pytest

from crowdsft.web.api import limits
from tests.web.api.callers import ELSEWHERE, Caller, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three instead of twenty or three hundred; and no window ends while a test runs."""
    for limit in (limits.SIGN_UP, limits.NEW_TOKEN):
        monkeypatch.setattr(limit, "_count", 3)
        monkeypatch.setattr(limit, "_seconds", 10**9)


def sign_up(number: int, *, address: str = ELSEWHERE) -> Any:
    body = {"username": f"person-{number}", "password": "a long and rare password"}
    return Caller(address=address)("POST", "/accounts", body)


def test_one_address_can_make_only_so_many_accounts() -> None:
    assert [sign_up(number).status_code for number in range(4)] == [201, 201, 201, 429]
    answer = sign_up(5)
    assert "try again in" in refusal(answer, 429)
    assert int(answer["Retry-After"]) > 0
    assert sign_up(6, address="203.0.113.8").status_code == 201


def test_loopback_is_not_limited() -> None:
    assert {sign_up(number, address="127.0.0.1").status_code for number in range(5)} == {201}
    assert {sign_up(number, address="::1").status_code for number in range(5, 10)} == {201}


def test_limits_can_be_turned_off(settings: Any) -> None:
    settings.RATE_LIMITS = False
    assert {sign_up(number).status_code for number in range(5)} == {201}


def test_people_are_counted_by_themselves_wherever_they_are(bob: Caller, charlie: Caller) -> None:
    def ask(who: Caller, address: str) -> int:
        return int(Caller(token=who.token, address=address)("POST", "/me/tokens", {}).status_code)

    assert [ask(bob, f"203.0.113.{number}") for number in range(4)] == [201, 201, 201, 429]
    assert ask(charlie, ELSEWHERE) == 201


def test_a_forwarded_address_counts_only_behind_a_proxy(settings: Any) -> None:
    def status(number: int, forwarded: str) -> int:
        from django.test import Client

        return (
            Client()
            .post(
                "/api/accounts",
                {"username": f"someone-{number}", "password": "a long and rare password"},
                content_type="application/json",
                headers={"X-Forwarded-For": forwarded},
                REMOTE_ADDR=ELSEWHERE,
            )
            .status_code
        )

    spoofed = [status(number, f"198.51.100.{number}") for number in range(4)]
    assert spoofed == [201, 201, 201, 429]
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert {status(10 + number, f"198.51.100.{number}") for number in range(4)} == {201}
    assert [status(20 + number, f"10.0.0.{number}, 198.51.100.9") for number in range(4)][-1] == 429
