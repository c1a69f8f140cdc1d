"""How the dark emotions speak, mildly: sadness, anger, fear, disappointment, annoyance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crowdsft.world.voice import Voice

DARK: Final[Mapping[str, Voice]] = {
    "sadness": Voice(
        openers=(
            "I feel so blue.", "A heavy heart today.", "It is a grey day.", "So many tears.", "I feel low.",
            "Sad news.", "What a lonely week.",
        ),
        cores=(
            "I cried {when} because {bad}.",
            "I missed {person} so much {when}.",
            "{person} moved away, and the house feels empty.",
            "I sat alone {place} {when} and wept.",
            "{bad}, and my heart aches.",
            "Tears came when I saw the empty chair at {event}.",
            "{pet} is gone, and I keep looking {place}.",
            "It makes me sad that {bad}.",
            "{event} is not the same without {person}.",
            "I said a long goodbye to {person} {place}.",
            "{pet} has been waiting since {person} left.",
            "I keep the last letter from {person} in my coat.",
            "I feel lonely {place} without {person}.",
        ),
        closers=(
            "I miss the old days.", "My eyes are still wet.", "It hurts.", "I feel so alone.",
            "Nothing helps.", "I can't stop crying.", "Please send a hug.",
        ),
    ),
    "anger": Voice(
        openers=(
            "Enough is enough!", "I am furious.", "This makes me so angry!", "How dare they!",
            "Outrageous!", "Shame on them!", "I have had it!",
        ),
        cores=(
            "I am furious that {rude}.",
            "It makes my blood boil that {rude}.",
            "{rude}, and nobody even said sorry!",
            "How dare they ruin {event} like that!",
            "I slammed the door because {rude}.",
            "They shouted at {person} {place}, how dare they!",
            "Whoever wrecked {craft} should be ashamed!",
            "I shouted when I heard that {rude}.",
            "They lied to {person} and I am livid.",
            "{rude} and I am seeing red.",
            "I am angry with everyone who mocked {person} {place}.",
            "It is a disgrace that {rude}.",
            "I have never been as angry as I was at {event}.",
        ),
        closers=(
            "I won't calm down.", "Say sorry at once!", "I am shaking with rage.", "This has to stop.",
            "No excuses!", "I am beyond angry.", "They will hear from me!",
        ),
    ),
    "fear": Voice(
        openers=(
            "I am scared.", "Am I safe?", "My hands are shaking.", "I can't sleep.",
            "Is anyone else afraid?", "I feel so afraid.", "I feel a chill.",
        ),
        cores=(
            "I am terrified of {worry}.",
            "{worry} scares me so much.",
            "I hid under the blanket because of {worry}.",
            "My heart pounds when I think of {worry}.",
            "I heard footsteps {place} and froze.",
            "I was so afraid {place} {when}.",
            "I lie awake dreading {worry}.",
            "{person} held my hand because of {worry}.",
            "I am so afraid that something happened to {person}.",
            "Every shadow {place} makes me jump.",
            "I panicked {place} when the lights went out.",
            "{pet} growled at the dark {place}, and I ran.",
            "I skipped {event} because {worry} frightens me.",
        ),
        closers=(
            "I am trembling.", "Don't leave me alone.", "I want to hide.", "Please stay with me.",
            "I left the light on.", "My heart is racing.", "What was that sound?",
        ),
    ),
    "disappointment": Voice(
        openers=(
            "What a letdown.", "I expected more.", "Oh well.", "Such a pity.", "I hoped for better.",
            "I had high hopes.", "That was it?",
        ),
        cores=(
            "I was looking forward to {event}, but {bad}.",
            "I waited all week for {event}, and it was dull.",
            "The {treat} tasted of cardboard.",
            "I hoped {person} would come to {event}, but no.",
            "{person} promised to {plan} and forgot.",
            "{event} did not live up to the poster.",
            "All that fuss, and then {bad}.",
            "I expected more from {person} after such promises.",
            "{craft} looked far better on the poster.",
            "We queued for an hour, and then {bad}.",
            "I wanted to like {craft}, but it left me cold.",
            "After such a build-up, {event} was a flop.",
            "They ran out of {treat} before my turn.",
        ),
        closers=(
            "I hoped for too much.", "I want my ticket back.", "I really had hoped.",
            "So much for that.", "I will not go again.", "Promises, promises.", "I went home early.",
        ),
    ),
    "annoyance": Voice(
        openers=(
            "Oh, come on.", "Seriously?", "Not again.", "Yet again:", "How annoying.", "Sigh.",
            "Ugh.",
        ),
        cores=(
            "{nuisance} is driving me up the wall.",
            "Could somebody please deal with {nuisance}?",
            "{nuisance} got on my nerves {when}.",
            "I am so tired of {nuisance} {place}.",
            "Why must {person} talk on the phone {place}?",
            "It bugs me that {person} {habit} again.",
            "{person} {habit}, and not for the first time.",
            "I can't hear {event} over {nuisance}.",
            "How hard can it be to fix {nuisance}?",
            "Who thought {nuisance} {place} was a good idea?",
            "I rolled my eyes because {person} {habit}.",
            "If {person} hums once more, I will scream.",
            "As usual, {person} {habit}.",
        ),
        closers=(
            "It is getting old.", "Oh, my nerves!", "Please make it stop.", "So annoying.",
            "Every single time.", "I need earplugs.", "Can we not?",
        ),
    ),
}  # fmt: skip
