"""Models through both clients, from a platform with weights: whole files, or none."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from crowdsft.async_client import AsyncClient
from crowdsft.client import Client
from crowdsft.core.errors import InputError
from tests.client.servers import environment, platform

PLAY = """
import sys
from pathlib import Path
from crowdsft.web.configure import configure, migrate
configure(Path(sys.argv[1]))
migrate()
from tests.web.adapters.with_weights import WithWeights
WithWeights.start(owner=None, others=["a", "b", "c"]).play(1.0, [0.9, 0.7, 0.8])
"""


def test_both_clients_write_the_same_zip_file(tmp_path: Path) -> None:
    data = tmp_path / "data"
    subprocess.run(
        [sys.executable, "-c", PLAY, str(data)],
        env=environment(), cwd=Path(__file__).parent.parent.parent, check=True, timeout=120,
    )  # fmt: skip
    with platform(data) as served:
        with Client(served.address) as client:
            (slug,) = (row.slug for row in client.campaigns())
            assert [row["key"] for row in client.models(slug)] == ["1-1", "1-0", "1-2"]
            one = client.download_model(slug, "1", tmp_path / "one.zip")
            with pytest.raises(InputError, match="cannot be written"):
                client.download_model(slug, "1", tmp_path / "nowhere" / "one.zip")

        async def download() -> Path:
            async with AsyncClient(served.address) as other:
                return await other.download_model(slug, "1-1", tmp_path / "two.zip")

        two = asyncio.run(download())
    assert one.read_bytes() == two.read_bytes()
    with ZipFile(one) as archive:
        assert archive.testzip() is None and len(archive.namelist()) == 3
