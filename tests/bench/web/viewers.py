"""Viewers that are driven alike: hangd with VLC by hangctl, and the page in a browser."""

import os
import signal
import time
from pathlib import Path
from typing import Any, Final, Protocol

from tests.support.browsers.browser import Tab
from tests.support.daemons.party import Person, wait_for

__all__ = ["SESSION", "HangdViewer", "PageViewer", "Viewer"]


class Viewer(Protocol):
    """One who watches, in a room of the server on ``port``."""

    name: str

    def create(self, film: Path, port: int) -> str:
        """Open a room with this film and return its id."""

    def join(self, room: str, film: Path, port: int) -> None: ...

    def play(self) -> None: ...

    def pause(self) -> None: ...

    def seek(self, position: float) -> None: ...

    def seek_by(self, seconds: float) -> None: ...

    def freeze(self, seconds: float) -> None:
        """Stop its processes for this long, as a busy computer would."""

    def leave(self) -> None: ...


class HangdViewer:
    """hangd. ``create`` and ``join`` begin with a new daemon, which knows nothing of the network."""

    name = "hangd"

    def __init__(self, person: Person) -> None:
        self.person = person

    def create(self, film: Path, port: int) -> str:
        self.person.close()
        return self.person.ctl("create", film, "--server", _url(port))

    def join(self, room: str, film: Path, port: int) -> None:
        self.person.close()
        self.person.ctl("join", room, film, "--server", _url(port))

    def play(self) -> None:
        self.person.ctl("play")

    def pause(self) -> None:
        self.person.ctl("pause")

    def seek(self, position: float) -> None:
        self.person.ctl("seek", f"{position:g}")

    def seek_by(self, seconds: float) -> None:
        self.person.ctl("seek", f"{seconds:+g}")

    def freeze(self, seconds: float) -> None:
        pid = self.person.pid()
        os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)

    def leave(self) -> None:
        self.person.run("leave")
        self.person.close()


def _url(port: int) -> str:
    return f"ws://127.0.0.1:{port}/ws"


SESSION: Final = "document.querySelector('hang-page').parts.session"
"""JavaScript: the session of the page, as it runs."""
_REQUEST: Final = f"async (name, ...words) => await {SESSION}[name](...words)"


class PageViewer:
    """The page, in any browser. Keys are pressed as by a viewer; what has no key is asked of the page's session.

    The film is picked with a file input of the bench's own: the page makes its own one only when it needs it.
    """

    def __init__(self, tab: Tab, name: str, *, keeps_window: bool = False) -> None:
        """``keeps_window``: its picture is to fill the window, and not the screen that has other windows too."""
        self.tab = tab
        self.name = name
        self._keeps_window = keeps_window

    def open(self, port: int, room: str = "") -> None:
        """Load the page anew. It connects to the server when it needs to."""
        # Another address than before: one that differs in its fragment only would not be loaded.
        self.tab.goto("about:blank")
        self.tab.goto(f"http://127.0.0.1:{port}/" + (f"#{room}" if room else ""))
        wait_for(lambda: self.tab.evaluate("() => document.querySelector('hang-page') !== null"), "the page")

    def pick(self, film: Path) -> None:
        """Pick the film, and wait until the page has opened it."""
        self.tab.evaluate(
            """() => {
                const input = document.createElement("input");
                input.type = "file";
                input.id = "bench-film";
                input.style.position = "fixed";
                document.body.append(input);
            }"""
        )
        self.tab.set_files("#bench-film", film)
        # A key lets the page play with sound, as the click of a viewer who picks a film does.
        self.tab.evaluate("() => document.activeElement?.blur()")
        self.tab.press("y")  # bound to nothing
        outcome = self.tab.evaluate(
            f"""async () => {{
                const input = document.querySelector("#bench-film");
                const outcome = await {SESSION}.openFile(input.files[0]);
                input.remove();
                return outcome;
            }}"""
        )
        assert outcome["ok"], outcome

    def request(self, name: str, *words: Any) -> Any:
        """Call a method of the page's session. Raises AssertionError if it is refused."""
        outcome = self.tab.evaluate(_REQUEST, name, *words)
        assert outcome is None or outcome.get("ok", True), (name, outcome)
        return outcome

    def state(self, path: str = "") -> Any:
        """Return a part of the session's state, such as ".room.room_id"."""
        return self.tab.evaluate(f"() => {SESSION}.state{path}")

    def create(self, film: Path, port: int) -> str:
        self.open(port)
        return self.make(film)

    def make(self, film: Path, **options: Any) -> str:
        """Make a room with this film in the page that is open, and return its id. Options: those of the session."""
        self.pick(film)
        self.request("create", options)
        room = wait_for(lambda: self.state(".room?.room_id"), "the room")
        self.fill()
        return str(room)

    def join(self, room: str, film: Path, port: int) -> None:
        self.open(port, room)
        self.enter(room, film)

    def enter(self, room: str, film: Path) -> None:
        """Go into a room with this film in the page that is open."""
        self.pick(film)
        self.request("join", room)
        wait_for(lambda: self.state(".room?.room_id"), "the room")
        self.fill()

    def fill(self) -> None:
        """Show the picture in the whole window, so that it is known where it is."""
        wait_for(lambda: self.state(".playing.motion") not in ("empty", "loading"), "the film")
        self.tab.evaluate("() => document.activeElement?.blur()")
        if self._keeps_window:
            # As on a telephone whose browser has no full screen for pages: the page fills its window then.
            self.tab.evaluate('() => Object.defineProperty(document, "fullscreenEnabled", { value: false })')
        self.tab.press("f")
        wait_for(lambda: self.tab.evaluate(_FILLS), "the picture in the whole window")

    def play(self) -> None:
        self.request("setPaused", False)

    def pause(self) -> None:
        self.request("setPaused", True)

    def seek(self, position: float) -> None:
        self.request("seek", position)

    def seek_by(self, seconds: float) -> None:
        self.request("seekBy", seconds)

    def freeze(self, seconds: float) -> None:
        group = self.tab.group()
        os.killpg(group, signal.SIGSTOP)
        time.sleep(seconds)
        os.killpg(group, signal.SIGCONT)

    def leave(self) -> None:
        self.request("leave")


_FILLS: Final = """() => {
    const video = document.querySelector("video");
    if (video === null) return false;
    const { left, top, right, bottom } = video.getBoundingClientRect();
    return left <= 1 && top <= 1 && right >= innerWidth - 1 && bottom >= innerHeight - 1;
}"""
