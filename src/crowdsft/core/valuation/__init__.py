"""Shapley values and their relatives: what each player of a game is worth, and how sure that is."""

from crowdsft.core.registry import Table
from crowdsft.core.valuation.base import Estimate, Game, Method
from crowdsft.core.valuation.budgets import Budget, Evaluations, Progress, Seconds, StandardError
from crowdsft.core.valuation.centroid import centroid_truth, centroid_truth_batch
from crowdsft.core.valuation.result import Valuation
from crowdsft.core.valuation.samples import Plan, Samples
from crowdsft.core.valuation.solve import merge, value_game

METHODS: Table[Method] = Table(
    "valuation method",
    {
        "auto": "crowdsft.core.valuation.automatic:Auto",
        "exact": "crowdsft.core.valuation.exact:Exact",
        "permutation": "crowdsft.core.valuation.permutation:Permutation",
        "gaussian_process": "crowdsft.core.valuation.gaussian:GaussianProcess",
        "control_variate": "crowdsft.core.valuation.control_variate:ControlVariate",
        "size_stratified": "crowdsft.core.valuation.size_stratified:SizeStratified",
        "leverage": "crowdsft.core.valuation.leverage:Leverage",
        "msr_banzhaf": "crowdsft.core.valuation.banzhaf:MsrBanzhaf",
        "leave_one_out": "crowdsft.core.valuation.leave_one_out:LeaveOneOut",
    },
)

__all__ = [
    "METHODS",
    "Budget",
    "Estimate",
    "Evaluations",
    "Game",
    "Method",
    "Plan",
    "Progress",
    "Samples",
    "Seconds",
    "StandardError",
    "Valuation",
    "centroid_truth",
    "centroid_truth_batch",
    "merge",
    "value_game",
]
