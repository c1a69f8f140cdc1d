"""A campaign run from a file does what the experiment's arm `values` does, and a pooled model does not."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="training needs the [train] extra")

pytestmark = [pytest.mark.train, pytest.mark.slow]

SCRIPT = Path(__file__).parents[2] / "experiments" / "campaign_of_values.py"
NOISE = 0.12  # in one cell: choosing by other samples and other seeds moved the arm by up to so much


def script() -> Any:
    spec = importlib.util.spec_from_file_location("campaign_of_values", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_campaign_from_a_file_comes_as_near_as_the_arm(tmp_path: Path) -> None:
    found = script().compare("gratitude", 2, tmp_path, arm="values", samples=200)
    campaign, arm, pooled = found["campaign"], found["experiment"], found["pooled"]
    assert abs(campaign.distance - arm.distance) < NOISE
    assert campaign.distance < 0.4 * pooled.distance < 0.4 * found["base"].distance
    assert campaign.label_distance < 0.5 * pooled.label_distance
