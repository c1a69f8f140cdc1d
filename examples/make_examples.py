"""Write this folder's campaign: `python examples/make_examples.py` (the files are the same every time)."""

from __future__ import annotations

import json
from pathlib import Path

from crowdsft.core.seeds import derive_rng
from crowdsft.world import PROMPTS, expert_comments, heterogeneous_crowd

HERE = Path(__file__).parent
EMOTION, SEED, CONTRIBUTORS, ROUNDS, PER_ROUND = "joy", 7, 12, 3, 8


def main() -> None:
    """A crowd of twelve, eight comments each in each of three rounds, and a hundred expert comments."""
    experts = expert_comments(EMOTION, 100, derive_rng(SEED, "example", "expert"))
    (HERE / "joy-expert.txt").write_text("".join(f"{text}\n" for text in experts), encoding="utf-8")
    rng = derive_rng(SEED, "example", "crowd")
    rows = []
    for persona in heterogeneous_crowd(EMOTION, CONTRIBUTORS, rng=rng):
        texts: dict[str, None] = {}
        while len(texts) < ROUNDS * PER_ROUND:
            texts[persona.write(rng)] = None
        for number, text in enumerate(texts):
            prompt = PROMPTS[number % len(PROMPTS)]
            rows.append(
                {
                    "contributor": persona.name,
                    "prompt": prompt,
                    "response": text,
                    "round": number // PER_ROUND + 1,
                }
            )
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (HERE / "joy.jsonl").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    main()
