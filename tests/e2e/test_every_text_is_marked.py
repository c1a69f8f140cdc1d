"""In a language in which every text stands in brackets, nothing on any page stands outside but what people wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser

from tests.e2e.pseudo_language import CLOSE, LANGUAGE, OPEN, unmarked, write_pseudo_language
from tests.e2e.sample_platform import SamplePlatform, sample_platform
from tests.e2e.screenshots import SHOTS, Shot, open_shot

pytestmark = pytest.mark.e2e

NAMES = ("crowdsft", "English", "Deutsch", "UTC", "API", "SHA-256", "EUR", "USD")
PSEUDONYM = re.compile(r"\b[a-z]+-[a-z]+-\d{3}\b")


def _acts(shot: Shot) -> bool:
    """Whether the page says more once something was done on it; drawers are in it from the start."""
    return bool(shot.fill or shot.form)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamplePlatform]:
    folder = tmp_path_factory.mktemp("locale")
    write_pseudo_language(folder)
    with sample_platform(folder) as running:
        yield running


@pytest.mark.parametrize("shot", [shot for shot in SHOTS if not _acts(shot)], ids=lambda shot: shot.name)
def test_a_page_says_nothing_that_cannot_be_translated(platform: SamplePlatform, shot: Shot) -> None:
    _check(platform, _page(platform, shot))


@pytest.mark.parametrize("shot", [shot for shot in SHOTS if _acts(shot)], ids=lambda shot: shot.name)
def test_what_a_page_answers_can_be_translated(
    browser: Browser, platform: SamplePlatform, shot: Shot
) -> None:
    with browser.new_context() as context:
        context.add_cookies([{"name": "language", "value": LANGUAGE, "url": platform.address}])
        page = context.new_page()
        open_shot(shot, platform, page, "light")
        page.evaluate(
            "for (const part of document.querySelectorAll('time[data-local], #difference')) part.remove()"
        )
        _check(platform, page.content())


def test_what_is_not_marked_is_found() -> None:
    page = f"""<title>{OPEN}Home{CLOSE} · crowdsft</title>
    <p>{OPEN}Hello <b>you</b>, {OPEN}two{CLOSE} of us{CLOSE} there</p>
    <a aria-label="Go home" data-key="a" data-saving="{OPEN}Saving{CLOSE}">{OPEN}Home{CLOSE}</a><code>pip</code>
    <img alt="A tree"><p>A text of ada's</p><p>3 · B</p>"""
    assert unmarked(page, ["crowdsft", "A text of ada's"]) == ["there", "Go home", "A tree"]


def _check(platform: SamplePlatform, page: str) -> None:
    assert OPEN in page
    assert unmarked(PSEUDONYM.sub("", page), {*NAMES, *platform.own}) == []


def _page(platform: SamplePlatform, shot: Shot) -> str:
    cookies = {"language": LANGUAGE}
    if shot.reader:
        cookies["sessionid"] = platform.sessions[shot.reader]
    address = platform.address + quote(shot.path.format(**platform.slugs), safe="/?=&:")
    request = Request(
        address, headers={"Cookie": "; ".join(f"{key}={value}" for key, value in cookies.items())}
    )
    try:
        with urlopen(request) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        return error.read().decode()
