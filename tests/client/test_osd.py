"""What events tell people, and that it is drawn once: in the film's window, or where there is none, by VLC."""

from typing import Any

import pytest

from hangd.client.control.port import NoDesktop
from hangd.client.osd import Announcement, PictureText, announcement
from hangd.client.settings import ClientSettings

ACTED = {"event": "acted", "client_id": "a", "name": "ann", "self": False, "action": "pause", "text": "ann paused"}
SAID = {"event": "said", "client_id": "a", "name": "ann", "text": "hello"}


def corrected(action: str, error: float) -> dict[str, Any]:
    return {"event": "sync-corrected", "action": action, "error": error, "bound": 0.001, "reason": "drift"}


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (ACTED, Announcement("playback", "ann paused", "playback a")),
        ({**ACTED, "self": True}, None),
        ({**ACTED, "self": True, "action": "role"}, Announcement("rules", "ann paused", "rules a")),
        ({**ACTED, "self": True, "action": "unready"}, Announcement("ready", "ann paused", "ready a")),
        ({**ACTED, "action": "dance"}, None),
        (SAID, Announcement("chat", "hello", name="ann")),
        (
            {"event": "member-joined", "member": {"client_id": "b", "name": "bob", "self": False}},
            Announcement("members", "bob has joined", "members b"),
        ),
        ({"event": "member-joined", "member": {"client_id": "b", "name": "bob", "self": True}}, None),
        (
            {"event": "member-left", "client_id": "b", "name": "bob", "reason": "left", "text": "bob has left"},
            Announcement("members", "bob has left", "members b"),
        ),
        (
            corrected("resync", -1.2),
            Announcement("corrections", "caught up 1.2 s, to where the room is", "corrections"),
        ),
        (corrected("resync", 0.9), Announcement("corrections", "went back 0.9 s, to where the room is", "corrections")),
        (corrected("hold", 0.31), Announcement("corrections", "waited 0.3 s, to where the room is", "corrections")),
        (corrected("hold", 0.05), None),
        (corrected("trim", 0.2), None),
        ({"event": "file-loaded"}, None),
    ],
)
def test_what_events_tell_people(event: dict[str, Any], told: Announcement | None) -> None:
    assert announcement(event) == told


class _Window(NoDesktop):
    def __init__(self) -> None:
        self.told: list[Any] = []

    def announce(self, event: Any) -> bool:
        self.told.append(event)
        return True

    def show_message(self, text: str, seconds: float) -> bool:
        self.told.append(text)
        return True


def test_vlc_draws_what_no_window_shows_if_the_settings_want_it() -> None:
    drawn: list[str] = []
    kinds = ClientSettings().osd
    text = PictureText(lambda: kinds, NoDesktop, lambda line, seconds: drawn.append(line))
    text.heard(ACTED)
    text.heard(SAID)
    kinds = ("chat",)
    text.heard(ACTED)
    text.show("you are out of the room", 10.0)
    assert drawn == ["ann paused", "ann: hello", "you are out of the room"]


def test_what_a_window_shows_is_not_drawn_by_vlc_as_well() -> None:
    window, drawn = _Window(), list[str]()
    text = PictureText(lambda: ClientSettings().osd, lambda: window, lambda line, seconds: drawn.append(line))
    text.heard(ACTED)
    text.show("you are out of the room", 10.0)
    assert (window.told, drawn) == ([ACTED, "you are out of the room"], [])
