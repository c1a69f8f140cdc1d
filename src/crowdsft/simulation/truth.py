"""The Shapley values that points are compared with."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crowdsft.core.errors import MissingExtraError
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.seeds import derive_rng
from crowdsft.core.valuation import centroid_truth_batch
from crowdsft.simulation.world import World

Floats = NDArray[np.float64]
EvaluationName = Literal["l2", "l1", "dot"]

KERNEL_SHAP_SAMPLES = 10_000


def accurate_truth(
    world: World,
    evaluation: EvaluationName,
    *,
    permutations: int = 128,
    known: dict[int, Floats] | None = None,
) -> Floats:
    """float64[R, n]: Shapley values of v(S) = utility of S's plain centroid, v(nobody) = of the zero vector.

    Computed once per expert: runs with the same expert have the same contributors, hence the same values.

    Args:
        world: The runs.
        evaluation: Name of the utility.
        permutations: Effort, as in `centroid_truth_batch`.
        known: Values by expert that were computed before, for the same vectors, number of contributors and
            evaluation; missing ones are added.
    """
    values = {} if known is None else known
    for run, expert in enumerate(world.experts.tolist()):
        if expert not in values:
            one = world.only(run)
            chance = derive_rng("accurate truth", evaluation, expert)
            values[expert] = centroid_truth_batch(
                one.contributors, one.targets, evaluation=evaluation, rng=chance, permutations=permutations
            )[0][0]
    return np.stack([values[expert] for expert in world.experts.tolist()])


def kernel_shap_truth(
    world: World, evaluation: EvaluationName, *, samples: int = KERNEL_SHAP_SAMPLES
) -> Floats:
    """float64[R, n]: the paper's estimate of the same values by KernelSHAP, a fresh one for each run.

    At 100 contributors it correlates only about .55 with `accurate_truth`; it is here to reproduce the
    published correlations, not to judge points by.

    Raises:
        MissingExtraError: when the package shap is not installed.
    """
    try:
        import shap
    except ImportError:
        raise MissingExtraError("KernelSHAP", "experiments") from None
    utility = UTILITIES.make(evaluation)
    estimates = np.empty(world.contributors.shape[:2])
    for run, (vectors, target) in enumerate(zip(world.contributors, world.targets, strict=True)):

        def worth(masks: Floats, vectors: Floats = vectors, target: Floats = target) -> Floats:
            members = np.maximum(masks.sum(axis=1, keepdims=True), 1.0)
            return utility.utility(masks @ vectors / members, target)

        contributors = len(vectors)
        np.random.seed(world.seeds[run] % 2**32)  # noqa: NPY002  (shap draws from the global generator)
        explainer = shap.KernelExplainer(worth, np.zeros((1, contributors)))
        estimates[run] = explainer.shap_values(
            np.ones((1, contributors)),
            nsamples=samples,
            l1_reg=f"num_features({contributors})",
            silent=True,
        )[0]
    return estimates
