"""For whoever runs the platform: metrics, logs, the admin."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from crowdsft.web.accounts.models import User
from crowdsft.web.campaigns.models import Campaign, Step
from crowdsft.web.logs import JsonFormatter
from tests.web.api.callers import Caller
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db


def scraped(client: Client, **headers: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def value(client: Client, name: str, **labels: str) -> float:
    return scraped(client)[name, tuple(sorted(labels.items()))]


def test_metrics_tell_what_there_is(client: Client, builder: CampaignBuilder) -> None:
    builder.play(0.9, [0.84, 0.79, 0.87]).open().contribute()
    assert value(client, "crowdsft_campaigns", life="open") == 1
    assert value(client, "crowdsft_contributors") == 1
    assert value(client, "crowdsft_contributions", used="yes") == 6
    assert value(client, "crowdsft_contributions", used="no") == 6
    Step.objects.update(run_after=Step.objects.get().run_after - 100 if Step.objects.get().run_after else 0)
    assert value(client, "crowdsft_oldest_due_step_seconds") > 50
    assert value(client, "crowdsft_steps_stuck") == 0
    builder.failed("TrainingError: no loss")
    assert value(client, "crowdsft_steps_stuck") == 1
    Campaign.objects.update(life=Campaign.PAUSED)
    assert value(client, "crowdsft_steps_stuck") == 0


def test_metrics_count_requests_by_view_and_never_by_address(
    client: Client, builder: CampaignBuilder
) -> None:
    labels = {"method": "GET", "view": "campaign", "status": "200"}
    client.get(f"/campaigns/{builder.campaign.slug}/")
    before = value(client, "crowdsft_requests_total", **labels)
    client.get(f"/campaigns/{builder.campaign.slug}/")
    assert value(client, "crowdsft_requests_total", **labels) == before + 1
    client.get("/made/up/address/")
    client.generic("MADEUP", "/")
    text = client.get("/metrics").content.decode()
    assert "made/up" not in text and "MADEUP" not in text and builder.campaign.slug not in text


@pytest.mark.parametrize("asking", [{"REMOTE_ADDR": "203.0.113.7"}, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}])
def test_metrics_are_not_for_strangers(client: Client, asking: dict[str, str]) -> None:
    assert client.get("/metrics", **asking).status_code == 404  # type: ignore[arg-type]


def test_metrics_for_a_scraper_elsewhere(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "a-long-token"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    right = {"Authorization": "Bearer a-long-token"}
    assert client.get("/metrics", headers=right, REMOTE_ADDR="203.0.113.7").status_code == 200


def test_a_log_line_is_json_with_its_error() -> None:
    try:
        raise ValueError("what went wrong")
    except ValueError:
        import sys

        record = logging.LogRecord("crowdsft.x", 40, __file__, 1, "It %s", ("failed",), sys.exc_info())
    said = json.loads(JsonFormatter().format(record))
    assert (said["level"], said["logger"], said["message"]) == ("ERROR", "crowdsft.x", "It failed")
    assert "ValueError: what went wrong" in said["error"] and "\n" not in JsonFormatter().format(record)


def test_requests_are_logged_without_what_was_sent(
    bob: Caller, client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.LOG_FORMAT = "json"
    caplog.set_level(logging.INFO, logger="crowdsft.requests")
    assert bob.user is not None
    client.force_login(bob.user)
    answer = client.get("/invitations/a-secret-key/?also=secret")
    (record,) = (row for row in caplog.records if row.name == "crowdsft.requests")
    said = json.loads(JsonFormatter().format(record))
    assert said["request_id"] == answer.headers["X-Request-Id"]
    assert (said["status"], said["method"], said["user"]) == (404, "GET", bob.user.pk)
    assert said["route"] == "invitations/<str:key>/" and "secret" not in json.dumps(said)


def test_without_the_wish_requests_are_not_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="crowdsft.requests")
    client.get("/")
    assert not caplog.records


def test_the_admin_is_for_staff_only(client: Client, bob: Caller, builder: CampaignBuilder) -> None:
    assert client.get("/admin/").status_code == 302
    client.force_login(bob.user)
    assert client.get("/admin/", follow=True).status_code == 403
    User.objects.filter(pk=bob.user.pk).update(is_staff=True, is_superuser=True)  # type: ignore[union-attr]
    for page in (
        "",
        "accounts/user/",
        "accounts/apitoken/",
        "campaigns/campaign/",
        "campaigns/auditline/",
        "webhooks/delivery/",
    ):
        answer = client.get(f"/admin/{page}")
        assert answer.status_code == 200 and b"<script>" not in answer.content
    campaign = f"/admin/campaigns/campaign/{builder.campaign.pk}/"
    assert builder.campaign.salt not in client.get(f"{campaign}change/").content.decode()
    assert client.post(f"{campaign}change/", {"name": "changed"}).status_code == 403
    assert client.post(f"{campaign}delete/", {"post": "yes"}).status_code == 403
    person = f"/admin/accounts/user/{bob.user.pk}/delete/"  # type: ignore[union-attr]
    assert client.post(person, {"post": "yes"}).status_code == 403


def test_journal_ledger_and_texts_are_not_in_the_admin(client: Client, bob: Caller) -> None:
    User.objects.filter(pk=bob.user.pk).update(is_staff=True, is_superuser=True)  # type: ignore[union-attr]
    client.force_login(bob.user)
    for page in ("campaigns/ledgerrow/", "campaigns/journalevent/", "contributions/contribution/"):
        assert client.get(f"/admin/{page}").status_code == 404
