"""HUP reads the settings anew, while the film goes on."""

import os
import signal
from pathlib import Path

import pytest

from tests.support.party import CLIP, person, wait_for

pytestmark = pytest.mark.real


def test_hangup_renews_the_settings_and_keeps_the_film(tmp_path: Path) -> None:
    with person("ada", tmp_path, player="simulated") as ada:
        config = tmp_path / "ada" / "home" / ".config" / "hang" / "config.toml"
        config.parent.mkdir(parents=True)
        ada.start_daemon()
        ada.ctl("set", "pause", "yes")
        ada.ctl("ipc", f'{{"command":["loadfile","{CLIP}"]}}')
        ada.ctl("wait", "paused")
        pid = ada.pid()
        config.write_text('[client]\nallow_quit = "perhaps"\n')
        os.kill(pid, signal.SIGHUP)
        wait_for(lambda: "allow_quit" in ada.log, "the complaint about the config file")
        assert ada.get("path") == str(CLIP)
        config.write_text("[client]\nallow_quit = true\nvideo_offset_ms = 20\nname = 'Ada'\n")
        os.kill(pid, signal.SIGHUP)
        wait_for(lambda: "settings read anew" in ada.log, "the new settings")
        assert ada.get("path") == str(CLIP)
        assert ada.run("ipc", '{"command":["quit"]}').returncode == 0
        wait_for(lambda: not ada.socket.exists(), "the daemon's end, now allowed")
