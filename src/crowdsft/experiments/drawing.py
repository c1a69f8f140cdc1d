"""The hand in which all experiments draw: colours, type, and figures without a screen."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any, cast

from crowdsft.core.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, HAIRLINE = "#1c2321", "#5b6562", "#dfe4e2"
OURS, VALUES, PAPER = "#12715b", "#b26a00", "#3c5086"
LEFT = 0.085  # where panels and titles begin
TITLE: dict[str, Any] = {"fontsize": 13, "fontweight": "bold"}
STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": HAIRLINE,
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "text.color": INK,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


def subplots(rows: int, columns: int, width: float, height: float, **options: Any) -> tuple[Figure, Any]:
    """A figure of `rows` x `columns` panels (inches), in our style, without a screen."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        raise MissingExtraError("drawing figures", "experiments") from None
    matplotlib.rcParams.update(cast(Any, STYLE))
    figure, axes = pyplot.subplots(rows, columns, figsize=(width, height), squeeze=False, **options)
    return figure, axes


def png(figure: Figure) -> str:
    """The figure as base64 text for a page; the figure is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=170)
    from matplotlib import pyplot

    pyplot.close(figure)
    return base64.b64encode(buffer.getvalue()).decode()
