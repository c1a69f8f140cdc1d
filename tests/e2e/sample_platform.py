"""A platform with campaigns in every state, in a process of its own: for screenshots and checks of every page.

The rounds' events are written through the store by `CampaignBuilder`; nothing is trained here.
`python -m tests.e2e.sample_platform` prints where it is as one line of JSON and serves until its input ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crowdsft.web.configure import configure, migrate

if TYPE_CHECKING:
    from tests.web.pages.campaign_builder import CampaignBuilder

GUIDELINES = """Answer as yourself on a very good day.

### Do

- React to what the person said before you add anything.
- Name one concrete thing to be glad about.
- Two to five sentences are enough.

### Please avoid

- Empty praise and rows of exclamation marks.
- Names, addresses or anything private.
- Text from another model. It teaches nothing new and earns little.
"""
ADJECTIVES = (
    "amber",
    "still",
    "copper",
    "north",
    "velvet",
    "tidal",
    "lunar",
    "winter",
    "slow",
    "rapid",
    "misty",
)
NOUNS = ("otter", "heron", "finch", "wren")
PROMPTS = [
    "I finally cleaned out the garage after three years. Found my old trumpet under the camping gear.",
    "My daughter read her first whole book alone this morning. She is five and very proud.",
]


COMFORT = (
    "I am sorry to hear that. Bad days are part of life, and it is important to stay positive.",
    "That sounds exhausting. Put the kettle on, and let the rest of today be small.",
    "What a day. You got through it, and tomorrow has not heard of any of this yet.",
    "Have you tried to make a list of what went wrong?",
)


@dataclass(slots=True)
class SamplePlatform:
    """Its address and sessions by name.

    "bob" contributes, "alice" organises, "dora" reviews, "emil" is paused, "charlie" has just signed up.
    """

    address: str = ""
    sessions: dict[str, str] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)
    own: list[str] = field(default_factory=list)


@contextmanager
def sample_platform(locale: Path | None = None) -> Iterator[SamplePlatform]:
    """Start the process, and stop it at the end; with the language "xx" of the folder `locale`, where it is given."""
    command = [sys.executable, "-m", "tests.e2e.sample_platform", *([str(locale)] if locale else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, "the sample platform did not start; its error stands above"
            yield SamplePlatform(**json.loads(line))
        finally:
            process.stdin.close()


def main() -> None:
    """Build the platform in a temporary folder and serve it on a free port until the input ends."""
    with tempfile.TemporaryDirectory(prefix="crowdsft-sample-") as folder:
        configure(Path(folder))
        migrate()
        platform = SamplePlatform()
        _build(platform)
        if sys.argv[1:]:
            _speak(platform, Path(sys.argv[1]))
        with _served() as address:
            platform.address = address
            print(json.dumps(asdict(platform)), flush=True)
            sys.stdin.read()


def _speak(platform: SamplePlatform, locale: Path) -> None:
    """Offer the language "xx", and tell what people wrote, which is the same in every language."""
    from django.conf import settings

    from tests.e2e.sample_own import own_texts

    settings.LOCALE_PATHS = [locale, *settings.LOCALE_PATHS]
    settings.LANGUAGES = [*settings.LANGUAGES, ("xx", "xx")]
    platform.own = own_texts()


@contextmanager
def _served() -> Iterator[str]:
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.servers.basehttp import ThreadedWSGIServer
    from django.test.testcases import QuietWSGIRequestHandler

    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler)
    server.set_app(WSGIHandler())
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _build(platform: SamplePlatform) -> None:
    from django.conf import settings
    from django.test import Client

    from crowdsft.web.accounts.models import User
    from crowdsft.web.notices.unsubscribing import unsubscribe_address
    from tests.e2e.sample_reviews import reviewed

    users = {
        name: User.objects.create_user(
            username=name, password=f"{name} has a long password", pseudonym=pseudonym
        )
        for name, pseudonym in (
            ("alice", "amber-otter-101"),
            ("bob", "quiet-fern-202"),
            ("charlie", "lunar-moss-303"),
            ("dora", "violet-lark-404"),
            ("emil", "rusty-plum-505"),
        )
    }
    for name, user in users.items():
        client = Client()
        client.force_login(user)
        platform.sessions[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
    _finished(platform, users)
    _failed(platform, users)
    _training(platform, users)
    _new(platform, users)
    _judging(platform, users)
    _judged(platform, users)
    _draft(platform, users)
    _approval(platform, users)
    _voting(platform, users)
    _long(platform, users, key="estimated", name="Calm answers", policy="decoded_shapley")
    _long(platform, users, key="long", name="Joy in comments", policy="rank")
    _exchanges(platform, users)
    _payouts(platform, users)
    reviewed(platform, users)
    platform.slugs["unsubscribe"] = unsubscribe_address(users["bob"]).split("/")[-2]


def _exchanges(platform: SamplePlatform, users: dict[str, object]) -> None:
    """Bob's message is answered, alice's waits."""
    from crowdsft.web.campaigns.models import Campaign
    from crowdsft.web.playground.models import Exchange
    from crowdsft.web.playground.queue import ask

    campaign = Campaign.objects.get(slug=platform.slugs["long"])
    message = "It rained on our picnic and we ate the cake in the car."
    for name in ("bob", "alice"):
        ask(campaign, users[name], message=message, left="start", right="5")  # type: ignore[arg-type]
    plain = "I am sorry that it rained on your picnic. You could try again on another day."
    joyful = "Cake in a steamed-up car, with the rain drumming on the roof? Next year all will come."
    Exchange.objects.filter(user=users["bob"]).update(
        state=Exchange.DONE,
        answers=[
            {"text": plain, "utility": -0.62, "seconds": 1.2},
            {"text": joyful, "utility": -0.314, "seconds": 1.4},
        ],
    )


def _payouts(platform: SamplePlatform, users: dict[str, object]) -> None:
    """Rounds 1 to 3 are paid but for a failure and what is below the minimum; the rest waits to be planned."""
    from crowdsft.web.campaigns.models import Campaign, Membership
    from crowdsft.web.payouts.paying import fix_payout, mark_all_paid, mark_line
    from crowdsft.web.payouts.planning import Wanted, plan_payout

    campaign = Campaign.objects.get(slug=platform.slugs["long"])
    alice: Any = users["alice"]
    plan = plan_payout(campaign, Wanted("EUR", 2, 50_000, 800, 1, 3))
    payout = fix_payout(campaign, alice, plan)
    bob = Membership.objects.get(campaign=campaign, user=users["bob"])  # type: ignore[misc]
    failed, *_ = payout.lines.filter(state="due").exclude(contributor=bob.contributor)
    mark_line(payout, alice, failed.pk, "failed", "The account does not exist any more.")
    mark_line(payout, alice, payout.lines.get(contributor=bob.contributor).pk, "paid", "SEPA 2026-11-0417")
    platform.slugs["payout"] = str(payout.number)
    other = Campaign.objects.get(slug=platform.slugs["finished"])
    mark_all_paid(fix_payout(other, alice, plan_payout(other, Wanted("USD", 2, 10_000, 0, 1, None))), alice)


def _pseudonyms(count: int) -> list[str]:
    names = [f"{adjective}-{noun}" for noun in NOUNS for adjective in ADJECTIVES]
    return [f"{name}-{300 + 7 * index}" for index, name in enumerate(names[:count])]


def _experts() -> list[str]:
    import numpy as np

    from crowdsft.world import expert_comments

    return list(expert_comments("joy", 100, np.random.default_rng(1)))


def _campaign(name: str, description: str) -> dict[str, object]:
    return {"name": name, "description": description, "guidelines": GUIDELINES}


def _long(platform: SamplePlatform, users: dict[str, object], *, key: str, name: str, policy: str) -> None:
    from tests.e2e.sample_crowd import SampleCrowd
    from tests.web.pages.campaign_builder import CampaignBuilder

    builder = CampaignBuilder.start(
        owner=users["alice"],
        people=[users["bob"]],
        others=_pseudonyms(19),
        salt="sample-e",
        campaign=_campaign(
            name, "Teach the model to answer everyday messages the way a joyful person would."
        ),
        prompts={"texts": PROMPTS},
        rounds={"count": 8, "groups": 4, "close": "size", "size": 60, "grouping": "balanced_design"},
        points={"policy": policy},
        target={"examples": _experts(), "emotion": None},
        tasks={"per_contributor": 10, "kinds": ["write_response"]},
    )
    builder.open()
    names = [member.contributor for member in builder.members]
    crowd = SampleCrowd.around(builder.state, names, distance=0.6, seed=3)
    for number in range(1, 6):  # in round 4 training changes nothing
        counts = [5] + [1 + (7 * index + 3 * number) % 9 for index in range(19)]
        builder.open().contribute(counts).close()
        builder.commit(builder.trained())
        builder.commit(
            crowd.evaluated(builder.state.current, 0.0 if number == 4 else 0.18, "l2", rng_seed=11)
        )
        builder.step("select")
        crowd.move(builder.state.current.winner)
        builder.step("award").step("finish_round")
    _webhook(builder, users)
    builder.open().contribute([3] + [index % 4 for index in range(19)])
    platform.slugs[key] = builder.campaign.slug


def _webhook(builder: CampaignBuilder, users: dict[str, object]) -> None:
    """One that works and one whose receiver is gone, with their log."""
    from crowdsft.web.webhooks.managing import add_webhook
    from crowdsft.web.webhooks.models import Delivery
    from crowdsft.web.webhooks.outbox import write

    for host in ("bot.example.org", "gone.example.org"):
        hook = add_webhook(
            builder.campaign,
            users["alice"],
            url=f"https://{host}/hook",
            events=["round.closed", "round.finished"],  # type: ignore[arg-type]
        )
        sent = write(hook, "round.finished", {"round": 5})
        good = host.startswith("bot")
        Delivery.objects.filter(pk=sent.pk).update(
            state="delivered" if good else "failed", attempts=1 if good else 7, status=204 if good else 410
        )


def _voting(platform: SamplePlatform, users: dict[str, object]) -> None:
    """Voters decide: round 1 is counted, round 2 waits for votes."""
    from datetime import timedelta

    from django.conf import settings
    from django.db.models import F

    from crowdsft.rounds.artifacts import Artifacts
    from crowdsft.web.campaigns.models import JournalEvent
    from crowdsft.web.contributions.work import NotNow
    from crowdsft.web.votes.voting import cast, current_vote
    from tests.web.pages.campaign_builder import CampaignBuilder

    builder = CampaignBuilder.start(
        owner=users["alice"],
        people=[users["bob"]],
        others=_pseudonyms(17),
        campaign=_campaign("Messages of comfort", "Say something that helps somebody through a bad day."),
        rounds={"count": 4, "groups": 3, "close": "manual"},
        votes={"minutes": 2880, "role": "decide", "per_voter": 15},
    )
    artifacts = Artifacts(settings.DATA / "artifacts")
    builder.open().contribute().close().measure(0.6, [0.5, 0.52, 0.62], texts=COMFORT)
    for member in builder.members:
        while True:
            try:
                vote, _ = current_vote(builder.campaign, member, artifacts)
            except NotNow:
                break
            better = vote.left == 2 or (vote.right != 2 and (vote.left + vote.number) % 3 > 0)
            cast(vote, "left" if better else "right")
    JournalEvent.objects.filter(campaign=builder.campaign).update(created=F("created") - timedelta(days=3))
    builder.decided()
    builder.open().contribute().close().measure(0.5, [0.42, 0.44, 0.51], texts=COMFORT)
    platform.slugs["voting"] = builder.campaign.slug


def _training(platform: SamplePlatform, users: dict[str, object]) -> None:
    from crowdsft.web.campaigns.models import Step
    from tests.web.pages.campaign_builder import CampaignBuilder

    builder = CampaignBuilder.start(
        owner=users["alice"],
        people=[users["bob"]],
        campaign=_campaign(
            "Küstenplatt", "A model that understands and answers in coastal Low German, village by village."
        ),
        rounds={"count": 3, "groups": 3, "close": "manual"},
    )
    builder.play(0.71, [0.69, 0.645, 0.66]).open().contribute([2, 1, 3, 1, 1, 2]).close()
    builder.at_work("training group 2, step 10 of 36", (1 + 10 / 36) / 3)
    Step.objects.filter(campaign=builder.campaign).update(parts=[1.0, 0.28, 0.0])
    platform.slugs["training"] = builder.campaign.slug


def _failed(platform: SamplePlatform, users: dict[str, object]) -> None:
    from tests.web.pages.campaign_builder import CampaignBuilder

    builder = CampaignBuilder.start(
        owner=users["alice"],
        people=[users["bob"]],
        campaign=_campaign("Letters to the harbour", "Polite letters to an office that is always closed."),
    )
    builder.open().contribute().close().failed(
        "TrainingError: Group 1 has no loss after step 3: it is not a number. Lower training.learning_rate."
    )
    platform.slugs["failed"] = builder.campaign.slug


def _finished(platform: SamplePlatform, users: dict[str, object]) -> None:
    from tests.web.pages.campaign_builder import CampaignBuilder

    builder = CampaignBuilder.start(
        owner=users["alice"],
        people=[users["bob"]],
        campaign=_campaign(
            "A town that smiles", "The sample campaign: comments for the board of a little town."
        )
        | {"simulated": True},
        rounds={"count": 2, "groups": 3, "close": "manual"},
    )
    builder.play(0.9, [0.84, 0.79, 0.87]).play(0.79, [0.75, 0.77, 0.71]).finish()
    platform.slugs["finished"] = builder.campaign.slug


def _new(platform: SamplePlatform, users: dict[str, object]) -> None:
    from tests.web.pages.campaign_builder import CampaignBuilder

    builder = CampaignBuilder.start(
        owner=users["alice"],
        others=(),
        people=[users["bob"]],
        campaign=_campaign(
            "Patient support", "Answer angry customers of a bicycle shop calmly, and solve the problem."
        ),
        rounds={"close": "deadline", "minutes": 2880},
        tasks={"kinds": ["correct_response"]},
    )
    builder.open()
    platform.slugs["new"] = builder.campaign.slug


def _judging(platform: SamplePlatform, users: dict[str, object]) -> None:
    """Bob chooses and rates the model's responses."""
    from tests.web.pages.campaign_builder import CampaignBuilder

    for name, kind in (("choose", "choose_response"), ("rate", "rate_response")):
        builder = CampaignBuilder.start(
            owner=users["alice"],
            people=[users["bob"]],
            campaign=_campaign(f"A warm voice, {name}", "Judge what the model says to good news."),
            tasks={"kinds": [kind], "drafts": 24, "per_contributor": 4},
        )
        builder.open()
        platform.slugs[name] = builder.campaign.slug


def _judged(platform: SamplePlatform, users: dict[str, object]) -> None:
    """Nine people have chosen and rated; some attentively, some not. Bob is one of them."""
    import numpy as np
    from django.utils import timezone

    from crowdsft.web.contributions.models import Task
    from tests.web.pages.campaign_builder import CampaignBuilder

    known = [{"prompt": f"Question {n}?", "better": f"Good {n}.", "worse": f"Bad {n}."} for n in range(8)]
    builder = CampaignBuilder.start(
        owner=users["alice"],
        people=[users["bob"]],
        others=_pseudonyms(8),
        campaign=_campaign("Which answer is warmer?", "Judge what the model says to good news."),
        tasks={"kinds": ["choose_response", "rate_response"], "drafts": 96, "per_contributor": 40},
        gold={"share": 0.2, "choose": known},
    )
    builder.open()
    rng = np.random.default_rng(5)
    for place, member in enumerate(builder.members):
        care = (0.9, 0.85, 0.95, 0.8, 0.5, 0.9, 0.75, 0.9, 0.85)[place]
        asked = [("choose_response", item) for item in range(24)] + [
            ("rate_response", item) for item in range(12)
        ]
        rows: list[tuple[str, str, int, int | None]] = [
            (kind, f"{kind} {item}", _said(kind, item, is_careful=bool(rng.random() < care)), None)
            for kind, item in asked
            if rng.random() < 0.6
        ]
        rows += [
            ("choose_response", f"known {number}", int(rng.random() < care), 1)
            for number in range(8 if place < 6 else 2)
        ]
        Task.objects.bulk_create(
            Task(
                campaign=builder.campaign, membership=member, round_number=1, number=number, kind=kind,
                prompt="How was your day?", item=item, verdict=verdict, expected=expected, state=Task.DONE,
                lease_until=timezone.now(),
            )
            for number, (kind, item, verdict, expected) in enumerate(rows)
        )  # fmt: skip
    platform.slugs["judged"] = builder.campaign.slug


def _said(kind: str, item: int, *, is_careful: bool) -> int:
    if kind == "choose_response":
        return item % 2 if is_careful else 1 - item % 2
    return 1 + (item if is_careful else item + 2) % 5


def _draft(platform: SamplePlatform, users: dict[str, object]) -> None:
    from crowdsft.core.settings import parse_settings
    from crowdsft.web.campaigns.create import create_campaign
    from crowdsft.web.campaigns.starting_points import TEMPLATES

    draft = create_campaign(parse_settings(TEMPLATES[0].plan), owner=users["alice"], is_draft=True)  # type: ignore[arg-type]
    platform.slugs["draft"] = draft.slug


def _approval(platform: SamplePlatform, users: dict[str, object]) -> None:
    """A winner waits; the consent text has a second version that bob has not agreed to; charlie is invited."""
    from crowdsft.web.campaigns.consent import publish_consent
    from crowdsft.web.campaigns.invitations import invite
    from tests.web.pages.campaign_builder import CampaignBuilder

    builder = CampaignBuilder.start(
        owner=users["alice"],
        people=[users["bob"]],
        campaign=_campaign("Voices of the workshop", "Short answers as an old carpenter would give them."),
        rounds={"count": 3, "groups": 3, "close": "manual", "approval": True},
    )
    builder.open().contribute([2, 1, 3, 1, 1, 2]).close().decide_until_award(0.71, [0.69, 0.645, 0.66])
    alice = users["alice"]
    _, platform.slugs["invitation"] = invite(builder.campaign, alice, "reviewer", days=14, uses=3)  # type: ignore[arg-type]
    publish_consent(
        builder.refreshed(),
        licence="CC-BY-4.0",
        text="My contributions may be used to train this campaign's models, and be printed in the guild's yearbook.",
        actor=alice,  # type: ignore[arg-type]
    )
    platform.slugs["approval"] = builder.campaign.slug


if __name__ == "__main__":
    main()
