"""Alice organises, bob contributes, charlie is a stranger: each with an account and a token for the API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from crowdsft.web.accounts.models import User, issue_token
from crowdsft.web.campaigns.ledger_check import forget_checks
from tests.web.pages.campaign_builder import CampaignBuilder

ELSEWHERE = "203.0.113.7"  # an address of documentation, where loopback's freedom from limits does not hold


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls the API, with a token or without."""

    user: User | None = None
    token: str | None = None
    address: str = "127.0.0.1"

    def __call__(self, method: str, path: str, body: object = None) -> Any:
        """Django's answer to a request with a JSON body."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return Client(headers=headers).generic(
            method,
            f"/api{path}",
            b"" if body is None else _json(body),
            content_type="application/json",
            REMOTE_ADDR=self.address,
        )

    def get(self, path: str) -> Any:
        """The JSON of a GET that works."""
        answer = self("GET", path)
        assert answer.status_code == 200, answer.content
        return json.loads(answer.getvalue())


def _json(body: object) -> bytes:
    return json.dumps(body).encode()


def refusal(answer: Any, status: int) -> str:
    """The sentence with which a request was refused."""
    assert answer.status_code == status, (answer.status_code, answer.content[:500])
    body = answer.json()
    assert set(body) == {"detail", "faults"}
    detail = body["detail"]
    assert isinstance(detail, str) and len(detail.split()) > 3 and "Traceback" not in detail
    return detail


def account(name: str, pseudonym: str) -> User:
    """Somebody whose password is hashed by whatever the test's settings say."""
    return User.objects.create_user(
        username=name, password=f"{name}-has-a-long-password", pseudonym=pseudonym
    )


def caller(name: str, pseudonym: str) -> Caller:
    """An account with a token."""
    user = account(name, pseudonym)
    return Caller(user, issue_token(user, "test"))


@pytest.fixture(autouse=True)
def _fresh(settings: Any, tmp_path: Path) -> None:
    """A data folder of its own, no counts of earlier requests, passwords hashed quickly."""
    settings.DATA = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    forget_checks()


@pytest.fixture
def anybody() -> Caller:
    return Caller()


@pytest.fixture
def alice(db: None) -> Caller:
    return caller("alice", "amber-otter-101")


@pytest.fixture
def bob(db: None) -> Caller:
    return caller("bob", "quiet-fern-202")


@pytest.fixture
def charlie(db: None) -> Caller:
    return caller("charlie", "lunar-moss-303")


@pytest.fixture
def builder(alice: Caller, bob: Caller) -> CampaignBuilder:
    """Alice's campaign of three rounds and four tasks in each, in which bob and five others contribute."""
    assert bob.user is not None
    return CampaignBuilder.start(owner=alice.user, people=[bob.user])
