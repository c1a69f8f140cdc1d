"""Signing in with a provider that speaks OpenID Connect: a small real one on loopback, and a platform beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

SIGN_IN = """
import json, sys
from pathlib import Path
from urllib.parse import parse_qs, urlparse
from crowdsft.web.configure import configure, migrate
configure(Path(sys.argv[1]))
migrate()
from django.test import Client
from crowdsft.web.accounts.models import User
client = Client(headers={"host": "127.0.0.1"})
page = client.get("/accounts/login/")
begun = client.post("/accounts/oidc/sso/login/?process=login")
asked = parse_qs(urlparse(begun.headers["Location"]).query)
back = {"code": "a-code", "state": asked["state"][0]}
wrong = Client(headers={"host": "127.0.0.1"}).get("/accounts/oidc/sso/login/callback/", back)
done = client.get("/accounts/oidc/sso/login/callback/", back)
user = User.objects.get()
print(json.dumps({
    "button": "Sign in with the guild" in page.content.decode(),
    "policy": page.headers["Content-Security-Policy"],
    "to": begun.headers["Location"].split("?")[0],
    "asked": {name: values[0] for name, values in asked.items()},
    "wrong": wrong.wsgi_request.user.is_authenticated,
    "after": done.headers["Location"],
    "pseudonym": user.pseudonym,
    "email": user.email,
    "account": client.get("/account/").status_code,
    "data": client.get("/account/delete/").content.decode().count('type="password"'),
}))
"""


class Provider(BaseHTTPRequestHandler):
    """Knows one person, "olga"."""

    asked: list[dict[str, list[str]]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        here = f"http://{self.headers['Host']}"
        if self.path == "/.well-known/openid-configuration":
            names = ("authorization", "token", "userinfo")
            endpoints = {f"{name}_endpoint": f"{here}/{name}" for name in names}
            self._answer({"issuer": here, "jwks_uri": f"{here}/keys", **endpoints})
        elif self.path == "/userinfo" and self.headers["Authorization"] == "Bearer a-token":
            self._answer({"sub": "42", "preferred_username": "olga", "email": "olga@example.org"})
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.asked.append(sent)
        self._answer({"access_token": "a-token", "token_type": "Bearer"})

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[str]:
    Provider.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def sign_in(data: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("CROWDSFT_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-c", SIGN_IN, str(data)], capture_output=True, text=True, timeout=120,
        env={**clean, **variables},
    )  # fmt: skip


def test_somebody_signs_in_with_the_provider(provider: str, tmp_path: Path) -> None:
    done = sign_in(
        tmp_path, CROWDSFT_OIDC=provider, CROWDSFT_OIDC_CLIENT="crowdsft", CROWDSFT_OIDC_SECRET="s",
        CROWDSFT_OIDC_NAME="the guild",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["button"] and f"form-action 'self' {provider};" in found["policy"]
    assert found["to"] == f"{provider}/authorization"
    assert found["asked"]["client_id"] == "crowdsft" and found["asked"]["code_challenge_method"] == "S256"
    assert found["asked"]["redirect_uri"] == "http://127.0.0.1/accounts/oidc/sso/login/callback/"
    assert found["wrong"] is False  # another browser cannot use the state
    assert (found["after"], found["account"], found["email"]) == ("/", 200, "olga@example.org")
    assert "olga" not in found["pseudonym"] and found["data"] == 0  # no password to ask for
    assert Provider.asked[0]["code"] == ["a-code"] and "code_verifier" in Provider.asked[0]


def test_a_provider_without_a_client_is_refused_at_the_start(tmp_path: Path) -> None:
    done = sign_in(tmp_path, CROWDSFT_OIDC="https://id.example.org")
    assert done.returncode != 0 and "CROWDSFT_OIDC_CLIENT" in done.stderr


def test_without_settings_there_is_no_such_address(client: object, db: None) -> None:
    answer = client.get("/accounts/login/")  # type: ignore[attr-defined]
    assert "Sign in with" not in answer.content.decode()
    assert "form-action 'self';" in answer.headers["Content-Security-Policy"]
    assert client.post("/accounts/oidc/sso/login/").status_code == 404  # type: ignore[attr-defined]
