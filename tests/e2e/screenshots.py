"""Screenshots of every page: `python -m tests.e2e.screenshots docs/screenshots [--all]`.

Without `--all` only those that the documentation shows. Widths 390 and 1280 pixels, light and dark.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize

from tests.e2e.browser import chromium
from tests.e2e.sample_platform import SamplePlatform, sample_platform

SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Shot:
    """A page to photograph: who looks, where, and what the documentation shows of it."""

    name: str
    reader: str | None
    path: str
    documented: tuple[str, ...] = ()
    fill: str = ""
    form: str = ""
    press: str = ""


SHOTS = (
    Shot("home", None, "/", ("desktop-light", "phone-dark")),
    Shot("home-signed-in", "bob", "/"),
    Shot("signup", None, "/accounts/signup/", ("phone-light",)),
    Shot("login", None, "/accounts/login/"),
    Shot("join", "charlie", "/campaigns/{long}/join/", ("phone-light",)),
    Shot("campaign", "bob", "/campaigns/{long}/", ("desktop-light", "desktop-dark", "phone-light")),
    Shot("campaign-visitor", None, "/campaigns/{long}/"),
    Shot("campaign-training", "bob", "/campaigns/{training}/", ("desktop-light", "phone-dark")),
    Shot("campaign-failed", "alice", "/campaigns/{failed}/", ("desktop-dark",)),
    Shot("campaign-failed-contributor", "bob", "/campaigns/{failed}/"),
    Shot("campaign-finished", None, "/campaigns/{finished}/"),
    Shot("campaign-new", "alice", "/campaigns/{new}/"),
    Shot("work-write", "bob", "/campaigns/{long}/work/", ("phone-light",)),
    Shot(
        "work-correct",
        "bob",
        "/campaigns/{new}/work/",
        ("desktop-light", "phone-dark"),
        fill="That is wonderful to hear. A whole book, before breakfast, at five!",
    ),
    Shot("work-skip", "bob", "/campaigns/{long}/work/", press="Skip"),
    Shot("work-guidelines", "bob", "/campaigns/{long}/work/", ("phone-light",), press="Guidelines"),
    Shot("campaign-close", "alice", "/campaigns/{long}/", press="Close this round now…"),
    Shot("work-closed", "bob", "/campaigns/{training}/work/"),
    Shot("work-choose", "bob", "/campaigns/{choose}/work/", ("desktop-light",)),
    Shot("work-rate", "bob", "/campaigns/{rate}/work/", ("phone-dark",)),
    Shot("work-paused", "emil", "/campaigns/{reviewed}/work/"),
    Shot("my-contributions", "bob", "/campaigns/{reviewed}/mine/", ("phone-light",)),
    Shot("my-contributions-none", "bob", "/campaigns/{choose}/mine/"),
    Shot("change-contribution", "bob", "/campaigns/{reviewed}/mine/{returned}/change/"),
    Shot("report", "bob", "/campaigns/{reviewed}/report/?task={task}&part=prompt"),
    Shot("appeal", "bob", "/campaigns/{reviewed}/appeals/{appeal}/"),
    Shot("appeal-answered", "bob", "/campaigns/{reviewed}/appeals/{answered}/", ("phone-light",)),
    Shot("appeal-award", "bob", "/campaigns/{long}/appeals/new/?award=3"),
    Shot("campaign-reviewed", "bob", "/campaigns/{reviewed}/"),
    Shot("review-desk", "alice", "/campaigns/{reviewed}/reviews/"),
    Shot("review-desk-none", "alice", "/campaigns/{new}/reviews/"),
    Shot("review", "dora", "/campaigns/{reviewed}/reviews/next/", ("desktop-light",)),
    Shot("review-none", "alice", "/campaigns/{new}/reviews/next/"),
    Shot("appeal-to-answer", "alice", "/campaigns/{reviewed}/appeals/{appeal}/"),
    Shot("points", "bob", "/campaigns/{long}/points/", ("desktop-light", "phone-dark")),
    Shot("points-estimate", "bob", "/campaigns/{estimated}/points/", ("phone-light",)),
    Shot("points-carried", "bob", "/campaigns/{long}/points/?round=4"),
    Shot("points-none", "bob", "/campaigns/{new}/points/"),
    Shot("points-stranger", "charlie", "/campaigns/{long}/points/"),
    Shot("all-points", "bob", "/points/"),
    Shot("ledger", "bob", "/campaigns/{long}/ledger/", ("desktop-light", "phone-dark")),
    Shot("standings", "bob", "/campaigns/{long}/standings/?period=round", ("phone-light",)),
    Shot("vote", "bob", "/campaigns/{voting}/vote/", ("phone-light",)),
    Shot("campaign-voting", "bob", "/campaigns/{voting}/"),
    Shot("playground", "bob", "/campaigns/{long}/playground/", ("desktop-light", "phone-dark")),
    Shot("playground-waiting", "alice", "/campaigns/{long}/playground/"),
    Shot("playground-empty", "charlie", "/campaigns/{long}/playground/"),
    Shot("models", "bob", "/campaigns/{long}/models/", ("desktop-light", "phone-dark")),
    Shot("models-none", None, "/campaigns/{new}/models/"),
    Shot("model-missing", None, "/campaigns/{long}/models/99-0.zip"),
    Shot("notices", "bob", "/notices/"),
    Shot("notices-none", "charlie", "/notices/"),
    Shot("notice-settings", "bob", "/account/notices/", ("phone-dark",)),
    Shot("unsubscribe", None, "/notices/unsubscribe/{unsubscribe}/"),
    Shot("account", "bob", "/account/"),
    Shot("your-data", "bob", "/account/data/", ("phone-light",)),
    Shot("leave", "bob", "/campaigns/{long}/leave/"),
    Shot("delete-account", "bob", "/account/delete/"),
    Shot("delete-account-organiser", "alice", "/account/delete/"),
    Shot("tokens", "bob", "/account/tokens/"),
    Shot("join-new-version", "bob", "/campaigns/{approval}/join/"),
    Shot("invitation", "charlie", "/invitations/{invitation}/"),
    Shot("invitation-none", None, "/invitations/made-up/"),
    Shot("manage", "alice", "/campaigns/{long}/manage/"),
    Shot("manage-winner", "alice", "/campaigns/{approval}/manage/", ("desktop-light", "phone-dark")),
    Shot("manage-roll-back", "alice", "/campaigns/{long}/manage/", press="Roll back…"),
    Shot("manage-finished", "alice", "/campaigns/{finished}/manage/"),
    Shot("payouts", "alice", "/campaigns/{long}/manage/payouts/"),
    Shot("payouts-preview", "alice", "/campaigns/{long}/manage/payouts/", form="payout"),
    Shot("payouts-none", "alice", "/campaigns/{finished}/manage/payouts/"),
    Shot("payout", "alice", "/campaigns/{long}/manage/payouts/{payout}/", ("desktop-light",)),
    Shot("payout-all-paid", "alice", "/campaigns/{long}/manage/payouts/{payout}/", press="Mark all as paid…"),
    Shot("data", "alice", "/campaigns/{reviewed}/manage/data/"),
    Shot("import", "alice", "/campaigns/{reviewed}/manage/data/{import}/", ("desktop-light",)),
    Shot("import-done", "alice", "/campaigns/{reviewed}/manage/data/{imported}/"),
    Shot("judgements", "alice", "/campaigns/{judged}/judgements/"),
    Shot("judgements-none", "alice", "/campaigns/{choose}/judgements/"),
    Shot("judgements-nobody", "alice", "/campaigns/{long}/judgements/"),
    Shot("judgements-own", "bob", "/campaigns/{judged}/mine/"),
    Shot("webhooks", "alice", "/campaigns/{long}/manage/webhooks/"),
    Shot("password-reset", None, "/accounts/password/reset/"),
    Shot("password-reset-sent", None, "/accounts/password/reset/done/"),
    Shot("password-reset-old", None, "/accounts/password/reset/key/1-nonsense/"),
    Shot("email", "bob", "/accounts/email/"),
    Shot("two-step-app", "bob", "/accounts/2fa/totp/activate/"),
    Shot("draft", "alice", "/campaigns/{draft}/draft/"),
    Shot("create-template", "alice", "/campaigns/new/?template=trade", ("desktop-light",)),
    Shot("create", "alice", "/campaigns/new/"),
    Shot("create-faults", "alice", "/campaigns/new/", ("phone-light",), form="faults"),
    Shot("not-found", None, "/nothing-here/"),
    Shot("forbidden", "bob", "/campaigns/{long}/", form="close"),
    Shot("password", "bob", "/accounts/password/change/"),
    Shot("two-step", "bob", "/accounts/2fa/"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="every page, size and theme")
    parser.add_argument("--only", default="", help="pages whose name begins so")
    parser.add_argument("--language", default="en", help="the language of the pages")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    with sample_platform() as platform, chromium() as browser:
        for shot in SHOTS:
            if shot.name.startswith(options.only):
                _take(
                    shot, platform, browser, options.folder, everything=options.all, language=options.language
                )


def _take(
    shot: Shot, platform: SamplePlatform, browser: Browser, folder: Path, *, everything: bool, language: str
) -> None:
    for size, (width, height) in SIZES.items():
        for theme in THEMES:
            if not everything and f"{size}-{theme}" not in shot.documented:
                continue
            viewport: ViewportSize = {"width": width, "height": height}
            with browser.new_context(viewport=viewport, reduced_motion="reduce", locale=language) as context:
                page = context.new_page()
                open_shot(shot, platform, page, theme)
                page.wait_for_timeout(250)
                is_screen = bool(shot.press) or shot.name.startswith("work-")
                file = folder / f"{shot.name}-{size}-{theme}.png"
                page.screenshot(path=file, full_page=not is_screen)
                optimise(file)


def open_shot(shot: Shot, platform: SamplePlatform, page: Page, theme: str) -> None:
    """Go to the page as its reader, and do there what it shows."""
    cookies = {"theme": theme, **({"sessionid": platform.sessions[shot.reader]} if shot.reader else {})}
    page.context.add_cookies(
        [{"name": name, "value": value, "url": platform.address} for name, value in cookies.items()]
    )
    page.goto(platform.address + shot.path.format(**platform.slugs))
    if shot.fill:
        page.fill("textarea", shot.fill)
        page.get_by_text("Draft saved").wait_for()
    if shot.press:
        page.get_by_role("button", name=shot.press).click()
        page.get_by_role("dialog").wait_for()
    if shot.form == "faults":
        page.fill("#id_rounds\\.count", "many")
        page.fill("#id_rounds\\.groups", "1")
        page.get_by_role("button", name="Open the campaign").click()
        page.locator("#faults").wait_for()
    if shot.form == "payout":
        page.fill("#amount", "500")
        page.fill("#minimum", "15")
        page.get_by_role("button", name="Preview").click()
        page.locator("#preview").wait_for()
    if shot.form == "close":
        form = page.query_selector("[data-theme-switch]")
        page.evaluate("(form) => { form.action = location.pathname + 'close/'; form.submit(); }", form)
        page.get_by_text("Error 403").wait_for()


def optimise(file: Path) -> None:
    """Pack tighter, where Pillow is installed: the pages have few colours, and 256 of them show no difference."""
    try:
        from PIL import Image
    except ImportError:
        return
    with Image.open(file) as picture:
        few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(file, optimize=True)


if __name__ == "__main__":
    main()
