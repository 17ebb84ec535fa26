"""contrib/waybar, polybar and tmux in the real ones: what they show, and that a film's name harms none of them."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.daemons.party import CLIP, Person, person, wait_for
from tests.support.desktop.desktops import Desktop, commands_of, i3, sway
from tests.support.desktop.screen import private_display

CONTRIB: Final = Path(__file__).parent.parent.parent / "contrib"
PLAYING, PAUSED, RED = (0x1B, 0x5E, 0x20), (0x79, 0x55, 0x48), (0xFF, 0, 0)

pytestmark = pytest.mark.real


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Person]:
    with private_display() as display, person("ada", tmp_path, display=display, player="simulated") as ada:
        ada.start_daemon()
        yield ada


def waits_for(colour: tuple[int, int, int], desktop: Desktop, folder: Path) -> None:
    wait_for(lambda: pixels(desktop, folder).count(colour) > 20, f"the colour {colour}")


def pixels(desktop: Desktop, folder: Path) -> list[tuple[int, int, int]]:
    path = folder / "screen.ppm"
    desktop.picture(path)
    data = path.read_bytes().split(b"\n255\n", 1)[1]
    return [(data[at], data[at + 1], data[at + 2]) for at in range(0, len(data) - 2, 3)]


def test_waybar_shows_the_state(ada: Person, tmp_path: Path) -> None:
    config = tmp_path / "waybar.json"
    config.write_text(f'{{"include": ["{CONTRIB}/waybar/hang.jsonc"], "modules-center": ["custom/hang"]}}')
    words = ("waybar", "--config", config, "--style", CONTRIB / "waybar" / "style.css")
    with sway(ada, "output HEADLESS-1 resolution 640x360") as desktop:
        with desktop.running(*words):
            ada.ctl("playlist", "add", "--play", CLIP)
            waits_for(PLAYING, desktop, tmp_path)
            ada.ctl("pause")
            waits_for(PAUSED, desktop, tmp_path)


def test_polybar_shows_the_film_and_takes_no_orders_from_its_name(ada: Person, tmp_path: Path) -> None:
    # If Polybar read it as tags, it would show "film", and a click on that would be the first command.
    film = tmp_path / "%{A1:touch harmed:}film%{A}.mp4"
    shutil.copy(CLIP, film)
    config = tmp_path / "config.ini"
    bar = "[bar/top]\nwidth = 100%\nheight = 24\nbackground = #000\nforeground = #f00\nmodules-left = hang\n"
    config.write_text(f"include-file = {CONTRIB}/polybar/hang.ini\n{bar}")
    with i3(ada, "") as desktop, desktop.running("polybar", "-c", config, "top"):
        ada.ctl("playlist", "add", "--play", film)
        waits_for(RED, desktop, tmp_path)
        subprocess.run(["xdotool", "mousemove", "185", "12", "click", "1"], env=desktop.environment, check=True)
        wait_for(lambda: ada.get("pause"), "a click's pause")
        assert not (ada.folder / "harmed").exists()
        ada.ctl("daemon", "stop")  # of which hangctl tells people on stderr
        wait_for(lambda: RED not in pixels(desktop, tmp_path), "a bar without the module")


def test_tmux_shows_the_film_and_its_keys_pause(ada: Person, tmp_path: Path) -> None:
    """One tmux shows the other, so that its status line is text in a pane."""
    film = tmp_path / "#{pid}#[bg=red]film.mp4"
    shutil.copy(CLIP, film)
    ada.ctl("playlist", "add", "--play", film)
    environment = commands_of(ada) | {"TMUX_TMPDIR": str(tmp_path)}

    def tmux(server: str, *words: str) -> str:
        words = ("tmux", "-L", server, *words)
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout

    try:
        tmux("inner", "-f", f"{CONTRIB}/tmux/hang.conf", "new-session", "-d", "sh")
        tmux("inner", "source-file", f"{CONTRIB}/tmux/hang.conf")
        assert tmux("inner", "show", "-g", "status-right").count("hangctl") == 1
        tmux(
            "outer", "-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "5", "env -u TMUX tmux -L inner attach"
        )
        wait_for(lambda: "playing  0:0" in tmux("outer", "capture-pane", "-p"), "the status line")
        assert "#{pid}#[bg=red]film" in tmux("outer", "capture-pane", "-p")
        tmux("outer", "send-keys", "-t", ":0", "C-b", "P")
        wait_for(lambda: ada.get("pause"), "the key's pause")
    finally:
        for server in ("outer", "inner"):
            tmux(server, "kill-server")
