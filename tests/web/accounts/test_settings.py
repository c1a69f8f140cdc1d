"""What the environment decides about the platform's security."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SHOW = """
import json
from crowdsft.web import settings
names = ("SECRET_KEY", "DEBUG", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS",
         "SECURE_PROXY_SSL_HEADER", "ALLOWED_HOSTS", "RATE_LIMITS", "ACCOUNT_RATE_LIMITS", "TRUST_ORGANISERS",
         "ALLAUTH_TRUSTED_PROXY_COUNT")
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


def start(data: Path, **environment: str) -> subprocess.Popen[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("CROWDSFT_")}
    return subprocess.Popen(
        [sys.executable, "-c", SHOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**clean, "CROWDSFT_DATA": str(data), **environment},
    )  # fmt: skip


def settings_with(data: Path, **environment: str) -> dict[str, Any]:
    out, problem = start(data, **environment).communicate(timeout=60)
    assert out, problem
    found: dict[str, Any] = json.loads(out)
    return found


def test_by_default_everything_is_closed(tmp_path: Path) -> None:
    found = settings_with(tmp_path)
    assert (found["DEBUG"], found["TRUST_ORGANISERS"], found["RATE_LIMITS"]) == (False, False, True)
    assert found["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]"]
    assert found["ALLAUTH_TRUSTED_PROXY_COUNT"] == 0 and found["SECURE_PROXY_SSL_HEADER"] is None


def test_behind_https_cookies_are_secure_and_the_proxy_is_believed(tmp_path: Path) -> None:
    found = settings_with(tmp_path, CROWDSFT_HTTPS="1")
    assert found["SESSION_COOKIE_SECURE"] and found["CSRF_COOKIE_SECURE"]
    assert found["SECURE_HSTS_SECONDS"] > 10**7
    assert found["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1


def test_limits_and_trust_are_settings(tmp_path: Path) -> None:
    found = settings_with(
        tmp_path, CROWDSFT_RATE_LIMITS="0", CROWDSFT_TRUST_ORGANISERS="1", CROWDSFT_PROXIES="2"
    )
    assert (found["RATE_LIMITS"], found["ACCOUNT_RATE_LIMITS"], found["TRUST_ORGANISERS"]) == (
        False,
        False,
        True,
    )
    assert found["ALLAUTH_TRUSTED_PROXY_COUNT"] == 2


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    started = [start(tmp_path) for _ in range(4)]
    keys = {json.loads(process.communicate(timeout=60)[0])["SECRET_KEY"] for process in started}
    assert len(keys) == 1 and all(len(key) >= 32 for key in keys)
    assert settings_with(tmp_path)["SECRET_KEY"] in keys
    assert [file.name for file in tmp_path.iterdir()] == ["secret-key"]
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"CROWDSFT_SECRET_KEY": "short"}, "shorter than 32"),
        ({"CROWDSFT_PROXIES": "-1"}, "whole number"),
        ({"CROWDSFT_DATABASE_URL": "mysql://somewhere/db"}, "only postgres"),
    ],
)
def test_what_cannot_be_is_said(environment: dict[str, str], says: str, tmp_path: Path) -> None:
    out, problem = start(tmp_path, **environment).communicate(timeout=60)
    assert out == "" and says in problem


def test_an_empty_key_is_not_replaced_in_silence(tmp_path: Path) -> None:
    (tmp_path / "secret-key").touch()
    out, problem = start(tmp_path).communicate(timeout=60)
    assert out == "" and "is empty" in problem
