"""hang-ipc(7): the file in man/ is up to date, names everything in the tables, and is correct mdoc."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from hangd.client.control.commands import COMMANDS
from hangd.client.control.events import EVENTS
from hangd.client.control.properties import PROPERTIES
from hangd.client.control.server.protocol_commands import PROTOCOL_COMMANDS
from hangd.client.control.tables.placeholders import REFUSED
from tools.ipc_manual import escaped, page

PAGE = Path(__file__).parents[2] / "man" / "hang-ipc.7"
SENT_EVENTS = [row for row in EVENTS.values() if row.about]
ROWS = [*COMMANDS.values(), *PROPERTIES.values(), *SENT_EVENTS]


def test_file_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tools.ipc_manual > man/hang-ipc.7"


@pytest.mark.parametrize(
    ("macro", "names"),
    [("Ic", COMMANDS), ("Ic", REFUSED), ("Va", PROPERTIES), ("Sy", [row.name for row in SENT_EVENTS])],
)
def test_every_name_has_an_item(macro: str, names: Iterable[str]) -> None:
    items = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(".It ")]
    for name in names:
        assert any(f"{macro} {escaped(name)} " in f"{item} " for item in items), name


def test_protocol_commands_are_named() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in PROTOCOL_COMMANDS if name not in text] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_descriptions_fit_a_line(row: object) -> None:
    about = getattr(row, "about")  # noqa: B009 - of three types
    assert 5 < len(about) <= 100
    assert "\n" not in about
    assert about == about.strip().rstrip(".")
    assert about.isascii()


def test_words_are_not_taken_for_macros() -> None:
    assert escaped("It is a-b .x \\") == "\\&It \\&is a\\-b \\&.x \\&\\e"


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_mandoc_reports_nothing() -> None:
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGE], capture_output=True, text=True, check=False)
    assert (lint.stdout, lint.returncode) == ("", 0)
