from __future__ import annotations

from typing import Any


def write_results(output: Any, rows: Any, *, seconds: float, planned: int) -> dict[str, Any]:
    return {}
