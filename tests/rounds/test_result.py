"""What a result says about the machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

MEASURE = "from crowdsft.rounds.result import peak_memory_bytes; print(peak_memory_bytes())"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel starts a process's peak anew")
def test_the_peak_of_memory_is_this_process_s_and_not_that_of_whoever_started_it() -> None:
    starter = (
        "import subprocess, sys; held = bytearray(600_000_000); "
        f"print(subprocess.run([sys.executable, '-c', {MEASURE!r}], capture_output=True, text=True, check=True).stdout)"
    )
    alone = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    beside = subprocess.run([sys.executable, "-c", starter], capture_output=True, text=True, check=True)
    assert int(beside.stdout) < int(alone.stdout) + 100_000_000
