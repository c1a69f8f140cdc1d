"""Shapley values and their relatives: what each player of a game is worth, and how sure that is."""

from crowdsft.core.valuation.centroid import centroid_truth, centroid_truth_batch
from crowdsft.core.valuation.result import Valuation

__all__ = ["Valuation", "centroid_truth", "centroid_truth_batch"]
