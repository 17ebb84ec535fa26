"""The window with the picture: closed by somebody, hidden, shown again."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.protocol import event
from Xlib.xobject.drawable import Window

from hangd.player.vlc.libvlc import load_bindings
from tests.support.daemons.party import Person, person, room_server, wait_for
from tests.support.desktop.managed import managed_display
from tests.support.desktop.screen import private_display

pytestmark = pytest.mark.real

CLIP = str(Path(__file__).parents[3] / "media" / "clip.mp4")


def windows(display: str) -> list[Window]:
    """Return hang's windows that can be seen."""
    connection = Display(display)
    try:
        found = []
        for window in connection.screen().root.query_tree().children:
            if window.get_wm_class() == ("hang", "hang") and window.get_attributes().map_state == X.IsViewable:
                found.append(window)
        return found
    finally:
        connection.close()


def close_window(display: str) -> None:
    """Close hang's window as a window manager does with a window that cannot be asked: its connection is ended."""
    connection = Display(display)
    try:
        (window,) = windows(display)
        connection.create_resource_object("window", window.id).kill_client()
        connection.sync()
    finally:
        connection.close()


@pytest.mark.parametrize("output", ["gl", "xcb_x11"])
def test_a_window_that_was_closed_is_missed_and_comes_back(output: str, tmp_path: Path) -> None:
    with private_display() as display, person("ada", tmp_path, display=display) as ada:
        ada.environment["HANG_VLC_OPTIONS"] = f"--vout={output} --aout=dummy"
        daemon = _play(ada, display)
        assert ada.get("window/shown") is True

        close_window(display)
        wait_for(lambda: ada.get("window/shown") is False, "the window's end to be noticed")
        assert "its window was closed; `hangctl window show`" in ada.ctl("status")
        ada.ctl("window", "show")
        wait_for(lambda: windows(display), "the window")
        wait_for(lambda: ada.get("player/state") == "running", "the film to go on")
        assert ada.get("time-pos") > 1.0
        assert ada.get("player/picture-problem") is None

        close_window(display)
        wait_for(lambda: ada.get("window/shown") is False, "the window's end to be noticed")
        ada.ctl("next")
        wait_for(lambda: windows(display), "the next film's window")

        close_window(display)
        ada.ctl("stop")
        assert ada.pid() == daemon


def test_a_window_that_is_hidden_stays_so_until_it_is_shown(tmp_path: Path) -> None:
    with private_display() as display, person("ada", tmp_path, display=display) as ada:
        ada.environment["HANG_VLC_OPTIONS"] = "--aout=dummy"
        _play(ada, display)
        ada.ctl("window", "hide")
        wait_for(lambda: not windows(display), "the window to be hidden")
        assert ada.get("window/shown") is False
        ada.ctl("window", "show")
        wait_for(lambda: windows(display), "the window")

        ada.ctl("window", "hide")
        ada.ctl("next")
        wait_for(lambda: ada.get("playlist-pos") == 1 and ada.get("player/state") == "running", "the next film")
        assert windows(display) == []
        assert ada.get("player/picture-problem") is None
        ada.ctl("window", "show")
        wait_for(lambda: windows(display), "the next film's window")
        wait_for(lambda: ada.get("window/shown") is True, "the window to be noticed")


def test_a_window_comes_back_with_its_display(tmp_path: Path) -> None:
    with person("ada", tmp_path, display=":0") as ada:
        with private_display() as display:
            ada.environment |= {"DISPLAY": display, "HANG_VLC_OPTIONS": "--aout=dummy"}
            daemon = _play(ada, display)
            assert ada.get("current-vo") == "xcb_x11", "OpenGL in software does not survive its display"
        wait_for(lambda: ada.get("player/picture-problem") is not None, "the display's end to be noticed")
        assert f"the display {display} (DISPLAY) is gone" in ada.ctl("status")
        with subprocess.Popen(["Xvfb", display, "-nolisten", "tcp"], stderr=subprocess.DEVNULL) as server:
            wait_for(lambda: Path(f"/tmp/.X11-unix/X{display[1:]}").exists(), "the display")

            def is_back() -> bool:
                ada.ctl("window", "show")
                return bool(ada.get("window/shown"))

            wait_for(is_back, "the window to be noticed")
            wait_for(lambda: windows(display), "the window")
            assert ada.pid() == daemon
            server.terminate()


def test_a_daemon_that_was_started_before_its_display(tmp_path: Path) -> None:
    with private_display() as display, person("ada", tmp_path, display=None) as ada:
        ada.environment["HANG_VLC_OPTIONS"] = "--vout=xcb_x11 --aout=dummy"
        ada.start_daemon()
        ada.ctl("playlist", "add", CLIP)
        ada.ctl("playlist", "play", "1")
        wait_for(lambda: "there is no display" in (ada.get("player/picture-problem") or ""), "no display")
        assert windows(display) == []
        ada.environment["DISPLAY"] = display  # of hangctl alone
        ada.ctl("window", "show")
        wait_for(lambda: windows(display), "the window")
        wait_for(lambda: ada.get("player/picture-problem") is None, "the picture")


def test_what_the_window_manager_does_with_the_window(tmp_path: Path) -> None:
    """It is closed by its button, and fills the screen, and the film's aspect is that of a film that is turned."""
    turned = tmp_path / "turned.mp4"
    words = ["ffmpeg", "-loglevel", "error", "-i", CLIP, "-c", "copy", "-metadata:s:v", "rotate=90"]
    subprocess.run([*words, turned], check=True)
    with managed_display() as display, person("ada", tmp_path, display=display.get_display_name()) as ada:
        ada.environment["HANG_VLC_OPTIONS"] = "--vout=xcb_x11 --aout=dummy"
        ada.start_daemon()
        ada.ctl("playlist", "add", turned)
        ada.ctl("playlist", "play", "1")
        ada.ctl("play")
        wait_for(lambda: ada.get("window/shown"), "the window")
        window = wait_for(lambda: _managed(display), "the window, managed")
        name = display.get_atom("_NET_WM_NAME"), display.get_atom("UTF8_STRING")
        assert window.get_full_property(*name).value == b"turned.mp4 - hang"
        stored = next(track for track in ada.get("track-list") if track["type"] == "video")
        size = window.get_geometry()
        assert abs(size.width / size.height - stored["demux-h"] / stored["demux-w"]) < 0.02

        full = display.get_atom("_NET_WM_STATE_FULLSCREEN")
        _ask(display, window, "_NET_WM_STATE", 1, full)
        wait_for(lambda: ada.get("fullscreen") is True, "the full screen that the window manager made")
        ada.ctl("fullscreen", "off")
        wait_for(lambda: window.get_geometry().width == size.width, "the window")

        _ask(display, window, "_NET_CLOSE_WINDOW", 0)
        wait_for(lambda: ada.get("window/shown") is False and _managed(display) is None, "the window, closed")
        assert ada.get("pause") is True
        ada.ctl("play")
        ada.ctl("window", "show")
        again = wait_for(lambda: _managed(display), "the window, shown")
        assert again == window
        wait_for(lambda: ada.get("player/state") == "running", "the film")

        _ask(display, window, "_NET_CLOSE_WINDOW", 0)
        wait_for(lambda: ada.get("window/shown") is False, "the window, closed")
        ada.ctl("ipc", json.dumps({"command": ["loadfile", CLIP]}))
        wait_for(lambda: ada.get("window/shown"), "the next film's window")
        wide = wait_for(lambda: _managed(display), "the next film's window, managed").get_geometry()
        assert wide.width > wide.height


def test_in_a_room_the_window_stays_while_there_is_no_film(tmp_path: Path) -> None:
    film = tmp_path / "only ada has this.mkv"
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", CLIP, "-t", "5", "-c", "copy", film], check=True)
    with (
        managed_display() as display,
        room_server() as server,
        person("ada", tmp_path / "a", display=None, player="simulated") as ada,
        person("bob", tmp_path / "b", display=display.get_display_name()) as bob,
    ):
        ada.ctl("create", CLIP, "--server", server.url)
        bob.ctl("join", ada.get("room/invite"), CLIP)
        window = wait_for(lambda: _managed(display), "bob's window")
        ada.ctl("media", film)
        wait_for(lambda: bob.get("media/missing") and bob.get("time-pos") is None, "the film that is not there")
        missing = {"kind": "ready", "text": f"you have not got {film.name}"}
        wait_for(lambda: missing in bob.get("osd/messages"), "what is missing, on the window")
        assert _managed(display) == window
        bob.ctl("leave")
        wait_for(lambda: _managed(display) is None, "the window's end")


def _managed(display: Display) -> Window | None:
    """Return hang's window, if the window manager has it."""
    listed = display.screen().root.get_full_property(display.get_atom("_NET_CLIENT_LIST"), Xatom.WINDOW)
    for id in () if listed is None else listed.value:
        window = display.create_resource_object("window", id)
        if window.get_wm_class() == ("hang", "hang"):
            return window
    return None


def _ask(display: Display, window: Window, what: str, *words: int) -> None:
    """Ask the window manager for something, as a panel does."""
    data = (32, [*words, *[0] * (5 - len(words))])
    message = event.ClientMessage(window=window, client_type=display.get_atom(what), data=data)
    display.screen().root.send_event(message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
    display.sync()


def _play(ada: Person, display: str) -> int:
    """Play two films, and wait for the first one's window. Returns the daemon's process id."""
    ada.start_daemon()
    ada.ctl("playlist", "add", CLIP, CLIP)
    ada.ctl("playlist", "play", "1")
    ada.ctl("play")
    wait_for(lambda: windows(display), "the window")
    wait_for(lambda: (ada.get("time-pos") or 0.0) > 1.0, "the film to play")
    return ada.pid()


def test_without_vlcs_video_outputs_create_and_status_say_what_to_install(tmp_path: Path) -> None:
    told = "none of VLC's video outputs opens; if they are missing: apt install vlc-plugin-video-output"
    with private_display() as display, room_server() as server, person("ada", tmp_path, display=display) as ada:
        library = _without_outputs(tmp_path / "vlc")
        ada.environment |= {"LD_LIBRARY_PATH": str(library), "PYTHON_VLC_LIB_PATH": str(library / "libvlc.so.5")}
        ada.environment["HANG_VLC_OPTIONS"] = "--aout=dummy"
        created = ada.run("create", CLIP, "--server", server.url)
        assert created.returncode == 0, created.stderr
        assert told in created.stderr
        ada.ctl("play")
        wait_for(lambda: (ada.get("time-pos") or 0.0) > 1.0, "the film to play")
        assert told in ada.ctl("status")


def _without_outputs(folder: Path) -> Path:
    """Make a copy of libVLC, of links, that has no video output but the one that shows nothing."""
    library = Path(next(line.split()[-1] for line in _maps() if "libvlccore" in line)).parent
    for name in ("libvlc.so.5", "libvlccore.so.9"):
        folder.mkdir(exist_ok=True)
        shutil.copy(library / name, folder / name)
    plugins = library / "vlc" / "plugins"
    for plugin in plugins.glob("*/*.so"):
        if plugin.parent.name != "video_output" or plugin.name == "libvdummy_plugin.so":
            link = folder / "vlc" / plugin.relative_to(library / "vlc")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(plugin)
    return folder


def _maps() -> list[str]:
    load_bindings()
    return Path("/proc/self/maps").read_text().splitlines()
