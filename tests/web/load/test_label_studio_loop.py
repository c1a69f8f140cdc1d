"""What is counted beside Label Studio; that its API is still as it was, only a run against one can tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def test_the_comparison_says_what_it_needs_instead_of_failing() -> None:
    command = [sys.executable, "web_loop.py", "--label-studio", "http://127.0.0.1:9"]
    done = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "Give Label Studio's access token with --token" in done.stderr
    assert "Traceback" not in done.stderr


def test_answers_too_many_and_answers_lost_are_counted() -> None:
    code = (
        "from label_studio_loop import missing, too_many;"
        "answers = [['a'], ['b', 'c', 'd'], []];"
        "print(too_many(answers), missing(['a', 'b', 'e', 'e'], answers))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=BENCHMARKS, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == ["2", "2"], done.stderr
