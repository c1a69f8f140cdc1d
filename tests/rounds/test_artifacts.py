from __future__ import annotations

import tarfile
import uuid
from pathlib import Path

import pytest

from crowdsft.core.errors import CrowdsftError, InputError
from crowdsft.rounds.artifacts import Artifacts, artifacts_in
from crowdsft.rounds.storage import Storage
from crowdsft.training.adapters import folder_digest

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


def adapter_in(artifacts: Artifacts) -> str:
    """Written as training writes one."""
    folder = artifacts.root / "unfinished"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}\n")
    (folder / "adapter_model.safetensors").write_bytes(bytes(range(256)) * 40)
    digest = folder_digest(folder)
    folder.rename(artifacts.root / digest)
    artifacts.keep_adapter(digest)
    return digest


@pytest.fixture(params=["folder", "file", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    pytest.importorskip("fsspec", reason="artifacts at a URL need the [storage] extra")
    kept = tmp_path / "kept"
    urls = {"folder": str(kept), "file": kept.as_uri(), "memory": f"memory://{uuid.uuid4().hex}/kept"}
    return Storage(urls[request.param])


def test_machines_share_what_is_kept_at_a_url(storage: Storage, tmp_path: Path) -> None:
    here, there = Artifacts(tmp_path / "here", storage), Artifacts(tmp_path / "there", storage)
    digest, adapter = here.put_rows(ROWS), adapter_in(here)
    assert there.rows(digest) == ROWS
    assert folder_digest(there.adapter(adapter)) == adapter
    assert sorted(path.name for path in there.root.iterdir()) == sorted([f"{digest}.jsonl", adapter])
    here.keep_adapter(adapter)  # twice is harmless
    with pytest.raises(CrowdsftError, match=r"missing.*and from"):
        there.rows("0" * 64)
    with pytest.raises(CrowdsftError, match=r"missing.*and from"):
        there.adapter("0" * 64)
    assert len(list(there.root.iterdir())) == 2


def test_what_is_not_what_its_name_says_is_refused(storage: Storage, tmp_path: Path) -> None:
    here, there = Artifacts(tmp_path / "here", storage), Artifacts(tmp_path / "there", storage)
    digest, adapter = here.put_rows(ROWS), adapter_in(here)
    false, false_adapter = "1" * 64, "2" * 64
    storage.put(f"{false}.jsonl", here.root / f"{digest}.jsonl")
    (here.root / adapter).rename(here.root / false_adapter)
    here.keep_adapter(false_adapter)
    storage.put(f"{'3' * 64}.tar", here.root / f"{digest}.jsonl")
    with pytest.raises(CrowdsftError, match="damaged"):
        there.rows(false)
    for name in (false_adapter, "3" * 64):
        with pytest.raises(CrowdsftError, match="damaged"):
            there.adapter(name)
    assert not list(there.root.iterdir())
    with pytest.raises(CrowdsftError, match="damaged"):
        here.adapter(false_adapter)
    (here.root / f"{digest}.jsonl").write_text("{}\n")
    with pytest.raises(CrowdsftError, match="damaged"):
        here.rows(digest)


def test_an_archive_cannot_write_beside_its_folder(storage: Storage, tmp_path: Path) -> None:
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as archive:
        archive.add(__file__, arcname="../escaped.py")
    storage.put(f"{'4' * 64}.tar", evil)
    there = Artifacts(tmp_path / "there", storage)
    with pytest.raises(CrowdsftError, match="damaged"):
        there.adapter("4" * 64)
    assert not list(there.root.iterdir())


def test_a_storage_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    pytest.importorskip("fsspec", reason="artifacts at a URL need the [storage] extra")
    with pytest.raises(InputError, match="nonsense://x, which is no storage"):
        Artifacts(tmp_path, Storage("nonsense://x")).put_rows(ROWS)
    (tmp_path / "file").write_text("")
    with pytest.raises(CrowdsftError, match="cannot be written to"):
        Artifacts(tmp_path / "cache", Storage(str(tmp_path / "file" / "below"))).put_rows(ROWS)


def test_the_environment_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROWDSFT_ARTIFACTS", raising=False)
    assert artifacts_in(tmp_path) == Artifacts(tmp_path / "artifacts")
    monkeypatch.setenv("CROWDSFT_ARTIFACTS", "s3://bucket/folder")
    assert artifacts_in(tmp_path) == Artifacts(tmp_path / "artifacts", Storage("s3://bucket/folder"))
