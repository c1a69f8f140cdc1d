"""The script with which anybody checks a ledger, run over a real one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from crowdsft.core.ledger import GENESIS
from tests.docs.pages import DOCS, ROOT, code_blocks
from tests.web.api.callers import _fresh, alice, bob, builder  # noqa: F401
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db


def test_the_script_that_checks_a_ledger_does(builder: CampaignBuilder, tmp_path: Path) -> None:  # noqa: F811
    """Run as a reader would: the page's lines, in a Python of its own, over what the platform lets one download."""
    (block,) = code_blocks(DOCS / "how-to-check-the-ledger.md", "python")
    assert block == (ROOT / "src/crowdsft/web/static/check_ledger.py").read_text(encoding="utf-8")
    assert len([line for line in block.splitlines() if line]) <= 11
    builder.play(0.6, [0.5, 0.55, 0.4])
    downloaded = Client().get("/campaigns/joy-in-comments/ledger.jsonl").getvalue()
    (tmp_path / "check_ledger.py").write_text(block, encoding="utf-8")

    def run(ledger: bytes) -> subprocess.CompletedProcess[str]:
        (tmp_path / "ledger.jsonl").write_bytes(ledger)
        command = [sys.executable, "-I", "-S", "check_ledger.py", "ledger.jsonl"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    head = builder.state.ledger_head
    assert run(downloaded).stdout == f"{head.position} entries, 1000 points, head {head.hash}\n"
    assert run(b"").stdout == f"0 entries, 0 points, head {GENESIS}\n"
    lines = downloaded.splitlines(keepends=True)
    for changed, entry in ((lines[1:], 1), ([lines[0], *lines[2:]], 2), ([lines[0], *lines], 2)):
        failed = run(b"".join(changed))
        assert failed.returncode == 1 and f"Entry {entry} does not fit" in failed.stderr
    first = json.loads(lines[0])
    failed = run(json.dumps(first | {"amount": first["amount"] + 1}).encode() + b"\n")
    assert failed.returncode == 1 and "Entry 1 does not fit" in failed.stderr
