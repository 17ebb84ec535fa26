"""Run window managers as a person's desktop, and use their keys.

::

    with i3(ada, "include .../hang.conf") as desktop:
        desktop.press("XF86AudioPlay")

The commands of this checkout (hangctl, hangd) are in the window manager's PATH. i3 runs on the person's own display;
sway draws on a screen of its own, which nobody sees, and Xwayland with it.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from tests.support.daemons.party import BIN, Person, wait_for

__all__ = ["Desktop", "commands_of", "i3", "sway", "sway_finds_nothing_wrong"]

_HEADLESS: Final = {"WLR_BACKENDS": "headless", "WLR_LIBINPUT_NO_DEVICES": "1", "WLR_RENDERER": "pixman"}

# sway does not run as root. In such a user namespace root has another number, and its files belong to that.
_SWAY: Final = (*(() if os.getuid() else ("unshare", "--user", "--map-user=1000", "--map-group=1000")), "sway")


class Desktop:
    """A window manager that runs. ``environment``: what its programs are started with."""

    def __init__(self, environment: dict[str, str], messenger: str, key: Sequence[str], picture: Sequence[str]) -> None:
        self.environment = environment
        self._messenger, self._key, self._picture = messenger, key, picture

    def ask(self, *words: str) -> str | None:
        """Ask the window manager something; None: it does not answer."""
        done = subprocess.run([self._messenger, *words], env=self.environment, capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else None

    def window(self, kind: str) -> dict[str, Any] | None:
        """Return what the window manager tells of the window with this X class; None: there is none."""
        remaining = [json.loads(self.ask("-t", "get_tree") or "{}")]
        while remaining:
            node: dict[str, Any] = remaining.pop()
            if (node.get("window_properties") or {}).get("class") == kind:
                return node
            remaining += [*node.get("nodes", ()), *node.get("floating_nodes", ())]
        return None

    def press(self, key: str) -> None:
        """Press a key, by its name in X."""
        subprocess.run([*self._key, key], env=self.environment, check=True)

    def picture(self, path: Path) -> None:
        """Save what the screen shows, as the path's end says: .png or .ppm."""
        kind = ("-t", path.suffix[1:]) if self._picture[0] == "grim" else ()
        subprocess.run([*self._picture, *kind, str(path)], env=self.environment, check=True)

    @contextlib.contextmanager
    def running(self, *words: str | Path) -> Iterator[None]:
        """Run a program on this desktop."""
        with _run(words, self.environment):
            yield


@contextlib.contextmanager
def i3(person: Person, config: str) -> Iterator[Desktop]:
    """Run i3 on the person's display."""
    assert person.display is not None
    path = person.folder / "i3.conf"
    path.write_text(f"# i3 config file (v4)\nfont pango:monospace 8\n{config}\n")
    desktop = Desktop(commands_of(person), "i3-msg", ("xdotool", "key"), ("import", "-depth", "8", "-window", "root"))
    with _run(("i3", "-c", path), desktop.environment):
        wait_for(lambda: desktop.ask("-t", "get_version"), "i3's start")
        yield desktop


@contextlib.contextmanager
def sway(person: Person, config: str) -> Iterator[Desktop]:
    """Run sway without a screen. From then on the person's display is that of its Xwayland."""
    path, seen = person.folder / "sway.conf", person.folder / "environment"
    path.write_text(f"{config}\nexec env > {seen}.new && mv {seen}.new {seen}\n")
    with _run((*_SWAY, "-c", path), commands_of(person) | _HEADLESS):
        wait_for(seen.exists, "sway's start")
        told = dict(re.findall(r"^(DISPLAY|WAYLAND_DISPLAY|SWAYSOCK)=(.*)", seen.read_text(), re.MULTILINE))
        assert Path(told["SWAYSOCK"]).parent == person.folder / "run"
        person.environment |= {"DISPLAY": told["DISPLAY"], "HANG_VLC_OPTIONS": "--vout=xcb_x11"}
        yield Desktop(commands_of(person) | told, "swaymsg", ("wtype", "-k"), ("grim",))


def sway_finds_nothing_wrong(person: Person, config: str) -> None:
    """Let sway check a config. Raises AssertionError with its output."""
    path = person.folder / "checked.conf"
    path.write_text(config + "\n")
    words, environment = [*_SWAY, "--validate", "-c", str(path)], commands_of(person) | _HEADLESS
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "rror" not in done.stderr, done.stderr


def commands_of(person: Person) -> dict[str, str]:
    """Return the person's environment, with this checkout's commands in the PATH."""
    return person.environment | {"PATH": f"{BIN}:{os.environ['PATH']}"}


@contextlib.contextmanager
def _run(words: Sequence[str | Path], environment: dict[str, str]) -> Iterator[None]:
    """Run a program in the person's folder, and end it with all that it has started."""
    process = subprocess.Popen(
        [*map(str, words)],
        env=environment,
        cwd=Path(environment["HOME"]).parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()
