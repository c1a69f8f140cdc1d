"""Exact Shapley values by retraining: every coalition in one batched run against one coalition after the other.

A practice world of `crowdsft experiment retrain-shapley`, cut to a few of its contributors: each coalition but
nobody is trained from the base on its members' rows. `all together` is how the experiment does it; the others take
the coalitions one after the other: our batched backend on each alone, `lora` (our own loop on PEFT), and TRL's
SFTTrainer. Arms take turns; ratios are medians over the turns, of processor time of one thread.

    python benchmarks/retraining.py                        # 4 contributors, 15 coalitions
    python benchmarks/retraining.py --contributors 6 --repeats 1 --json retraining.json
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median

import numpy as np
import torch
from training import one_by_one, our_backend, trl_trainer

from crowdsft.core.valuation.designs import all_coalitions
from crowdsft.experiments.retrain_shapley_truth import OPTIONS
from crowdsft.experiments.retrain_shapley_worlds import PRACTICE, rows_of
from crowdsft.training import GroupData
from crowdsft.training.fitting import one_thread
from crowdsft.training.models import load_model

ARMS = {
    "all together": our_backend("multi_lora"),
    "one by one": one_by_one,
    "lora": our_backend("lora"),
    "SFTTrainer": trl_trainer,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", default="builtin:tiny")
    parser.add_argument("--contributors", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--json", type=Path, help="also write the rows here")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    base, rows = load_model(arguments.base), rows_of(PRACTICE[0])[: arguments.contributors]
    groups = [
        GroupData(place, tuple(row for member in np.flatnonzero(members) for row in rows[member]), place)
        for place, members in enumerate(all_coalitions(len(rows)))
        if members.any()
    ]
    names = dict.fromkeys(["all together", *arguments.arms])
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(arguments.repeats):
        for name in names:
            with tempfile.TemporaryDirectory() as folder, one_thread(), torch.random.fork_rng(devices=[]):
                start = time.process_time()
                ARMS[name](base, groups, OPTIONS, Path(folder))
                times[name].append(time.process_time() - start)
    found = []
    print("| coalitions | arm | seconds | times all together |\n|---|---|---|---|")
    for name, seconds in times.items():
        ratio = median(mine / ours for mine, ours in zip(seconds, times["all together"], strict=True))
        print(f"| {len(groups)} | {name} | {median(seconds):.2f} | {ratio:.2f} |", flush=True)
        row = {"coalitions": len(groups), "arm": name, "seconds": median(seconds), "times_together": ratio}
        found.append(row)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
