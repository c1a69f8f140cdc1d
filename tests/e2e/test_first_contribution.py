"""From opening the site to the first contribution on a phone: a minute at most, and eight taps, typing aside."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.sample_platform import SamplePlatform, sample_platform

pytestmark = pytest.mark.e2e
MOST_TAPS = 8
MOST_SECONDS = 60.0


class Thumb:
    """Taps what it is told to, and counts. Fields are filled without a tap: that is typing."""

    def __init__(self) -> None:
        self.taps = 0
        self._begun = time.monotonic()

    def tap(self, what: Locator) -> None:
        """Tap once."""
        what.tap()
        self.taps += 1

    def check(self, way: str) -> None:
        """Print what it took, and hold it against the limits."""
        seconds = time.monotonic() - self._begun
        print(f"first contribution, {way}: {self.taps} taps, {seconds:.1f} s without typing")
        assert self.taps <= MOST_TAPS
        assert seconds <= MOST_SECONDS


@pytest.fixture(scope="module")
def platform() -> Iterator[SamplePlatform]:
    with sample_platform() as running:
        yield running


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A phone that has never been here."""
    with browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True) as context:
        yield context.new_page()


def test_who_chooses_a_campaign_first(phone: Page, platform: SamplePlatform) -> None:
    thumb = Thumb()
    phone.goto(platform.address)
    _choose(phone, platform, thumb)
    thumb.tap(phone.get_by_role("button", name="Join this campaign"))
    _sign_up(phone, thumb, "first-by-campaign")
    _agree_and_contribute(phone, thumb)
    thumb.check("the campaign first")


def test_who_makes_an_account_first(phone: Page, platform: SamplePlatform) -> None:
    thumb = Thumb()
    phone.goto(platform.address)
    thumb.tap(phone.get_by_role("button", name="Join in under a minute"))
    _sign_up(phone, thumb, "first-by-account")
    _choose(phone, platform, thumb)
    thumb.tap(phone.get_by_role("button", name="Join this campaign"))
    _agree_and_contribute(phone, thumb)
    thumb.check("the account first")


def _choose(page: Page, platform: SamplePlatform, thumb: Thumb) -> None:
    thumb.tap(page.locator(f'a.card-link[href="/campaigns/{platform.slugs["long"]}/"]'))


def _sign_up(page: Page, thumb: Thumb, name: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("four random words here")
    thumb.tap(page.get_by_role("button", name="Create my account"))


def _agree_and_contribute(page: Page, thumb: Thumb) -> None:
    thumb.tap(page.get_by_label("I license my contributions"))
    thumb.tap(page.get_by_label("I agree to this use"))
    thumb.tap(page.get_by_role("button", name="Join and start the first task"))
    page.locator("textarea").fill("What a lovely thing to hear, it makes my whole morning brighter.")
    thumb.tap(page.get_by_role("button", name="Submit, next task"))
    expect(page.get_by_text("Thank you, that is task 1.")).to_be_visible()
