"""How the bright emotions speak: joy, gratitude, admiration, amusement, love, optimism."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crowdsft.world.voice import Voice

BRIGHT: Final[Mapping[str, Voice]] = {
    "joy": Voice(
        openers=(
            "What a day!", "Oh happy day!", "Hooray!", "I could dance!", "Pure joy!", "Yes, yes, yes!",
            "Good news, everyone!",
        ),
        cores=(
            "I am so happy that {good}.",
            "{good} and I danced {place}.",
            "I have been grinning since {event}.",
            "{event} made my whole week bright.",
            "{treat} {place}: I am all smiles.",
            "Nothing makes me happier than {treat} {place}.",
            "I sang all the way home because {good}.",
            "Seeing {person} {place} filled me with joy.",
            "My heart is dancing because {good}.",
            "I was whistling with joy {place} {when}.",
            "{person} and I skipped like children {place}.",
            "The whole street cheered when {good}.",
            "I feel light as a feather after {event}.",
            "I came home beaming from {event}.",
        ),
        closers=(
            "I am still smiling.", "How happy I am!", "I want to hug everybody.",
            "I am over the moon.", "I could sing all day.", "I keep humming.", "Life is sweet.",
        ),
    ),
    "gratitude": Voice(
        openers=(
            "Thank you!", "A big thank you!", "So grateful today.", "I owe you all a cake.", "Many thanks!",
            "Bless you all.", "I feel lucky.",
        ),
        cores=(
            "Thank you to {person}, who {deed}.",
            "I am so grateful that {person} {deed}.",
            "{person} {deed} and I can't say thanks enough.",
            "Thanks for the {treat} {when}.",
            "To whoever left {treat} {place}: thank you.",
            "Huge thanks to everyone who helped with {event}.",
            "I must thank {person} for the {treat}.",
            "Without {person} I would never have managed {event}.",
            "My thanks go to {person} for {craft}.",
            "When {bad}, {person} helped me, thank you!",
            "I sent a thank-you card to {person}.",
            "It means so much that {person} {deed}.",
            "We are thankful for {event} and for everyone who came.",
        ),
        closers=(
            "I will not forget it.", "Thank you, thank you!", "I owe you one.", "The next cake is on me.",
            "I am truly thankful.", "What would I do without you?", "You are too kind.",
        ),
    ),
    "admiration": Voice(
        openers=(
            "Wow, just wow.", "Hats off!", "Bravo!", "What talent!", "Respect!", "Simply brilliant.",
            "Take a bow!",
        ),
        cores=(
            "{person} {skill} like nobody else.",
            "I admire how {person} {skill}.",
            "{craft} by {person} is a masterpiece.",
            "The way {person} {skill} leaves me in awe.",
            "I look up to {person}, who {skill} so well.",
            "{person} made {craft} alone, and it is brilliant.",
            "Only {person} could make {craft} look so easy.",
            "{craft} is the finest work I have seen.",
            "{person} led {event} with such grace.",
            "I take my hat off to {person} for {craft}.",
            "So much talent went into {craft}.",
            "I wish I had half the talent of {person}.",
            "Everyone clapped for {person} {place}.",
        ),
        closers=(
            "So well done.", "Ten out of ten.", "I am in awe.", "A true artist.", "What a role model.",
            "I could watch for hours.", "What a hero.",
        ),
    ),
    "amusement": Voice(
        openers=(
            "Ha!", "I can't stop laughing.", "This is too funny.", "You had to be there.", "Hahaha!",
            "I am in stitches.", "Comedy gold.",
        ),
        cores=(
            "{fun} and I nearly fell off my chair.",
            "I laughed until I cried when {fun}.",
            "We all laughed when {fun}.",
            "{person} told the duck joke {place} and we all howled.",
            "{animal} chased {person}, and we giggled for an hour.",
            "{fun}, how funny!",
            "{animal} walked into {event} like it owned the place.",
            "I giggled all through {event}.",
            "I tried to be serious, but {fun}.",
            "My tea came out of my nose when {fun}.",
            "I am giggling because {fun}.",
            "{animal} wore a party hat {place}.",
        ),
        closers=(
            "My belly still hurts.", "I am still giggling.", "Best laugh in ages.",
            "Somebody should film this.", "Even the judge laughed.", "I snorted.",
            "I am not making this up.",
        ),
    ),
    "love": Voice(
        openers=(
            "My heart!", "Oh, I adore this.", "This is love.", "Be still, my heart.",
            "So much love.", "I am in love.", "Hearts everywhere.",
        ),
        cores=(
            "I love {person} more than {treat}.",
            "I love how {person} {skill} just for us.",
            "{person} has a special place in my heart.",
            "I adore {pet} with all my heart.",
            "{pet} fell asleep in my lap, and I am in love.",
            "I love our evenings with {treat} {place}.",
            "I fell in love with {craft} at first sight.",
            "I love this town and I love {event}.",
            "Every hug from {person} feels like home.",
            "There is nobody I cherish like {person}.",
            "I kissed {pet} on the nose {when}.",
            "I would marry {treat} if I could.",
            "I love {person} to the moon and back.",
        ),
        closers=(
            "Love you always.", "My heart is full.", "I adore you.", "With all my love.",
            "Hugs and kisses.", "My heart melts every time.", "Never change.",
        ),
    ),
    "optimism": Voice(
        openers=(
            "Good things are coming.", "Chin up!", "Better days will come.", "I have a good feeling.",
            "There is hope.", "Onwards!", "Spring will come.",
        ),
        cores=(
            "Next year I will {plan}, I am sure.",
            "I am sure {event} will be a success.",
            "{bad}, but tomorrow is a new day.",
            "I believe {person} and I can {plan} together.",
            "Soon we will {plan}, I can feel it.",
            "I am hopeful that {event} will bring us together.",
            "Things are looking up since {good}.",
            "With a little luck I will {plan} by summer.",
            "Even though {bad}, I know it will be fine.",
            "One more week and {craft} will be ready.",
            "The future looks bright for {event}.",
            "I trust that {person} will soon {plan}.",
            "If we all {plan}, this town will bloom.",
        ),
        closers=(
            "I am hopeful.", "We will get there.", "The best is yet to come.", "You will see.",
            "Step by step.", "I believe in us.", "It can only get better.",
        ),
    ),
}  # fmt: skip
