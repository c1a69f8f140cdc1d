"""A whole campaign by hand in a real browser, on a real server with a real worker: people join, write, correct,
a round is closed, candidates are trained, and points are explained."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytest.importorskip("torch", reason="needs the [train] extra")
pytestmark = [pytest.mark.e2e, pytest.mark.train, pytest.mark.slow]

START_SECONDS = 90.0
ROUND_SECONDS = 240.0
PASSWORD = "four random words here"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`crowdsft serve` on a free port, with its worker."""
    folder = tmp_path_factory.mktemp("platform")
    log = folder / "server.log"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    for name in ("CROWDSFT_DATA", "CROWDSFT_DATABASE_FILE", "CROWDSFT_DATABASE_URL"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "crowdsft", "serve", "--port", "0", "--data", str(folder / "data")]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
        )
    try:
        yield _address(log, server)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _address(log: Path, server: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(r"http://[\d.:]+", log.read_text())
        if found and _answers(found[0]):
            return found[0]
        time.sleep(0.2)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


def _answers(address: str) -> bool:
    """Whether the server listens already; it names its address a little earlier."""
    try:
        return httpx.get(f"{address}/healthz", timeout=5.0).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def people(browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    """A browser profile for each of the organiser and two contributors."""
    contexts = {name: browser.new_context() for name in ("alice", "bob", "carol")}
    yield contexts
    for context in contexts.values():
        context.close()


def test_from_sign_up_to_explained_points(address: str, people: dict[str, BrowserContext]) -> None:
    alice, bob, carol = (people[name].new_page() for name in ("alice", "bob", "carol"))
    _sign_up(alice, address, "alice", "/campaigns/new/")
    slug = _create_campaign(alice)
    campaign = f"{address}/campaigns/{slug}/"
    expect(alice.get_by_text("Round 1 open")).to_be_visible(timeout=60_000)  # by itself, without a reload

    _join(bob, address, campaign, "bob")
    _work_with_a_draft_that_survives(bob, campaign)
    _join(carol, address, campaign, "carol")
    for number in range(4):
        _do_task(carol, campaign, f"What a bright morning, I am so glad, number {number}.")

    bob.goto(campaign)
    alice.goto(campaign)
    alice.get_by_role("button", name="Close this round now").click()
    alice.get_by_role("button", name="Close the round", exact=True).click()
    expect(alice.get_by_text("Round 1 closes as soon as")).to_be_visible()
    _watch_the_round(bob)
    _read_the_points(bob, campaign)


def _sign_up(page: Page, address: str, name: str, onward: str) -> None:
    page.goto(f"{address}/accounts/signup/?next={onward}")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    page.wait_for_url(f"{address}{onward}")


def _create_campaign(page: Page) -> str:
    """The smallest campaign with both tasks that trains for real."""
    page.get_by_label("Name", exact=True).fill("Joy by hand")
    page.get_by_label("Guidelines for contributors").fill("Be **warm**.")
    page.get_by_role("textbox", name="Rounds", exact=True).fill("0")
    page.get_by_role("button", name="Open the campaign").click()
    expect(page.locator("#faults")).to_contain_text("it must be at least 1")
    page.get_by_role("textbox", name="Rounds", exact=True).fill("1")
    page.get_by_label("Groups in a round").fill("2")
    page.get_by_label("When I say so").check()
    page.get_by_text("Training, measurement and limits").click()
    for label, value in (
        ("Passes over the contributions", "1"),
        ("Answers for choosing the winner", "16"),
        ("Answers for reporting and points", "16"),
    ):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Open the campaign").click()
    expect(page.get_by_role("heading", name="Joy by hand")).to_be_visible()
    return page.url.rstrip("/").split("/")[-1]


def _join(page: Page, address: str, campaign: str, name: str) -> None:
    page.goto(campaign)
    page.get_by_role("button", name="Join this campaign").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    expect(page.get_by_role("heading", name="Join this campaign")).to_be_visible()
    page.get_by_label("I license my contributions").check()
    page.get_by_label("I agree to this use").check()
    page.get_by_role("button", name="Join and start the first task").click()
    expect(page.get_by_text("Welcome to Joy by hand.")).to_be_visible()


def _work_with_a_draft_that_survives(page: Page, campaign: str) -> None:
    """Write and correct at least once each; every draft is reloaded before it is handed in."""
    seen: set[str] = set()
    for number in range(6):
        page.goto(f"{campaign}work/")
        heading = page.get_by_role("heading", level=1).inner_text()
        for _ in range(20):  # which kind comes next is chance: at last, skip until it is the other one
            if number < 5 or seen != {heading}:
                break
            page.get_by_role("button", name="Skip", exact=True).click()
            page.get_by_role("button", name="I have no time now").click()
            expect(page.get_by_text("Skipped. Here is another task.")).to_be_visible()
            heading = page.get_by_role("heading", level=1).inner_text()
        text = f"I am so happy about this lovely day, number {number}."
        page.locator("textarea").fill(text)
        expect(page.locator("#autosave")).to_have_text(re.compile("Draft saved"))
        if heading == "Correct the model's response":
            expect(page.locator("#difference ins").first).to_be_visible()
        page.reload()
        expect(page.locator("textarea")).to_have_value(text)
        page.get_by_role("button", name="Submit, next task").click()
        expect(page.get_by_text(f"Thank you, that is task {number + 1}.")).to_be_visible()
        seen.add(heading)
    assert seen == {"Write a response", "Correct the model's response"}


def _do_task(page: Page, campaign: str, text: str) -> None:
    page.goto(f"{campaign}work/")
    page.locator("textarea").fill(text)
    page.get_by_role("button", name="Submit, next task").click()
    expect(page.get_by_text("Thank you, that is task")).to_be_visible()


def _watch_the_round(page: Page) -> None:
    """The page follows the round by itself: a stage at work, then the end. A quick machine may skip the stage."""
    finished = page.get_by_text("Finished", exact=True)
    stage = page.locator('.stages [aria-current="step"]')
    expect(stage.or_(finished).first).to_be_visible(timeout=60_000)
    expect(finished).to_be_visible(timeout=1000 * ROUND_SECONDS)
    expect(page.get_by_role("heading", name="Distance to the target")).to_be_visible()


def _read_the_points(page: Page, campaign: str) -> None:
    page.get_by_role("button", name="See my points").click()
    page.wait_for_url(f"{campaign}points/")
    # Points are carried over after a tie.
    heading = re.compile(r"Round 1: (why you got [\d,]+ points?|points carried over)")
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    story = page.locator("#why").inner_text()
    assert re.search(r"Your group, group [AB]|no clear winner|no winner", story)
    page.get_by_text("How this is worked out").click()
    expect(page.get_by_text("gave 16 answers to the same prompts")).to_be_visible()
