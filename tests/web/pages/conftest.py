"""Accounts and campaigns for the tests of the pages.

Campaigns are put into a state by writing real events through the store, each in its own transaction with a
real claim; only the training behind them is left out.
"""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("CROWDSFT_DATA", tempfile.mkdtemp(prefix="crowdsft-pages-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crowdsft.web.settings")

import django

django.setup()

from collections.abc import Iterator  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import pytest  # noqa: E402
from django.test import Client  # noqa: E402

from crowdsft.web.accounts.models import User  # noqa: E402
from crowdsft.web.campaigns.ledger_check import forget_checks  # noqa: E402
from crowdsft.web.journal_django import forget_states  # noqa: E402
from tests.web.pages.campaign_builder import CampaignBuilder  # noqa: E402


@pytest.fixture(autouse=True)
def _fresh_and_fast(db: None, settings: Any, tmp_path: Path) -> Iterator[None]:
    """No state of an earlier database, a data folder of its own; passwords hashed quickly."""
    settings.DATA = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    forget_states()
    forget_checks()
    yield
    forget_states()


def _account(name: str, pseudonym: str) -> User:
    return User.objects.create_user(
        username=name, password=f"{name}-has-a-long-password", pseudonym=pseudonym
    )


@pytest.fixture
def alice() -> User:
    """Owns the campaigns."""
    return _account("alice", "amber-otter-101")


@pytest.fixture
def bob() -> User:
    """Contributes."""
    return _account("bob", "quiet-fern-202")


@pytest.fixture
def charlie() -> User:
    """Has an account and no part in anything."""
    return _account("charlie", "lunar-moss-303")


@pytest.fixture
def as_alice(alice: User) -> Client:
    return _signed_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    return _signed_in(bob)


@pytest.fixture
def as_charlie(charlie: User) -> Client:
    return _signed_in(charlie)


@pytest.fixture
def anonymous() -> Client:
    return Client()


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def builder(alice: User, bob: User) -> CampaignBuilder:
    """A campaign of alice in which bob and five others contribute; not opened yet."""
    return CampaignBuilder.start(owner=alice, people=[bob])
