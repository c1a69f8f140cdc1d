"""Choosing and rating on a phone, in a real browser: taps, keys, the next task at hand, nothing lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.sample_platform import SamplePlatform, sample_platform

pytestmark = pytest.mark.e2e
TOUCH_PIXELS = 44


@pytest.fixture(scope="module")
def platform(browser: Browser) -> Iterator[SamplePlatform]:
    with sample_platform() as running:
        yield running


@pytest.fixture
def phone(browser: Browser, platform: SamplePlatform) -> Iterator[BrowserContext]:
    with browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, reduced_motion="reduce"
    ) as context:
        cookie = {"name": "sessionid", "value": platform.sessions["bob"], "url": platform.address}
        context.add_cookies([cookie])  # type: ignore[list-item]
        yield context


def open_task(context: BrowserContext, platform: SamplePlatform, name: str) -> Page:
    page = context.new_page()
    with page.expect_response("**/work/ahead/"):
        page.goto(f"{platform.address}/campaigns/{platform.slugs[name]}/work/")
    page.wait_for_timeout(100)
    return page


def check_looks(page: Page, name: str) -> None:
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        results = Axe().run(page, options={"resultTypes": ["violations"]})
        assert results.violations_count == 0, results.generate_report()
        if folder := os.environ.get("CROWDSFT_SHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{theme}.png")
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for box in page.locator("form[data-work] .segmented label, form[data-work] button:visible").all():
        size = box.bounding_box()
        assert size is not None and size["height"] >= TOUCH_PIXELS


def test_two_taps_choose_and_the_next_pair_is_there_at_once(
    phone: BrowserContext, platform: SamplePlatform
) -> None:
    page = open_task(phone, platform, "choose")
    check_looks(page, "choose")
    first = page.locator("[data-work]").get_attribute("data-work")
    held: list[object] = []
    page.route("**/work/", lambda route: held.append(route))  # the server answers late
    page.get_by_text("A is better").tap()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.get_by_role("button", name="Submit, next task").tap()
    expect(page.get_by_text("Task 2 of 4")).to_be_visible(timeout=1000)
    assert page.locator("[data-work]").get_attribute("data-work") != first and held
    held[0].continue_()  # type: ignore[attr-defined]
    expect(page.get_by_text("Thank you, that is task 1.")).to_be_visible()
    assert page.locator("input[type=radio]:checked").count() == 0


def test_a_choice_is_still_there_after_a_reload(phone: BrowserContext, platform: SamplePlatform) -> None:
    page = open_task(phone, platform, "choose")
    page.get_by_text("B is better").tap()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("radio", name="B is better")).to_be_checked()


def test_a_lost_connection_brings_the_task_back_as_it_was(
    phone: BrowserContext, platform: SamplePlatform
) -> None:
    page = open_task(phone, platform, "choose")
    page.get_by_text("A is better").tap()
    page.get_by_label("Why?").fill("It listens.")
    page.wait_for_timeout(900)
    first = page.locator("[data-work]").get_attribute("data-work")
    page.route("**/work/", lambda route: route.abort())
    page.get_by_role("button", name="Submit, next task").tap()
    expect(page.get_by_role("alert")).to_contain_text("The connection was lost")
    assert page.locator("[data-work]").get_attribute("data-work") == first
    assert page.get_by_label("Why?").input_value() == "It listens."
    page.unroute("**/work/")
    page.get_by_role("button", name="Submit, next task").tap()
    expect(page.get_by_text("Thank you, that is task 2.")).to_be_visible()


def test_figures_rate_and_control_enter_sends(phone: BrowserContext, platform: SamplePlatform) -> None:
    page = open_task(phone, platform, "rate")
    check_looks(page, "rate")
    page.keyboard.press("4")
    expect(page.get_by_role("radio", name="4")).to_be_checked()
    page.get_by_label("Clumsy words").check()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Thank you, that is task 1.")).to_be_visible()
    page.keyboard.press("0")
    page.get_by_role("button", name="I cannot tell how good it is").tap()
    expect(page.get_by_text("Skipped. Here is another task.")).to_be_visible()
