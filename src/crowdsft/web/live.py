"""A worker's progress, written where pages can read it: on the step's row, at most twice a second."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from crowdsft.rounds.executors import Executor, LocalExecutor
from crowdsft.rounds.resources import Resources
from crowdsft.rounds.worker import Worker
from crowdsft.web.adapters.dropping import Dropping
from crowdsft.web.campaigns.examples import choose_next
from crowdsft.web.campaigns.models import Step
from crowdsft.web.imports.doing import do_next_import
from crowdsft.web.journal_django import DjangoStore
from crowdsft.web.playground.queue import answer_next
from crowdsft.web.reviews.checkups import check_next

SECONDS_BETWEEN_WRITES = 0.5


def platform_worker(data: Path, *, lease_seconds: float, executor: Executor | None = None) -> Worker:
    """A worker for the platform in `data` whose progress shows on the campaign's page."""
    resources = Resources(data)
    dropping = Dropping(resources.artifacts)
    worker = Worker(
        DjangoStore(),
        resources,
        lease_seconds=lease_seconds,
        executor=executor or LocalExecutor(),
        chore=lambda: (
            answer_next(resources)
            or do_next_import()
            or check_next()
            or choose_next(resources.artifacts)
            or dropping.drop_next()
        ),
    )
    written = 0.0

    def report(message: str, fraction: float, parts: Sequence[float] = ()) -> None:
        nonlocal written
        now = time.monotonic()
        if now - written >= SECONDS_BETWEEN_WRITES:
            written = now
            Step.objects.filter(worker=worker.name).update(
                note=message, progress=fraction, parts=[round(part, 3) for part in parts]
            )

    resources.report = report
    return worker
