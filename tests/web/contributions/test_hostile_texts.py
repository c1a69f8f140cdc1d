"""Whatever people and models write is shown as what was written, and never becomes part of a page."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from crowdsft.core.events import RoundOpened
from crowdsft.rounds.artifacts import Artifacts
from crowdsft.web.campaigns.create import member_from_file
from crowdsft.web.campaigns.models import Campaign, Membership, Step
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.journal_django import contribution_digest
from tests.web.api.callers import Caller
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db
HOSTILE = "</textarea></script>\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7|add:7 }}"
MARKDOWN = (
    f"{HOSTILE}\n\n[click](javascript:alert(3)) ![x](https://evil.example/x.png) <iframe src=//evil></iframe>"
)
ELEMENTS = {"script", "link", "img", "iframe", "object", "embed", "base", "style"}


class Elements(HTMLParser):
    """What a browser would build: elements that load or run something, handlers, and targets of links."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.handlers: list[str] = []
        self.targets: list[str] = []
        self.inline: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.handlers += [name for name in given if name.startswith("on") or name == "style"]
        self.targets += [
            value or "" for name, value in attrs if name in ("href", "src", "action", "formaction")
        ]
        if tag in ELEMENTS:
            self.loaded.append(given.get("src") or given.get("href") or f"<{tag}>")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def hostile_campaign(alice: Caller, bob: Caller) -> CampaignBuilder:
    assert bob.user is not None
    builder = CampaignBuilder.start(
        owner=alice.user,
        people=[bob.user],
        campaign={
            "name": HOSTILE[:80], "description": HOSTILE, "guidelines": MARKDOWN, "consent": HOSTILE,
            "licence": HOSTILE[:80],
        },
        prompts={"texts": [HOSTILE]},
        tasks={"kinds": ["correct_response"]},
    )  # fmt: skip
    member_from_file(builder.campaign, HOSTILE)
    Membership.objects.filter(campaign=builder.campaign).update(pseudonym=HOSTILE)
    return builder


def rows(artifacts: Artifacts) -> str:
    return artifacts.put_rows([{"prompt": HOSTILE, "response": HOSTILE}])


def contribute(builder: CampaignBuilder) -> None:
    for member in builder.members:
        Contribution.objects.create(
            campaign=builder.campaign, membership=member, kind="write_response", prompt=HOSTILE, response=HOSTILE,
            digest=contribution_digest(HOSTILE, f"{HOSTILE}{member.pk}"),
        )  # fmt: skip


def browsers(alice: Caller, bob: Caller) -> list[Client]:
    found = [Client(), Client(), Client()]
    assert alice.user is not None and bob.user is not None
    found[0].force_login(alice.user)
    found[1].force_login(bob.user)
    return found


def check(answer: Any) -> str:
    """Nothing of the hostile texts became an element. Returns the page's words."""
    page = Elements()
    page.feed(answer.content.decode())
    assert [one for one in page.loaded if not one.startswith("/static/")] == []
    assert page.handlers == []
    assert [one for one in page.targets if "javascript" in one or "evil" in one] == []
    return "".join(page.text)


def test_no_page_is_changed_by_what_is_written_on_it(
    alice: Caller, bob: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = hostile_campaign(alice, bob)
    drafts = rows(Artifacts(django_settings.DATA / "artifacts"))
    monkeypatch.setattr(
        CampaignBuilder,
        "_opened_with_drafts",
        lambda self, state, artifacts: RoundOpened(len(state.rounds) + 1, drafts),
    )
    builder.open()
    contribute(builder)
    builder.close().decide(1.0, [0.7, 0.9, 1.1]).open()
    slug = builder.campaign.slug
    task = bob("POST", f"/campaigns/{slug}/task").json()
    assert task["prompt"] == task["model_response"] == HOSTILE
    bob("PUT", f"/tasks/{task['id']}/draft", {"text": HOSTILE + "!"})
    seen = visit(alice, bob, slug)
    assert seen > 10

    Campaign.objects.update(name=HOSTILE[:80])
    builder.failed(f"TrainingError: {HOSTILE}")
    Step.objects.update(note=HOSTILE)
    assert visit(alice, bob, slug) == seen


def visit(alice: Caller, bob: Caller, slug: str) -> int:
    """Look at everything as owner, contributor and stranger. Returns how many pages showed a hostile text."""
    seen = 0
    addresses = [
        "/", "/points/", "/account/", f"/campaigns/{slug}/", f"/campaigns/{slug}/live/",
        f"/campaigns/{slug}/join/", f"/campaigns/{slug}/work/", f"/campaigns/{slug}/points/",
    ]  # fmt: skip
    for browser in browsers(alice, bob):
        for address in addresses:
            answer = browser.get(address, follow=True)
            assert answer.status_code in (200, 204, 403, 404), (address, answer.status_code)
            seen += "alert(1)" in check(answer)
    return seen


def test_a_refused_text_comes_back_as_text(alice: Caller, bob: Caller, builder: CampaignBuilder) -> None:
    builder.open()
    _, browser, _ = browsers(alice, bob)
    slug = builder.campaign.slug
    browser.get(f"/campaigns/{slug}/work/")
    task = Task.objects.get()
    text = HOSTILE + "x" * 5_000
    answer = browser.post(f"/campaigns/{slug}/work/", {"task": task.pk, "response": text})
    assert answer.status_code == 422
    assert "alert(1)" in check(answer)
    assert Task.objects.get().draft == text


def test_the_api_gives_back_what_was_written(alice: Caller, bob: Caller) -> None:
    builder = hostile_campaign(alice, bob)
    answer = Client().get(f"/api/campaigns/{builder.campaign.slug}")
    assert answer.json()["description"] == HOSTILE
    assert answer["Content-Type"].startswith("application/json")
