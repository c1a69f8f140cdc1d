from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from tests.web.api.callers import Caller, refusal

pytestmark = pytest.mark.django_db


def test_an_address_that_does_not_exist(anybody: Caller) -> None:
    assert "/api/docs" in refusal(anybody("GET", "/nothing/here"), 404)
    assert "/api/docs" in refusal(anybody("GET", "/tasks/not-a-number"), 404)


def test_a_method_that_does_not_exist(anybody: Caller) -> None:
    answer = anybody("DELETE", "/campaigns")
    assert "no such method" in refusal(answer, 405)
    assert "POST" in answer["Allow"]


def test_what_is_refused_before_it_reaches_the_api() -> None:
    refusal(Client().get("/api/campaigns", headers={"Host": "evil.example"}), 400)


@pytest.mark.parametrize("slug", ["nothing", "%00", "a%0Ab", "x" * 500, "%F0%9F%98%80"])
def test_a_campaign_that_does_not_exist(slug: str, anybody: Caller) -> None:
    assert "GET /api/campaigns" in refusal(anybody("GET", f"/campaigns/{slug}"), 404)


@pytest.mark.parametrize("number", [0, 10**6, 2**63, 10**40])
def test_a_task_that_does_not_exist(number: int, bob: Caller) -> None:
    refusal(bob("GET", f"/tasks/{number}"), 404)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "line 1"),
        (b"[1]", "no JSON object"),
        (b'"text"', "no JSON object"),
        (b'{"username": "\xfc"}', "utf-8"),
        (b'{"username": "a\\u0000b"}', "U+0000"),
        (b'{"username": "\\ud800"}', "surrogate"),
        (b'{"username": {"deep": ["\\u0000"]}}', "U+0000"),
        (b"[" * 100_000, "recursion"),
    ],
)
def test_a_body_that_cannot_be_read(body: bytes, says: str, anybody: Caller) -> None:
    answer = Client().post("/api/accounts", body, content_type="application/json")
    assert says in refusal(answer, 400)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (None, ["body"]),
        ({}, ["username", "password"]),
        ({"username": 5, "password": ["x"]}, ["username", "password"]),
        ({"username": "x" * 200, "password": "a long and rare password"}, ["username"]),
    ],
)
def test_a_body_that_does_not_fit(body: object, where: list[str], anybody: Caller) -> None:
    answer = anybody("POST", "/accounts", body)
    refusal(answer, 422)
    assert [fault["where"] for fault in answer.json()["faults"]] == where


def test_a_body_that_is_too_large(anybody: Caller, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = anybody("POST", "/accounts", {"username": "x" * 2000, "password": "y"})
    assert "Send less at once" in refusal(answer, 413)


def broken(error: Exception) -> Any:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    return fail


def test_our_own_bugs_are_logged_and_not_shown(
    bob: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("crowdsft.web.api.people.signed_in", broken(ZeroDivisionError("in /secret/place.py")))
    assert "/secret" not in refusal(bob("GET", "/me"), 500)
    assert "/secret/place.py" in caplog.text and "Traceback" in caplog.text


def test_a_database_that_does_not_answer(bob: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdsft.web.api.people.signed_in", broken(OperationalError("database is locked")))
    answer = bob("GET", "/me")
    assert "again" in refusal(answer, 503)
    assert answer["Retry-After"] == "5"


def test_the_health_check(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}
    monkeypatch.setattr("crowdsft.web.health.connection.cursor", broken(OperationalError("gone")))
    answer = Client().get("/healthz")
    assert answer.status_code == 503 and "database" in answer.json()["status"]


def test_answers_are_kept_in_no_cache_and_never_taken_for_pages(bob: Caller) -> None:
    answer = bob("GET", "/me")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"].startswith("application/json")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "script-src 'self';" in answer["Content-Security-Policy"]
