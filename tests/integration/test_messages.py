"""What a friend does and says is written on the other's picture, in hang's own window, and goes again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest
from Xlib.protocol import event

from hangd.client.desktop import canvas
from tests.support.daemons.party import CLIP, Person, person, room_server, wait_for
from tests.support.desktop.screen import colours, connected_display

pytestmark = pytest.mark.real

WIDTH, HEIGHT = 640, 360
BACKGROUND: Final = tuple(round(65535 * share) >> 8 for share in canvas.BACKGROUND)
"""The colour of messages, as X and cairo have it."""


def covered(display: Display) -> int:
    """Return how many pixels of the upper left of a display, where messages are, have the background's colour."""
    rows = colours(display, 0, 0, WIDTH // 2, HEIGHT // 3)
    return sum(pixel == BACKGROUND for row in rows for pixel in row)


@pytest.fixture
def display() -> Iterator[Display]:
    with connected_display(WIDTH, HEIGHT) as display:
        yield display


@pytest.fixture
def two(display: Display, tmp_path: Path) -> Iterator[tuple[Person, Person]]:
    """Ann without a picture, and bob, who watches, in a room that plays."""
    with (
        room_server() as server,
        person("ann", tmp_path, player="simulated") as ann,
        person("bob", tmp_path, display=display.get_display_name()) as bob,
    ):
        # Each look at them starts a process, and must not take longer than a message stands.
        bob.environment["HANG_OSD_SECONDS"] = "8"
        ann.ctl("create", CLIP, "--name", "friday", "--server", server.url)
        bob.ctl("join", "friday", CLIP, "--server", server.url)
        ann.ctl("play")
        wait_for(lambda: bob.get("window/shown"), "bob's window")
        wait_for(lambda: bob.get("osd/messages") == [], "messages of the beginning")
        yield ann, bob


def written(somebody: Person) -> list[str]:
    return [message["text"] for message in somebody.get("osd/messages") or ()]


def type_keys(display: Display, *keys: str) -> None:
    for key in keys:
        code = display.keysym_to_keycode(XK.string_to_keysym(key))
        xtest.fake_input(display, X.KeyPress, code)
        xtest.fake_input(display, X.KeyRelease, code)
    display.sync()


def _request(display: Display) -> Any:
    """Return the request for a selection that has come; None: none has."""
    events = [display.next_event() for _ in range(display.pending_events())]
    return next((each for each in events if each.type == X.SelectionRequest), None)


def paste(display: Display, text: str) -> None:
    """Put a text into the clipboard, press Ctrl+v, and give the text to who asks for it."""
    owner = display.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    owner.set_selection_owner(display.get_atom("CLIPBOARD"), X.CurrentTime)
    control, v = (display.keysym_to_keycode(XK.string_to_keysym(key)) for key in ("Control_L", "v"))
    for kind, code in ((X.KeyPress, control), (X.KeyPress, v), (X.KeyRelease, v), (X.KeyRelease, control)):
        xtest.fake_input(display, kind, code)
    display.sync()
    asked = wait_for(lambda: _request(display), "somebody who asks for the clipboard")
    asked.requestor.change_property(asked.property, asked.target, 8, text.encode())
    answer = event.SelectionNotify(
        time=asked.time, requestor=asked.requestor, selection=asked.selection, target=asked.target,
        property=asked.property,
    )  # fmt: skip
    asked.requestor.send_event(answer)
    display.sync()


def test_a_friends_pause_and_chat_are_written_on_the_picture_and_chat_is_written_there(
    two: tuple[Person, Person], display: Display
) -> None:
    ann, bob = two
    assert covered(display) < 100
    ann.ctl("pause")
    wait_for(lambda: any(text.startswith("ann paused at") for text in written(bob)), "that ann paused")
    wait_for(lambda: covered(display) > 1000, "the message on the picture")
    ann.ctl("say", "नमस्ते <b>bob</b> ${path}")
    wait_for(lambda: "नमस्ते <b>bob</b> ${path}" in written(bob), "what ann says")
    wait_for(lambda: written(bob) == [] and covered(display) < 100, "the picture without messages")

    bob.do("window-open-chat")
    type_keys(display, "h", "x", "BackSpace", "i", "space", "q")
    paste(display, " नमस्ते\n!")
    type_keys(display, "Return")
    wait_for(lambda: "hi q नमस्ते !" in written(bob), "what bob says, which is told to him as well")
    assert bob.get("pause") is True, "keys of the chat line did nothing else"
