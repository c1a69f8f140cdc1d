"""Voting in a real browser: by key on a desktop, by thumb on a phone; an organiser counts the votes by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.sample_platform import SamplePlatform, sample_platform

pytestmark = pytest.mark.e2e
TOUCH_PIXELS = 44


@pytest.fixture(scope="module")
def platform() -> Iterator[SamplePlatform]:
    with sample_platform() as running:
        yield running


def opened(browser: Browser, platform: SamplePlatform, who: str, path: str, *, width: int) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 844}, has_touch=width < 600, reduced_motion="reduce"
    )
    cookie = {"name": "sessionid", "value": platform.sessions[who], "url": platform.address}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(f"{platform.address}/campaigns/{platform.slugs['voting']}/{path}")
    return page


def check_looks(page: Page, name: str) -> None:
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        results = Axe().run(page, options={"resultTypes": ["violations"]})
        assert results.violations_count == 0, results.generate_report()
        if folder := os.environ.get("CROWDSFT_SHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{theme}.png", full_page=True)


def test_keys_decide_pairs_and_writing_is_no_vote(browser: Browser, platform: SamplePlatform) -> None:
    page = opened(browser, platform, "bob", "vote/", width=1280)
    check_looks(page, "vote-desktop")
    for number, key in enumerate(("1", "2", "3", "ArrowLeft", "ArrowRight", "s"), start=1):
        expect(page.get_by_text(f"Pair {number} of at most 15")).to_be_visible()
        with page.expect_navigation():
            page.keyboard.press(key)
    expect(page.get_by_text("Pair 7 of at most 15")).to_be_visible()
    page.get_by_role("button", name="Guidelines", exact=True).click()
    page.keyboard.press("1")  # a panel is open: no vote
    page.keyboard.press("Escape")
    page.keyboard.press("Control+1")
    expect(page.get_by_text("Pair 7 of at most 15")).to_be_visible()


def test_everything_to_touch_is_large_enough(browser: Browser, platform: SamplePlatform) -> None:
    page = opened(browser, platform, "bob", "vote/", width=390)
    check_looks(page, "vote-phone")
    touched = page.locator("main button:visible, main a:visible").all()
    assert len(touched) >= 8
    boxes = []
    for one in touched:
        box = one.bounding_box()
        assert box is not None and min(box["width"], box["height"]) >= TOUCH_PIXELS, one.inner_text()
        boxes.append(box)
    report = boxes[-3:]
    for above, below in pairwise(report):
        is_beside = below["x"] >= above["x"] + above["width"]
        assert is_beside or below["y"] >= above["y"] + above["height"]
    page.set_viewport_size({"width": 320, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    with page.expect_navigation():
        page.get_by_role("button", name="B is better").tap()


def test_an_organiser_counts_the_votes_by_hand(browser: Browser, platform: SamplePlatform) -> None:
    page = opened(browser, platform, "alice", "", width=390)
    page.get_by_role("button", name="Count the votes now…").tap()
    expect(page.get_by_role("dialog", name="Count the votes of round 2 now?")).to_be_visible()
    check_looks(page, "close-vote-phone")
    page.get_by_role("button", name="Count the votes", exact=True).tap()
    expect(page.get_by_text("The votes of round 2 are counted now.")).to_be_visible()
    assert page.get_by_role("button", name="Count the votes now…").count() == 0
