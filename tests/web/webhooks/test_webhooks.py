"""Webhooks against a real server on loopback: what is told, signed, tried again, refused."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import transaction

from crowdsft.core.errors import InputError
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.outgoing import LEASE_SECONDS, WAITS_SECONDS, claimed
from crowdsft.web.webhooks import addresses
from crowdsft.web.webhooks.managing import add_webhook
from crowdsft.web.webhooks.models import EVENT_NAMES, Delivery, Webhook
from crowdsft.web.webhooks.sending import send_due
from crowdsft.web.webhooks.signing import HEADER, is_genuine, signature
from tests.web.api.callers import Caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder
from tests.web.pages.reading import check_page

pytestmark = pytest.mark.django_db


class Receiver(ThreadingHTTPServer):
    """Remembers what it was told, and answers with the next of `answers` (204 after the last)."""

    def __init__(self) -> None:
        self.told: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        super().__init__(("127.0.0.1", 0), _Answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?key=1"

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.told]


class _Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append((dict(self.headers), body))
        status = self.server.answers.pop(0) if self.server.answers else 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.TRUST_ORGANISERS = True  # loopback is no public address
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def hook(receiver: Receiver, alice: Caller, builder: CampaignBuilder) -> Webhook:
    return add_webhook(builder.campaign, alice.user, url=receiver.url, events=EVENT_NAMES)


def test_a_whole_round_is_told_in_order(
    receiver: Receiver, hook: Webhook, bob: Caller, builder: CampaignBuilder
) -> None:
    builder.open()
    task = bob("POST", f"/campaigns/{builder.campaign.slug}/task").json()
    bob("POST", f"/tasks/{task['id']}/response", {"text": "A secret garden."})
    builder.contribute([0, 1, 1, 1, 1, 1]).close().decide(0.9, [0.84, 0.79, 0.87])
    while send_due():
        pass
    assert [body["event"] for body in receiver.bodies] == [
        "contribution.created", "round.closed", "points.awarded", "round.finished",
    ]  # fmt: skip
    created, closed, awarded, finished = (body["data"] for body in receiver.bodies)
    assert created["contribution"] == str(Contribution.objects.get(membership__user=bob.user).pk)
    assert closed == {"round": 1, "contributions": 6, "contributors": 6}
    assert {row["contributor"]: row["points"] for row in awarded["awards"]} == builder.state.balances
    assert finished["adapters"] == list(builder.state.lineage)
    everything = b"".join(body for _, body in receiver.told)
    for private in (b"secret garden", b"bob", b"quiet-fern", b"How was your day"):
        assert private not in everything


def test_the_end_is_told(receiver: Receiver, hook: Webhook, builder: CampaignBuilder) -> None:
    for base in (0.9, 0.8, 0.7):
        builder.play(base, [base - 0.06, base - 0.1, base - 0.03])
    builder.finish()
    while send_due():
        pass
    assert receiver.bodies[-1]["event"] == "campaign.finished"
    assert receiver.bodies[-1]["data"]["rounds"] == 3


def test_messages_are_signed(receiver: Receiver, hook: Webhook, builder: CampaignBuilder) -> None:
    builder.play(0.9, [0.84, 0.79, 0.87])
    send_due()
    headers, body = receiver.told[0]
    assert is_genuine(hook.secret, body, headers[HEADER], now=time.time())
    assert not is_genuine(hook.secret, body + b" ", headers[HEADER], now=time.time())
    assert not is_genuine("another", body, headers[HEADER], now=time.time())
    assert not is_genuine(hook.secret, body, headers[HEADER], now=time.time() + 3600)
    for header in ("", "t=x,v1=y", "nonsense"):
        assert not is_genuine(hook.secret, body, header, now=time.time())
    assert headers["X-Crowdsft-Event"] == "round.closed" and hook.secret.encode() not in body


def test_a_signature_as_the_documentation_computes_it() -> None:
    import hashlib
    import hmac

    expected = hmac.new(b"whsec_x", b'1700000000.{"id": 1}', hashlib.sha256).hexdigest()
    assert signature("whsec_x", b'{"id": 1}', at=1_700_000_000) == f"t=1700000000,v1={expected}"


def test_what_fails_is_sent_again_and_again_until_it_is_given_up(
    receiver: Receiver, hook: Webhook, alice: Caller, builder: CampaignBuilder
) -> None:
    alice("POST", f"/campaigns/{builder.campaign.slug}/webhooks/{hook.pk}/ping")
    receiver.answers = [500, 302, 404] + [503] * 10
    now = time.time() + 1
    for wait in WAITS_SECONDS:
        assert send_due(now=now) == 1 and send_due(now=now + wait - 0.5) == 0
        row = Delivery.objects.get()
        assert row.state == Delivery.WAITING and row.next_try == pytest.approx(now + wait)
        now += wait
    send_due(now=now)
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.status) == (Delivery.FAILED, len(WAITS_SECONDS) + 1, 503)
    assert send_due(now=now + 10**6) == 0
    assert len({body["id"] for body in receiver.bodies}) == 1 and len(receiver.told) == 7
    receiver.answers = []
    path = f"/campaigns/{builder.campaign.slug}/deliveries/{row.pk}/again"
    assert alice("POST", path).status_code == 204
    send_due(now=now + 10**6)
    assert Delivery.objects.get().state == Delivery.DELIVERED


def test_nobody_answering_is_written_down(
    receiver: Receiver, hook: Webhook, builder: CampaignBuilder
) -> None:
    Webhook.objects.update(url="http://127.0.0.1:1/")
    builder.play(0.9, [0.84, 0.79, 0.87])
    send_due()
    assert Delivery.objects.filter(error__startswith="no answer: ").count() == 3


def test_two_senders_send_a_message_once(receiver: Receiver, hook: Webhook, builder: CampaignBuilder) -> None:
    builder.play(0.9, [0.84, 0.79, 0.87])
    now = time.time()
    another = claimed(Delivery.objects.all(), now=now)
    taken = next(another)  # and has read which others are due
    assert send_due(now=now) == 2
    assert list(another) == [], "the others are gone, whatever it had read"
    assert send_due(now=now + LEASE_SECONDS - 1) == 0
    assert send_due(now=now + LEASE_SECONDS) == 1, "a sender that died is replaced"
    assert taken.event in [body["event"] for body in receiver.bodies]
    assert sorted(body["event"] for body in receiver.bodies) == [
        "points.awarded", "round.closed", "round.finished",
    ]  # fmt: skip


def test_what_did_not_happen_is_not_told(hook: Webhook, bob: Caller, builder: CampaignBuilder) -> None:
    from crowdsft.core.events import RoundClosed
    from crowdsft.web.webhooks.outbox import tell_of

    with pytest.raises(RuntimeError), transaction.atomic():
        tell_of(builder.campaign, RoundClosed(1, ()))
        raise RuntimeError
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "https://", "ftp://example.org/", "https://a:b@example.org/", "https://e.org:99999/",
     "javascript:alert(1)", "https://example.org/" + "x" * 500, "https://exa\nmple.org/", "https://[::1/"],
)  # fmt: skip
def test_an_address_that_cannot_be_is_refused(alice: Caller, builder: CampaignBuilder, url: str) -> None:
    sent = {"url": url, "events": ["round.closed"]}
    refusal(alice("POST", f"/campaigns/{builder.campaign.slug}/webhooks", sent), 422)
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "::1", "fe80::1%eth0",
     "::ffff:127.0.0.1", "fd00::1", "100.64.0.1"],
)  # fmt: skip
def test_nothing_inside_the_platforms_network_is_reached(
    alice: Caller, builder: CampaignBuilder, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads inside, also when it led elsewhere while the webhook was set up."""
    hook = add_webhook(builder.campaign, alice.user, url="https://hook.example.org/", events=["round.closed"])
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (address, 443))])
    reached: list[object] = []
    monkeypatch.setattr(addresses.socket, "create_connection", lambda *args: reached.append(args))
    alice("POST", f"/campaigns/{builder.campaign.slug}/webhooks/{hook.pk}/ping")
    send_due()
    assert reached == [] and "inside the platform's own network" in Delivery.objects.get().error


def test_a_public_address_is_used_as_it_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", ("10.0.0.1", 443)), (2, 1, 6, "", ("93.184.216.34", 443))]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: found)
    assert addresses.public_address("example.org", 443) == "93.184.216.34"
    with pytest.raises(InputError, match="begins with https"):
        addresses.checked_url("http://example.org/")


def test_only_organisers_see_and_change_them(
    receiver: Receiver, hook: Webhook, alice: Caller, bob: Caller, builder: CampaignBuilder
) -> None:
    at = f"/campaigns/{builder.campaign.slug}"
    for method, path in (("GET", "/webhooks"), ("GET", "/deliveries"), ("DELETE", f"/webhooks/{hook.pk}")):
        refusal(bob(method, at + path), 403)
    (mine,) = alice.get(f"{at}/webhooks")
    assert mine["url"] == receiver.url and "secret" not in mine
    assert alice("POST", f"{at}/webhooks/{hook.pk}/ping").json()["state"] == "waiting"
    assert [row["event"] for row in alice.get(f"{at}/deliveries")] == ["ping"]
    assert alice("DELETE", f"{at}/webhooks/{hook.pk}").status_code == 204
    assert not Webhook.objects.exists()
    what = [line.what for line in builder.campaign.audit.all()]
    assert what == ["removed a webhook", "added a webhook"]


def test_the_page(
    receiver: Receiver, alice: Caller, bob: Caller, builder: CampaignBuilder, client: Any
) -> None:
    path = f"/campaigns/{builder.campaign.slug}/manage/webhooks/"
    client.force_login(bob.user)
    assert client.get(path).status_code == 403
    client.force_login(alice.user)
    bad = client.post(path, {"do": "add", "url": "nonsense", "events": ["round.closed"]})
    assert bad.status_code == 422 and "begins with" in check_page(bad)
    added = client.post(path, {"do": "add", "url": receiver.url, "events": ["round.closed"]})
    hook = Webhook.objects.get()
    assert hook.secret in check_page(added) and hook.secret not in check_page(client.get(path))
    client.post(path, {"do": "ping", "webhook": hook.pk})
    send_due()
    assert "ping delivered" in check_page(client.get(path))
    client.post(path, {"do": "again", "delivery": str(Delivery.objects.get().pk)})
    assert Delivery.objects.get().state == Delivery.WAITING
    client.post(path, {"do": "remove", "webhook": hook.pk})
    assert not Webhook.objects.exists()
    assert client.post(path, {"do": "again", "delivery": "nonsense"}).status_code == 422
