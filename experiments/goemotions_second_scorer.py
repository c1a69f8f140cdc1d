"""Score a run of goemotions_campaign.py with a scorer that no step of the campaign used.

    python experiments/goemotions_second_scorer.py --data ../shared/data --run output/goemotions/run

The scorer predicts the 28 emotion scores that the GoEmotions classifier gave to 2,020 real comments, from TF-IDF of
words and characters by ridge regression; its cross-validated R2 is printed beside what it says. It is good for means
over many outputs only.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline, make_union


def main() -> None:
    """Print the distance of the first base's and of each winner's outputs to real joy."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--run", type=Path, default=Path("output/goemotions/run"))
    chosen = parser.parse_args()
    with (chosen.data / "goemotions_neighbourhoods.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    texts, scores = [row["text"] for row in rows], np.array([row["emotion"] for row in rows])
    joy = np.array([row["target"] == "joy" for row in rows])
    model = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
        ),
        Ridge(1.0),
    )
    folds = KFold(5, shuffle=True, random_state=0)
    predicted = cross_val_predict(model, texts, scores, cv=folds)
    r2 = 1 - ((predicted - scores) ** 2).sum() / ((scores - scores.mean(0)) ** 2).sum()
    model.fit(texts, scores)
    target = scores[joy].mean(axis=0)

    def distance(outputs: list[str]) -> tuple[float, float]:
        each = np.linalg.norm(model.predict(outputs) - target, axis=1)
        return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))

    print(f"second scorer: cross-validated R2 {r2:.3f}")
    real = np.linalg.norm(predicted - target, axis=1)
    print(f"real joy comments {real[joy].mean():.3f}, all other real comments {real[~joy].mean():.3f}")
    for name, digest in chosen_outputs(chosen.run):
        mean, error = distance(read_outputs(chosen.run, digest))
        print(f"{name}: distance {mean:.3f} (standard error {error:.3f})")


def chosen_outputs(run: Path) -> list[tuple[str, str]]:
    """Names and artifacts of the first base's and each winner's outputs on the reporting sample."""
    with sqlite3.connect(run / "campaign.sqlite") as database:
        events = [
            (kind, json.loads(payload))
            for kind, payload in database.execute(
                "SELECT kind, payload FROM campaigns_journalevent ORDER BY position"
            )
        ]
    measured = {
        (e["round_number"], e["group"]): e["outputs"] for kind, e in events if kind == "CandidateEvaluated"
    }
    winners = [(e["round_number"], e["winner"]) for kind, e in events if kind == "WinnerSelected"]
    return [
        ("first base", measured[1, None]),
        *((f"round {number}", measured[number, winner]) for number, winner in winners),
    ]


def read_outputs(run: Path, digest: str) -> list[str]:
    """The texts of an artifact."""
    lines = (run / "artifacts" / f"{digest}.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line)["response"] for line in lines if line]


if __name__ == "__main__":
    main()
