"""Alice owns, bob contributes, charlie is a stranger; dora and emil review."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.create import member
from crowdsft.web.campaigns.models import Membership
from crowdsft.web.journal_django import forget_states
from tests.web.pages.campaign_builder import CampaignBuilder


@pytest.fixture(autouse=True)
def _fresh_and_fast(db: None, settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.DATA = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    forget_states()
    yield
    forget_states()


def account(name: str, pseudonym: str) -> User:
    return User.objects.create_user(
        username=name, password=f"{name}-has-a-long-password", pseudonym=pseudonym
    )


@pytest.fixture
def alice() -> User:
    return account("alice", "amber-otter-101")


@pytest.fixture
def bob() -> User:
    return account("bob", "quiet-fern-202")


@pytest.fixture
def charlie() -> User:
    return account("charlie", "lunar-moss-303")


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of


@pytest.fixture
def builder(alice: User, bob: User) -> CampaignBuilder:
    """Reviews are required; bob and five others have contributed once each; round 1 is open."""
    started = CampaignBuilder.start(owner=alice, people=[bob], reviews={"required": True})
    return started.open().contribute()


def reviewer(builder: CampaignBuilder, name: str, pseudonym: str) -> Membership:
    """Somebody new who reviews in the campaign."""
    return member(builder.campaign, account(name, pseudonym), Membership.REVIEWER)


@pytest.fixture
def dora(builder: CampaignBuilder) -> Membership:
    return reviewer(builder, "dora", "brisk-tern-404")


@pytest.fixture
def emil(builder: CampaignBuilder) -> Membership:
    return reviewer(builder, "emil", "mild-crag-505")
