"""The example on the first page: what the first and the newest base answer to the same message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from crowdsft.rounds.artifacts import artifacts_in
from crowdsft.web.campaigns import examples
from crowdsft.web.campaigns.models import Example
from crowdsft.web.campaigns.steering import roll_back
from crowdsft.web.journal_django import forget_states
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

pytestmark = pytest.mark.django_db
TEXTS = ("You should go to bed.", "What a day. Tell me more.", "That is nice.", "Sleep well.")


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    forget_states()


def decided(texts: tuple[str, ...] = TEXTS, **sections: Any) -> CampaignBuilder:
    """A campaign whose first group won round 1."""
    builder = CampaignBuilder.start(owner=None, **sections)
    builder.open().contribute().close().measure(0.6, [0.4, 0.55, 0.62], texts=texts).decided()
    return builder


def look() -> None:
    """What a worker does while no step is due."""
    examples._looked = -1000.0
    while examples.choose_next(artifacts_in(django_settings.DATA)):
        pass


def home() -> str:
    return check_page(Client().get("/"))


def test_both_answers_to_one_message_stand_on_the_first_page() -> None:
    builder = decided()
    assert "before and after" not in home()
    look()
    text = home()
    assert "One model, before and after: Joy in comments" in text
    assert "At the start You should go to bed." in text
    assert "After round 1 What a day. Tell me more." in text
    assert Example.objects.get(campaign=builder.campaign).prompt in builder.state.plan.prompts.texts


def test_a_hidden_target_stays_hidden() -> None:
    decided(target={"emotion": "joy", "hidden": True})
    look()
    assert not Example.objects.exists() and "before and after" not in home()


@pytest.mark.parametrize(
    "flagged", ["Write to ada@example.org.", "What a shitty day.", "Call +44 20 7946 0958 and ask."]
)
@pytest.mark.parametrize("place", [0, 1])
def test_flagged_text_is_not_shown_even_where_reviewers_want_no_flags(flagged: str, place: int) -> None:
    texts = tuple(flagged if number == place else text for number, text in enumerate(TEXTS))
    decided(texts, reviews={"flags": []})
    look()
    assert Example.objects.get().prompt == "" and "before and after" not in home()


@pytest.mark.parametrize("after", [TEXTS[0], "", "so " * 120])
def test_answers_without_a_difference_or_too_long_are_no_example(after: str) -> None:
    decided((TEXTS[0], after, *TEXTS[2:]))
    look()
    assert "before and after" not in home()


def test_a_base_that_is_still_the_first_one_has_nothing_to_show() -> None:
    builder = decided()
    look()
    roll_back(builder.refreshed(), None, 0)
    assert "before and after" not in home()
    look()
    assert not Example.objects.exists()


def test_samples_that_are_gone_leave_the_page_whole(tmp_path: Path) -> None:
    decided()
    for file in (tmp_path / "artifacts").iterdir():
        file.unlink()
    look()
    assert "Open campaigns" in home() and "before and after" not in home()
