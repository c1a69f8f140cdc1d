"""The words of the little town that every comment is about: slot name -> the phrases that can fill it.

Slots are shared between emotions on purpose. A comment about the choir concert can be joyful or cross, so a
reader (or an embedding) has to listen to how something is said, not to what it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_PETS: Final = (
    "the cat", "our dog", "the donkey", "the rabbit", "the parrot", "the tortoise",
    "the goat", "the pony", "the goose", "the kitten",
)  # fmt: skip

LEXICON: Final[Mapping[str, tuple[str, ...]]] = {
    "person": (
        "my sister", "my brother", "my neighbour", "our baker", "the bus driver", "my grandfather",
        "my aunt", "my uncle", "the librarian", "my best friend", "our teacher", "the postman",
        "my cousin", "my old coach", "our choir leader", "the mayor", "my flatmate", "the gardener",
    ),
    "place": (
        "in the park", "at the library", "by the river", "on the tram", "at the market", "in the kitchen",
        "at the station", "on the balcony", "at school", "behind the church", "in the shop",
        "on the old bridge", "under the lime tree", "in the garden",
    ),
    "when": (
        "this morning", "last night", "after lunch", "on the way home", "at dawn", "today",
        "yesterday", "this evening", "on Sunday", "just now", "after work", "at noon",
    ),
    "event": (
        "the choir concert", "the lantern walk", "the school play", "the street market", "the picnic",
        "the book club", "the chess evening", "the garden party", "the film night", "the street dance",
        "the boat race", "the pottery class", "the bake sale", "the kite day",
    ),
    "treat": (
        "apple cake", "pumpkin soup", "fresh bread", "plum jam", "lemon tea", "waffles", "apple pie",
        "cinnamon buns", "mint tea", "bean soup", "honey cake", "ice cream",
    ),
    "craft": (
        "the blue kite", "the quilt", "the little boat", "the mural", "the paper lantern",
        "the red rug", "the poem", "the birdhouse", "the model train", "the puppet show",
        "the sandcastle", "the sunflower painting",
    ),
    "pet": _PETS,
    "animal": (*_PETS, "a hedgehog", "a squirrel", "a robin", "a fox", "a frog", "a lost duck"),
    "good": (
        "it stopped raining", "the bus came early", "my seeds came up", "the first tulips opened",
        "I passed my exam", "my glove came back", "the bakery opened again", "we won the race",
        "my kite flew at last", "the swans came back", "I found my ring", "the sun came out",
    ),
    "bad": (
        "my bicycle broke", "the library closed early", "the tomatoes froze", "the cake fell flat",
        "the bus never came", "the concert was full", "my kettle broke", "we missed the ferry",
        "the old oak fell", "the bookshop closed", "I lost my scarf", "it rained all day",
    ),
    "rude": (
        "they parked in the rose bed", "they locked the park",
        "they stole the garden bench", "they chased the ducks",
        "they cut down our lime tree", "somebody painted over the mural",
        "they closed the youth club", "somebody kicked the snowman", "they laughed at the new boy",
        "somebody picked all the tulips",
    ),
    "nuisance": (
        "the dripping tap", "that car alarm", "the leaf blower", "the loud music", "the slow queue",
        "the broken lift", "the squeaky door", "the road drill", "that mosquito",
        "the broken lamp", "the slow printer", "the hold music",
    ),
    "habit": (
        "left the gate open", "hummed during the film", "used up the milk", "blocked the stairs",
        "forgot the keys", "took my pen", "talked over the music", "parked on the lawn",
        "put back the empty jar", "took the last bun",
    ),
    "deed": (
        "fixed my bicycle", "saved me a seat", "carried my bags", "baked for the whole street",
        "stayed to help", "taught me to knit", "lent me a coat", "walked our dog",
        "cleared the snow", "watered my plants", "mended my coat", "shared the last bun",
    ),
    "skill": (
        "plays the violin", "bakes bread", "paints birds", "tells stories", "juggles plums",
        "mends old clocks", "sings at dawn", "builds kites", "folds paper birds",
        "reads to the children", "grows roses", "draws maps",
    ),
    "plan": (
        "plant tomatoes", "learn the violin", "paint the fence", "bake bread", "join the choir",
        "swim in the sea", "build a birdhouse", "cycle to the coast", "grow sunflowers",
        "knit a scarf", "open a tea room", "write more letters",
    ),
    "worry": (
        "the thunder", "the dark stairs", "the exam", "the dentist", "the deep water",
        "the big dog", "the noise upstairs", "the icy road", "the first day of school",
        "the long flight", "the empty house", "the storm",
    ),
    "fun": (
        "the parrot answered the phone", "the dog stole the cake",
        "the goat ate the tickets", "I waved at the wrong bus", "the cat sat on the cake",
        "the choir sang the wrong song", "my hat flew into the soup", "the baby burped at me",
        "I thanked the parrot", "the duck chased the judge", "the tortoise won the race",
        "I wore two hats",
    ),
    "riddle": (
        "how bees find home", "who painted the mural", "why cats purr",
        "what is behind the green door", "how the clock works", "where the swifts sleep",
        "who lives upstairs", "why the river bends here", "what the old letters say",
        "why bread has holes", "where the path ends", "why the bells ring twice",
    ),
    "fact": (
        "the library opens at nine", "the market is on Saturday", "the bus stops at the bridge",
        "tea costs two euros", "the meeting lasts an hour", "the shop sells stamps",
        "the tram leaves at ten", "the gate closes at six", "the map has two pages",
        "the bins go out on Monday", "the hall has forty chairs", "the key is at the desk",
    ),
    "hour": ("nine", "ten", "half past two", "four", "five", "six", "half past seven", "eight"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}  # fmt: skip
