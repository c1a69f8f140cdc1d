"""A small campaign in a process of its own: `python -m tests.ray.campaign create|local|ray DATA [ADDRESS]`.

What the worker reports goes to DATA/reports.txt, a line each.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from crowdsft.rounds.executors import EXECUTORS
from tests.durability import workers

CAMPAIGN: dict[str, Any] = workers.CAMPAIGN | {
    "rounds": {"count": 2, "groups": 2, "grouping": "interleaved"},
    "training": {"passes": 40, "rank": 4},
    "target": {"examples": ["What a joy, I love it", "So happy for you"]},
}
LEASE_SECONDS = 3.0


def main(doing: str, data: Path, address: str = "") -> None:
    """Make the campaign, or work on it until it is finished."""
    if doing == "create":
        workers.CAMPAIGN, workers.ROUNDS = CAMPAIGN, 2
        workers.create(data)
        return
    executor = EXECUTORS.make(doing, **({"address": address} if doing == "ray" else {}))
    executor.connect()
    from crowdsft.web.configure import configure

    configure(data)
    from crowdsft.rounds.resources import Resources
    from crowdsft.rounds.worker import Worker
    from crowdsft.web.journal_django import DjangoStore

    with (data / "reports.txt").open("a", buffering=1) as reports:
        resources = Resources(data, report=lambda message, fraction, parts=(): print(message, file=reports))
        worker = Worker(DjangoStore(), resources, lease_seconds=LEASE_SECONDS, executor=executor)
        try:
            worker.run_campaign("durable", lambda state: None)
        finally:
            executor.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
