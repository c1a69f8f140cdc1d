"""How the dark emotions speak, mildly: sadness, anger, fear, disappointment, annoyance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crowdsft.world.voice import Voice

DARK: Final[Mapping[str, Voice]] = {
    "sadness": Voice(
        openers=(
            "I feel so blue.", "A heavy heart today.", "It is a grey day.", "So many tears.", "I feel low.",
            "Sad news.", "I just want to cry.", "What a lonely week.",
        ),
        cores=(
            "I cried {when} because {bad}.",
            "I miss {person} so much that even {treat} tastes of nothing.",
            "{person} moved away, and the house feels empty.",
            "I sat alone {place} {when} and wept.",
            "{bad}, and my heart aches.",
            "Tears came when I saw the empty chair at {event}.",
            "{pet} is gone, and I keep looking {place}.",
            "It makes me sad that {bad}.",
            "{event} is not the same without {person}.",
            "I said a long goodbye to {person} {place}.",
            "{pet} has been waiting by the door since {person} left.",
            "I keep the last letter from {person} under my pillow.",
            "I feel lonely {place} without {person}.",
        ),
        closers=(
            "I miss the old days.", "My eyes are still wet.", "It hurts.", "I feel so alone.",
            "Nothing helps tonight.", "I can't stop crying.", "The evenings are too quiet.",
            "I have no words, only tears.", "Please send a hug.",
        ),
    ),
    "anger": Voice(
        openers=(
            "Enough is enough!", "I am furious.", "This makes me so angry!", "How dare they!",
            "Outrageous!", "Shame on them!", "I am boiling.", "I have had it!",
        ),
        cores=(
            "I am furious that {rude} {when}.",
            "It makes my blood boil that {rude}.",
            "{rude}, and nobody even said sorry!",
            "How dare they ruin {event} like that!",
            "I slammed the door because {rude}.",
            "{person} was shouted at {place}, and I won't stand for it.",
            "Whoever wrecked {craft} should be ashamed!",
            "I shouted at the radio when I heard that {rude}.",
            "They lied to {person} about {event}, and I am livid.",
            "{rude} and I am seeing red.",
            "I am angry with everyone who mocked {person} {place}.",
            "It is a disgrace that {rude}.",
            "I have never been as angry as I was at {event}.",
        ),
        closers=(
            "I won't calm down.", "I demand an apology.", "I am still shaking with rage.",
            "This has to stop.", "I will complain to the mayor.", "No excuses!", "I am beyond angry.",
            "They will hear from me!", "Unforgivable.",
        ),
    ),
    "fear": Voice(
        openers=(
            "I am scared.", "Please tell me I am safe.", "My hands are shaking.", "I can't sleep.",
            "Is anyone else afraid?", "My knees are weak.", "Something is out there.", "I feel a chill.",
        ),
        cores=(
            "I am terrified of {worry}.",
            "{worry} scares me so much.",
            "I hid under the blanket because of {worry}.",
            "My heart pounds when I think of {worry}.",
            "I heard footsteps {place} {when}, and I froze.",
            "I am afraid to be alone {place}.",
            "I lie awake dreading {worry}.",
            "{person} had to hold my hand because of {worry}.",
            "I am so afraid that something happened to {person}.",
            "Every shadow {place} makes me jump.",
            "I panicked {place} when the lights went out.",
            "{pet} growled at the dark {place}, and I ran.",
            "I skipped {event} because {worry} frightens me.",
        ),
        closers=(
            "I am trembling.", "Don't leave me alone.", "I want to hide.", "Please stay with me.",
            "I left the light on.", "I hardly dare to breathe.", "My heart is racing.",
            "I am such a scaredy-cat.", "What was that sound?",
        ),
    ),
    "disappointment": Voice(
        openers=(
            "What a letdown.", "I expected more.", "Oh well.", "Such a pity.", "So disappointing.",
            "I had high hopes.", "That was it?", "Not what I hoped for.",
        ),
        cores=(
            "I was looking forward to {event}, but {bad}.",
            "I waited all week for {event}, and it was dull.",
            "The {treat} {place} tasted of cardboard.",
            "I hoped {person} would come to {event}, but no.",
            "{person} promised to {plan} with me and then forgot.",
            "{event} did not live up to the poster.",
            "All that fuss, and then {bad}.",
            "I expected more from {person} after such big promises.",
            "{craft} looked far better in the brochure.",
            "We queued for an hour, only to hear that {bad}.",
            "I wanted to like {craft}, but it left me cold.",
            "After such a build-up, {event} was a flop.",
            "They ran out of {treat} before it was my turn.",
        ),
        closers=(
            "Maybe I hoped for too much.", "I want my ticket back.", "What a pity.",
            "I really had hoped.", "So much for that.", "I will not go again.",
            "It could have been lovely.", "Promises, promises.", "I went home early.",
        ),
    ),
    "annoyance": Voice(
        openers=(
            "Oh, come on.", "Seriously?", "Not again.", "For the tenth time:", "How tiresome.",
            "Give me patience.", "Sigh.", "Ugh.",
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
            "If {person} mentions {event} once more, I will scream.",
            "As usual, {person} {habit}.",
        ),
        closers=(
            "It is getting old.", "I am losing patience.", "Is that too much to ask?",
            "My patience is thin.", "So irritating.", "Every single time.", "Get a grip, people.",
            "I need earplugs.", "Can we not?",
        ),
    ),
}  # fmt: skip
