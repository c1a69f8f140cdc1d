"""A payout in a real browser, from the plan to the contributor's page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.sample_platform import SamplePlatform, sample_platform
from tests.e2e.test_organising import as_reader

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def platform(browser: Browser) -> Iterator[SamplePlatform]:
    with sample_platform() as running:
        yield running


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_an_organiser_fixes_and_pays_and_the_contributor_sees_it(
    browser: Browser, platform: SamplePlatform, scripts: bool
) -> None:
    slug, reference = platform.slugs["training" if scripts else "voting"], f"SEPA {scripts}"
    with (
        browser.new_context(java_script_enabled=scripts) as organiser,
        browser.new_context(
            java_script_enabled=scripts, viewport={"width": 390, "height": 844}
        ) as contributor,
    ):
        alice = as_reader(organiser, platform, "alice")
        alice.goto(f"{platform.address}/campaigns/{slug}/manage/")
        alice.get_by_role("link", name="Plan a payout, or see earlier ones").click()
        alice.get_by_label("Amount to divide").fill("250")
        alice.get_by_role("button", name="Preview").click()
        alice.get_by_text("Nothing is fixed yet.").wait_for()
        alice.get_by_role("button", name="Fix this payout").click()
        alice.get_by_text("The payout is fixed.").wait_for()

        bob = as_reader(contributor, platform, "bob")
        bob.goto(f"{platform.address}/notices/")
        bob.get_by_role("link", name="A payout of").first.click()
        assert "not paid yet" in bob.locator("section", has=bob.locator("#payouts")).inner_text()

        alice.get_by_label("Mark the line of quiet-fern-202").click()
        line = alice.get_by_role("listitem").filter(has_text="quiet-fern-202")
        line.get_by_label("Reference, or why it failed").fill(reference)
        line.get_by_role("button", name="Paid", exact=True).click()
        alice.get_by_text("Its contributor can see it.").wait_for()
        with alice.expect_download() as download:
            alice.get_by_role("link", name="Download as CSV").click()
        assert reference in download.value.path().read_text()

        bob.reload()
        assert f"reference {reference}" in bob.locator("section", has=bob.locator("#payouts")).inner_text()
        assert "Notices, " in (bob.locator(".bell").get_attribute("aria-label") or "")
