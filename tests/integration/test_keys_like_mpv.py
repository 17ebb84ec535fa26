"""hang's default bindings are mpv's, except for those that docs/keys.md names; and mpv reads a file as hang does."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest

from hangd.client.control.language.input_conf import Binding, parse
from hangd.client.control.language.lines import text_line
from hangd.client.control.properties import Properties
from hangd.client.control.server.key_files import default_bindings
from tests.support.daemons.mpv import mpv
from tests.support.daemons.recording_viewer import RecordingViewer

pytestmark = [pytest.mark.real, pytest.mark.skipif(shutil.which("mpv") is None, reason="mpv is not installed")]

PAGE: Final = (Path(__file__).parents[2] / "docs" / "keys.md").read_text(encoding="utf-8")

FILE: Final = """
# a note
  a ignore   # hello there
b no-osd seek 5 # x
c show-text "a # b; c" ; set mute yes # both
d {sec} ignore # in a section
g-p show-text 'g p'
g ignore
shift+a ignore
Ctrl+shift+LEFT ignore
ctrl++ ignore
SHARP cycle audio
XF86_PAUSE cycle pause
MOUSE_BTN3 seek 1
axis_up seek 2
0x42 ignore
B {} seek 1
C { x } ignore
\tr\tset\tmute\tyes\t
s repeatable cycle pause
a seek 7
A set mute yes;
- seek -1
default-bindings start # from here on
e set mute yes
"""
"""What both read alike."""


def listed(bindings: Iterable[dict[str, Any]]) -> set[tuple[object, ...]]:
    return {(each["section"], each["is_weak"], each["key"], each["cmd"], each.get("comment")) for each in bindings}


def meaning(command: str) -> list[tuple[object, ...]]:
    """Return what a line of commands says, whatever its spaces and its spelling of numbers."""
    said: list[tuple[object, ...]] = []
    for request in text_line(command.encode()).requests:
        words = [float(each) if re.fullmatch(r"[+-]?[0-9.]+", each) else each for each in request.arguments]
        said.append((request.shown, request.repeatable, request.name, *words))
    return said


def asked(folder: Path, *options: str) -> list[dict[str, Any]]:
    """Return what mpv says of its bindings, without those of its scripts."""
    with mpv(folder, *options) as speaker:
        talk = speaker.connect()
        found = talk.get("input-bindings")
        talk.close()
    assert isinstance(found, list)
    return [each for each in found if "owner" not in each and each["section"] != "encode"]


def test_the_page_names_every_key_that_differs_from_mpvs(tmp_path: Path) -> None:
    theirs = {each["key"]: meaning(each["cmd"]) for each in asked(tmp_path) if each["section"] == "default"}
    ours = {each.key: meaning(each.command) for each in default_bindings(Properties(RecordingViewer()))}
    assert len(theirs) > 100, "mpv was asked"
    differing = {key for key in {*theirs, *ours} if theirs.get(key) != ours.get(key)}
    told = [re.findall(r"``? ?(.+?) ?``?(?: |$)", row) for row in re.findall(r"^\| (`.*?`) \|", PAGE, re.MULTILINE)]
    named = {"SHARP" if key == "#" else key for row in told for key in row}
    assert named == differing


def test_a_file_is_read_as_mpv_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "input.conf"
    file.write_text(FILE, encoding="utf-8")
    theirs = asked(tmp_path, f"--input-conf={file}", "--no-input-builtin-bindings")
    bindings, wrong = parse(FILE, lambda request: None)
    assert wrong == []
    last = {(each.section, each.is_weak, each.key): each for each in bindings}
    assert listed(map(as_listed, last.values())) == listed(theirs)


def as_listed(binding: Binding) -> dict[str, Any]:
    named = {"section": binding.section, "is_weak": binding.is_weak, "key": binding.key, "cmd": binding.command}
    return named | ({"comment": binding.comment} if binding.comment else {})
