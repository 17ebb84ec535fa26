"""docs/mpv.md lists what is there, as the tables of the control socket have it, and as mpv has it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hangd.client.control.commands import COMMANDS
from hangd.client.control.properties import PROPERTIES
from hangd.client.control.tables.placeholders import CONSTANTS, REFUSED, UNAVAILABLE

PAGE = (Path(__file__).parents[1] / "docs" / "mpv.md").read_text(encoding="utf-8")
_OWN = ("hang", "history", "room", "server", "sync", "media", "player", "window")
"""What hang's own commands and properties begin with."""


def listed(heading: str) -> list[str]:
    """Return the names in the list under this heading."""
    found = re.search(rf"^\*\*{re.escape(heading)}\*\*.*?\n\n(.*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return re.findall(r"`([^`]+)`", found[1])


def is_own(name: str) -> bool:
    return (re.split("[-/]", name)[0] in _OWN and name != "media-title") or name == "osd/messages"


def test_the_lists_are_those_of_the_tables() -> None:
    assert listed("Commands that work") == sorted(name for name in COMMANDS if not is_own(name))
    assert listed("Commands that are refused") == sorted(REFUSED)
    works = [name for name in PROPERTIES if name not in CONSTANTS and name not in UNAVAILABLE and not is_own(name)]
    assert listed("Properties that work") == sorted(works)
    assert listed("Properties with one value here") == sorted(CONSTANTS)
    assert listed("Properties that are always unavailable") == sorted(UNAVAILABLE)


def _of_mpv(option: str) -> set[str]:
    """Return the names that mpv prints. Those of commands are cut after twenty letters."""
    printed = subprocess.run(["mpv", "--no-config", option], capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in printed.splitlines()[option == "--list-properties" :] if line.strip()}


@pytest.mark.real
@pytest.mark.skipif(shutil.which("mpv") is None, reason="mpv is not installed")
def test_what_the_page_says_of_mpv_is_so() -> None:
    version = subprocess.run(["mpv", "--version"], capture_output=True, text=True, check=True).stdout
    if "mpv 0.35.1" not in version:
        pytest.skip("the page tells of mpv 0.35.1")
    commands, properties = _of_mpv("--input-cmdlist"), _of_mpv("--list-properties")
    ours = {*listed("Commands that work"), *listed("Commands that are refused")}
    assert {name for name in commands if not any(one.startswith(name) for one in ours)} == set()
    (told,) = re.findall(r"of the (\d+) properties that mpv 0\.35\.1 lists, most are", PAGE)
    known = properties & PROPERTIES.keys()
    assert (len(properties), len(known) < len(properties) / 2) == (int(told), True)
