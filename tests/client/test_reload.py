"""HUP reads the settings anew, while the film goes on."""

import os
import signal
from pathlib import Path

import pytest

from tests.support.daemons.party import CLIP, person, wait_for

pytestmark = pytest.mark.real


def test_hangup_renews_the_settings_and_keeps_the_film(tmp_path: Path) -> None:
    with person("ada", tmp_path, player="simulated") as ada:
        config = tmp_path / "ada" / "home" / ".config" / "hang" / "config.toml"
        config.parent.mkdir(parents=True)
        ada.start_daemon()
        ada.ctl("set", "pause", "yes")
        ada.ctl("ipc", f'{{"command":["loadfile","{CLIP}"]}}')
        ada.ctl("wait", "paused")
        ada.ctl("set", "slang", "fr")
        pid = ada.pid()
        config.write_text('[client]\nallow_quit = "perhaps"\n')
        os.kill(pid, signal.SIGHUP)
        wait_for(lambda: "allow_quit" in ada.log, "the complaint about the config file")
        assert ada.get("path") == str(CLIP)
        lines = (
            "allow_quit = true",
            "video_offset_ms = 20",
            "name = 'Ada'",
            "proxy = 'http://127.0.0.1:1'",
            "alang = 'ja,de'",
            "sub_color = '#00FF00'",
        )
        config.write_text("\n".join(("[client]", *lines)))
        os.kill(pid, signal.SIGHUP)
        wait_for(lambda: "settings read anew; for the next start: proxy" in ada.log, "the new settings")
        assert ada.get("path") == str(CLIP)
        assert (ada.get("alang"), ada.get("sub-color")) == (["ja", "de"], "#FF00FF00")
        assert ada.get("slang") == ["fr"], "what a client has set, and the file does not change, stays"
        assert ada.run("ipc", '{"command":["quit"]}').returncode == 0
        wait_for(lambda: not ada.socket.exists(), "the daemon's end, now allowed")


def test_hangup_reads_the_key_bindings_again(tmp_path: Path) -> None:
    with person("ada", tmp_path, player="simulated") as ada:
        file = tmp_path / "ada" / "home" / ".config" / "hang" / "input.conf"
        file.parent.mkdir(parents=True)
        file.write_text("m ignore\nx set mute yes; show-text 'quiet\n\u00fc add volume -5 # less\n")
        ada.start_daemon()
        assert f"{file}:2: a quotation mark is not closed" in ada.log
        assert "\u00fc  less  add volume -5" in ada.ctl("keys").splitlines()
        for key in ("m", "\u00fc", "9"):
            ada.ctl("ipc", f'{{"command":["keypress","{key}"]}}')
        assert (ada.get("mute"), ada.get("volume")) == (False, 93.0)
        file.write_text("9 add volume -10")
        (file.parent / "config.toml").write_text("[client]\ninput_default_bindings = false\n")
        os.kill(ada.pid(), signal.SIGHUP)
        wait_for(lambda: ada.ctl("keys") == "9  add volume -10", "the new bindings")
        ada.ctl("ipc", '{"command":["keypress","m"]}')
        ada.ctl("ipc", '{"command":["keypress","9"]}')
        assert (ada.get("mute"), ada.get("volume")) == (False, 83.0)
