"""The rows of `make bench-server`, and how they are printed: each with its goal beside it."""

from collections.abc import Sequence

from msgspec import Struct
from rich.console import Console
from rich.table import Table

__all__ = ["Row", "at_most", "print_rows"]


class Row(Struct, frozen=True):
    """One figure. ``met``: None where there is no goal."""

    case: str
    what: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None
    note: str = ""


def at_most(case: str, what: str, value: float, unit: str, goal: float, note: str = "") -> Row:
    return Row(case, what, value, unit, f"<= {goal:g}", value <= goal, note)


def print_rows(console: Console, rows: Sequence[Row], title: str = "") -> None:
    table = Table(title=title or None, title_justify="left")
    for name, justify in (("case", "left"), ("figure", "left"), ("value", "right"), ("unit", "left"), ("goal", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    table.add_column("")
    table.add_column("")
    for row in rows:
        verdict = "" if row.met is None else "reached" if row.met else "MISSED"
        table.add_row(row.case, row.what, _number(row.value), row.unit, row.goal, verdict, row.note)
    console.print(table)


def _number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
