"""A campaign with everything that chooses: groups of one, merges, kept contributions, and points by credit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crowdsft.world import expert_comments
from tests.durability import workers


def campaign() -> dict[str, Any]:
    import numpy as np

    changed = {
        "target": {"examples": expert_comments("joy", 30, np.random.default_rng(1))},
        "rounds": {
            "count": workers.ROUNDS,
            "groups": 2,
            "grouping": "dealt",
            "groups_of_one": "first",
            "merges": ["mean", "by_value"],
        },
        "training": {
            "passes": 2,
            "rank": 4,
            "backend": "multi_lora",
            "keep": "values",
            "keep_share": 0.5,
            "learn_examples": True,
            "last_rate": 0.5,
        },
        "points": {"policy": "in_run_split"},
        "evaluation": workers.CAMPAIGN["evaluation"] | {"improvement_standard_errors": 0.0},
    }
    return workers.CAMPAIGN | changed


def create(data: Path) -> None:
    """Make the campaign in `data`; runs in a process of its own."""
    workers.CAMPAIGN = campaign()
    workers.create(data)
