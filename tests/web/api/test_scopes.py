"""What a token may do, and for how long."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from crowdsft.core.errors import InputError
from crowdsft.web.accounts.models import SCOPES, ApiToken, User, issue_token
from crowdsft.web.api import api
from tests.web.api.callers import Caller, refusal
from tests.web.pages.campaign_builder import CampaignBuilder

pytestmark = pytest.mark.django_db
FILE = object()  # the body is a form with a file
SOME_ID = "00000000-0000-4000-8000-000000000000"
OPEN_TO_ALL = {("post", "/api/accounts"), ("post", "/api/tokens")}


def with_scopes(person: Caller, *scopes: str) -> Caller:
    assert person.user is not None
    return Caller(person.user, issue_token(person.user, "narrow", scopes=scopes))


def changing_operations() -> list[tuple[str, str]]:
    paths = api.get_openapi_schema(path_prefix="/api/")["paths"]
    return [
        (method, path)
        for path, operations in paths.items()
        for method in operations
        if method in ("post", "put", "patch", "delete") and (method, path) not in OPEN_TO_ALL
    ]


def body_of(method: str, path: str) -> Any:
    """Something that the operation's schema accepts, so that only the scope is in the way."""
    operation = api.get_openapi_schema(path_prefix="/api/")["paths"][path][method]
    if "requestBody" not in operation:
        return None
    known = {
        "agree": True, "settings": {}, "text": "x", "licence": "x", "role": "reviewer", "to_round": 0,
        "confirm": "x", "reason": "x", "url": "https://example.org/", "events": ["round.closed"], "choice": "left",
        "licensed": True, "amount": "1", "currency": "EUR", "digest": "x", "state": "paid",
        "verdict": "accepted", "words": "x", "outcome": "x", "grant": True, "contribution": SOME_ID,
        "kinds": {"points": "never"}, "language": "de",
    }  # fmt: skip
    ((kind, content),) = operation["requestBody"]["content"].items()
    if kind == "multipart/form-data":
        return FILE
    schema = content["schema"]
    name = schema.get("$ref", "").rpartition("/")[2]
    whole = api.get_openapi_schema(path_prefix="/api/")["components"]["schemas"][name]
    return {field: known[field] for field in whole.get("required", ())}


@pytest.mark.parametrize(("method", "path"), changing_operations())
def test_a_reading_token_changes_nothing(
    alice: Caller, builder: CampaignBuilder, method: str, path: str
) -> None:
    reader = with_scopes(alice, "read")
    real = path.replace("{slug}", builder.campaign.slug).replace("{key}", "made-up")
    real = re.sub("{(delivery|import|contribution)_id}", SOME_ID, real)
    real = re.sub(r"{[^}]+}", "1", real).removeprefix("/api")
    body = body_of(method, path)
    if body is FILE:
        answer = Client(headers={"Authorization": f"Bearer {reader.token}"}).post(
            f"/api{real}", {"file": SimpleUploadedFile("texts.jsonl", b"{}")}
        )
    else:
        answer = reader(method.upper(), real, body)
    assert "good for read only" in refusal(answer, 403)


def test_contributing_and_organising_are_two_things(
    alice: Caller, bob: Caller, builder: CampaignBuilder
) -> None:
    builder.open()
    worker = with_scopes(bob, "read", "contribute")
    assert worker("POST", f"/campaigns/{builder.campaign.slug}/task").status_code == 200
    assert "needs organise" in refusal(
        with_scopes(alice, "contribute")("POST", f"/campaigns/{builder.campaign.slug}/resume"), 403
    )
    assert "needs contribute" in refusal(
        with_scopes(bob, "organise")("POST", f"/campaigns/{builder.campaign.slug}/task"), 403
    )
    assert "needs read" in refusal(with_scopes(bob, "organise")("GET", "/me"), 403)


def test_a_narrow_token_makes_no_wider_one_and_deletes_nothing(bob: Caller) -> None:
    narrow = with_scopes(bob, "read", "organise")
    refusal(narrow("POST", "/me/tokens", {}), 403)
    refusal(narrow("POST", "/me/delete", {"confirm": "quiet-fern-202"}), 403)
    refusal(narrow("GET", "/me/data"), 403)
    assert User.objects.filter(username="bob").exists()


def test_a_token_runs_out(bob: Caller) -> None:
    made = bob("POST", "/me/tokens", {"name": "short", "days": 1, "scopes": ["read"]}).json()
    short = Caller(bob.user, made["token"])
    assert short("GET", "/me").status_code == 200
    ApiToken.objects.filter(name="short").update(expires=timezone.now() - timedelta(seconds=1))
    assert "run out" in refusal(short("GET", "/me"), 401)


@pytest.mark.parametrize("limits", [{"scopes": []}, {"scopes": ["king"]}, {"days": 0}, {"days": 99999}])
def test_limits_without_sense_are_refused(bob: Caller, limits: dict[str, Any]) -> None:
    refusal(bob("POST", "/me/tokens", limits), 422)


def test_unknown_scopes_are_refused_below_the_api_as_well(bob: Caller) -> None:
    assert bob.user is not None
    for scopes in ((), ("king",)):
        with pytest.raises(InputError, match=", ".join(SCOPES)):
            issue_token(bob.user, "x", scopes=scopes)


def test_a_made_up_pseudonym_that_is_taken_is_made_up_again(
    anybody: Caller, bob: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter(["quiet-fern-202", "quiet-fern-202", "calm-seal-100"])
    monkeypatch.setattr("crowdsft.web.accounts.models.new_pseudonym", lambda: next(names))
    made = anybody("POST", "/accounts", {"username": "dora", "password": "a long and rare password"})
    assert made.status_code == 201 and made.json()["pseudonym"] == "calm-seal-100"


def test_the_page_s_sign_up_makes_one_up_again_as_well(
    bob: Caller, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter(["quiet-fern-202", "calm-seal-100"])
    monkeypatch.setattr("crowdsft.web.accounts.models.new_pseudonym", lambda: next(names))
    sent = {"username": "dora", "password1": "a long and rare password"}
    assert client.post("/accounts/signup/", sent).status_code == 302
    assert User.objects.get(username="dora").pseudonym == "calm-seal-100"


def test_a_taken_username_is_no_reason_to_try_again(bob: Caller) -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError):
        User.objects.create(username="bob")


def test_nobody_else_reads_the_data_folder(tmp_path: Path) -> None:
    import subprocess
    import sys

    folder = tmp_path / "platform"
    code = (
        "import sys; from pathlib import Path; from crowdsft.web.configure import configure, migrate\n"
        "configure(Path(sys.argv[1])); migrate()\n"
        "from crowdsft.rounds.artifacts import Artifacts\n"
        "Artifacts(Path(sys.argv[1]) / 'artifacts').put_rows([{'prompt': 'x'}])"
    )
    environment = {"PATH": "/usr/bin"}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code, str(folder)], check=True, env=environment)
        assert folder.stat().st_mode & 0o077 == 0
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert {"crowdsft.sqlite", "secret-key"} <= {path.name for path in files} and len(files) > 2
        assert [path for path in files if path.stat().st_mode & 0o077] == []
        for path in (folder, folder / "crowdsft.sqlite"):  # as an earlier version left them
            path.chmod(path.stat().st_mode | 0o044)
        folder.chmod(0o755)
