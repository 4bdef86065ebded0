"""Figures by matplotlib, where it is installed: PNG, SVG or PDF, the same bytes for the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from math import isfinite
from typing import Any

from laminae.base.errors import MissingPackageError, UsageError

FORMATS = ("png", "svg", "pdf")

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#6e7781"
"""After Okabe and Ito: told apart by all eyes."""

LOOK = {
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "grid.color": "#e6e8eb",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.titlesize": 11.0,
    "figure.dpi": 100.0,
    "savefig.dpi": 150.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "laminae",
}


def format_of(path: str) -> str:
    """By the name's ending. Raises UsageError for another."""
    ending = path.rpartition(".")[2].lower()
    if ending not in FORMATS:
        raise UsageError(f"{path!r} is no picture", {"expected": "a name ending in .png, .svg or .pdf"})
    return ending


def require_matplotlib() -> Any:
    """The package. Raises MissingPackageError where it is not installed."""
    try:
        import matplotlib
    except ImportError:
        raise MissingPackageError("curves are drawn by matplotlib", {"install": "pip install 'laminae[plot]'"}) from None
    return matplotlib


@contextmanager
def plotting(width: float, height: float) -> Iterator[Any]:
    """A new figure of so many inches, and the look of all of them. Raises MissingPackageError."""
    matplotlib = require_matplotlib()
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(LOOK)
        yield Figure(figsize=(width, height), layout="constrained")


def rendered(figure: Any, form: str) -> bytes:
    """The file, without a date."""
    _settle(figure)
    made = BytesIO()
    undated = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[form]
    figure.savefig(made, format=form, metadata=undated)
    return made.getvalue()


def _settle(figure: Any) -> None:
    """Panels where the layout puts them, to a thousandth: beyond that its solver differs from one time to the next."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position([round(edge, 3) for edge in axes.get_position().bounds])


def wants_log(values: Sequence[float | None], *, times: float = 10.0) -> bool:
    """Whether numbers are above zero and so far apart that a logarithm shows more."""
    finite = [value for value in values if value is not None and isfinite(value)]
    return bool(finite) and min(finite) > 0 and max(finite) / min(finite) >= times


def scale(axes: Any, values: Sequence[float | None], *, times: float = 10.0) -> None:
    """Logarithmic where that shows more."""
    if wants_log(values, times=times):
        axes.set_yscale("log")
