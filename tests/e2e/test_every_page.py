"""Every page in a real browser: accessible in both themes, light, without errors, never wider than a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Response

from tests.e2e.sample_platform import SamplePlatform, sample_platform
from tests.e2e.screenshots import SHOTS, THEMES, Shot, open_shot

pytestmark = pytest.mark.e2e

PAGE_BYTES = 250_000
WIDTHS = (320, 390, 1280)
EXPECTED_STATUS = {
    "not-found": "404",
    "forbidden": "403",
    "create-faults": "422",
    "invitation-none": "404",
    "model-missing": "404",
}


@pytest.fixture(scope="module")
def platform(browser: Browser) -> Iterator[SamplePlatform]:
    with sample_platform() as running:
        yield running


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_a_page_is_accessible_light_and_no_wider_than_its_screen(
    browser: Browser, platform: SamplePlatform, shot: Shot, theme: str
) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce") as context:
        page = context.new_page()
        errors, sizes = _listen(page)
        open_shot(shot, platform, page, theme)
        page.wait_for_timeout(200)
        status = EXPECTED_STATUS.get(shot.name, "none")
        assert [error for error in errors if status not in error] == []
        assert all(url.startswith(platform.address) for url in sizes)
        assert sum(sizes.values()) < PAGE_BYTES, sizes
        results = Axe().run(page, options={"resultTypes": ["violations"]})
        assert results.violations_count == 0, results.generate_report()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def _listen(page: Page) -> tuple[list[str], dict[str, int]]:
    """What the page complains about, and how many bytes each address sent."""
    errors: list[str] = []
    sizes: dict[str, int] = {}
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("response", lambda response: sizes.update(_size(response)))
    return errors, sizes


def _size(response: Response) -> dict[str, int]:
    is_whole = response.request.resource_type in ("document", "stylesheet", "script", "image") and response.ok
    return {response.url: len(response.body())} if is_whole else {}


def test_the_theme_changes_at_once_and_stays(browser: Browser, platform: SamplePlatform) -> None:
    with browser.new_context(color_scheme="light") as context:
        page = context.new_page()
        page.goto(platform.address)
        light = _background(page)
        page.get_by_role("button", name="Dark").click()
        assert page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"
        dark = _background(page)
        assert dark != light
        page.wait_for_timeout(300)
        page.reload()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        assert _background(page) == dark


def test_a_contributor_without_scripts_can_do_everything(browser: Browser, platform: SamplePlatform) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = _as(context, platform, "charlie")
        page.goto(f"{platform.address}/campaigns/{platform.slugs['new']}/")
        page.get_by_role("button", name="Join this campaign").click()
        page.get_by_label("I license my contributions").check()
        page.get_by_label("I agree to this use").check()
        page.get_by_role("button", name="Join and start the first task").click()
        page.get_by_label("The model's response, yours to change").fill(
            "I would say it warmer. Well done to you."
        )
        page.get_by_role("button", name="Save draft").click()
        assert page.locator("ins").count() > 0
        assert (
            page.get_by_label("The model's response, yours to change").input_value().startswith("I would say")
        )
        page.get_by_role("button", name="Submit, next task").click()
        assert page.get_by_text("Thank you, that is task 1.").is_visible()
        page.get_by_role("button", name="Dark").click()
        assert page.locator("html").get_attribute("data-theme") == "dark"


def test_everything_can_be_reached_by_keyboard(browser: Browser, platform: SamplePlatform) -> None:
    with browser.new_context() as context:
        page = _as(context, platform, "bob")
        page.goto(f"{platform.address}/campaigns/{platform.slugs['long']}/work/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip-link"
        page.get_by_role("button", name="Guidelines").press("Enter")
        assert page.get_by_role("dialog").is_visible()
        page.keyboard.press("Escape")
        assert not page.get_by_role("dialog").is_visible()
        page.locator("textarea").fill("Sent by keyboard alone, which is a small joy.")
        page.keyboard.press("Control+Enter")
        page.get_by_text("Thank you, that is task").wait_for()


def test_a_draft_that_cannot_be_sent_is_sent_when_the_network_is_back(
    browser: Browser, platform: SamplePlatform
) -> None:
    with browser.new_context() as context:
        page = _as(context, platform, "bob")
        page.goto(f"{platform.address}/campaigns/{platform.slugs['long']}/work/")
        context.set_offline(True)
        page.locator("textarea").fill("Written on a train in a tunnel.")
        page.get_by_text("Not saved: no connection.").wait_for()
        context.set_offline(False)
        page.get_by_text("Draft saved").wait_for(timeout=15_000)
        page.reload()
        assert page.locator("textarea").input_value() == "Written on a train in a tunnel."


def _as(context: BrowserContext, platform: SamplePlatform, reader: str) -> Page:
    context.add_cookies([{"name": "sessionid", "value": platform.sessions[reader], "url": platform.address}])
    return context.new_page()


def _background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
