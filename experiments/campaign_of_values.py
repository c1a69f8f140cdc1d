"""Does a campaign from a file do what the experiment's arm `values` does?

Writes the crowd of a cell of `crowdsft experiment emotions` as a campaign file and a file of contributions, runs it by
`crowdsft run`, and measures the first base, one model trained on everybody's contributions with as many passes, and the
campaign's last model on one fresh sample that no step has seen, by the embedding and by the grammar's own labels.

    python experiments/campaign_of_values.py --emotion joy --seed 1 --output OUT
    python experiments/campaign_of_values.py --emotion joy --seed 1 --output OUT --arm examples
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from crowdsft.experiments.emotions_arms import ROUND_PASSES, pooled
from crowdsft.experiments.emotions_bench import Bench, Measured, Stack
from crowdsft.experiments.emotions_cell import Cell, Key, make_cell
from crowdsft.experiments.emotions_tournaments import expert_tournament, values_tournament
from crowdsft.training.models import load_model
from crowdsft.world import PROMPTS

CAMPAIGN = """version = 1
[campaign]
name = "Values {emotion} {seed}"
seed = {seed}
simulated = true
[prompts]
texts = {prompts}
[target]
{target}
[rounds]
count = {rounds}
groups = 3
grouping = "dealt"
groups_of_one = "{groups_of_one}"
merges = {merges}
[training]
backend = "multi_lora"
passes = 3
keep = "{keep}"
learn_examples = {learn_examples}
last_rate = 0.25
[evaluation]
selection_samples = {samples}
report_samples = {samples}
max_new_tokens = 28
improvement_standard_errors = {errors}
"""


def write_files(
    cell: Cell, folder: Path, *, arm: str, rounds: int, samples: int, errors: float
) -> tuple[Path, Path]:
    """The campaign and its contributions."""
    folder.mkdir(parents=True, exist_ok=True)
    by_values = arm == "values"
    toml, jsonl = folder / "campaign.toml", folder / "contributions.jsonl"
    toml.write_text(
        CAMPAIGN.format(
            emotion=cell.key.emotion,
            seed=cell.key.seed,
            prompts=json.dumps(list(PROMPTS)),
            # The target of the arm `values` is hidden from training; so that both aim at the same point, it is given
            # as a vector, and no step of the campaign sees an example.
            target=f"vector = {_vector(cell)}"
            if by_values
            else f"examples = {json.dumps(cell.expert_examples)}",
            rounds=rounds,
            groups_of_one="first" if by_values else "never",
            merges='["mean", "by_value"]' if by_values else '["mean"]',
            keep=arm,
            learn_examples="false" if by_values else "true",
            samples=samples,
            errors=errors,
        ),
        encoding="utf-8",
    )
    with jsonl.open("w", encoding="utf-8") as file:
        for number, written in enumerate(cell.rounds[:rounds], start=1):
            for place, (text, by) in enumerate(zip(written.texts, written.contributors, strict=True)):
                row = {
                    "contributor": f"person-{by:02d}",
                    "prompt": PROMPTS[place % len(PROMPTS)],
                    "response": text,
                    "round": number,
                }
                file.write(json.dumps(row) + "\n")
    return toml, jsonl


def _vector(cell: Cell) -> str:
    from crowdsft.embedding import EMBEDDINGS

    labels = EMBEDDINGS.make("emotions").labels
    parts = ", ".join(
        f'"{label}" = {value!r}' for label, value in zip(labels, map(float, cell.target), strict=True)
    )
    return f"{{ {parts} }}"


def run_campaign(toml: Path, jsonl: Path, output: Path) -> tuple[dict[str, Any], Stack]:
    """The campaign's result and the stack of adapters that it left."""
    command = [sys.executable, "-m", "crowdsft", "run", str(toml), "--contributions", str(jsonl)]
    answer = subprocess.run(
        [*command, "--output", str(output), "--json"], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise SystemExit(answer.stderr)
    import sqlite3

    with sqlite3.connect(output / "campaign.sqlite") as database:
        (payload,) = database.execute(
            "SELECT payload FROM campaigns_journalevent WHERE kind='RoundFinished' ORDER BY position DESC LIMIT 1"
        ).fetchone()
    return json.loads(answer.stdout), tuple(
        output / "artifacts" / digest for digest in json.loads(payload)["lineage"]
    )


def compare(
    emotion: str,
    seed: int,
    output: Path,
    *,
    arm: str,
    rounds: int = 6,
    samples: int = 200,
    errors: float = 2.0,
) -> dict[str, Measured]:
    """All that is compared, each on the cell's reported sample."""
    cell = make_cell(Key("heterogeneous", emotion, seed), rounds=rounds)
    base = load_model("builtin:tiny")
    toml, jsonl = write_files(cell, output, arm=arm, rounds=rounds, samples=samples, errors=errors)
    result, stack = run_campaign(toml, jsonl, output / "run")
    found = {
        "campaign": Bench(base, cell, output).measured(stack),
        "base": Bench(base, cell, output).measured(()),
    }
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (control,) = pooled(Bench(base, cell, folder), [rounds], arm="pooled", passes_per_round=ROUND_PASSES)
        found["pooled"] = control.measured
        if arm == "values":
            (theirs,) = values_tournament(Bench(base, cell, folder), [rounds], control=False)
        else:
            (theirs,) = expert_tournament(
                Bench(base, cell, folder), [rounds], arm="experts", with_examples=True, control=False
            )
        found["experiment"] = theirs.measured
    for row in result["rounds"]:
        print(row["round"], row["winner"], len(row["candidates"]), row["kept"], f"{-row['utility']:.3f}")
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--emotion", nargs="+", default=["joy"])
    parser.add_argument("--seed", type=int, nargs="+", default=[1])
    parser.add_argument("--arm", choices=("values", "examples"), default="values")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--errors", type=float, default=2.0)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    for emotion in given.emotion:
        for seed in given.seed:
            found = compare(
                emotion,
                seed,
                given.output / f"{emotion}-{seed}",
                arm=given.arm,
                rounds=given.rounds,
                samples=given.samples,
                errors=given.errors,
            )
            for name, measured in found.items():
                words = f"embedding {measured.distance:.3f}, labels {measured.label_distance:.3f}"
                print(f"{emotion} {seed} {name}: {words}, copied {measured.copied:.2f}", flush=True)


if __name__ == "__main__":
    main()
