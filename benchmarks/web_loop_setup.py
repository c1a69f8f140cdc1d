"""What `web_loop.py` does with the platform's database, in a process of its own: python web_loop_setup.py WHAT DATA ...

campaign                  a campaign that collects
people COUNT WAY LABEL    so many contributors; prints their tokens (api) or sessions (pages)
kept LABEL                the contributions whose text starts with LABEL, and how many are more than wanted
profile LOOPS WAY         where so many loops spend their time, in this process
"""

from __future__ import annotations

import cProfile
import io
import json
import os
import pstats
import sys
import time
from pathlib import Path
from typing import Any

from crowdsft.web.configure import configure_existing

SLUG = "web-loop"
MOST_TASKS = 10_000


def campaign() -> object:
    """A campaign that collects."""
    from crowdsft.core.settings import parse_settings
    from crowdsft.rounds.resources import Resources
    from crowdsft.rounds.worker import Worker
    from crowdsft.web.accounts.models import User
    from crowdsft.web.campaigns.create import create_campaign
    from crowdsft.web.campaigns.models import Step
    from crowdsft.web.journal_django import DjangoStore

    settings = parse_settings(
        {
            "campaign": {"name": "Web loop"},
            "target": {"emotion": "joy"},
            "rounds": {"count": 2, "groups": 2, "close": "manual"},
            "tasks": {"per_contributor": MOST_TASKS, "kinds": ["write_response", "correct_response"]},
        }
    )
    owner = User.objects.create(username="organiser")
    create_campaign(settings, owner=owner)
    worker = Worker(DjangoStore(), Resources(Path(os.environ["CROWDSFT_DATA"])))
    while Step.objects.filter(name__in=["measure_target", "open_round"]).exists():
        worker.work_once()
    return SLUG


def people(count: str, way: str, label: str) -> object:
    """Contributors of the campaign, without the slow hashing of passwords."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from crowdsft.web.accounts.models import User, issue_token
    from crowdsft.web.campaigns.create import join
    from crowdsft.web.campaigns.models import Campaign

    keys = []
    for number in range(int(count)):
        user = User.objects.create(username=f"{label}-{number}"[-150:])
        join(Campaign.objects.get(slug=SLUG), user)
        if way == "api":
            keys.append(issue_token(user, "load"))
            continue
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        keys.append(session.session_key)
    return keys


def kept(label: str) -> object:
    """What a crowd left in the database."""
    from django.db.models import Count

    from crowdsft.web.contributions.models import Contribution

    rows = Contribution.objects.filter(campaign__slug=SLUG, response__startswith=label)
    twice = rows.values("task").annotate(count=Count("pk")).filter(count__gt=1).count()
    return {"texts": list(rows.values_list("response", flat=True)), "over": twice}


def profile(loops: str, way: str) -> object:
    """Queries and functions of loops in this process, through Django's own handler."""
    import re

    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    settings.ALLOWED_HOSTS = ["*"]
    (key,) = people("1", way, f"profile-{time.monotonic_ns()}")
    client = Client(headers={"Authorization": f"Bearer {key}"} if way == "api" else {})
    if way == "pages":
        client.cookies["sessionid"] = key

    def loop(number: int) -> None:
        text = f"What a fine day, for the {number}th time."
        if way == "api":
            task = client.post(f"/api/campaigns/{SLUG}/task").json()
            done = client.post(
                f"/api/tasks/{task['id']}/response", {"text": text}, content_type="application/json"
            )
            assert done.status_code == 201, done.content
        else:
            page = client.get(f"/campaigns/{SLUG}/work/").content.decode()
            found = re.search(r'name="task" value="(\d+)"', page)
            assert found is not None, page[:2000]
            done = client.post(f"/campaigns/{SLUG}/work/", {"task": found[1], "response": text})
            assert done.status_code == 302, done.content[:2000]

    for number in range(5):
        loop(number)
    with CaptureQueriesContext(connection) as queries:
        loop(5)
    report = io.StringIO()
    for query in queries:
        report.write(f"{query['time']} {query['sql'][:230]}\n")
    report.write(f"{len(queries)} queries\n")
    profiler = cProfile.Profile()
    begun = time.process_time()
    for number in range(6, 6 + int(loops)):
        loop(number)
    plain = (time.process_time() - begun) / int(loops)
    profiler.enable()
    for number in range(10**6, 10**6 + int(loops)):
        loop(number)
    profiler.disable()
    report.write(f"{1000 * plain:.2f} ms of processor time per loop without the profiler\n")
    pstats.Stats(profiler, stream=report).sort_stats("cumulative").print_stats(90)
    return {"report": report.getvalue()}


def main() -> None:
    """Do what is asked, and print it as JSON."""
    what, data, *arguments = sys.argv[1:]
    configure_existing(Path(data))
    does: dict[str, Any] = {"campaign": campaign, "people": people, "kept": kept, "profile": profile}
    print(json.dumps(does[what](*arguments)))


if __name__ == "__main__":
    main()
