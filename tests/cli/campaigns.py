"""Small campaigns for the command line's tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from crowdsft.world import heterogeneous_crowd

SETTINGS = """version = 1
[campaign]
name = "Little test"
seed = 5
[target]
emotion = "joy"
[rounds]
count = 2
groups = 2
[training]
passes = 1
rank = 4
[evaluation]
selection_samples = 16
report_samples = 16
max_new_tokens = 8
improvement_standard_errors = 0.0
"""


def write_campaign(
    folder: Path, *, contributors: int = 4, each: int = 4, settings: str = SETTINGS
) -> tuple[Path, Path]:
    """A campaign file and a contributions file in `folder`."""
    rng = np.random.default_rng(2)
    rows = [
        {
            "contributor": persona.name,
            "prompt": "Write a comment.",
            "response": f"{persona.write(rng)} {number}",
        }
        for persona in heterogeneous_crowd("joy", contributors, rng=rng)
        for number in range(each)
    ]
    toml, jsonl = folder / "campaign.toml", folder / "contributions.jsonl"
    toml.write_text(settings, encoding="utf-8")
    jsonl.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return toml, jsonl


def crowdsft(
    *arguments: object, timeout: float = 240.0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "crowdsft", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=os.environ | {"HF_HUB_OFFLINE": "1", "COLUMNS": "200"} | environment,
        check=False,
    )
