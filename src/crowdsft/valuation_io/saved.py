"""Valuations in files: .npz with all samples, to go on from; JSON to read."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from crowdsft.core.errors import InputError
from crowdsft.core.valuation.result import Valuation
from crowdsft.core.valuation.samples import Samples

FORMAT = 1


def save_valuation(path: Path | str, valuation: Valuation) -> None:
    """Write values, errors and samples as .npz; `load_valuation` gives back an equal valuation."""
    facts = {
        "format": FORMAT,
        "method": valuation.method,
        "evaluations": valuation.evaluations,
        "total": valuation.total,
        "degrees": valuation.degrees,
    }
    arrays: dict[str, Any] = {"values": valuation.values, "errors": valuation.errors}
    samples = valuation.samples
    if samples is not None:
        facts["sampled"] = samples.evaluations
        arrays |= {"coalitions": samples.coalitions, "sampled": samples.values, "blocks": samples.blocks}
    with Path(path).open("wb") as file:
        np.savez_compressed(file, facts=np.array(json.dumps(facts)), **arrays)


def load_valuation(path: Path | str) -> Valuation:
    """A valuation that `save_valuation` wrote.

    Raises:
        InputError: The file is missing or is no saved valuation of this format.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
        facts = json.loads(str(found["facts"]))
        if facts["format"] != FORMAT:
            raise InputError(
                f"{path} is a valuation of format {facts['format']}; this version reads format {FORMAT}."
            )
        samples = None
        if "sampled" in facts:
            samples = Samples(found["coalitions"], found["sampled"], found["blocks"], facts["sampled"])
        return Valuation(
            method=facts["method"],
            values=found["values"],
            errors=found["errors"],
            evaluations=facts["evaluations"],
            total=facts["total"],
            degrees=facts["degrees"],
            samples=samples,
        )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} is no saved valuation: {error!r}. Give a file of save_valuation."
        ) from error


def valuation_as_json(valuation: Valuation, *, confidence: float = 0.95) -> dict[str, Any]:
    """Values, errors, intervals and cost as plain numbers; null where an error is not known yet."""
    return {
        "method": valuation.method,
        "values": valuation.values.tolist(),
        "errors": _finite(valuation.errors.tolist()),
        "intervals": [_finite(pair) for pair in valuation.intervals(confidence).tolist()],
        "evaluations": valuation.evaluations,
        "total": valuation.total,
        "efficiency_gap": valuation.efficiency_gap,
    }


def _finite(numbers: list[float]) -> list[float | None]:
    return [number if np.isfinite(number) else None for number in numbers]
