"""Live news in real browsers from the real server: everybody sees the same, and nothing is lost on the way."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.live_platform import Steered, steered

pytestmark = pytest.mark.e2e

PAGE = "campaigns/joy-in-comments/"


class Server:
    """`crowdsft serve` on a port of its own; it can be cut off and come back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}/"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve until `stop`."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("CROWDSFT_")}
        command = [sys.executable, "-m", "crowdsft", "serve", "--no-worker", "--data", str(self._folder)]
        log = (self._folder / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [*command, "--port", str(self._port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
        )
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                httpx.get(f"{self.address}healthz", timeout=5.0).raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.1)
        pytest.fail(f"the server did not start:\n{(self._folder / 'serve.log').read_text()}")

    def stop(self) -> float:
        """Ctrl-C. Returns how many seconds it took, with whatever streams were open."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)
        return time.monotonic() - begun


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Steered]:
    with steered(tmp_path / "data") as found:
        yield found


@pytest.fixture
def server(campaign: Steered, tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path / "data")
    found.start()
    yield found
    if found.process is not None and found.process.poll() is None:
        found.stop()


@contextmanager
def looking(
    browser: Browser, server: Server, *, reader: str | None = None, path: str = PAGE
) -> Iterator[Page]:
    """The page in a browser of its own; `asked` on it counts requests for news."""
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        if reader:
            context.add_cookies([{"name": "sessionid", "value": reader, "url": server.address}])
        page = context.new_page()
        page.goto(server.address + path)
        yield page


def bars(page: Page) -> list[str | None]:
    """What the candidates' bars show."""
    return [bar.get_attribute("value") for bar in page.locator(".runs progress").all()]


def test_two_browsers_see_the_same_at_once_and_a_reload_loses_nothing(
    browser: Browser, server: Server, campaign: Steered
) -> None:
    with (
        looking(browser, server) as one,
        looking(browser, server, reader=campaign.do("session", "bob")) as two,
    ):
        asked: list[str] = []
        for page in (one, two):
            page.on("request", lambda request: asked.append(request.url) if "/live/" in request.url else None)
            page.wait_for_timeout(1500)  # the first message is there
        campaign.do("contribute", 3)
        for page in (one, two):
            expect(page.locator("#doing")).to_contain_text("3 contributions")
        campaign.do("contribute", 4)
        for page in (one, two):
            expect(page.locator("#doing")).to_contain_text("7 contributions")
        campaign.do("train")
        campaign.do("parts", 1.0, 0.5, 0.25)
        for page in (one, two):
            expect(page.locator(".runs progress")).to_have_count(3)
            assert bars(page) == ["100", "50", "25"]
        one.reload()
        assert bars(one) == ["100", "50", "25"]
        campaign.do("parts", 1.0, 1.0, 0.75)
        for page in (one, two):
            expect(page.locator("#part-3")).to_have_attribute("value", "75")
        assert Axe().run(one, options={"resultTypes": ["violations"]}).violations_count == 0
        before = len([url for url in asked if "127.0.0.1" in url])
        campaign.do("decide")
        for page in (one, two):
            expect(page.get_by_role("heading", name="Distance to the target")).to_be_visible()
            expect(page.get_by_label("Rounds table")).to_contain_text("Group B")
        assert (
            before <= 4
        )  # the stream told the state; only tables are asked for, when buttons or they change
        assert server.stop() < 10


def test_a_cut_connection_is_restored_and_what_happened_meanwhile_is_shown(
    browser: Browser, server: Server, campaign: Steered
) -> None:
    with looking(browser, server) as page:
        page.wait_for_timeout(1000)
        server.stop()
        campaign.do("contribute", 6)
        campaign.do("train")
        campaign.do("decide")
        campaign.do("open")
        server.start()
        expect(page.locator("#status")).to_contain_text("Round 2 open", timeout=30_000)
        expect(page.get_by_label("Rounds table")).to_contain_text("Group B")
        campaign.do("contribute", 2)
        expect(page.locator("#doing")).to_contain_text("2 contributions")


def test_a_page_whose_stream_is_cut_off_asks_by_itself(
    browser: Browser, server: Server, campaign: Steered
) -> None:
    with browser.new_context() as context:
        context.route(re.compile("/events/"), lambda route: route.abort())
        page = context.new_page()
        page.goto(server.address + PAGE)
        campaign.do("contribute", 5)
        expect(page.locator("#doing")).to_contain_text("5 contributions")
        campaign.do("train")
        campaign.do("parts", 0.5, 0.5, 0.5)
        expect(page.locator("#part-1")).to_have_attribute("value", "50")


def test_whoever_waits_for_a_task_sees_the_training_and_the_next_round(
    browser: Browser, server: Server, campaign: Steered
) -> None:
    session = campaign.do("session", "bob")
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{server.address}accounts/login/")
        page.get_by_label("Username").fill("bob")
        page.get_by_label("Password").fill("bob has a long password")
        page.get_by_role("button", name="Sign in").click()
        assert session
        campaign.do("contribute", 6)
        campaign.do("train")
        page.goto(f"{server.address}{PAGE}work/")
        expect(page.get_by_role("heading", name="No round is open right now")).to_be_visible()
        campaign.do("parts", 0.1, 0.2, 0.3)
        expect(page.locator("#part-2")).to_have_attribute("value", "20")
        campaign.do("decide")
        campaign.do("open")
        expect(page.get_by_text("Round 2 is open.")).to_be_visible()
        page.get_by_role("button", name="Go to my next task").click()
        expect(page.get_by_role("heading", name="Write a response")).to_be_visible()
