"""A campaign in which people review, report, moderate and appeal, and files that an organiser brought."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.e2e.sample_platform import SamplePlatform

if TYPE_CHECKING:
    from crowdsft.web.campaigns.models import Campaign, Membership
    from crowdsft.web.contributions.models import Contribution

MESSAGE = "I finally cleaned out the garage after three years. Found my old trumpet under the camping gear."
NEAR = (
    "Three years of garage, and a trumpet at the end of it. Does it still play? I hope the neighbours are glad as "
    "well, and that the camping gear comes out more often from now on."
)
BOBS = (
    "Good.",
    "Well done. Play something for the neighbours tonight, they have earned it after all that rumbling.",
    "A trumpet under the tents is the best thing a garage can hold. What was the first tune?",
    "Hooray for floors that one can see again. I would keep the trumpet where you trip over it.",
)
OTHERS = (
    NEAR,
    NEAR.replace("glad as", "happy as"),
    "Lovely. Send me a picture of it, my number is +49 170 555 01 99 and I live right around the corner.",
    "You could have done this earlier.",
    "Three years are nothing for a garage, and a lot for a trumpet. Let it breathe.",
)
BROUGHT = (
    {
        "contributor": "ada",
        "prompt": "How was your day?",
        "response": "Bright from start to end, even the rain.",
    },
    {
        "contributor": "zoe",
        "prompt": "How was your day?",
        "response": "Happy as a lark. The bus waited for me.",
    },
    {
        "contributor": "ada",
        "prompt": "What is new?",
        "response": "A kitten that sleeps in the laundry basket.",
    },
    {"contributor": "ada", "prompt": "What is new?"},
)


def reviewed(platform: SamplePlatform, users: dict[str, Any]) -> None:
    """Dora has reviewed most of it; bob has appealed; alice answers, and finds a file to confirm."""
    from crowdsft.web.campaigns.create import join, member
    from crowdsft.web.campaigns.models import Membership
    from crowdsft.web.contributions.models import Contribution
    from crowdsft.web.contributions.work import current_task
    from crowdsft.web.reviews.checkups import check
    from tests.web.pages.campaign_builder import CampaignBuilder

    builder = CampaignBuilder.start(
        owner=users["alice"],
        people=[users["bob"]],
        campaign={"name": "Kind words", "description": "Answer small news with real interest."},
        reviews={"required": True},
        prompts={"texts": [MESSAGE, "My daughter read her first whole book alone this morning."]},
        tasks={"per_contributor": 8, "kinds": ["write_response"]},
    )
    builder.open()
    campaign, (bob, *others) = builder.campaign, builder.members
    emil = join(campaign, users["emil"])
    dora = member(campaign, users["dora"], Membership.REVIEWER)
    platform.slugs |= {"reviewed": campaign.slug}
    task = current_task(campaign, bob, None)  # type: ignore[arg-type]
    platform.slugs["task"] = str(task.pk)
    mine = [_hand_in(campaign, bob, text) for text in BOBS]
    theirs = [_hand_in(campaign, writer, text) for writer, text in zip(others, OTHERS, strict=True)]
    _decide(platform, dora, mine)
    _moderate(task, bob, dora, emil, theirs[3])
    for row in Contribution.objects.filter(campaign=campaign, standing=Contribution.WAITING):
        check(row)
    _appeal(platform, users, bob, mine)
    _files(platform, campaign, users["alice"])


def _hand_in(campaign: Campaign, writer: Membership, response: str) -> Contribution:
    from crowdsft.web.contributions.models import Contribution
    from crowdsft.web.journal_django import contribution_digest

    return Contribution.objects.create(
        campaign=campaign,
        membership=writer,
        kind="write_response",
        prompt=MESSAGE,
        response=response,
        digest=contribution_digest(MESSAGE, response),
    )


def _decide(platform: SamplePlatform, dora: Membership, mine: list[Contribution]) -> None:
    """In the order in which they were handed in."""
    from crowdsft.web.reviews.queue import reserve
    from crowdsft.web.reviews.reviewing import decide

    for verdict, reason, words in (
        ("rejected", "low_effort", "One word gives the model nothing to learn from."),
        (
            "returned",
            "",
            "Lovely. Could you leave out the neighbours? The guidelines ask for no hints at others.",
        ),
        ("rejected", "off_topic", ""),
        ("accepted", "", ""),
    ):
        decide(reserve(dora.campaign, dora), verdict, reason=reason, words=words)
    platform.slugs |= {"returned": str(mine[1].pk)}


def _moderate(task: Any, bob: Membership, dora: Membership, emil: Membership, rude: Contribution) -> None:
    from crowdsft.web.reviews.moderation import exclude, pause
    from crowdsft.web.reviews.reports import report_task

    exclude(rude, dora, reason="hurtful", words="It blames somebody who shared good news.")
    pause(emil, dora, reason="spam", words="Forty texts in a minute.", days=3)
    report_task(task, "prompt", reason="broken", words="The sentence stops in the middle on my phone.")


def _appeal(
    platform: SamplePlatform, users: dict[str, Any], bob: Membership, mine: list[Contribution]
) -> None:
    from crowdsft.web.campaigns.models import Membership
    from crowdsft.web.reviews.appeals import answer, appeal_rejection

    for row in mine:
        row.refresh_from_db()
    alice = Membership.objects.get(campaign=bob.campaign, user=users["alice"])
    answered = appeal_rejection(mine[0], bob, "It was one word because one word said it.")
    answer(answered, alice, grant=False, words="It did, to a friend. A model learns nothing from it, though.")
    waits = appeal_rejection(mine[2], bob, "It answers the trumpet, which is the news in this message.")
    platform.slugs |= {"answered": str(answered.pk), "appeal": str(waits.pk)}


def _files(platform: SamplePlatform, campaign: Campaign, alice: Any) -> None:
    """One was imported, one waits for a word."""
    from crowdsft.web.imports.doing import do_next_import
    from crowdsft.web.imports.models import Import
    from crowdsft.web.imports.receiving import confirm, receive

    for key, rows in (("imported", BROUGHT[:1]), ("import", BROUGHT[1:])):
        content = "\n".join(json.dumps(row) for row in rows).encode()
        name = "last-years-letters.jsonl" if key == "imported" else "texts-of-the-choir.jsonl"
        found = receive(campaign, alice, [content], name=name, kind=Import.CONTRIBUTIONS)
        do_next_import()
        if key == "imported":
            found.refresh_from_db()
            confirm(found, alice)
            do_next_import()
        platform.slugs[key] = str(found.pk)
