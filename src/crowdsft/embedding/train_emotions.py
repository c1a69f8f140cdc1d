"""Makes and measures the weights of the emotion embedding: `python -m crowdsft.embedding.train_emotions`.

Ridge regression of emotion shares on TF-IDF features (words 1-2, character runs 2-5) in hashed buckets,
solved by conjugate gradients: deterministic, a few seconds, no dependency beyond scipy.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator, cg

from crowdsft.core.seeds import derive_rng
from crowdsft.embedding.emotion_samples import KINDS, Sample, joined
from crowdsft.embedding.emotions import WEIGHTS_FILE, Weights, all_features, scores, weighted_features
from crowdsft.embedding.features import hashed_counts
from crowdsft.world import EMOTIONS

_TRAINING_TEXTS: Final[Mapping[str, int]] = {
    "comments": 5600,
    "mixed": 2800,
    "truncated": 2800,
    "garbled": 2800,
}


@dataclass(frozen=True, slots=True)
class Quality:
    """How well scores match true shares: R2 over all entries, and how often the top emotion is right."""

    r_squared: float
    top_accuracy: float


def train(*, seed: int = 0, buckets: int = 16_384, ridge: float = 1.0) -> Weights:
    """Fits the weights; equal arguments give equal weights."""
    parts = [KINDS[kind](count, derive_rng(seed, "train", kind)) for kind, count in _TRAINING_TEXTS.items()]
    sample = joined(*parts)
    rarity = _inverse_document_frequency(sample.texts, buckets)
    features = weighted_features(sample.texts, rarity)
    matrix = csr_array((features.values, (features.rows, features.columns)), shape=features.shape)
    coefficients, offsets = _ridge_regression(matrix, sample.shares, ridge)
    return Weights(EMOTIONS, rarity, coefficients, offsets)


def measure(weights: Weights, *, seed: int = 1, count: int = 1400) -> dict[str, Quality]:
    """The quality on fresh texts of each kind."""
    return {
        kind: _quality(weights, make(count, derive_rng(seed, "measure", kind)))
        for kind, make in KINDS.items()
    }


def save(weights: Weights, path: Path) -> None:
    """Writes the weights in half precision."""
    np.savez_compressed(
        path,
        labels=np.array(weights.labels),
        rarity=weights.rarity.astype(np.float16),
        coefficients=weights.coefficients.astype(np.float16),
        offsets=weights.offsets.astype(np.float32),
    )


def _inverse_document_frequency(texts: Sequence[str], buckets: int) -> NDArray[np.float64]:
    """Smoothed, as if one more text held every feature; buckets never seen get 0: they say nothing."""
    counts = hashed_counts(texts, all_features, buckets)
    texts_with = np.bincount(counts.columns, minlength=buckets)
    rarity = np.log((1 + len(texts)) / (1 + texts_with)) + 1
    return np.where(texts_with > 0, rarity, 0.0)


def _ridge_regression(
    matrix: csr_array, shares: NDArray[np.float64], ridge: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients and offsets that minimise |X W + b - Y|^2 + ridge |W|^2, with X and Y centred."""
    buckets = matrix.shape[1]
    means = np.asarray(matrix.mean(axis=0)).ravel()
    centred = shares - shares.mean(axis=0)

    def normal_product(vector: NDArray[np.float64]) -> NDArray[np.float64]:
        product = matrix @ vector - means @ vector
        folded: NDArray[np.float64] = matrix.T @ product - means * product.sum() + ridge * vector
        return folded

    normal = LinearOperator((buckets, buckets), matvec=normal_product, dtype=np.float64)
    columns = []
    for target in centred.T:
        solution, failed = cg(normal, matrix.T @ target - means * target.sum(), rtol=1e-6, maxiter=1000)
        assert not failed, "conjugate gradients converge on a ridge problem"
        columns.append(solution)
    coefficients = np.stack(columns, axis=1)
    return coefficients, shares.mean(axis=0) - means @ coefficients


def _quality(weights: Weights, sample: Sample) -> Quality:
    found = scores(weights, sample.texts)
    spread = ((sample.shares - sample.shares.mean(axis=0)) ** 2).sum()
    r_squared = 1 - ((found - sample.shares) ** 2).sum() / spread
    hits = found.argmax(axis=1) == sample.shares.argmax(axis=1)
    return Quality(float(r_squared), float(hits.mean()))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m crowdsft.embedding.train_emotions", description=main.__doc__
    )
    parser.add_argument("--output", type=Path, default=WEIGHTS_FILE, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    weights = train(seed=options.seed)
    save(weights, options.output)
    for kind, quality in measure(weights).items():
        line = f"{kind:10} R2 {quality.r_squared:.3f}  top emotion {quality.top_accuracy:.3f}"
        sys.stdout.write(line + "\n")
    sys.stdout.write(f"wrote {options.output} ({options.output.stat().st_size / 1e6:.2f} MB)\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
