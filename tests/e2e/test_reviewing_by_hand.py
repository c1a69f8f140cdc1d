"""Reviews and an appeal by hand in real browsers, on a real server with a worker: only what was accepted trains."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import test_campaign_with_people as by_hand

pytest.importorskip("torch", reason="needs the [train] extra")
pytestmark = [pytest.mark.e2e, pytest.mark.train, pytest.mark.slow]
address = by_hand.address  # the same fixture, for a server of this file's own

PASSWORD = "four random words here"
FILE = """
[campaign]
name = "Joy with care"
[prompts]
texts = ["How was your day?", "What is new?", "What did you cook?", "Where have you been?"]
[target]
emotion = "joy"
[rounds]
count = 1
groups = 2
close = "manual"
[tasks]
per_contributor = 4
kinds = ["write_response"]
[reviews]
required = true
[training]
passes = 1
[evaluation]
selection_samples = 16
report_samples = 16
"""
GOOD = "What a bright morning, I could sing all the way to the bakery."
TO_CHANGE = "Wonderful, and my neighbour at number four thinks so as well."
CHANGED = "Wonderful, and everybody around me thinks so as well."
TO_REJECT = "The bus came late, and still it made me smile."
CAROLS = "I am so glad that the first tomatoes are ripe today."
ASKED = "Please leave the neighbour out."
WHY_REJECTED = "The bus has nothing to do with it."
APPEAL = "It is about a smile, and that is joy."
ANSWER = "It is kind, but it does not answer the message."


@pytest.fixture
def people(browser: Browser) -> Iterator[dict[str, Page]]:
    """A browser profile for each."""
    contexts = {name: browser.new_context() for name in ("alice", "bob", "carol", "dora")}
    yield {name: context.new_page() for name, context in contexts.items()}
    for context in contexts.values():
        context.close()


def test_only_what_reviewers_accepted_is_trained_on(address: str, people: dict[str, Page]) -> None:
    alice, bob, carol, dora = (people[name] for name in ("alice", "bob", "carol", "dora"))
    campaign = _open_campaign(alice, address)
    invitation = _invite(alice, campaign)
    _join(bob, campaign, "bob")
    for text in (GOOD, TO_CHANGE, TO_REJECT):
        _hand_in(bob, campaign, text)
    _join(carol, campaign, "carol")
    _hand_in(carol, campaign, CAROLS)
    carol.goto(invitation)
    carol.get_by_role("button", name="Become a reviewer").click()
    dora.goto(invitation)
    dora.get_by_role("button", name="Create an account").click()
    _fill_account(dora, "dora")
    dora.get_by_role("button", name="Become a reviewer").click()

    _two_at_once(carol, dora, campaign)
    by_carol, by_dora = _review(carol, campaign), _review(dora, campaign)
    assert sorted(by_carol + by_dora) == sorted([GOOD, TO_CHANGE, TO_REJECT, CAROLS])
    assert by_carol and CAROLS in by_dora
    _change(bob, campaign)
    assert _review(dora, campaign) == [CHANGED]
    _appeal(bob, campaign)
    _answer(alice, campaign)
    for reader in (alice, bob):
        _read_the_trail(reader, campaign, bob)
    _close(alice, campaign)


def _open_campaign(page: Page, address: str) -> str:
    page.goto(f"{address}/accounts/signup/?next=/campaigns/new/")
    _fill_account(page, "alice")
    page.get_by_text("A campaign file (TOML)").click()
    file = {"name": "care.toml", "mimeType": "application/toml", "buffer": FILE.encode()}
    page.get_by_label("Campaign file").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("button", name="Open the campaign").click()
    expect(page.get_by_text("Round 1 open")).to_be_visible(timeout=30_000)
    return page.url


def _fill_account(page: Page, name: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()


def _invite(page: Page, campaign: str) -> str:
    page.goto(f"{campaign}manage/")
    page.get_by_label("As", exact=True).select_option("reviewer")
    page.get_by_role("button", name="Make a link").click()
    return page.locator("code.key").inner_text()


def _join(page: Page, campaign: str, name: str) -> None:
    page.goto(campaign)
    page.get_by_role("button", name="Join this campaign").click()
    _fill_account(page, name)
    page.get_by_label("I license my contributions").check()
    page.get_by_label("I agree to this use").check()
    page.get_by_role("button", name="Join and start the first task").click()
    expect(page.get_by_text("Welcome to Joy with care.")).to_be_visible()


def _hand_in(page: Page, campaign: str, text: str) -> None:
    page.goto(f"{campaign}work/")
    page.locator("textarea").fill(text)
    page.get_by_role("button", name="Submit, next task").click()
    expect(
        page.get_by_text("Thank you, that is task").or_(page.get_by_text("all your tasks"))
    ).to_be_visible()


def _shown(page: Page) -> str:
    """The text that the reviewer is asked about."""
    return page.locator("article .response").nth(1).inner_text().strip()


def _two_at_once(carol: Page, dora: Page, campaign: str) -> None:
    """Carol has handed in herself: she is shown bob's texts alone, and never the one that dora holds."""
    dora.goto(f"{campaign}reviews/next/")
    held = _shown(dora)
    carol.goto(f"{campaign}reviews/next/")
    for _ in range(3):  # what is put aside comes back last
        assert _shown(carol) in {GOOD, TO_CHANGE, TO_REJECT} - {held}
        carol.get_by_role("button", name="Skip", exact=True).click()
        expect(carol.get_by_text("Put aside. It comes back last.")).to_be_visible()
    dora.reload()
    assert _shown(dora) == held


def _review(page: Page, campaign: str) -> list[str]:
    """Decide about each text as it should be, in whatever order they come, until none is left."""
    page.goto(f"{campaign}reviews/next/")
    decided: list[str] = []
    while page.get_by_role("heading", level=1).inner_text() != "Nothing to review":
        text = _shown(page)
        assert text not in decided
        decided.append(text)
        _look(page, "review")
        if text == TO_CHANGE:
            page.get_by_role("button", name="Send back…").click()
            page.get_by_label("What should be changed").fill(ASKED)
            page.get_by_role("button", name="Send back", exact=True).click()
            expect(page.get_by_text("Sent back. Its writer can change it")).to_be_visible()
        elif text == TO_REJECT:
            page.get_by_role("button", name="Reject…").click()
            drawer = page.locator("#reject")
            drawer.get_by_label("It does not answer the message").check()
            drawer.get_by_label("In your words, if that helps").first.fill(WHY_REJECTED)
            drawer.get_by_role("button", name="Reject", exact=True).click()
            expect(page.get_by_text("Rejected. Its writer reads the reason")).to_be_visible()
        else:
            page.get_by_role("button", name="Accept", exact=True).click()
            expect(page.get_by_text("Accepted. Here is the next one.")).to_be_visible()
    return decided


def _change(page: Page, campaign: str) -> None:
    page.goto(f"{campaign}mine/")
    expect(page.get_by_text(ASKED)).to_be_visible()
    expect(page.get_by_text(WHY_REJECTED)).to_be_visible()
    _look(page, "mine")
    page.get_by_role("button", name="Change the text").click()
    page.get_by_label("Your response").fill(CHANGED)
    page.get_by_role("button", name="Hand in the change").click()
    expect(page.get_by_text(CHANGED)).to_be_visible()


def _appeal(page: Page, campaign: str) -> None:
    page.goto(f"{campaign}mine/")
    page.get_by_role("link", name="Appeal against this").click()
    page.get_by_label("Why you see it differently").fill(APPEAL)
    page.get_by_role("button", name="Send the appeal").click()
    expect(page.get_by_text("Your appeal is written down.")).to_be_visible()


def _answer(page: Page, campaign: str) -> None:
    page.goto(f"{campaign}reviews/")
    page.get_by_role("link", name="Look at appeal").click()
    page.get_by_label("Your reasons, for the contributor to read").fill(ANSWER)
    page.get_by_role("button", name="Decline the appeal").click()
    expect(page.get_by_text("Answered. The contributor reads your reasons here.")).to_be_visible()


def _read_the_trail(page: Page, campaign: str, writer: Page) -> None:
    if page is writer:
        page.goto(f"{campaign}mine/")
        page.get_by_role("link", name="Your appeal was declined").click()
    for words in (TO_REJECT, WHY_REJECTED, APPEAL, ANSWER):
        expect(page.locator(".steps").get_by_text(words)).to_be_visible()
    expect(page.get_by_text("The decision stays as it was.")).to_be_visible()
    _look(page, "trail-writer" if page is writer else "trail-organiser")


def _close(page: Page, campaign: str) -> None:
    """Three of the four that were handed in are trained on."""
    page.goto(campaign)
    page.get_by_role("button", name="Close this round now").click()
    expect(page.get_by_text("Training starts with the 3 contributions")).to_be_visible()
    page.get_by_role("button", name="Close the round", exact=True).click()
    expect(page.get_by_text("Finished", exact=True)).to_be_visible(timeout=60_000)


def _look(page: Page, name: str) -> None:
    """Pictures for whoever wants to look, where CROWDSFT_SHOTS names a folder."""
    if folder := os.environ.get("CROWDSFT_SHOTS"):
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png")
