"""hang-ipc(7) is what its generator makes, names everything, and is good mdoc."""

import shutil
import subprocess
from pathlib import Path

import pytest

from hangd.client.control.commands import COMMANDS
from hangd.client.control.events import EVENTS
from hangd.client.control.properties import PROPERTIES
from hangd.client.control.server.outbox import EVENT_NAMES
from hangd.client.control.server.protocol_commands import PROTOCOL_COMMANDS
from hangd.client.control.tables.refused import REFUSED
from tools.ipc_manual import escaped, page

PAGE = Path(__file__).parents[2] / "man" / "hang-ipc.7"
DISABLED_FOR_MPV = frozenset(
    "none tick video-reconfig audio-reconfig hook get-property-reply set-property-reply command-reply".split()
)
"""What mpv lets clients enable, and hang never sends."""


def test_it_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tools.ipc_manual > man/hang-ipc.7"


@pytest.mark.parametrize(
    ("macro", "names"),
    [
        ("Ic", COMMANDS), ("Va", PROPERTIES), ("Sy", EVENTS), ("Ic", REFUSED),
    ],
)  # fmt: skip
def test_it_names_everything(macro: str, names: list[str]) -> None:
    items = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(".It ")]
    for name in names:
        assert any(f"{macro} {escaped(name)} " in f"{item} " for item in items), name


def test_it_names_the_verbs() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in PROTOCOL_COMMANDS if name not in text] == []


def test_every_event_is_told_of() -> None:
    assert set(EVENTS) == EVENT_NAMES - DISABLED_FOR_MPV


@pytest.mark.parametrize("row", [*COMMANDS.values(), *PROPERTIES.values(), *EVENTS.values()], ids=lambda row: row.name)
def test_every_row_says_in_a_line_what_it_is(row: object) -> None:
    about = getattr(row, "about")  # noqa: B009 - of three types
    assert 5 < len(about) <= 100
    assert "\n" not in about
    assert about == about.strip().rstrip(".")
    assert about.isascii()


def test_words_are_no_macros() -> None:
    assert escaped("It is a-b .x \\") == "\\&It \\&is a\\-b \\&.x \\&\\e"


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="there is no mandoc here")
def test_mandoc_has_nothing_to_say() -> None:
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGE], capture_output=True, text=True, check=False)
    assert (lint.stdout, lint.returncode) == ("", 0)
