"""contrib/i3 and contrib/sway in the real ones: media keys are for the whole room, and the window has its rules."""

import contextlib
import operator
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.party import CLIP, Person, person, room_server, wait_for
from tests.support.desktop.desktops import Desktop, i3, sway, sway_finds_nothing_wrong
from tests.support.desktop.screen import private_display

CONTRIB = Path(__file__).parent.parent.parent / "contrib"

Both = Callable[[str, Callable[[Any], bool]], None]

pytestmark = pytest.mark.real


@contextlib.contextmanager
def together(ada: Person, folder: Path) -> Iterator[Both]:
    """Let Ada and Ben watch a film in a room; the value waits until a property of both fulfils a condition."""
    with room_server() as server, person("ben", folder, player="simulated") as ben:
        room = ada.ctl("create", CLIP, "--server", server.url)
        ben.ctl("join", room, CLIP, "--server", server.url)
        ada.ctl("play")

        def both(name: str, condition: Callable[[Any], bool]) -> None:
            wait_for(lambda: condition(ada.get(name)) and condition(ben.get(name)), f"{name} of both")

        both("pause", operator.not_)
        yield both


def press_media_keys(desktop: Desktop, both: Both) -> None:
    desktop.press("XF86AudioPlay")
    both("pause", bool)
    desktop.press("XF86AudioNext")
    both("time-pos", lambda position: position is not None and position >= 10)
    desktop.press("XF86AudioPlay")
    both("pause", operator.not_)
    desktop.press("XF86AudioStop")
    both("pause", bool)


def test_media_keys_under_i3(tmp_path: Path) -> None:
    with private_display() as display, person("ada", tmp_path, display=display) as ada:
        with i3(ada, f"include {CONTRIB}/i3/hang.conf") as desktop, together(ada, tmp_path) as both:
            press_media_keys(desktop, both)
            wait_for(lambda: (desktop.window("hang") or {}).get("border") == "none", "a window without border")


def test_media_keys_under_sway(tmp_path: Path) -> None:
    with person("ada", tmp_path) as ada:
        config = f"include {CONTRIB}/sway/hang.conf"
        sway_finds_nothing_wrong(ada, config)
        with sway(ada, config) as desktop, together(ada, tmp_path) as both:
            press_media_keys(desktop, both)
            wait_for(lambda: (desktop.window("hang") or {}).get("border") == "none", "a window without border")
            assert (desktop.window("hang") or {})["idle_inhibitors"]["user"] == "visible"


def test_sway_tells_systemd_when_its_session_begins_and_ends(tmp_path: Path) -> None:
    """With what is said to systemctl in a file: `test_session` runs the same under a real systemd, with i3."""
    said = tmp_path / "said"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {said}\n')
    (tmp_path / "bin" / "systemctl").chmod(0o755)
    lines = (CONTRIB / "sway" / "hang.conf").read_text().replace("#exec", "exec")
    with person("ada", tmp_path, player="simulated") as ada:
        path = f"{tmp_path}/bin:{ada.environment['PATH']}"
        config = f"{lines}\n".replace("exec systemctl", f"exec PATH={path} systemctl").replace(
            "&& systemctl", f"&& PATH={path} systemctl"
        )
        with sway(ada, config) as desktop:
            wait_for(lambda: said.exists() and "start hang-session.target" in said.read_text(), "the start")
            desktop.ask("exit")
            wait_for(lambda: "stop hang-session.target" in said.read_text(), "the end")
    assert said.read_text().splitlines() == [
        "--user import-environment DISPLAY WAYLAND_DISPLAY SWAYSOCK XDG_CURRENT_DESKTOP",
        "--user start hang-session.target",
        "--user stop hang-session.target",
    ]
