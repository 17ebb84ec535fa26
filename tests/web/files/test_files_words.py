"""In the real page: the words for films that this browser does not play, or not all of."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clips.odd_films import ffmpeg
from tests.web.viewing import WebViewer

pytestmark = pytest.mark.real

_INPUTS = "-f lavfi -i testsrc=size=160x90:rate=24:duration=20 -f lavfi -i sine=sample_rate=48000:duration=20"
_H264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"


def test_a_film_of_a_kind_that_no_browser_plays(viewer: Callable[[str], WebViewer], tmp_path: Path) -> None:
    bob = viewer("bob")
    outcome = bob.pick(_film(tmp_path / "film.avi", "-c:v mpeg4 -c:a libmp3lame"))
    assert outcome == {
        "ok": False,
        "code": "unrecognized",
        "text": "“film.avi” cannot be played here. This browser does not play AVI files. hang on a computer does.",
    }
    assert bob.state["copy"]["problem"] == outcome["text"]


def test_a_film_whose_sound_is_not_played(viewer: Callable[[str], WebViewer], tmp_path: Path) -> None:
    bob = viewer("bob")
    bob.tap()
    assert bob.pick(_film(tmp_path / "film.mkv", f"{_H264} -c:a ac3")) == {"ok": True}
    bob.done("create", {"name": "silent"})
    bob.do("togglePause")
    problem = (
        "The sound is AC-3, which this browser does not play: you would see the film without sound."
        " hang on a computer does, and so does Safari."
    )
    bob.wait(lambda state: state["copy"]["problem"] == problem, "is told about the sound")


def _film(path: Path, encode: str) -> Path:
    ffmpeg(*f"{_INPUTS} {encode}".split(), path)
    return path
