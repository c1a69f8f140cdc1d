"""Pseudonyms such as quiet-fern: easy to recognise, and nobody's name."""

from __future__ import annotations

import secrets

ADJECTIVES = (
    "amber", "autumn", "blue", "bold", "brave", "bright", "calm", "candid", "clear", "clever", "cloudy", "copper",
    "coral", "cosy", "crisp", "curious", "daring", "dawn", "deep", "early", "easy", "evening", "fair", "fleet",
    "fond", "free", "fresh", "frosty", "gentle", "glad", "golden", "grand", "green", "happy", "hazel", "honest",
    "humble", "ivory", "jolly", "keen", "kind", "late", "light", "lively", "lucky", "lunar", "mellow", "merry",
    "mild", "misty", "modest", "neat", "noble", "north", "olive", "open", "patient", "plain", "proud", "quick",
    "quiet", "rapid", "ready", "rosy", "round", "rustic", "sandy", "scarlet", "serene", "sharp", "shy", "silent",
    "silver", "simple", "sincere", "smooth", "snowy", "soft", "solar", "south", "spring", "steady", "still", "stone",
    "summer", "sunny", "swift", "tall", "tender", "tidal", "topaz", "true", "velvet", "vivid", "warm", "wild",
    "willow", "winter", "wise", "witty",
)  # fmt: skip
NOUNS = (
    "acorn", "badger", "bay", "beaver", "birch", "bison", "brook", "cedar", "clover", "comet", "crane", "creek",
    "cricket", "curlew", "delta", "dolphin", "dove", "dune", "eagle", "elk", "elm", "ember", "falcon", "fawn",
    "fern", "finch", "fjord", "fox", "gannet", "glade", "grove", "gull", "harbor", "hare", "harvest", "hawk",
    "heath", "hedge", "heron", "hill", "iris", "island", "ivy", "jay", "juniper", "kestrel", "lagoon", "lake",
    "lark", "laurel", "leaf", "linden", "lotus", "lynx", "maple", "marsh", "martin", "meadow", "meteor", "mole",
    "moss", "oak", "orchard", "osprey", "otter", "owl", "panda", "pebble", "pike", "pine", "plover", "pond",
    "poppy", "puffin", "quail", "rabbit", "raven", "reed", "reef", "ridge", "river", "robin", "rowan", "sage",
    "seal", "shore", "sparrow", "spruce", "stork", "stream", "swallow", "swan", "thistle", "thrush", "tulip", "valley",
    "walnut", "wave", "willet", "wren",
)  # fmt: skip


def new_pseudonym() -> str:
    """One of 100 x 100 names with a number behind, so that a clash is unlikely and the unique key settles it."""
    return f"{secrets.choice(ADJECTIVES)}-{secrets.choice(NOUNS)}-{secrets.randbelow(900) + 100}"
