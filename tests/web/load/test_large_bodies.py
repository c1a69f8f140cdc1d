"""Bodies that are too large, sent to a real served process: it says so, lives on, and does not grow."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest

from benchmarks.web_loop import SLUG, Served, peak_megabytes, process_tree, served
from tests.web.load.databases import own_database

MEGABYTE = 1_000_000
MOST_MEGABYTES = 150


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with (
        own_database(os.environ.get("CROWDSFT_DATABASE_URL")) as database,
        served(tmp_path_factory.mktemp("platform"), database=database) as found,
    ):
        found.setup("campaign")
        yield found


def pieces(size: int) -> Iterator[bytes]:
    """A JSON object, sent in pieces without saying how long it is."""
    yield b'{"text": "'
    for _ in range(size // 100_000):
        yield b"x" * 100_000
    yield b'"}'


def test_what_is_too_large_is_refused_in_words_and_the_process_lives_on(platform: Served) -> None:
    (key,) = platform.setup("people", 1, "api", "large bodies")
    before = process_tree(platform.process)
    with httpx.Client(base_url=platform.address, timeout=60, trust_env=False) as client:
        owner = {"Authorization": f"Bearer {key}"}
        task = client.post(f"/api/campaigns/{SLUG}/task", headers=owner).json()["id"]
        draft = f"/api/tasks/{task}/draft"
        json_body = {**owner, "Content-Type": "application/json"}
        for _ in range(5):
            for content in (b"x" * 10 * MEGABYTE, pieces(10 * MEGABYTE)):
                answer = client.put(draft, headers=json_body, content=content)
                assert answer.status_code == 413 and "Send less at once." in answer.json()["detail"]
        page = client.post(f"/campaigns/{SLUG}/work/", data={"response": "x" * 10 * MEGABYTE})
        assert page.status_code == 413 and "<h1" in page.text and "Traceback" not in page.text
        huge = client.put(draft, headers=json_body, content=pieces(70 * MEGABYTE))
        assert huge.status_code == 413 and "Nothing was changed" in huge.text
        small = client.put(draft, headers=json_body, content=pieces(0))
        assert small.status_code == 204, small.text
        kept = client.put(draft, headers=owner, json={"text": "Still here."})
        assert kept.status_code == 204
        assert client.get(f"/api/tasks/{task}", headers=owner).json()["draft"] == "Still here."
        assert client.get("/healthz").status_code == 200
    assert process_tree(platform.process) == before
    assert max(peak_megabytes(platform.process)) < MOST_MEGABYTES
