"""Setting up and steering a campaign in a real browser, with scripts and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.sample_platform import SamplePlatform, sample_platform

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def platform(browser: Browser) -> Iterator[SamplePlatform]:
    with sample_platform() as running:
        yield running


def as_reader(context: BrowserContext, platform: SamplePlatform, reader: str) -> Page:
    context.add_cookies([{"name": "sessionid", "value": platform.sessions[reader], "url": platform.address}])
    return context.new_page()


def test_a_campaign_is_checked_while_one_types_and_opened_from_a_draft(
    browser: Browser, platform: SamplePlatform
) -> None:
    with browser.new_context() as context:
        page = as_reader(context, platform, "alice")
        page.goto(f"{platform.address}/campaigns/new/?template=tone")
        check = page.locator("#check")
        check.get_by_text("training steps").wait_for()
        page.fill("#id_rounds\\.groups", "1")
        check.get_by_text("1 thing needs another look").wait_for()
        page.fill("#id_rounds\\.groups", "4")
        check.get_by_text("12 people").wait_for()
        page.get_by_text("What contributors will see").click()
        assert check.get_by_text("A joyful tone", exact=True).is_visible()
        page.get_by_role("button", name="Keep it as a draft").click()
        page.get_by_text("Kept as a draft.").wait_for()
        page.get_by_role("button", name="Open the campaign").click()
        page.get_by_text("A joyful tone is open.").wait_for()


def test_without_scripts_a_form_is_checked_and_a_winner_declined(
    browser: Browser, platform: SamplePlatform
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = as_reader(context, platform, "alice")
        page.goto(f"{platform.address}/campaigns/new/?template=dialect")
        page.get_by_role("button", name="Check and estimate").click()
        assert page.get_by_text("training steps").is_visible()
        page.goto(f"{platform.address}/campaigns/{platform.slugs['approval']}/manage/")
        page.get_by_role("button", name="Decline…").click()
        page.get_by_label("Why, for its contributors to read").fill("It has become rude.")
        page.get_by_role("button", name="Decline the winner").click()
        assert page.get_by_text("Declined. The base stays").is_visible()
        assert page.get_by_text("declined: It has become rude.").is_visible()


def test_somebody_leaves_for_good(browser: Browser, platform: SamplePlatform) -> None:
    with browser.new_context(accept_downloads=True) as context:
        page = as_reader(context, platform, "charlie")
        page.goto(f"{platform.address}/account/data/")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download everything").click()
        assert download.value.suggested_filename == "crowdsft-your-data.zip"
        page.get_by_role("button", name="Delete my account…").click()
        page.get_by_label("Type your pseudonym").fill("lunar-moss-303")
        page.get_by_label("Your password").fill("charlie has a long password")
        page.get_by_role("button", name="Delete my account for good").click()
        page.get_by_text("Your account and your texts are deleted.").wait_for()
        assert page.get_by_role("link", name="Sign in").first.is_visible()
