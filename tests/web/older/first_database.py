"""A database as the first version left it, in a process of its own: `python -m tests.web.older.first_database DATA`.

`first_campaign.jsonl` has the rows that `crowdsft run` wrote at 52611ef (23 November 2026), the last commit at which
every app had its first migration only: four contributors, two rounds, real training. Beside it an account with a
token, and an open campaign with a task and a draft. Then the tables are brought forward as `crowdsft serve` does.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crowdsft.web.configure import configure, migrate

FIRST = {"accounts": "0001", "campaigns": "0001", "contributions": "0001"}
ROWS = Path(__file__).with_name("first_campaign.jsonl")
NAME, TOKEN, DRAFT = "grace", "crowdsft_of_the_first_days", "Half a thought."
OPEN_EVENTS = 3  # opened, target measured, round 1 opened

Models = Callable[[str], Any]


def fill() -> None:
    """Make the first tables, and what people had in them."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    for app, target in FIRST.items():
        call_command("migrate", app, target, verbosity=0)
    loader = MigrationExecutor(connection).loader
    first = [(app, f"{target}_initial") for app, target in FIRST.items()]
    models = loader.project_state(first).apps.get_model
    rows = [json.loads(line) for line in ROWS.read_text().splitlines()]
    for row in rows:
        _keep(models, row["model"], row["row"])
    _open_campaign(models, [row["row"] for row in rows if row["model"] == "campaigns.JournalEvent"])


def _keep(models: Models, name: str, row: dict[str, Any]) -> Any:
    """A row as it was, its moments too, which Django would set to now."""
    model = models(name)
    made = model.objects.create(**row)
    moments = {key: row[key] for key in ("created", "joined") if key in row}
    model.objects.filter(pk=made.pk).update(**moments)
    return made


def _open_campaign(models: Models, events: list[dict[str, Any]]) -> None:
    person = models("accounts.User").objects.create(
        username=NAME, password="unusable", pseudonym="early-bird-1"
    )
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    models("accounts.ApiToken").objects.create(user=person, name="bot", digest=digest)
    old = models("campaigns.Campaign").objects.get()
    campaign = models("campaigns.Campaign").objects.create(
        slug="still-open", name="Still open", plan=old.plan, is_collecting=True, round_number=1, owner=person
    )
    for event in events[:OPEN_EVENTS]:
        models("campaigns.JournalEvent").objects.create(**{**event, "campaign_id": campaign.pk})
    models("campaigns.Step").objects.create(campaign=campaign, name="close_round", round_number=1)
    terms = old.plan["campaign"]
    consent = hashlib.sha256(f"{terms['licence']}\x1f{terms['consent']}".encode()).hexdigest()
    member = models("campaigns.Membership").objects.create(
        campaign=campaign, user=person, contributor="0" * 20, pseudonym="early-bird-1", role="organiser",
        consent=consent,
    )  # fmt: skip
    models("contributions.Task").objects.create(
        campaign=campaign, membership=member, round_number=1, number=0, kind="write_response",
        prompt="What is new?", lease_until="2026-11-23T19:00:00+00:00", draft=DRAFT,
    )  # fmt: skip


def found() -> dict[str, Any]:
    """What the present version makes of it."""
    from django.test import Client

    from crowdsft.core.ledger import verify
    from crowdsft.web.campaigns.models import Agreement, Campaign, ConsentVersion
    from crowdsft.web.contributions.export import dataset_of
    from crowdsft.web.journal_django import campaign_state, ledger

    old, still_open = (Campaign.objects.get(slug=slug) for slug in ("old-joy", "still-open"))
    state = campaign_state(old)
    bot = Client(headers={"Authorization": f"Bearer {TOKEN}"})
    task = bot.post("/api/campaigns/still-open/task").json()
    sent = bot.post(
        f"/api/tasks/{task.get('id')}/response", {"text": "A whole one."}, content_type="application/json"
    )
    pages = ("/", "/campaigns/old-joy/", "/campaigns/still-open/", "/api/campaigns/old-joy/result")
    rows = dataset_of(old).rows
    return {
        "is_finished": state.is_finished,
        "rounds": len(state.rounds),
        "points": sum(entry.amount for entry in ledger(old)),
        "ledger_is_the_journals": verify(ledger(old)) == state.ledger_head,
        "lives": [old.life, still_open.life],
        "consents": ConsentVersion.objects.count(),
        "agreements": Agreement.objects.count(),
        "texts": len(rows),
        "weights": sorted({row.weight for row in rows}),
        "me": bot.get("/api/me").json().get("username"),
        "draft": task.get("draft"),
        "handed_in": sent.status_code,
        "pages": [Client().get(page).status_code for page in pages],
    }


def main() -> None:
    """Build, bring forward, look; print what was found."""
    configure(Path(sys.argv[1]))
    fill()
    migrate()
    migrate()  # a second start finds nothing to do
    print(json.dumps(found()))


if __name__ == "__main__":
    main()
