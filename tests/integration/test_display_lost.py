"""The X server ends while a film plays, and another one takes its place."""

from pathlib import Path

import pytest

from tests.support.daemons.party import CLIP, person, wait_for
from tests.support.desktop.screen import own_display

pytestmark = pytest.mark.real


def test_a_film_that_is_drawn_with_opengl_goes_on(tmp_path: Path) -> None:
    with person("ada", tmp_path) as ada:
        with own_display() as (display, _):
            ada.environment |= {"DISPLAY": display, "HANG_VLC_OPTIONS": "--vout=gl"}
            ada.ctl("open", CLIP)
            ada.ctl("play")
            wait_for(lambda: (ada.get("time-pos") or 0.0) > 0.5, "the film")
            if ada.get("current-vo") != "gl":
                pytest.skip("there is no OpenGL here")
            daemon, before = ada.pid(), ada.get("time-pos")
        wait_for(lambda: "the player is lost" in ada.log, "the player's end")
        wait_for(lambda: (ada.get("time-pos") or 0.0) > before + 1.0, "the film, going on")
        assert ada.get("pause") is False
        refused = ada.run("window", "show")
        assert f"the display {display} (DISPLAY) cannot be opened" in refused.stderr, refused
        assert refused.returncode == 1
        with own_display(display=display):
            ada.ctl("window", "show")
            wait_for(lambda: ada.get("window/shown") and ada.get("current-vo") == "gl", "the picture")
            assert ada.get("pause") is False
            wait_for(lambda: "its thread is abandoned" in ada.log, "the end of the first player")
            ada.ctl("open", CLIP)
            wait_for(lambda: ada.get("window/shown"), "the picture of the next film")
            assert ada.pid() == daemon, ada.log
            assert "does not answer" not in ada.log


def test_a_display_that_a_client_names_and_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with person("ada", tmp_path) as ada:
        ada.ctl("open", CLIP)
        ada.environment["DISPLAY"] = ":4999"
        refused = ada.run("window", "show")
        assert refused.returncode == 1
        assert "no picture here: the display :4999 (DISPLAY) cannot be opened" in refused.stderr
