"""`crowdsft push` against a small hub of our own on loopback, and what it says where it cannot push."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("huggingface_hub", reason="comes with the [train] extra")

ROOT = Path(__file__).parent.parent.parent
TOKEN = "hf_of_the_test"
PLAY = """
import sys
from pathlib import Path
from crowdsft.web.configure import configure, migrate
configure(Path(sys.argv[1]))
migrate()
from tests.web.adapters.with_weights import WithWeights
builder = WithWeights.start(owner=None, others=["a", "b", "c"])
builder.play(1.0, [0.9, 0.7, 0.8]).play(0.7, [0.9, 0.9, 0.8])
"""


@dataclass(slots=True)
class Hub:
    """What a hub was told; it lets `TOKEN` write to `me`."""

    address: str = ""
    repositories: dict[str, bool] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)


@pytest.fixture
def hub() -> Iterator[Hub]:
    found = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return self.answer(401, {"error": "Invalid credentials"})
            if self.path == "/api/repos/create":
                return self.create(json.loads(sent))
            if self.path == "/api/validate-yaml":
                return self.answer(200, {"errors": [], "warnings": []})
            if self.path.endswith("/preupload/main"):
                names = [file["path"] for file in json.loads(sent)["files"]]
                rows = [{"path": name, "uploadMode": "regular", "shouldIgnore": False} for name in names]
                return self.answer(200, {"files": rows})
            if self.path.endswith("/commit/main"):
                return self.commit([json.loads(line) for line in sent.splitlines()])
            return self.answer(404, {"error": f"This hub does not know {self.path}"})

        def create(self, body: dict[str, Any]) -> None:
            if body.get("organization") != "me":
                return self.answer(403, {"error": "You don't have the rights to create a model there"})
            name = f"{body['organization']}/{body['name']}"
            found.repositories.setdefault(
                name, body.get("visibility") == "private" or bool(body.get("private"))
            )
            return self.answer(200, {"url": f"{found.address}/{name}", "name": name, "id": name})

        def commit(self, lines: list[dict[str, Any]]) -> None:
            for line in lines:
                if line["key"] == "header":
                    found.commits.append(line["value"]["summary"])
                else:
                    assert line["key"] == "file" and line["value"]["encoding"] == "base64"
                    found.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            url = f"{found.address}/me/joy/commit/{'0' * 40}"
            return self.answer(200, {"success": True, "commitOid": "0" * 40, "commitUrl": url})

        def answer(self, status: int, body: dict[str, Any]) -> None:
            sent = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("platform")
    subprocess.run(
        [sys.executable, "-c", PLAY, str(folder)], cwd=ROOT, env=_environment(), check=True, timeout=120
    )
    return folder


def _environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CROWDSFT_", "HF_"))}
    return {**kept, "HF_HUB_DISABLE_TELEMETRY": "1", **more}


def push(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crowdsft", "push", "joy-in-comments", "--data", str(data), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False,
        env=_environment(HF_HOME=str(data / "no-login"), **environment),
    )  # fmt: skip


def test_a_push_is_one_commit_with_the_card_and_the_adapter(data: Path, hub: Hub) -> None:
    done = push(data, "--repo", "me/joy", "--private", "--json", HF_TOKEN=TOKEN, HF_ENDPOINT=hub.address)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["address"] == f"{hub.address}/me/joy"
    assert hub.repositories == {"me/joy": True}
    assert hub.commits == ["Joy in comments: Round 1, group B"]
    assert sorted(hub.files) == ["README.md", "adapter_config.json", "adapter_model.safetensors"]
    assert 'PeftModel.from_pretrained(model, "me/joy")' in hub.files["README.md"].decode()
    assert hub.files["adapter_model.safetensors"].startswith(b"0 1 1")
    kept = [path for path in data.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert kept == []


def test_a_token_that_is_wrong_or_may_not_write_is_told(data: Path, hub: Hub) -> None:
    wrong = push(data, "--repo", "me/joy", HF_TOKEN="hf_wrong", HF_ENDPOINT=hub.address)
    assert wrong.returncode == 1 and "does not know the token" in wrong.stderr
    other = push(data, "--repo", "them/joy", HF_TOKEN=TOKEN, HF_ENDPOINT=hub.address)
    assert other.returncode == 1 and "the token may not write to them/joy" in other.stderr
    assert hub.files == {}


def test_without_a_token_or_a_network_it_says_what_to_do(data: Path) -> None:
    none = push(data, "--repo", "me/joy")
    assert none.returncode == 2 and "set HF_TOKEN or run `hf auth login`" in none.stderr
    offline = push(data, "--repo", "me/joy", HF_TOKEN=TOKEN, HF_HUB_OFFLINE="1")
    assert offline.returncode == 1 and "HF_HUB_OFFLINE is set" in offline.stderr
    closed = push(data, "--repo", "me/joy", HF_TOKEN=TOKEN, HF_ENDPOINT="http://127.0.0.1:9")
    assert closed.returncode == 1 and "http://127.0.0.1:9 cannot be reached" in closed.stderr


def test_a_dry_run_writes_the_folder_and_needs_neither(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "joy"
    done = push(data, "--repo", "me/joy", "--round", "1", "--dry-run", "--output", str(folder))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md", "adapter_config.json", "adapter_model.safetensors",
    ]  # fmt: skip
    again = push(data, "--repo", "me/joy", "--dry-run", "--output", str(folder))
    assert again.returncode == 2 and "holds something already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--repo", "joy"), "is no repository"),
        (("--repo", "me/joy", "--round", "2"), "In round 2 the base stayed"),
        (("--repo", "me/joy", "--round", "7"), "Round 7 is not decided. Decided are: 1, 2."),
        (("--repo", "me/joy", "--output", "x"), "--output is the folder of --dry-run"),
    ],
)
def test_wrong_use_is_a_sentence(data: Path, arguments: tuple[str, ...], said: str) -> None:
    done = push(data, *arguments)
    assert done.returncode == 2 and said in " ".join(done.stderr.split())
