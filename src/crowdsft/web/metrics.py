"""Numbers for Prometheus at /metrics: what this process answered, and what the whole platform has and waits for.

With CROWDSFT_METRICS_TOKEN a scraper sends `Authorization: Bearer TOKEN`; without it only this machine may ask,
and nobody whom a proxy passed on.
"""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db.models import Count, Max, Min
from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crowdsft.web.campaigns.models import Campaign, Membership, Step
from crowdsft.web.contributions.models import Contribution
from crowdsft.web.notices.models import Mail
from crowdsft.web.stream.watching import watchers
from crowdsft.web.webhooks.models import Delivery

GetResponse = Callable[[HttpRequest], HttpResponse]

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "crowdsft_requests",
    "Requests that this process answered",
    ["method", "view", "status"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "crowdsft_request_seconds",
    "How long answers took",
    ["view"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class _Platform(Collector):
    """What the database says, asked for at each scrape: a handful of counts."""

    def collect(self) -> Iterator[Metric]:
        """The numbers."""
        campaigns = GaugeMetricFamily("crowdsft_campaigns", "Campaigns by their life", labels=["life"])
        for life, count in Campaign.objects.values_list("life").annotate(Count("pk")):
            campaigns.add_metric([life], count)
        yield campaigns
        members = Membership.objects.filter(left=None).exclude(consent="").count()
        yield GaugeMetricFamily("crowdsft_contributors", "Memberships of people who may work", value=members)
        contributions = GaugeMetricFamily("crowdsft_contributions", "Accepted contributions", labels=["used"])
        used = Contribution.objects.filter(round_number__isnull=False).count()
        contributions.add_metric(["yes"], used)
        contributions.add_metric(["no"], Contribution.objects.filter(round_number=None).count())
        yield contributions
        yield GaugeMetricFamily(
            "crowdsft_live_watchers", "Live pages that this process tells the news", value=watchers()
        )
        yield from self._steps()
        deliveries = GaugeMetricFamily("crowdsft_webhook_deliveries", "Messages by state", labels=["state"])
        for state, count in Delivery.objects.values_list("state").annotate(Count("pk")):
            deliveries.add_metric([state], count)
        yield deliveries
        mails = GaugeMetricFamily("crowdsft_mails", "Mails of notices by state", labels=["state"])
        for state, count in Mail.objects.order_by().values_list("state").annotate(Count("pk")):
            mails.add_metric([state], count)
        yield mails

    def _steps(self) -> Iterator[Metric]:
        now = time.time()
        running = Step.objects.filter(campaign__life=Campaign.OPEN)
        stuck = running.filter(run_after=None).exclude(worker__gt="", lease_until__gte=now).count()
        yield GaugeMetricFamily(
            "crowdsft_steps_stuck", "Steps that wait for a person to try again", value=stuck
        )
        at_work = running.filter(worker__gt="", lease_until__gte=now).count()
        yield GaugeMetricFamily("crowdsft_steps_at_work", "Steps that a worker is doing", value=at_work)
        due = running.filter(run_after__lte=now).exclude(worker__gt="", lease_until__gte=now)
        oldest = due.aggregate(oldest=Min("run_after"))["oldest"]
        waited = 0.0 if oldest is None else now - oldest
        yield GaugeMetricFamily(
            "crowdsft_oldest_due_step_seconds", "How long a due step has waited for a worker", value=waited
        )
        longest = running.aggregate(most=Max("attempts"))["most"] or 0
        yield GaugeMetricFamily("crowdsft_step_attempts", "Most attempts at one step", value=longest)


REGISTRY.register(_Platform())


def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers, in Prometheus' text format."""
    if not _may_ask(request):
        raise Http404("Metrics are not for everybody.")
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _may_ask(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    if token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def count_requests(get_response: GetResponse) -> GetResponse:
    """Count and time every answer, by the name of its view: few names, whatever is asked for."""

    def respond(request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = get_response(request)
        match = request.resolver_match
        view = "none" if match is None else match.view_name or match.route or "none"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, view, str(response.status_code)).inc()
        SECONDS.labels(view).observe(time.perf_counter() - begun)
        return response

    return respond
