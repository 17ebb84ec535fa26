"""A daemon whose sound goes to a device that the viewer chose, while devices, and the sound server itself, come and go.

The film goes on meanwhile. How exactly the sound is placed is measured in tests/player/audio.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.skew.sound import available
from tests.support.daemons.party import CLIP, Person, person, wait_for
from tests.support.desktop.sound_server import SoundServer, sound_server

pytestmark = [pytest.mark.real, pytest.mark.skipif(available() is not None, reason=str(available()))]

SPEAKERS = "module-null-sink sink_name=speakers sink_properties=device.description=Speakers"
HEADSET = "module-null-sink sink_name=headset sink_properties=device.description=Headset"


@pytest.fixture
def pulse() -> Iterator[SoundServer]:
    with tempfile.TemporaryDirectory(prefix="hang-sound-") as folder:
        with sound_server(Path(folder), SPEAKERS, HEADSET, "module-rescue-streams") as server:
            yield server


@pytest.fixture
def ada(pulse: SoundServer, tmp_path: Path) -> Iterator[Person]:
    with person("ada", tmp_path) as ada:
        ada.environment |= {"PULSE_SERVER": pulse.address, "HANG_VLC_OPTIONS": "--vout=dummy"}
        ada.start_daemon()
        ada.ctl("playlist", "add", CLIP)
        ada.ctl("playlist", "play", "1")
        ada.ctl("set", "loop-file", "inf")
        ada.ctl("play")
        pulse.wait_playing("speakers")
        yield ada


def plays_on(ada: Person) -> None:
    """The position goes on."""
    before = ada.get("time-pos")
    wait_for(lambda: abs(ada.get("time-pos") - before) > 0.3, "the film going on")


def unplug(pulse: SoundServer, device: str) -> None:
    modules = pulse.pactl("list", "short", "modules").splitlines()
    pulse.pactl("unload-module", next(line.split("\t")[0] for line in modules if device in line))


def test_a_device_is_chosen_and_is_used_again_when_it_is_back(ada: Person, pulse: SoundServer) -> None:
    listed = [json.loads(line) for line in ada.ctl("audio", "device", "--json").splitlines()]
    assert [(each["name"], each["description"]) for each in listed] == [
        ("auto", "Autoselect device"),
        ("pulse/speakers", "Speakers"),
        ("pulse/headset", "Headset"),
    ]
    ada.ctl("audio", "device", "2")
    pulse.wait_playing("speakers")
    ada.ctl("audio", "device", "pulse/headset")
    pulse.wait_playing("headset")
    assert "* 3 Headset" in ada.ctl("audio", "device")
    unplug(pulse, "headset")
    pulse.wait_playing("speakers")
    wait_for(lambda: "pulse/headset is not there: the default one plays" in ada.log, "the warning")
    plays_on(ada)
    pulse.pactl("load-module", *HEADSET.split(" ", 2))
    pulse.wait_playing("headset")
    wait_for(lambda: "the sound is back" in ada.log, "the good news")
    ada.ctl("audio", "device", "auto")
    pulse.wait_playing("speakers")
    assert ada.get("audio-device") == "auto"
    assert ada.log.count("is not there") == 1
    unplug(pulse, "headset")
    unplug(pulse, "speakers")
    wait_for(lambda: "there is no audio device" in ada.log, "the last warning")
    plays_on(ada)
    pulse.pactl("load-module", *SPEAKERS.split(" ", 2))
    pulse.wait_playing("speakers")


def test_a_sound_server_that_is_killed_costs_the_sound_only(ada: Person, pulse: SoundServer) -> None:
    ada.ctl("audio", "device", "pulse/headset")
    pulse.wait_playing("headset")
    pulse.kill()
    wait_for(lambda: "nothing can be heard: the sound server is gone" in ada.log, "the warning")
    assert ada.ctl("status").splitlines()[1] == "nothing can be heard: the sound server is gone"
    assert ada.get("audio-device-list") == [{"name": "auto", "description": "Autoselect device"}]
    plays_on(ada)
    ada.ctl("pause")
    ada.ctl("seek", "2")
    ada.ctl("play")
    plays_on(ada)
    pulse.restart()
    pulse.wait_playing("headset")
    plays_on(ada)
    assert ada.status()["sound_problem"] is None
    pulse.kill()
    wait_for(lambda: ada.log.count("the sound server is gone") == 2, "the second warning")
    ada.ctl("playlist", "play", "1")
    ada.ctl("play")
    plays_on(ada)
    pulse.restart()
    pulse.wait_playing("headset")
    assert ada.log.count(" warning ") == 2, ada.log
