"""The rows, and how they are printed: each with its goal beside it."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from tests.support.figures import percentile

__all__ = ["Row", "apart_row", "print_rows"]

_MEAN: Final = 0.005


class Row(Struct):
    """One line. ``apart``: seconds by which the second viewer's pictures were later, each of them."""

    case: str
    pair: str
    goal: str
    met: bool | None
    """None: there is no goal."""
    apart: list[float] = []
    note: str = ""


def apart_row(case: str, pair: str, apart: Sequence[float], *, p95: float, mean: float | None = _MEAN) -> Row:
    """Return a row whose goals are a 95th percentile and a mean of the sizes, in seconds."""
    sizes = [*map(abs, apart)]
    goal = f"p95 {p95 * 1000:g} ms" + ("" if mean is None else f", mean {mean * 1000:g}")
    met = bool(sizes) and percentile(sizes) <= p95 and (mean is None or statistics.mean(sizes) <= mean)
    return Row(case, pair, goal, met, [*apart], f"{len(apart)} pictures")


def print_rows(console: Console, rows: Sequence[Row], about: Mapping[str, str]) -> None:
    console.print(", ".join(f"{name} {value}" for name, value in about.items()))
    table = Table(title="The page beside other viewers", title_justify="left")
    for name in ("case", "viewers", "goal", "p50", "mean", "p95", "worst", "signed", "", ""):
        table.add_column(name, justify="right" if name in ("p50", "mean", "p95", "worst", "signed") else "left")
    for row in rows:
        verdict = "" if row.met is None else "met" if row.met else "MISSED"
        table.add_row(row.case, row.pair, row.goal, *_figures(row.apart), verdict, row.note)
    console.print(table)


def _figures(apart: Sequence[float]) -> list[str]:
    if not apart:
        return [""] * 5
    sizes = [*map(abs, apart)]
    # "signed" is how much later the second viewer was on the whole: what a constant could mend.
    figures = (
        statistics.median(sizes),
        statistics.mean(sizes),
        percentile(sizes),
        max(sizes),
        statistics.median(apart),
    )
    return [f"{value * 1000:.1f}" for value in figures]
