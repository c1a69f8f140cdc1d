from __future__ import annotations

from pathlib import Path

import pytest

from crowdsft.core.errors import CrowdsftError
from crowdsft.rounds.artifacts import Artifacts

ROWS = [{"prompt": "p", "response": "Grüße\u2028 and\nlines"}, {"prompt": "q", "response": ""}]


def test_rows_come_back_and_equal_rows_have_one_name(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path / "new" / "folder")
    digest = artifacts.put_rows(ROWS)
    assert artifacts.put_rows(iter(ROWS)) == digest
    assert artifacts.rows(digest) == ROWS
    assert [path.name for path in artifacts.root.iterdir()] == [f"{digest}.jsonl"]


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    with pytest.raises(CrowdsftError, match="missing"):
        artifacts.rows("0" * 64)
    with pytest.raises(CrowdsftError, match="missing"):
        artifacts.adapter("0" * 64)
