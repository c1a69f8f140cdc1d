"""How the open and the plain comments speak: surprise, curiosity, neutral."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crowdsft.world.voice import Voice

PLAIN: Final[Mapping[str, Voice]] = {
    "surprise": Voice(
        openers=(
            "Wait, what?", "I can't believe it!", "Oh my!", "Well, I never!", "Out of nowhere!",
            "Guess what!", "Did that just happen?",
        ),
        cores=(
            "Who would have thought that {good}?",
            "I opened the door and there was {animal}!",
            "Suddenly {animal} appeared {place}!",
            "I had no idea that {person} {skill}!",
            "{person} turned up {place} {when}!",
            "My jaw dropped when {good}.",
            "It turns out that {person} {skill}!",
            "I was stunned to see {person} at {event}.",
            "{person} won a prize at {event}, imagine!",
            "I blinked twice: {animal} {place}!",
            "Nobody told me that {good}!",
            "They held {event} just for me, and I had no clue!",
            "I nearly dropped the {treat} when {person} came in.",
        ),
        closers=(
            "I am speechless.", "I am still stunned.", "What are the odds?", "I had to sit down.",
            "I did not see that coming.", "Pinch me!", "Nobody warned me.",
        ),
    ),
    "curiosity": Voice(
        openers=(
            "I wonder.", "Quick question:", "Just curious.", "Does anybody know?", "Help me out here.",
            "A riddle for you.", "I have a question.",
        ),
        cores=(
            "Does anyone know {riddle}?",
            "I wonder {riddle}.",
            "I have always wanted to know {riddle}.",
            "Can somebody explain to me {riddle}?",
            "I asked {person} {riddle}.",
            "{person} only smiled when I asked {riddle}.",
            "What is {person} building {place}?",
            "How did {person} make {craft}?",
            "What goes into {treat}, if I may ask?",
            "I went to the library to find out {riddle}.",
            "What does {animal} do {place} all day?",
            "I am itching to find out {riddle}.",
            "Is it true that {person} {skill}?",
        ),
        closers=(
            "I am all ears.", "Any ideas?", "I need to know.", "Tell me everything.", "I will look it up.",
            "So many questions.", "Who can tell?",
        ),
    ),
    "neutral": Voice(
        openers=(
            "For the record:", "A short note.", "Just so you know.", "Update:", "As planned.",
            "Reminder:", "Here is the news.",
        ),
        cores=(
            "{fact}.",
            "Please note that {fact}.",
            "{person} is {place}, as on most days.",
            "{event} starts at {hour}.",
            "{event} takes place on {day}.",
            "I had {treat} for lunch on {day}.",
            "{person} said that {fact}.",
            "There is a second bin {place}.",
            "The sign says that {fact}.",
            "{person} will be {place} on {day}.",
            "{event} was moved to {day}.",
            "I bought stamps {when}.",
            "The list for {event} hangs {place}.",
        ),
        closers=(
            "That is all.", "No changes so far.", "See the board.", "Bring a pen.",
            "The door is open.", "Same as last week.", "Doors open at six.",
        ),
    ),
}  # fmt: skip
