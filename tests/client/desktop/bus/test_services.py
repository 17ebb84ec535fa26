"""Screen saver, suspend, notifications and MPRIS: a real message bus, and services that note what they are asked."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dbus_fast.aio import MessageBus

from hangd.client.control.server.sockets import ControlServer
from hangd.client.desktop.bus.awake import Awake
from hangd.client.desktop.bus.controls import Controls
from hangd.client.desktop.bus.inhibit import Inhibit
from hangd.client.desktop.bus.interfaces import PATH
from hangd.client.desktop.bus.mpris import Mpris
from hangd.client.desktop.bus.notifications import Notifications
from hangd.client.desktop.bus.session import BusConnection
from hangd.client.settings import ClientSettings
from hangd.engine.player_facts import Track
from hangd.tasks import Tasks
from tests.support.daemons.party import PATIENCE
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer
from tests.support.desktop.bus import Bus, message_bus
from tests.support.desktop.desktop_services import DesktopServices

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    with message_bus(tmp_path_factory.mktemp("bus")) as running:
        yield running


@pytest.fixture
def desktop(bus: Bus) -> Iterator[DesktopServices]:
    with DesktopServices(bus.address) as services:
        yield services


class _Daemon:
    """The parts of a daemon that are tested here, on one bus for everything."""

    def __init__(self, address: str, folder: Path) -> None:
        self.viewer = RecordingViewer(CLIP)
        self.viewer.hang["player/picture"] = True
        self.viewer.hang["room/name"] = "<friday>"
        self.viewer.hang["room/members"] = [{"client_id": "a", "self": True}, {"client_id": "b", "self": False}]
        self.settings = ClientSettings(notifications=("members", "chat", "playback"))
        self.by_window: list[bool] = []
        self.is_seen = False
        control = ControlServer(self.viewer, folder / "unused.sock")
        controls = Controls(self.viewer, control.request, control.read, lambda: self.settings)
        self.awake = Awake(self.viewer, controls, lambda: self.settings, self.by_window.append)
        inhibit, self.mpris = Inhibit(self.awake), Mpris(controls)
        self.notifications = Notifications(control.read, lambda: self.settings, lambda: self.is_seen)
        uses = [inhibit.hold_screen, inhibit.hold_sleep, self.notifications.serve, self.mpris.serve]
        self.connection = BusConnection("bus", lambda: address, uses, passes_files=True)

    def play(self, playing: bool = True) -> None:
        self.viewer.paused = not playing
        self.awake.changed(frozenset({"pause"}))

    def hear(self, event: str, **fields: Any) -> None:
        own = fields.pop("own", None)
        self.notifications.heard({"event": event, **fields, **({} if own is None else {"self": own})})

    def say(self, text: str) -> None:
        self.hear("said", client_id="b", name="Bob", text=text)


@pytest.fixture
async def daemon(bus: Bus, tmp_path: Path) -> AsyncIterator[_Daemon]:
    daemon, tasks = _Daemon(bus.address, tmp_path), Tasks()
    tasks.start(daemon.connection.keep(), name="bus")
    yield daemon
    await tasks.cancel()


async def until(condition: Callable[[], object], what: str) -> None:
    for _ in range(round(PATIENCE / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{what}: did not happen")


_HELD = ([("hang", "a film is playing")], ["idle:sleep"])


async def test_a_film_that_plays_holds_off_screen_saver_and_suspend(desktop: DesktopServices, daemon: _Daemon) -> None:
    def held() -> tuple[list[tuple[str, str]], list[str]]:
        return desktop.screen_holds, desktop.sleep_holds

    daemon.play()
    await until(lambda: held() == _HELD, "held while it plays")
    daemon.play(False)
    await until(lambda: held() == ([], []), "let go in a pause")
    daemon.viewer.tracks = (Track("audio", 1, "", True),)
    daemon.play()
    await until(lambda: held() == ([], ["sleep"]), "music holds suspend only")
    daemon.settings = ClientSettings(inhibit=False)
    daemon.play()
    await until(lambda: held() == ([], []), "the settings forbid it")
    assert daemon.by_window[-1:] in ([], [False])


async def test_where_no_screen_saver_is_on_the_bus_the_window_does_it(bus: Bus, daemon: _Daemon) -> None:
    daemon.play()
    await until(lambda: daemon.by_window == [True], "the window is asked")
    with DesktopServices(bus.address) as desktop:
        await until(lambda: desktop.screen_holds, "the screen saver is asked as soon as it is there")
        await until(lambda: daemon.by_window == [True, False], "the window need not any more")
    await until(lambda: daemon.by_window == [True, False, True], "the window again")
    daemon.play(False)
    assert daemon.by_window == [True, False, True, False]


async def test_a_bus_that_hangs_delays_and_loses_nothing(desktop: DesktopServices, daemon: _Daemon, bus: Bus) -> None:
    daemon.play()
    await until(lambda: desktop.screen_holds, "held")
    with bus.frozen():
        daemon.play(False)
        daemon.say("hello")
        await asyncio.sleep(0.1)
        daemon.play()
        await asyncio.sleep(0.1)
        daemon.play(False)
        assert desktop.screen_holds
    await until(lambda: not desktop.screen_holds and not desktop.sleep_holds, "let go")
    await until(lambda: desktop.notes, "the note")


async def test_the_end_of_the_daemon_lets_go(desktop: DesktopServices, bus: Bus, tmp_path: Path) -> None:
    daemon, tasks = _Daemon(bus.address, tmp_path), Tasks()
    tasks.start(daemon.connection.keep(), name="bus")
    daemon.play()
    await until(lambda: desktop.sleep_holds, "held")
    await tasks.cancel()
    await until(lambda: not desktop.sleep_holds, "let go")


async def test_chat_is_shown_in_one_note_without_markup(desktop: DesktopServices, daemon: _Daemon) -> None:
    daemon.say("<b>hello</b> & \x1b[2J")
    await until(lambda: desktop.notes, "a note")
    assert desktop.notes[0]["summary"] == "hang: <friday>", "a summary is no markup for any service"
    assert desktop.notes[0]["body"] == "Bob: &lt;b&gt;hello&lt;/b&gt; &amp; \ufffd[2J"
    daemon.say("again")
    await until(lambda: len(desktop.notes) == 2, "another line")
    assert desktop.notes[1]["replaces"] == desktop.notes[0]["number"]
    assert desktop.notes[1]["body"].endswith("\nBob: again")
    daemon.hear("member-left", text="Cleo has left")
    await until(lambda: len(desktop.notes) == 3, "another kind's note, before which the last one is answered")
    desktop.close_note(desktop.notes[0]["number"])
    daemon.hear("member-left", text="Dan has left")
    await until(lambda: len(desktop.notes) == 4, "another one, before whose number the daemon hears of the click")
    daemon.say("are you there?")
    await until(lambda: len(desktop.notes) == 5, "a new note")
    assert (desktop.notes[4]["replaces"], desktop.notes[4]["body"]) == (0, "Bob: are you there?")


async def test_a_flood_of_chat_is_few_notes(desktop: DesktopServices, daemon: _Daemon) -> None:
    for number in range(500):
        daemon.say(str(number))
    await until(lambda: desktop.notes and desktop.notes[-1]["body"].endswith("499"), "the last line")
    assert len(desktop.notes) <= 2
    assert desktop.notes[-1]["body"].count("\n") == 3


async def test_the_others_are_told_of_and_not_the_viewer(desktop: DesktopServices, daemon: _Daemon) -> None:
    daemon.hear("said", client_id="a", name="Ann", text="mine")
    daemon.hear("acted", own=True, action="pause", text="you paused at 0:01")
    daemon.hear("acted", own=False, action="ready", text="bob is ready")
    daemon.hear("acted", own=False, action="pause", text="bob paused at 0:02")
    daemon.hear("member-joined", member={"name": "Cleo", "self": False})
    daemon.hear("member-left", text="Cleo has left")
    await until(lambda: len(desktop.notes) == 2, "two notes")
    assert [note["body"] for note in desktop.notes] == ["bob paused at 0:02", "Cleo has left"]


async def test_nothing_is_shown_that_is_not_asked_for_or_that_is_seen(
    desktop: DesktopServices, daemon: _Daemon
) -> None:
    daemon.settings = ClientSettings()
    daemon.say("off by default")
    daemon.settings = ClientSettings(notifications=("chat",))
    daemon.hear("member-left", text="Cleo has left")
    daemon.is_seen = True
    daemon.say("seen in the window")
    daemon.is_seen = False
    daemon.say("not seen")
    await until(lambda: desktop.notes, "a note")
    assert [note["body"] for note in desktop.notes] == ["Bob: not seen"]


async def test_players_are_told_when_a_window_comes_that_can_be_raised(daemon: _Daemon, bus: Bus) -> None:
    daemon.viewer.tracks = (Track("audio", 1, "", True),)
    listener = await MessageBus(bus_address=bus.address).connect()
    name = "org.mpris.MediaPlayer2.hang"
    await until(lambda: name in bus.run("busctl", f"--address={bus.address}", "list").stdout, "hang on the bus")
    described = await listener.introspect(name, PATH)
    properties: Any = listener.get_proxy_object(name, PATH, described).get_interface("org.freedesktop.DBus.Properties")
    told: dict[str, Any] = {}
    properties.on_properties_changed(lambda interface, changed, invalid: told.update(changed))
    assert (await properties.call_get("org.mpris.MediaPlayer2", "CanRaise")).value is False

    daemon.viewer.hang["window/shown"] = True
    daemon.mpris.changed(frozenset({"window/shown"}))
    await until(lambda: "CanRaise" in told, "the signal")
    assert told["CanRaise"].value is True
    listener.disconnect()
