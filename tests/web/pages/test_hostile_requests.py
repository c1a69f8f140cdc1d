"""Every address and every operation, asked in every wrong way: never a fault of ours, always a sentence."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.test import Client

from crowdsft.core.settings import parse_settings
from crowdsft.web.accounts.models import User, issue_token
from crowdsft.web.campaigns.create import create_campaign
from crowdsft.web.campaigns.models import Campaign, ConsentVersion, Membership
from crowdsft.web.contributions.models import Contribution, Task
from crowdsft.web.imports.models import Import
from crowdsft.web.pages.campaign_form import starting_values
from crowdsft.web.reviews.models import Appeal, Review
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.hostile import (
    BODIES,
    CONTENT_TYPES,
    HALF_A_PAIR,
    METHODS,
    TEXTS,
    address,
    patterns,
)
from tests.web.pages.reading import words

SLUG = "joy-in-comments"
FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
ACTION = re.compile(r'<form\b[^>]*?\baction="([^"]*)"')
FIELDS = re.compile(r'<(?:input|textarea|select|button)\b[^>]*?\bname="([^"]+)"')


@pytest.fixture
def known(as_bob: Client, bob: User, alice: User, builder: CampaignBuilder) -> dict[str, object]:
    """Numbers of things that are there, by their names in addresses: bob's, alice's, the campaign's."""
    builder.play(0.9, [0.84, 0.79, 0.87]).open().contribute()
    as_bob.get(f"/campaigns/{SLUG}/work/")
    mine = Membership.objects.get(user=bob)
    owner = Membership.objects.get(user=alice)
    work = Contribution.objects.filter(membership=mine, round_number=None).get()
    review = Review.objects.create(
        campaign=builder.campaign, contribution=work, membership=owner, slot=0, lease_until=work.created
    )
    appeal = Appeal.objects.create(campaign=builder.campaign, membership=mine, award_round=1, words="Why?")
    brought = Import.objects.create(campaign=builder.campaign, name="texts.jsonl", size=1, digest="0" * 64)
    return {
        "slug": SLUG,
        "task_id": Task.objects.get(membership=mine).pk,
        "contribution_id": work.pk,
        "review_id": review.pk,
        "appeal_id": appeal.pk,
        "import_id": brought.pk,
        "member_id": mine.pk,
        "round_number": 1,
    }


def seen(answer: Any, asked: object) -> None:
    """No fault of ours; whoever is refused reads why."""
    status = answer.status_code
    assert status < 500, (asked, status, answer.content[:300])
    if status < 400 or (status == 401 and answer.content == b"signed out"):
        return
    if "json" in answer["Content-Type"]:
        said = answer.json()
        sentence = (
            said["detail"] if str(asked).count("/api/") else json.dumps(said)
        )  # allauth's own, elsewhere
    elif "html" in answer["Content-Type"]:
        sentence = words(answer)
    else:
        sentence = answer.content.decode()
    if status == 405 and not sentence:
        assert answer["Allow"], asked
        return
    assert len(sentence.split()) > 3 and "Traceback" not in sentence, (asked, status, sentence[:300])


DESTRUCTIVE = (
    "logout",
    "account/delete",
    "admin/",
    "leave",
)  # end what the rest of the walk needs; tested apart


def addresses(known: dict[str, object]) -> list[str]:
    """Of every page: what is there, and what is not, in a campaign that is."""
    found = []
    for route, converters in patterns():
        if not route.startswith("api/") and not any(word in route for word in DESTRUCTIVE):
            found.append(address(route, converters, known))
            if set(converters) - {"slug"}:
                found.append(address(route, converters, {"slug": SLUG}))
    assert len(found) > 100
    return found


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    document = Client().get("/api/openapi.json").json()
    found = [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    assert len(found) > 80
    return found


def at(path: str, known: dict[str, object], made_up: object = 987_654_321) -> str:
    """The operation's address for what is known; where nothing is, a number or name of nobody's."""
    return re.sub(r"{(\w+)}", lambda found: str(known.get(found[1], made_up)), path)


@pytest.fixture
def everybody(as_alice: Client, as_bob: Client, as_charlie: Client, anonymous: Client) -> list[Client]:
    """The organiser, a contributor, a stranger with an account, and one without. Faults of ours are answered."""
    for client in (found := [as_alice, as_bob, as_charlie, anonymous]):
        client.raise_request_exception = False
    return found


def test_every_page_in_every_method(everybody: list[Client], known: dict[str, object]) -> None:
    places = addresses(known)
    for number, client in enumerate(everybody):
        for place in places:
            for method in METHODS if number == 0 else ("GET", "POST"):
                seen(client.generic(method, place), (number, method, place))


@pytest.mark.slow
def test_every_form_takes_every_text(as_alice: Client, as_bob: Client, known: dict[str, object]) -> None:
    """Each field of each form on each page, filled with what nobody expects; then all of them."""
    tried: set[tuple[str, str]] = set()
    for client in (as_alice, as_bob):
        client.raise_request_exception = False
        for place in addresses(known):
            page = client.get(place)
            if page.status_code != 200 or "html" not in page["Content-Type"]:
                continue
            for form in FORM.findall(page.content.decode()):
                action = html.unescape(ACTION.search(form)[1]) if ACTION.search(form) else place  # type: ignore[index]
                names = sorted(set(FIELDS.findall(form)) - {"csrfmiddlewaretoken"})
                kind = (re.sub(r"\d+", "0", action), " ".join(names))
                if kind in tried or any(word in action for word in DESTRUCTIVE):
                    continue
                tried.add(kind)
                for text in TEXTS:
                    if text == HALF_A_PAIR:
                        continue  # no form can be sent with it
                    seen(client.post(action, dict.fromkeys(names, text)), (action, names, text[:30]))
                    seen(client.get(action, dict.fromkeys(names, text[:200])), (action, text[:30]))
    assert len(tried) > 20


@pytest.mark.parametrize("button", ["check", "draft", "open", "import", "remove me"])
def test_both_forms_of_a_campaign_take_every_text_with_every_button(as_alice: Client, button: str) -> None:
    """A new one, and a draft with settings of a file, which no walk over an open campaign comes to."""
    as_alice.raise_request_exception = False
    good = {**starting_values(), "campaign.name": "Joy in comments"}
    kept = parse_settings(
        {
            "campaign": {"name": "Joy in comments"},
            "target": {"emotion": "joy"},
            "prompts": {"texts": ["Two\nlines"]},
            "training": {"alpha": 12.5},
        }
    )
    draft = create_campaign(kept, owner=User.objects.get(username="alice"), is_draft=True)
    place = f"/campaigns/{draft.slug}/draft/"
    names = sorted(set(FIELDS.findall(as_alice.get(place).content.decode())) - {"csrfmiddlewaretoken", "do"})
    assert {"reviews.languages", "votes.role", "left_out", "artifacts.keep"} <= set(names)
    people = [name for name in names if name.startswith(("reviews.", "votes.")) or name == "left_out"]
    for text in TEXTS:
        if text == HALF_A_PAIR:
            continue  # no form can be sent with it
        sent = dict.fromkeys(names, text)
        for where in ("/campaigns/new/", place):
            answer = as_alice.post(where, {**sent, "do": button})
            seen(answer, (where, button, text[:30]))
            assert answer.status_code >= 400 or button == "check", (where, answer.status_code, text[:30])
        for name in people if button == "draft" else ():
            seen(as_alice.post(place, {**good, name: text, "do": button}), (name, button, text[:30]))
    draft.refresh_from_db()
    assert draft.life == Campaign.DRAFT and draft.settings.training.alpha == 12.5
    assert Campaign.objects.count() == 1


def test_every_page_takes_every_body(as_alice: Client, known: dict[str, object]) -> None:
    as_alice.raise_request_exception = False
    for place in addresses(known):
        for content_type in CONTENT_TYPES:
            for body in (b"\xff\xfe\x00=%00&a=%ff", b"--x\r\nContent-Disposition: nonsense\r\n\r\nx"):
                answer = as_alice.generic("POST", place, body, content_type=content_type)
                seen(answer, (place, content_type, body))


def test_a_form_without_its_key_is_refused_in_words(alice: User, known: dict[str, object]) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(alice)
    for place in addresses(known):
        answer = client.post(place, {"text": "x"})
        seen(answer, place)
        assert answer.status_code in (302, 403, 404, 405), (place, answer.status_code)
    token = issue_token(alice, "test")
    for method, path, _ in operations():
        if method != "GET" and path not in ("/api/tokens", "/api/accounts"):
            answer = client.generic(method, at(path, known), b"{}", content_type="application/json")
            seen(answer, (method, path))
            assert answer.status_code in (401, 403, 404), (method, path, answer.status_code, answer.content)
    assert Client(headers={"Authorization": f"Bearer {token}"}).get("/api/me").status_code == 200


@pytest.mark.slow
def test_every_operation_in_every_wrong_way(everybody: list[Client], known: dict[str, object]) -> None:
    for method, path, operation in operations():
        if path in ("/api/me/delete", "/api/campaigns/{slug}/leave"):
            continue
        for number, client in enumerate(everybody):
            bodies = BODIES if number == 0 else BODIES[:2]
            for place in (at(path, known), at(path, {"slug": SLUG})):
                for body in bodies:
                    answer = client.generic(method, place, body, content_type="application/json")
                    seen(answer, (number, method, place, body[:20]))
            seen(client.generic("MADEUP", at(path, known)), path)
        for content_type in CONTENT_TYPES:
            answer = everybody[0].generic(method, at(path, known), b'{"a": 1}', content_type=content_type)
            seen(answer, (method, path, content_type))
        for made_up in ("%00", "9" * 30, "..%2f", "%F0%9F%98%80", "a" * 5_000):
            seen(everybody[0].generic(method, at(path, {}, made_up)), (method, path, made_up[:9]))
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query":
                for text in TEXTS:
                    asked = {parameter["name"]: text.encode("utf-8", "replace")[:2_000]}
                    seen(everybody[0].get(at(path, known), asked), (path, text[:9]))


@pytest.mark.slow
def test_every_field_of_every_operation_takes_every_text(
    everybody: list[Client], known: dict[str, object]
) -> None:
    document = Client().get("/api/openapi.json").json()
    for method, path, operation in operations():
        found = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        if not found or path in ("/api/me/delete",):
            continue
        fields = properties(document, found["schema"])
        for value in (*TEXTS, 10**30, -1, 1.5e308, True, None, [], {}, [[[]]], [None], {"a": {}}):
            for client in everybody[: 2 if value in TEXTS[:4] else 1]:
                body = json.dumps(dict.fromkeys(fields, value)).encode()
                answer = client.generic(method, at(path, known), body, content_type="application/json")
                seen(answer, (method, path, str(value)[:30]))


def properties(document: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    if "$ref" in schema:
        return properties(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return list(schema.get("properties", {}))


def test_a_sign_that_postgresql_cannot_keep_is_left_out_of_forms_and_queries(
    as_alice: Client, known: dict[str, object]
) -> None:
    sent = {"licence": "CC\x00-BY-4.0", "consent": "I ag\x00ree."}
    assert as_alice.post(f"/campaigns/{SLUG}/manage/consent/", sent).status_code == 302
    newest = ConsentVersion.objects.order_by("-number")[0]
    assert (newest.licence, newest.text) == ("CC-BY-4.0", "I agree.")
    for query in ("contribution=%00", "page=%00", "round=%00", "%00=1"):
        for page in ("appeals/new/", "mine/", "points/", "manage/", ""):
            seen(as_alice.get(f"/campaigns/{SLUG}/{page}?{query}"), (page, query))
