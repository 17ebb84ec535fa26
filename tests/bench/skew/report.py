"""Output of the results: a table on the terminal, JSON, and a plot."""

import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench.skew.cases import Row

__all__ = ["machine", "plot", "print_table", "write_json"]


def machine(versions: Mapping[str, str]) -> dict[str, str]:
    """Return the date, the machine and the versions, for the output."""
    cores = sum(line.startswith("processor") for line in Path("/proc/cpuinfo").read_text().splitlines())
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "cores": str(cores),
        "python": platform.python_version(),
        **versions,
    }


def print_table(console: Console, rows: Sequence[Row], about: Mapping[str, str]) -> None:
    console.print(", ".join(f"{name} {value}" for name, value in about.items()))
    table = Table(title="How far apart the viewers were", title_justify="left")
    for name in ("case", "film", "goal", "p95", "worst", "", ""):
        table.add_column(name, justify="right" if name in ("p95", "worst") else "left")
    for row in rows:
        figures = [_shown(value) for value in (row.p95, row.worst)]
        verdict = "" if row.goal == "" else "met" if row.met else "MISSED"
        table.add_row(row.case, row.clip, row.goal, *figures, verdict, row.note)
    console.print(table)


def _shown(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.1f} ms"


def write_json(path: Path, rows: Sequence[Row], about: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode({"machine": about, "rows": rows}))


def plot(path: Path, rows: Sequence[Row]) -> None:
    """Draw for each row how far apart the pictures or the sounds were over time."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    drawn = [row for row in rows if row.apart or row.heard]
    if not drawn:
        return
    figure, axes = pyplot.subplots(len(drawn), 1, figsize=(11, 1.7 * len(drawn)), squeeze=False)
    for axis, row in zip(axes[:, 0], drawn, strict=True):
        # By number, not by time, so that the pauses between trials take no space.
        axis.plot([apart * 1000 for _, apart in row.apart or row.heard], ".", markersize=2)
        axis.set_title(f"{row.case}, {row.clip}: {row.goal}", fontsize=8, loc="left")
        axis.set_ylabel("ms", fontsize=8)
        axis.set_ylim(-40, 40)
        axis.axhspan(-5, 5, alpha=0.1)
        axis.tick_params(labelsize=7)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)
    pyplot.close(figure)
