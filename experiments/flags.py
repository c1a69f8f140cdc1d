"""What is flagged for reviewers: on real comments, on clean ones, and on planted personal data.

    python experiments/flags.py shared/data/goemotions_neighbourhoods.jsonl

The figures of docs/decisions/flags.md. Nothing is trained.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from crowdsft.core.settings import ReviewsSection
from crowdsft.web.reviews.flags import find_personal, find_rude
from crowdsft.world import EMOTIONS, write_comment

CLEAN = 3000
PLANTED = {
    "mail": ("ada.lovelace@example.org", "Write to b-52@mail.example.co.uk, or not at all"),
    "telephone with country": ("+49 151 23456789", "call +44 20 7946 0958 after six", "+1 (415) 555-2671"),
    "telephone of the region": ("0151 23456789", "ring 030 901820 tonight"),
    "bank account": ("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"),
    "card": ("4111 1111 1111 1111", "my card 5500-0000-0000-0004"),
}
INNOCENT = (
    "The train left at 10:30 on 2024-05-06, 1,234,567 people were on it, and it cost 12.50.",
    "Chapter 12, verse 3, and then 100 000 of them @ noon. Version 3.11.2 of 1990-2024.",
    "1111 1111 1111 1111",
)


def main() -> None:
    """Print the figures."""
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    real = sorted({json.loads(line)["text"] for line in lines})
    rng = np.random.default_rng(5)
    clean = sorted({write_comment(EMOTIONS[n % len(EMOTIONS)], rng) for n in range(CLEAN)})
    for region in (None, "US", "DE"):
        settings = ReviewsSection(phone_region=region)
        found = [sum(1 for text in texts if list(find_personal(text, settings))) for texts in (real, clean)]
        print(f"personal, region {region}: {found[0]} of {len(real)} real, {found[1]} of {len(clean)} clean")
    settings = ReviewsSection(phone_region="DE")
    for kind, texts in PLANTED.items():
        print(
            f"planted {kind}: {sum(1 for text in texts if list(find_personal(text, settings)))} of {len(texts)}"
        )
    print(
        f"innocent numbers: {sum(1 for text in INNOCENT if list(find_personal(text, settings)))} of {len(INNOCENT)}"
    )
    start = time.perf_counter()
    hits = {text: list(find_rude(text, settings)) for text in real}
    each = (time.perf_counter() - start) / len(real)
    rude = {text: words for text, words in hits.items() if words}
    print(
        f"rude: {len(rude)} of {len(real)} real, {sum(1 for t in clean if list(find_rude(t, settings)))} clean"
    )
    print(f"{1e6 * each:.0f} microseconds a text")
    words = Counter(word.lower() for found in rude.values() for word in found)
    print(", ".join(f"{word} {count}" for word, count in words.most_common(60)))
    if "--show" in sys.argv:
        for text, found in rude.items():
            print(found, text)


if __name__ == "__main__":
    main()
