"""Media keys and playerctl: a message bus, two viewers in a room, and the programs that people use."""

import contextlib
import itertools
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.daemons.party import CLIP, PATIENCE, TRACKS, Person, Server, person, room_server, wait_for
from tests.support.desktop.bus import Bus, message_bus
from tests.support.desktop.desktop_services import DesktopServices
from tests.support.desktop.screen import private_display

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with room_server() as running:
        yield running


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with message_bus(tmp_path / "bus") as running:
        yield running


@pytest.fixture
def pair(request: pytest.FixtureRequest, tmp_path: Path, server: Server, bus: Bus) -> Iterator[tuple[Person, Person]]:
    """Ada, the host, and bob in one room with the sample clip; ada is on the bus."""
    player = getattr(request, "param", "simulated")
    with person("ada", tmp_path, player=player) as ada, person("bob", tmp_path, player=player) as bob:
        ada.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
        room = ada.ctl("create", CLIP, "--server", server.url)
        bob.ctl("join", room, CLIP, "--server", server.url)
        bus.wait_for_player("hang")
        yield ada, bob


def is_at(somebody: Person, low: float, high: float) -> bool:
    position = somebody.status()["position"]
    return position is not None and low <= position <= high


def both(pair: tuple[Person, Person], holds: Callable[[Person], bool], what: str) -> None:
    for somebody in pair:
        wait_for(partial(holds, somebody), f"{what}, for {somebody.name}")


def is_(state: str, somebody: Person) -> bool:
    return str(somebody.status()["state"]) == state


@pytest.mark.parametrize("pair", ["simulated", "vlc"], indirect=True)
def test_playerctl_in_a_room(pair: tuple[Person, Person], bus: Bus) -> None:
    ada, bob = pair
    ctl = partial(bus.playerctl, "hang")
    assert ctl("-l") == "hang"
    assert ctl("status") == "Paused"
    assert ctl("metadata", "title").startswith("clip")
    assert ctl("metadata", "--format", "{{status}} {{duration(mpris:length)}}") == (
        f"Paused {_clock(ada.get('duration'))}"
    )

    ctl("play")
    both(pair, partial(is_, "playing"), "play")
    assert ctl("status") == "Playing"
    ctl("pause")
    both(pair, partial(is_, "paused"), "pause")
    ctl("play-pause")
    both(pair, partial(is_, "playing"), "play-pause")
    ctl("play-pause")
    both(pair, partial(is_, "paused"), "play-pause")

    ctl("position", "30")
    both(pair, lambda somebody: is_at(somebody, 29.9, 30.1), "position 30")
    assert float(ctl("position")) == pytest.approx(30.0, abs=0.1)
    ctl("position", "10-")
    both(pair, lambda somebody: is_at(somebody, 19.9, 20.1), "position 10-")
    ctl("position", "5+")
    both(pair, lambda somebody: is_at(somebody, 24.9, 25.1), "position 5+")
    assert ctl("metadata", "--format", "{{duration(position)}}") == "0:25"

    ctl("volume", "0.5")
    wait_for(lambda: ada.get("volume") == 50, "the volume")
    ctl("volume", "0.1-")
    wait_for(lambda: ada.get("volume") == pytest.approx(40), "the volume")
    assert float(ctl("volume")) == pytest.approx(0.4)
    assert bob.get("volume") == 100, "the volume is this machine's"

    ctl("loop", "Track")
    both(pair, lambda somebody: somebody.get("loop-file") == "inf", "loop Track")
    wait_for(lambda: ctl("loop") == "Track", "loop")
    ctl("loop", "None")
    both(pair, lambda somebody: somebody.get("loop-file") is False, "loop None")

    done = bus.run("playerctl", "-p", "hang", "next")
    assert done.returncode == 1 and "No player could handle" in done.stderr, "there is no next film"
    ada.ctl("playlist", "add", TRACKS)
    wait_for(lambda: _property(bus, "CanGoNext") == "b true", "a next film")
    ctl("next")
    both(pair, lambda somebody: str(somebody.get("path")).endswith("tracks.mkv"), "next")
    wait_for(lambda: ctl("metadata", "xesam:url").endswith("/tracks.mkv"), "the metadata of the next film")
    ctl("previous")
    both(pair, lambda somebody: str(somebody.get("path")).endswith("clip.mp4"), "previous")
    ctl("open", str(TRACKS))
    both(pair, lambda somebody: somebody.get("playlist-count") == 3, "open, into the queue")

    ctl("shuffle", "On")
    wait_for(lambda: ctl("shuffle") == "On", "shuffle")
    words = ("set-property", "org.mpris.MediaPlayer2.hang", "/org/mpris/MediaPlayer2", "org.mpris.MediaPlayer2.Player")
    done = bus.run("busctl", f"--address={bus.address}", *words, "Rate", "d", "1.5")  # playerctl knows no speeds
    assert done.returncode == 0, done.stderr
    both(pair, lambda somebody: somebody.get("speed") == pytest.approx(1.5, abs=0.01), "the speed")

    ctl("play")
    both(pair, partial(is_, "playing"), "play")
    ctl("stop")
    both(pair, partial(is_, "paused"), "stop, which is a pause")
    assert ctl("status") == "Paused"


def _clock(seconds: float) -> str:
    whole = int(seconds)
    hours = f"{whole // 3600}:" if whole >= 3600 else ""
    return f"{hours}{whole // 60 % 60:0{2 if hours else 1}}:{whole % 60:02}"


def _property(bus: Bus, name: str, service: str = "org.mpris.MediaPlayer2.hang") -> str:
    """Return a property of the player with its type, as busctl prints it."""
    words = ("get-property", service, "/org/mpris/MediaPlayer2", "org.mpris.MediaPlayer2.Player", name)
    return bus.run("busctl", f"--address={bus.address}", *words).stdout.strip()


def _has(bus: Bus, name: str, value: str, service: str) -> bool:
    return _property(bus, name, service) == value


class Monitor:
    """Listens to the signals of players, with dbus-monitor."""

    def __init__(self, bus: Bus, out: Path) -> None:
        self._out = out
        with out.open("wb") as stream:
            rule = "type='signal',path='/org/mpris/MediaPlayer2'"
            words = ["dbus-monitor", "--address", bus.address, rule]
            self.process = subprocess.Popen(words, env=bus.environment, stdout=stream, stderr=subprocess.DEVNULL)
        wait_for(lambda: "NameAcquired" in self.text, "the monitor")

    @property
    def text(self) -> str:
        return self._out.read_text()

    def seeked(self) -> list[float]:
        """Return the positions of all signals Seeked so far, in seconds."""
        lines = self.text.splitlines()
        return [
            int(after.split()[1]) / 1e6
            for line, after in itertools.pairwise(lines)
            if "member=Seeked" in line and "int64" in after
        ]


@contextlib.contextmanager
def monitor(bus: Bus, out: Path) -> Iterator[Monitor]:
    running = Monitor(bus, out)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_seeked_is_sent_for_each_jump_and_for_nothing_else(
    pair: tuple[Person, Person], bus: Bus, tmp_path: Path
) -> None:
    ada, bob = pair
    with monitor(bus, tmp_path / "signals") as signals:
        bob.ctl("seek", "100")
        wait_for(lambda: signals.seeked() == [pytest.approx(100.0, abs=0.1)], "bob's seek in a pause")
        bob.ctl("play")
        wait_for(lambda: '"Playing"' in signals.text, "the status")
        ada.ctl("wait", "synced")
        bob.ctl("seek", "200")
        # A busy machine starts late, which is a jump too.
        wait_for(lambda: signals.seeked()[-1] == pytest.approx(200.0, abs=1.0), "bob's seek during playback")
        ada.ctl("wait", "synced")
        before = len(signals.seeked())
        time.sleep(1.5)  # of playback, with its corrections
        assert len(signals.seeked()) == before
        bob.ctl("volume", "40")
        bob.ctl("speed", "1.5")
        wait_for(lambda: '"Rate"' in signals.text, "the room's speed")
        assert '"Volume"' not in signals.text, "bob's volume is bob's"


def test_the_bus_goes_away_and_comes_back(pair: tuple[Person, Person], bus: Bus) -> None:
    ada, _ = pair
    bus.kill()
    wait_for(lambda: "the session bus is gone" in ada.log, "the loss is said")
    ada.ctl("play")
    both(pair, partial(is_, "playing"), "play without the bus")
    bus.start()
    bus.wait_for_player("hang")
    bus.playerctl("hang", "pause")
    both(pair, partial(is_, "paused"), "pause over the new bus")
    assert ada.log.count("the session bus is gone") == ada.log.count("the session bus is back") == 1


def test_a_bus_that_hangs_holds_up_nothing(pair: tuple[Person, Person], bus: Bus) -> None:
    ada, _ = pair
    with bus.frozen():
        for position in range(20):
            ada.ctl("seek", str(position))
        ada.ctl("play")
        both(pair, partial(is_, "playing"), "play while the bus hangs")
    bus.playerctl("hang", "pause")
    both(pair, partial(is_, "paused"), "pause when it goes on")


def test_a_viewer_who_may_not_control_the_room_is_told_so(
    pair: tuple[Person, Person], bus: Bus, tmp_path: Path
) -> None:
    ada, bob = pair
    bob.close()
    bob.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
    ada.ctl("policy", "control", "host")
    bob.ctl("join", str(ada.get("room/invite")), CLIP)
    second = f"hang.instance{bob.pid()}"
    bus.wait_for_player(second)
    for name in ("CanPlay", "CanPause", "CanSeek", "CanGoNext"):
        wait_for(partial(_has, bus, name, "b false", f"org.mpris.MediaPlayer2.{second}"), name)
    done = bus.run("playerctl", "-p", second, "play")
    assert done.returncode == 1
    words = ("call", "--session", "--dest", f"org.mpris.MediaPlayer2.{second}", "-o", "/org/mpris/MediaPlayer2")
    done = bus.run("gdbus", *words, "-m", "org.mpris.MediaPlayer2.Player.PlayPause")
    assert "AccessDenied" in done.stderr and "host" in done.stderr
    bus.playerctl(second, "volume", "0.5")
    wait_for(lambda: bob.get("volume") == 50, "bob's own volume")


def test_an_invite_that_is_opened_is_followed(tmp_path: Path, server: Server, bus: Bus) -> None:
    with person("ada", tmp_path, player="simulated") as ada, person("bob", tmp_path, player="simulated") as bob:
        ada.ctl("create", CLIP, "--server", server.url)
        bob.environment |= {"DBUS_SESSION_BUS_ADDRESS": bus.address, "HANG_MEDIA_DIRS": str(CLIP.parent)}
        bob.start_daemon()
        bus.wait_for_player("hang")
        assert bus.playerctl("hang", "status") == "Stopped"
        bus.playerctl("hang", "open", ada.ctl("get", "room/invite"))
        wait_for(lambda: bob.get("room/id") == ada.get("room/id"), "bob in ada's room")
        wait_for(lambda: bus.playerctl("hang", "status") == "Paused", "the room's film")


def test_a_film_that_is_opened_in_a_room_takes_none_away(pair: tuple[Person, Person], bus: Bus) -> None:
    ada, _ = pair
    bus.playerctl("hang", "open", str(TRACKS))
    wait_for(lambda: ada.get("playlist-count") == 2, "the film at the end of the queue: there is no window to ask on")
    assert ada.get("filename") == CLIP.name
    words = ("call", "--session", "--dest", "org.mpris.MediaPlayer2.hang", "-o", "/org/mpris/MediaPlayer2")
    done = bus.run("gdbus", *words, "-m", "org.mpris.MediaPlayer2.Player.OpenUri", "file:///films/nowhere.mkv")
    assert "there is no file nowhere.mkv" in done.stderr
    assert ada.get("playlist-count") == 2


def test_stop_may_stop(tmp_path: Path, bus: Bus) -> None:
    with person("ada", tmp_path, player="simulated") as ada:
        ada.environment |= {"DBUS_SESSION_BUS_ADDRESS": bus.address, "HANG_MPRIS_STOP": "stop"}
        ada.start_daemon()
        bus.wait_for_player("hang")
        bus.playerctl("hang", "open", str(CLIP))
        wait_for(lambda: bus.playerctl("hang", "status") == "Playing", "a film that is opened alone plays")
        bus.playerctl("hang", "position", "100")
        wait_for(lambda: is_at(ada, 100, 110), "the seek")
        bus.playerctl("hang", "stop")
        wait_for(lambda: bus.playerctl("hang", "status") == "Stopped", "stop")
        bus.playerctl("hang", "play")
        wait_for(lambda: bus.playerctl("hang", "status") == "Playing", "play after stop")
        wait_for(lambda: is_at(ada, 0, 50), "it begins at the beginning")


_WITHOUT_LIBRARY = "import sys; sys.modules['dbus_fast'] = None; from hangd.__main__ import main; main()"
"""What runs hangd where dbus-fast is not installed."""


@pytest.fixture
def bare_environment(tmp_path: Path, bus: Bus) -> dict[str, str]:
    (tmp_path / "run").mkdir(mode=0o700)
    return {**bus.environment, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")}


def test_without_the_library_mpris_is_one_error_where_it_is_asked_for(bare_environment: dict[str, str]) -> None:
    words = [sys.executable, "-c", _WITHOUT_LIBRARY, "--player", "simulated", "--mpris", "yes"]
    done = subprocess.run(words, env=bare_environment, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2
    assert done.stderr == "hangd: error: --mpris yes needs dbus-fast: install hang-sync[mpris]\n"


def test_without_the_library_and_unasked_nothing_is_said(bare_environment: dict[str, str], tmp_path: Path) -> None:
    words = [sys.executable, "-c", _WITHOUT_LIBRARY, "--player", "simulated"]
    with subprocess.Popen(words, env=bare_environment, stderr=subprocess.PIPE, text=True) as daemon:
        try:
            wait_for((tmp_path / "run" / "hang" / "hangd.sock").exists, "the daemon")
        finally:
            daemon.terminate()
        _, said = daemon.communicate(timeout=PATIENCE)
    assert said == ""


def test_no_bus_at_all_is_no_matter(tmp_path: Path) -> None:
    with person("ada", tmp_path, player="simulated") as ada:
        ada.start_daemon()
        assert ada.get("idle-active") is True
        assert "bus" not in ada.log


def test_a_film_with_a_picture_holds_off_the_screen_saver_and_others_are_told_of(
    tmp_path: Path, server: Server, bus: Bus
) -> None:
    with (
        DesktopServices(bus.address) as desktop,
        private_display() as display,
        person("ada", tmp_path, display=display) as ada,
        person("bob", tmp_path, player="simulated") as bob,
    ):
        ada.environment |= {
            "DBUS_SESSION_BUS_ADDRESS": bus.address,
            "DBUS_SYSTEM_BUS_ADDRESS": bus.address,
            "HANG_NOTIFICATIONS": "chat",
        }
        bob.ctl("join", ada.ctl("create", CLIP, "--server", server.url), CLIP, "--server", server.url)
        bob.ctl("seek", "20")  # late enough for a picture of the film
        bob.ctl("play")
        wait_for(lambda: (desktop.screen_holds, desktop.sleep_holds) == _HELD, "held off while it plays")
        bob.ctl("say", "hello <b>")
        wait_for(lambda: [note["body"] for note in desktop.notes] == ["bob: hello &lt;b&gt;"], "the chat, as a note")
        wait_for(lambda: "artUrl" in bus.playerctl("hang", "metadata"), "a picture of the film")
        picture = Path(bus.playerctl("hang", "metadata", "mpris:artUrl").removeprefix("file://")).read_bytes()
        assert struct.unpack(">II", picture[16:24]) == (480, 270)
        bob.ctl("pause")
        wait_for(lambda: (desktop.screen_holds, desktop.sleep_holds) == ([], []), "let go in a pause")
        bob.ctl("play")
        wait_for(lambda: desktop.sleep_holds, "held off again")
        ada.kill_daemon()
        wait_for(lambda: not desktop.sleep_holds, "the daemon's death lets go")


_HELD = ([("hang", "a film is playing")], ["idle:sleep"])
