"""A campaign from real comments: files for `crowdsft run`, made from GoEmotions neighbourhoods.

    python experiments/goemotions_campaign.py --data ../shared/data --output output/goemotions
    crowdsft run output/goemotions/campaign.toml --contributions output/goemotions/contributions.jsonl \
        --output output/goemotions/run

Each contributor is a mixture of emotions: 3 give joy 85 % of the time, 5 give it 35 %, 4 give another emotion of
their own 90 % of the time. The target is joy: half of the joy neighbourhood are expert examples, the other half is
what contributors draw from, without repetition within one contributor. The comments stay where they are; the
output folder is not part of the project.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from crowdsft.core.seeds import derive_rng

TARGET, CONTRIBUTORS, ROUNDS, PER_ROUND = "joy", 12, 3, 8
SHARES = [0.85] * 3 + [0.35] * 5 + [0.0] * 4


def read_comments(data: Path) -> dict[str, list[str]]:
    """Comments by the emotion whose neighbourhood they are in, nearest first."""
    comments: dict[str, list[str]] = {}
    with (data / "goemotions_neighbourhoods.jsonl").open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            comments.setdefault(row["target"], []).append(" ".join(str(row["text"]).split()))
    return comments


def draw(pool: list[str], used: set[str], rng: np.random.Generator) -> str:
    """A comment of `pool` that this contributor has not given yet."""
    fresh = [text for text in pool if text not in used]
    chosen = fresh[int(rng.integers(len(fresh)))]
    used.add(chosen)
    return chosen


def contributions(comments: dict[str, list[str]], *, seed: int) -> list[dict[str, object]]:
    """Rows for `crowdsft run`."""
    rng = derive_rng(seed, "goemotions crowd")
    others = sorted(set(comments) - {TARGET})
    own = [others[index] for index in rng.permutation(len(others))]
    pools = comments | {TARGET: comments[TARGET][1::2]}
    rows: list[dict[str, object]] = []
    for number, share in enumerate(SHARES):
        used: set[str] = set()
        for index in range(ROUNDS * PER_ROUND):
            if rng.random() < share:
                emotion = TARGET
            elif share == 0.0 and rng.random() < 0.9:
                emotion = own[number]
            else:
                emotion = others[int(rng.integers(len(others)))]
            text = draw(pools[emotion], used, rng)
            rows.append(
                {
                    "contributor": f"contributor-{number + 1:02d}",
                    "prompt": "Write a comment.",
                    "response": text,
                    "round": index // PER_ROUND + 1,
                    "emotion": emotion,
                }
            )
    return rows


SETTINGS = """version = 1
[campaign]
name = "Joy in real comments"
seed = {seed}
simulated = true
[target]
examples_file = "expert.txt"
[rounds]
count = {rounds}
groups = 3
[evaluation]
embedding = "{embedding}"
"""


def main() -> None:
    """Write campaign.toml, contributions.jsonl and expert.txt."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--output", type=Path, default=Path("output/goemotions"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--embedding", default="emotions", choices=["emotions", "hashed_words"])
    chosen = parser.parse_args()
    comments = read_comments(chosen.data)
    chosen.output.mkdir(parents=True, exist_ok=True)
    rows = contributions(comments, seed=chosen.seed)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (chosen.output / "contributions.jsonl").write_text(lines, encoding="utf-8")
    (chosen.output / "expert.txt").write_text(
        "".join(f"{text}\n" for text in comments[TARGET][0::2]), encoding="utf-8"
    )
    settings = SETTINGS.format(seed=chosen.seed, rounds=ROUNDS, embedding=chosen.embedding)
    (chosen.output / "campaign.toml").write_text(settings, encoding="utf-8")
    print(f"{len(rows)} contributions of {CONTRIBUTORS} contributors in {chosen.output}")


if __name__ == "__main__":
    main()
