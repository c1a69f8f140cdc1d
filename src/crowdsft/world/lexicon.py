"""The words of the little town that every comment is about: slot name -> the phrases that can fill it.

Slots are shared between emotions on purpose. A comment about the choir concert can be joyful or cross, so a
reader (or an embedding) has to listen to how something is said, not to what it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_PETS: Final = (
    "the cat", "our dog", "the old donkey", "the school rabbit", "the parrot", "the tortoise",
    "the goat", "the pony", "the white goose", "the grey kitten",
)  # fmt: skip

LEXICON: Final[Mapping[str, tuple[str, ...]]] = {
    "person": (
        "my sister", "my brother", "my neighbour", "our baker", "the bus driver", "my grandfather",
        "my aunt", "the librarian", "my best friend", "our new teacher", "the postman", "my little cousin",
        "the woman next door", "my old coach", "our choir leader", "the boy downstairs", "my flatmate",
        "the gardener",
    ),
    "place": (
        "in the park", "at the library", "by the river", "on the tram", "at the market", "in the kitchen",
        "at the station", "on the balcony", "in the school yard", "behind the church", "at the corner shop",
        "on the old bridge", "under the lime tree", "in the garden",
    ),
    "when": (
        "this morning", "last night", "after lunch", "on my way home", "before breakfast", "today",
        "yesterday", "this afternoon", "on Sunday", "just now", "after work", "at noon",
    ),
    "event": (
        "the choir concert", "the lantern walk", "the school play", "the street market", "the picnic",
        "the book club", "the chess evening", "the garden party", "the film night", "the swap meet",
        "the boat race", "the pottery class", "the bake sale", "the kite day",
    ),
    "treat": (
        "apple cake", "pumpkin soup", "fresh bread", "plum jam", "lemon tea", "warm waffles", "cheese pie",
        "cinnamon buns", "mint tea", "bean stew", "honey toast", "cherry ice cream",
    ),
    "craft": (
        "the blue kite", "the patchwork quilt", "the little wooden boat", "the mural", "the paper lantern",
        "the rag rug", "the poem", "the birdhouse", "the model train", "the puppet theatre",
        "the sandcastle", "the sunflower painting",
    ),
    "pet": _PETS,
    "animal": (*_PETS, "a hedgehog", "a red squirrel", "a robin", "a fox", "a tiny frog", "a lost duck"),
    "good": (
        "it stopped raining", "the bus came early", "my seeds came up", "the first tulips opened",
        "I passed my driving test", "my lost glove came back", "the bakery reopened", "we won the quiz",
        "I finished the big puzzle", "the swans returned", "I found a seat by the window",
        "the sun came out",
    ),
    "bad": (
        "the picnic was rained off", "my bicycle broke down", "the library closed early",
        "the tomatoes froze", "the cake fell flat", "the bus never came", "the concert was cancelled",
        "my kettle broke", "we missed the last ferry", "the old oak came down", "the bookshop shut for good",
        "I lost my favourite scarf",
    ),
    "rude": (
        "someone parked across the cycle path", "somebody stole the garden bench",
        "they threw rubbish in the pond", "someone let the dogs chase the ducks",
        "they cut down our lime tree", "somebody painted over the mural",
        "they closed the youth club", "someone kicked over the snowman", "they laughed at the new boy",
        "somebody trampled the flower beds",
    ),
    "nuisance": (
        "the dripping tap", "that car alarm", "the leaf blower", "the loud phone talk", "the slow queue",
        "the broken lift", "the squeaky door", "the road drill", "that one mosquito",
        "the flickering lamp", "the slow printer", "the endless hold music",
    ),
    "habit": (
        "left the gate open", "hummed through the film", "used up the milk", "blocked the stairs",
        "forgot the keys", "borrowed my pen", "talked over the music", "parked on the lawn",
        "put the empty jar back", "took the last biscuit",
    ),
    "deed": (
        "fixed my bicycle", "saved me a seat", "carried my bags upstairs", "baked for the whole street",
        "stayed late to help", "taught me to whistle", "lent me an umbrella", "walked our dog",
        "cleared the snow", "watered my plants", "mended my coat", "shared the last slice of cake",
    ),
    "skill": (
        "plays the violin", "bakes bread", "paints birds", "tells stories", "juggles oranges",
        "mends old clocks", "sings the low notes", "builds kites", "folds paper cranes",
        "reads to the children", "grows roses", "draws maps by hand",
    ),
    "plan": (
        "plant tomatoes", "learn the violin", "paint the fence", "bake bread", "join the choir",
        "swim in the lake", "build a birdhouse", "cycle to the coast", "grow sunflowers",
        "knit a long scarf", "open a tea room", "write more letters",
    ),
    "worry": (
        "the thunder", "the dark stairs", "the exam", "the dentist", "the deep end of the pool",
        "the big dog at the gate", "the noise in the attic", "the icy road", "my first day at school",
        "the long flight", "the empty house", "the storm warning",
    ),
    "fun": (
        "the parrot answered the phone", "grandpa wore two different shoes", "the dog stole the sausage",
        "the goat ate the tickets", "I waved at the wrong bus", "the cat sat on the cake",
        "the choir sang the wrong song", "my hat flew into the fountain", "the baby burped at the mayor",
        "I said goodnight to the dentist", "the band lost its own parade", "the duck chased the judge",
    ),
    "riddle": (
        "how bees find their way home", "who painted the old mural", "why cats knead blankets",
        "what is behind the green door", "how the clock tower works", "where the swifts sleep",
        "who lives in the tall house", "why the river bends here", "what the old letters say",
        "how bread gets its holes", "where the tunnel ends", "why the bells ring twice",
    ),
    "fact": (
        "the library opens at nine", "the market is on Saturday", "the bus stops at the bridge",
        "a cup of tea costs two euros", "the meeting lasts an hour", "the post office sells stamps",
        "the tram runs every ten minutes", "the gate closes at six", "the new map has two pages",
        "the bins are emptied on Tuesday", "the hall has forty chairs", "the key is at the desk",
    ),
    "hour": ("nine", "ten", "half past two", "four", "five", "six", "half past seven", "eight"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}  # fmt: skip
