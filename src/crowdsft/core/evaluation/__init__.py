"""Evaluations: from an embedding and a target to a utility (higher is better)."""

from __future__ import annotations

from crowdsft.core.evaluation.base import Floats, Utility
from crowdsft.core.evaluation.dot_product import DotProduct
from crowdsft.core.evaluation.euclidean import Euclidean
from crowdsft.core.evaluation.manhattan import Manhattan
from crowdsft.core.registry import Table

UTILITIES: Table[Utility] = Table("evaluation", {"l2": Euclidean, "l1": Manhattan, "dot": DotProduct})

__all__ = ["UTILITIES", "DotProduct", "Euclidean", "Floats", "Manhattan", "Utility"]
