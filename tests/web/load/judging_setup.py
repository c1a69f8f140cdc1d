"""What `test_judging_over_http.py` does beside the server, each in a process of its own.

python judging_setup.py campaign DATA COUNT             a campaign that collects judgements; prints who takes part
python judging_setup.py kept DATA                       what the database has of every task that is done
python judging_setup.py contributor ADDRESS TOKEN SEED  judges by the API until nothing is left; prints what was taken
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

from crowdsft.web.configure import configure_existing

SLUG = "judging"
OVERLAP, PER_CONTRIBUTOR, DRAFTS, GOLD_EACH = 3, 20, 24, 2


def campaign(data: str, count: str) -> object:
    """A campaign whose base has answered; its organiser's token, and one for each contributor."""
    configure_existing(Path(data))
    from crowdsft.core.settings import parse_settings
    from crowdsft.rounds.resources import Resources
    from crowdsft.rounds.worker import Worker
    from crowdsft.web.accounts.models import User, issue_token
    from crowdsft.web.campaigns.create import create_campaign, join
    from crowdsft.web.campaigns.models import Step
    from crowdsft.web.journal_django import DjangoStore

    known = [{"prompt": f"Question {n}?", "better": f"Good {n}.", "worse": f"Bad {n}."} for n in range(6)]
    settings = parse_settings(
        {
            "campaign": {"name": "Judging"},
            "target": {"emotion": "joy"},
            "prompts": {"texts": ["How was your day?", "What is new?", "My train is late again."]},
            "rounds": {"count": 2, "groups": 2, "close": "manual"},
            "tasks": {
                "kinds": ["choose_response", "rate_response"],
                "overlap": OVERLAP,
                "per_contributor": PER_CONTRIBUTOR,
                "drafts": DRAFTS,
            },
            "gold": {"share": GOLD_EACH / PER_CONTRIBUTOR, "choose": known},
        }
    )
    owner = User.objects.create(username="organiser")
    made = create_campaign(settings, owner=owner)
    worker = Worker(DjangoStore(), Resources(Path(os.environ["CROWDSFT_DATA"])))
    while Step.objects.filter(name__in=["measure_target", "open_round"]).exists():
        worker.work_once()
    tokens = []
    for number in range(int(count)):
        user = User.objects.create(username=f"contributor-{number}")
        join(made, user)
        tokens.append(issue_token(user, "judging"))
    return {"slug": made.slug, "organiser": issue_token(owner, "judging"), "tokens": tokens}


def kept(data: str) -> object:
    """Every task that is done: who, about what, which verdict, whether its answer was known, and its contribution."""
    configure_existing(Path(data))
    from crowdsft.web.contributions.models import Task

    done = Task.objects.filter(state=Task.DONE).select_related("contribution")
    return {
        task.pk: {
            "member": task.membership_id,
            "item": task.item,
            "kind": task.kind,
            "verdict": task.verdict,
            "is_known": task.expected is not None,
            "draft": task.draft,
            "has_contribution": hasattr(task, "contribution"),
        }
        for task in done
    }


def contributor(address: str, token: str, seed: str) -> object:
    """Somebody who chooses, rates, skips now and then, and now and then sends an answer twice."""
    from crowdsft.client import ApiError, Client

    rng, taken, refused = random.Random(seed), {}, []
    sys.stdin.readline()  # everybody begins at once
    with Client(address, token) as me:
        while (task := me.task(SLUG)) is not None:
            if rng.random() < 0.1:
                me.skip(task.id, "I cannot tell")
                continue
            choice = rng.choice(["left", "right"] if task.kind == "choose_response" else list("12345"))
            try:
                me.choose(task.id, choice)
                if rng.random() < 0.2:
                    me.choose(task.id, choice)
                taken[task.id] = choice
            except ApiError as error:
                refused.append(str(error))
    return {"taken": taken, "refused": refused}


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    print(json.dumps({"campaign": campaign, "kept": kept, "contributor": contributor}[what](*arguments)))
