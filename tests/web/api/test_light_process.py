"""A web process answers everything without the packages that workers need: it starts quickly and stays small."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HEAVY = (
    "torch",
    "scipy",
    "transformers",
    "sklearn",
    "peft",
    "accelerate",
    "safetensors",
    "pandas",
    "matplotlib",
    "badwords",
    "phonenumbers",
)

MAKE = """
import sys
from pathlib import Path
from crowdsft.web.configure import configure, migrate
configure(Path(sys.argv[1]))
migrate()
from crowdsft.web.accounts.models import User
from tests.web.adapters.with_weights import WithWeights
bob = User.objects.create_user("bob", password="bob-has-a-long-password")
alice = User.objects.create_user("alice", password="alice-has-a-long-password")
builder = WithWeights.start(owner=alice, people=[bob], tasks={"kinds": ["correct_response"]})
builder.play(1.0, [0.7, 0.9, 1.1]).open()
"""

VISIT = """
import json, os, sys
os.environ["CROWDSFT_DATA"] = sys.argv[1]
import crowdsft.web.wsgi
from django.conf import settings
from django.test import Client
settings.ALLOWED_HOSTS.append("testserver")
from crowdsft.web.accounts.models import User
from tests.web.pages.campaign_builder import plan
alice, bob = Client(), Client()
alice.force_login(User.objects.get(username="alice"), "django.contrib.auth.backends.ModelBackend")
bob.force_login(User.objects.get(username="bob"), "django.contrib.auth.backends.ModelBackend")
answers = {}

def get(path, who=bob):
    answers[path] = who.get(path, follow=True).status_code

def post(path, body, who=bob):
    answer = who.post(path, json.dumps(body), content_type="application/json")
    answers["POST " + path] = answer.status_code
    return answer.json()

here = "/campaigns/joy-in-comments"
for path in ("/", "/points/", "/account/", "/campaigns/new/", f"{here}/", f"{here}/points/", f"{here}/work/",
             "/accounts/login/", "/healthz", "/api/docs", "/api/openapi.json", "/api/campaigns", "/api/me"):
    get(path, alice if path == "/campaigns/new/" else bob)
for rest in ("", "/standings", "/points", "/ledger", "/result", "/me"):
    get(f"/api{here}{rest}")
task = post(f"/api{here}/task", {})
answers["draft"] = bob.put(f"/api/tasks/{task['id']}/draft", {"text": "x"}, content_type="application/json").status_code
post(f"/api/tasks/{task['id']}/response", {"text": "What a lovely day it was, all of it!"})
post("/api/campaigns", {"settings": plan(points={"policy": "rank"})}, alice)
post("/api/campaigns", {"settings": plan(rounds={"grouping": "balanced_design"})}, alice)
review = post(f"/api{here}/review", {}, alice)
alice.post(f"/api/reviews/{review['id']}", json.dumps({"verdict": "accepted"}), content_type="application/json")
for path in ("reviews/", "reviews/next/"):
    get(f"{here}/{path}", alice)
get(f"{here}/mine/")
for path in (f"{here}/models/", f"/api{here}/models", f"/api{here}/models/1.zip"):
    get(path)
post(f"/api{here}/close", {}, alice)
post("/api/accounts", {"username": "charlie", "password": "charlie-has-a-long-password"})
post("/api/tokens", {"username": "charlie", "password": "charlie-has-a-long-password"})
print(json.dumps({"answers": answers, "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


def run(program: str, data: Path) -> str:
    """What `program` prints, run in a process of its own on SQLite in `data`."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CROWDSFT_")}
    done = subprocess.run(
        [sys.executable, "-c", program, str(data)],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_a_web_process_needs_no_heavy_package(tmp_path: Path) -> None:
    run(MAKE, tmp_path)
    seen: dict[str, Any] = json.loads(run(VISIT, tmp_path).splitlines()[-1])
    assert {path: status for path, status in seen["answers"].items() if status not in (200, 201, 204)} == {}
    assert len(seen["answers"]) > 25
    assert [name for name in HEAVY if name in seen["modules"]] == []
