"""Each default key does what it says, in a room of two: in ada's window, and with bob where it is the room's.

Keys, buttons and the wheel are pressed with xdotool in a window on a display with a window manager. bob's player is the
simulated one: what comes to it from the room is the same.
"""

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from hangd.client.control.properties import Properties
from hangd.client.control.server.key_files import default_bindings
from hangd.client.server.seeks import ONE_SEEK
from tests.support.daemons.mpv import Talk
from tests.support.daemons.party import PATIENCE, Person, person, room_server, wait_for
from tests.support.daemons.recording_viewer import RecordingViewer
from tests.support.desktop.screen import private_display

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not (shutil.which("xdotool") and shutil.which("openbox")), reason="no xdotool or openbox"),
]

AT: Final = 650.0
"""Where the film stands before each key."""
LENGTH: Final = 1300
RATE: Final = 25
CHAPTERS: Final = (0, 640, 700, 1000)

_SHIFTED: Final = dict(
    zip("{}<>?_@!*#", "braceleft braceright less greater question underscore at exclam asterisk numbersign".split(),
        strict=True)
)  # fmt: skip
_KEYS: Final = _SHIFTED | {
    "SHARP": "numbersign", "SPACE": "space", "RIGHT": "Right", "LEFT": "Left", "UP": "Up", "DOWN": "Down",
    "PGUP": "Prior", "PGDWN": "Next", "BS": "BackSpace", "ENTER": "Return", "ESC": "Escape", "[": "bracketleft",
    "]": "bracketright", ".": "period", ",": "comma", "/": "slash", "+": "plus", "-": "minus",
    "PLAYPAUSE": "XF86AudioPlay", "PAUSE": "Pause", "STOP": "XF86AudioStop", "NEXT": "XF86AudioNext",
    "PREV": "XF86AudioPrev", "FORWARD": "XF86AudioForward", "REWIND": "XF86AudioRewind",
    "VOLUME_UP": "XF86AudioRaiseVolume", "VOLUME_DOWN": "XF86AudioLowerVolume", "MUTE": "XF86AudioMute",
}  # fmt: skip
"""X's names of keys that it calls otherwise than mpv."""
_BUTTONS: Final = {
    "MBTN_LEFT": "1", "MBTN_RIGHT": "3", "WHEEL_UP": "4", "WHEEL_DOWN": "5", "WHEEL_LEFT": "6", "WHEEL_RIGHT": "7",
    "MBTN_BACK": "8", "MBTN_FORWARD": "9",
}  # fmt: skip
_NOT_ON_THIS_KEYBOARD: Final = ("PLAY", "PLAYONLY", "PAUSEONLY", "CLOSE_WIN")
"""Keys of remote controls, and the close button. They are pressed with the command keypress."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with two tracks of sound, two of subtitles, and chapters."""
    folder = tmp_path_factory.mktemp("films")
    meta = ";FFMETADATA1\n" + "".join(
        f"[CHAPTER]\nTIMEBASE=1/1\nSTART={start}\nEND={end}\ntitle=part {start}\n"
        for start, end in zip(CHAPTERS, [*CHAPTERS[1:], LENGTH], strict=True)
    )
    (folder / "meta").write_text(meta)
    (folder / "text.srt").write_text("1\n00:00:00,000 --> 00:20:00,000\nhello\n")
    sources = (f"color=blue:s=320x180:r={RATE}:d={LENGTH}", *[f"anullsrc=r=8000:cl=mono:d={LENGTH}"] * 2)
    inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
    inputs += ["-i", str(folder / "text.srt"), "-i", str(folder / "meta")]
    maps = [word for name in ("0", "1", "2", "3", "3") for word in ("-map", name)]
    coding = "-map_metadata 4 -c:v libx264 -preset ultrafast -g 50 -c:a pcm_s16le -c:s srt".split()
    words = ["ffmpeg", "-loglevel", "error", *inputs, *maps, *coding, str(folder / "first.mkv")]
    subprocess.run(words, check=True)
    shutil.copyfile(folder / "first.mkv", folder / "second.mkv")
    with open(folder / "second.mkv", "ab") as second:
        second.write(bytes(8))  # so that it is another film
    return folder / "first.mkv"


class Viewer:
    """One member of the room, and a connection to the daemon."""

    def __init__(self, somebody: Person) -> None:
        self.person = somebody
        self._talk = Talk(somebody.socket)
        self.heard: list[dict[str, Any]] = []
        """The events so far."""

    def do(self, *words: Any) -> Any:
        lines = self._talk.ask(json.dumps({"command": words, "request_id": 7}).encode())
        messages = [json.loads(line) for line in lines]
        (answer,) = [each for each in messages if each.get("request_id") == 7]
        self.heard += [each for each in messages if "event" in each]
        return answer.get("data")

    def get(self, name: str) -> Any:
        return self.do("get_property", name)


class Room:
    """ada with a window and bob, in a room with two films."""

    def __init__(self, ada: Viewer, bob: Viewer, display: str) -> None:
        self.ada, self.bob = ada, bob
        self._environment = os.environ | {"DISPLAY": display}
        self.pressed: set[str] = set()

    def press(self, name: str) -> None:
        """Press a key or a button of the window, by mpv's name of it."""
        self.pressed.add(name)
        if name in _NOT_ON_THIS_KEYBOARD:
            self.ada.do("keypress", name)
            return
        *held, key = [*name[:-2].split("+"), "+"] if name.endswith("++") else name.split("+")
        if key.startswith(("MBTN", "WHEEL")):
            self.xdotool(
                "click", *(["--repeat", "2"] if key.endswith("_DBL") else []), _BUTTONS[key.removesuffix("_DBL")]
            )
        else:
            self.xdotool("key", "+".join([*(each.lower() for each in held), _KEYS.get(key, key)]))

    def xdotool(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self._environment, check=True, timeout=PATIENCE)

    def focus(self) -> None:
        """Give the window the keyboard, and put the pointer into its upper part, where nothing but the film is."""
        found = ("search", "--sync", "--onlyvisible", "--class", "hang")
        self.xdotool(*found, "windowfocus", "--sync", "mousemove", "--window", "%1", "160", "60")

    def stand(self, at: float = AT) -> None:
        """Let the room stand paused at this position of its first film."""
        self.ada.do("set_property", "pause", True)
        self.ada.do("hang-wait", "done")
        if abs(self.ada.get("time-pos") - at) > 0.01 or abs(self.bob.get("time-pos") - at) > 0.01:
            self.ada.do("set_property", "time-pos", at)
            self.both("time-pos", at)

    def both(self, name: str, wanted: Any) -> None:
        for each in (self.ada, self.bob):
            comes_to(each, name, wanted)

    def written(self) -> str:
        """Return what is written in the window."""
        return "\n".join(message["text"] for message in self.ada.get("osd/messages") or ())

    def picture(self) -> bytes:
        done = subprocess.run(
            ["import", "-window", "root", "rgb:-"], env=self._environment, capture_output=True, check=True
        )
        return done.stdout


def comes_to(viewer: Viewer, name: str, wanted: Any) -> None:
    found: list[Any] = []

    def is_there() -> bool:
        found.append(viewer.get(name))
        return found[-1] == wanted or (isinstance(wanted, float) and found[-1] == pytest.approx(wanted, abs=0.01))

    try:
        wait_for(is_there, f"{viewer.person.name}: {name} {wanted}")
    except AssertionError as error:
        raise AssertionError(f"{error}; it is {found[-1]}\n{viewer.person.log}") from None


@pytest.fixture(scope="module")
def room(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("room")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(room_server())
        display = stack.enter_context(private_display(800, 600))
        manager = subprocess.Popen(
            ["openbox", "--sm-disable"], env=os.environ | {"DISPLAY": display}, stderr=subprocess.DEVNULL
        )
        stack.callback(manager.wait)
        stack.callback(manager.terminate)
        ada = stack.enter_context(person("ada", folder, display=display))
        bob = stack.enter_context(person("bob", folder, player="simulated"))
        ada.environment["HANG_SCREENSHOT_DIR"] = str(folder / "pictures")
        ada.ctl("create", film, "--server", server.url, "--name", "keys")
        ada.ctl("playlist", "add", film.with_name("second.mkv"))
        bob.ctl("join", "keys", film, "--server", server.url)
        made = Room(Viewer(ada), Viewer(bob), display)
        wait_for(lambda: made.ada.get("window/shown"), "the window")
        wait_for(lambda: made.ada.get("playlist-count") == 2, "the second film")
        made.focus()
        yield made


# ---- what is the room's ----------------------------------------------------------------------------------------------


def test_pause(room: Room) -> None:
    room.stand()
    for name in ("SPACE", "p", "MBTN_RIGHT", "PLAYPAUSE", "PAUSE", "PLAY"):
        paused = room.ada.get("pause")
        room.press(name)
        room.both("pause", not paused)
    room.press("MBTN_LEFT")
    for name, paused in (("PLAYONLY", False), ("PAUSEONLY", True), ("PLAYONLY", False), ("STOP", True)):
        room.press(name)
        room.both("pause", paused)


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("RIGHT", 5), ("LEFT", -5), ("UP", 60), ("DOWN", -60), ("Shift+RIGHT", 1), ("Shift+LEFT", -1), ("Shift+UP", 5),
        ("Shift+DOWN", -5), ("Shift+PGUP", 600), ("Shift+PGDWN", -600), ("FORWARD", 60), ("REWIND", -60),
        (".", 1 / RATE), (",", -1 / RATE),
    ],
)  # fmt: skip
def test_position(room: Room, name: str, by: float) -> None:
    room.stand()
    if name in ".,":
        comes_to(room.ada, "sync/state", "synced")  # the exact picture is shown
    room.press(name)
    room.both("time-pos", AT + by)


def test_chapters(room: Room) -> None:
    for name, to in (("PGUP", 700.0), ("PGDWN", 640.0), ("@", 700.0), ("!", 640.0)):
        room.stand(CHAPTERS[1] + 20.0)
        room.press(name)
        room.both("time-pos", to)


def test_going_back_and_marks(room: Room) -> None:
    def press_later(name: str) -> None:
        """Press a key so late that the seeks before are not reverted with its own."""
        until = time.monotonic() + ONE_SEEK
        wait_for(lambda: time.monotonic() > until, "some time")
        room.press(name)

    room.stand()
    press_later("UP")
    room.both("time-pos", AT + 60)
    room.press("Shift+BS")
    room.both("time-pos", AT)
    room.press("Shift+Ctrl+BS")
    room.press("DOWN")
    room.both("time-pos", AT - 60)
    room.press("Shift+BS")
    room.both("time-pos", AT)


def test_speed(room: Room) -> None:
    for name, speed in (("]", 1.1), ("[", 1.0), ("}", 2.0), ("{", 1.0), ("]", 1.1), ("BS", 1.0)):
        room.press(name)
        room.both("speed", speed)
        wait_for(lambda speed=speed: f"Speed: {speed:.2f}" in room.written(), f"the new speed, {speed}")  # type: ignore[misc]


def test_the_next_film_and_the_one_before(room: Room) -> None:
    for forward, back in ((">", "<"), ("MBTN_FORWARD", "MBTN_BACK"), ("NEXT", "PREV")):
        for name, number in ((forward, 1), (back, 0)):
            room.press(name)
            for each in (room.ada, room.bob):
                comes_to(each, "playlist-pos", number)
                comes_to(each, "seeking", False)
    room.stand()


def test_a_part_is_not_repeated_in_a_room_and_the_window_says_so_once(room: Room) -> None:
    for _ in range(3):
        room.press("l")
        wait_for(lambda: room.written() == "a room cannot play in a loop", "why l does nothing")
    wait_for(lambda: "loop" not in room.written(), "its end")


def test_the_host_lets_the_room_repeat_its_film(room: Room) -> None:
    for word, value in (("yes", "inf"), ("no", False)):
        room.press("L")
        wait_for(lambda word=word: f"Repeat film: {word}" in room.written(), f"that the film repeats: {word}")  # type: ignore[misc]
        room.both("loop-file", value)


def test_ready(room: Room) -> None:
    def ready() -> list[bool]:
        return [member["ready"] for member in room.bob.get("room/members") if member["name"] == "ada"]

    for wanted, told in (([True], "you are ready"), ([False], "you are not ready any more")):
        room.press("r")
        wait_for(lambda wanted=wanted: ready() == wanted, f"ada's readiness {wanted}")  # type: ignore[misc]
        wait_for(lambda told=told: told in room.written().split("\n"), told)  # type: ignore[misc]


def test_a_line_to_the_room(room: Room) -> None:
    def said() -> list[str]:
        room.bob.get("pause")
        return [event["text"] for event in room.bob.heard if event["event"] == "said"]

    for name, text in (("c", "hello"), ("ENTER", "pqs")):
        room.press(name)
        room.xdotool("type", text)
        room.xdotool("key", "Return")
        wait_for(lambda text=text: said()[-1:] == [text], text)  # type: ignore[misc]
    assert room.ada.get("room/id") is not None and room.ada.get("window/shown"), "the line was nothing but a line"


# ---- what is this machine's ------------------------------------------------------------------------------------------

OWN: Final[dict[str, list[tuple[str, Any]]]] = {
    "volume": [
        ("9", 98.0), ("0", 100.0), ("/", 98.0), ("*", 100.0), ("WHEEL_DOWN", 98.0), ("WHEEL_UP", 100.0),
        ("WHEEL_LEFT", 98.0), ("WHEEL_RIGHT", 100.0), ("VOLUME_DOWN", 98.0), ("VOLUME_UP", 100.0),
    ],
    "mute": [("m", True), ("MUTE", False)],
    "aid": [("SHARP", 2), ("SHARP", False), ("SHARP", 1)],
    "audio-delay": [("Ctrl++", 0.1), ("Ctrl+-", 0.0)],
    "sid": [("j", 1), ("j", 2), ("J", 1), ("J", False)],
    "sub-visibility": [("v", False), ("v", True)],
    "sub-delay": [("z", -0.1), ("x", 0.0), ("Z", 0.1), ("z", 0.0)],
    "sub-pos": [("R", 99), ("t", 100)],
    "sub-scale": [("G", 1.1), ("F", 1.0)],
    "fullscreen": [("f", True), ("ESC", False), ("MBTN_LEFT_DBL", True), ("ESC", False)],
    "vid": [("_", False), ("_", 1)],
    "video-aspect-override": [("A", 16 / 9), ("A", 4 / 3), ("A", 2.35), ("A", -1.0)],
    "deinterlace": [("d", True), ("d", False)],
    "contrast": [("1", -1), ("2", 0)],
    "brightness": [("3", -1), ("4", 0)],
    "gamma": [("5", -1), ("6", 0)],
    "saturation": [("7", -1), ("8", 0)],
}  # fmt: skip
"""Keys, by the property that they change, and its value after each of them."""


def test_a_screenshot(room: Room) -> None:
    pictures = Path(room.ada.person.environment["HANG_SCREENSHOT_DIR"])
    room.press("s")
    wait_for(lambda: list(pictures.glob("*.png")), "the picture")
    wait_for(lambda: "Screenshot: hang-shot0001.png" in room.written(), "its name")


@pytest.mark.parametrize("name", OWN)
def test_own(room: Room, name: str) -> None:
    if name == "sid":
        room.ada.do("set_property", "sid", False)
    his = room.bob.get(name)
    for key, value in OWN[name]:
        room.press(key)
        comes_to(room.ada, name, value)
    assert room.bob.get(name) == his


def test_texts(room: Room) -> None:
    for name, text in (("i", "first.mkv"), ("F8", "second.mkv"), ("F9", "Sub:")):
        room.press(name)
        wait_for(lambda text=text: text in room.written(), f"{name}: {text}")  # type: ignore[misc]


def test_what_is_drawn(room: Room) -> None:
    def is_drawn(name: str, *, lasting: bool) -> None:
        wait_for(lambda: not room.written(), "the end of what was written")
        before = settled(room.picture)
        room.press(name)
        wait_for(lambda: room.picture() != before, f"what {name} shows")
        if lasting:
            room.press(name)
        wait_for(lambda: room.picture() == before, "its end")

    room.xdotool("mousemove", "0", "0")  # out of the window, so that the controller goes
    is_drawn("o", lasting=False)
    is_drawn("P", lasting=False)
    is_drawn("?", lasting=True)
    room.focus()


def settled(look: Callable[[], bytes]) -> bytes:
    """Return the picture once it has stood for longer than the controller stays."""
    seen, since = look(), time.monotonic()
    while time.monotonic() - since < 3.0:
        if (now := look()) != seen:
            seen, since = now, time.monotonic()
    return seen


# ---- leaving ---------------------------------------------------------------------------------------------------------


def test_closing_the_window_takes_nobody_out_of_the_room(room: Room) -> None:
    for name in ("q", "Ctrl+w", "CLOSE_WIN"):
        room.press(name)
        comes_to(room.ada, "window/shown", False)
        assert len(room.bob.get("room/members")) == 2
        room.ada.do("window-show")
        comes_to(room.ada, "window/shown", True)
        room.focus()


def test_leaving(room: Room) -> None:
    assert room.ada.get("room/id") is not None
    room.press("Q")
    room.xdotool("key", "Escape")
    room.press("Q")
    assert room.ada.get("room/id") is not None, "it is asked first"
    room.xdotool("key", "Return")
    comes_to(room.ada, "room/id", None)
    wait_for(lambda: "you have left keys" in room.written(), "that she has left")
    wait_for(lambda: len(room.bob.get("room/members")) == 1, "ada to be gone")


def test_each_default_key_has_been_pressed(room: Room) -> None:
    if room.ada.get("room/id") is None:  # else only some of the tests ran
        assert {each.key for each in default_bindings(Properties(RecordingViewer()))} - room.pressed == set()
