"""The cover of a piece of music is seen in VLC's window, and control clients are told of it as mpv tells."""

import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from Xlib import X
from Xlib.display import Display

from tests.bench.skew.clips import available
from tests.media.make_clips import ffmpeg
from tests.support.daemons.mpv import Talk, hangd, mpv
from tests.support.daemons.party import Person, person, wait_for
from tests.support.desktop.screen import Pixel, connected_display
from tests.support.desktop.window import BLUE, GREEN, HEIGHT, RED, WHITE, WIDTH, Picture, alike, opens, shows

pytestmark = [pytest.mark.real, pytest.mark.skipif(available() is not None, reason=str(available()))]

QUARTERS: Final = (RED, GREEN, BLUE, WHITE)
TURNED: Final = (WHITE, BLUE, GREEN, RED)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with inside.mp3, which has a cover, beside/music.flac, which has one beside it, and blue.mp4."""
    folder = tmp_path_factory.mktemp("music")
    (folder / "beside").mkdir()
    sources = " ".join(f"-f lavfi -i color={name}:size=80x60" for name in ("red", "lime", "blue", "white"))
    quarters = "[0][1]hstack[a];[2][3]hstack[b];[a][b]vstack"
    ffmpeg(f"{sources} -filter_complex {quarters} -frames:v 1 quarters.jpg", folder=folder)
    ffmpeg("-i quarters.jpg -vf hflip,vflip beside/folder.jpg", folder=folder)
    sound = "-f lavfi -i sine=440:d=20"
    ffmpeg(f"{sound} -i quarters.jpg -map 0 -map 1 -c:v copy -disposition:v attached_pic inside.mp3", folder=folder)
    ffmpeg(f"{sound} beside/music.flac", folder=folder)
    ffmpeg("-f lavfi -i color=blue:size=160x120:d=20 -c:v libx264 -preset ultrafast blue.mp4", folder=folder)
    return folder


@pytest.fixture
def display() -> Iterator[Display]:
    with connected_display(WIDTH, HEIGHT) as display:
        yield display


@pytest.fixture
def ada(display: Display, tmp_path: Path) -> Iterator[Person]:
    with person("ada", tmp_path, display=display.get_display_name()) as ada:
        ada.start_daemon()
        yield ada


def windows(display: Display) -> int:
    children = display.screen().root.query_tree().children
    return sum(child.get_attributes().map_state == X.IsViewable for child in children)


def has_corners(picture: Picture, wanted: tuple[Pixel, ...] = QUARTERS) -> bool:
    return alike(picture.corners, wanted)


def test_the_cover_is_shown_while_the_music_plays(ada: Person, display: Display, music: Path) -> None:
    opens(ada, music / "inside.mp3")
    ada.ctl("play")
    shows(display, has_corners, "the cover")
    ada.ctl("seek", "12")
    wait_for(lambda: ada.get("time-pos") > 12.3, "the music to go on")
    assert has_corners(Picture(display)), "a seek does not change it"
    assert ada.get("window/shown") is True and ada.get("player/picture-problem") is None
    ada.ctl("pause")
    ada.ctl("window", "hide")
    wait_for(lambda: not windows(display), "the window to be hidden")
    ada.ctl("window", "show")
    shows(display, has_corners, "the cover after it was hidden")
    ada.ctl("set", "vid", "no")
    wait_for(lambda: not windows(display) and ada.get("window/shown") is False, "the cover to be deselected")
    ada.ctl("set", "vid", "1")
    shows(display, has_corners, "the cover, selected again")
    ada.ctl("set", "video-rotate", "180")
    shows(display, lambda picture: alike(picture.corners, TURNED), "the cover turned")
    ada.do("screenshot")


def test_films_and_covers_follow_each_other_in_one_window(ada: Person, display: Display, music: Path) -> None:
    opens(ada, music / "inside.mp3", music / "blue.mp4", music / "beside" / "music.flac")
    for number, (path, corners) in enumerate(
        (
            (music / "inside.mp3", QUARTERS),
            (music / "blue.mp4", (BLUE,) * 4),
            (music / "beside" / "music.flac", TURNED),
        )
    ):
        ada.ctl("set", "playlist-pos", str(number))
        shows(display, partial(has_corners, wanted=corners), f"the picture of {path.name}")
        assert (ada.get("path"), windows(display)) == (str(path), 1)
        assert ada.get("current-tracks/video/albumart") is (None if path.suffix == ".mp4" else True)


def test_an_old_text_is_not_drawn_again(ada: Person, display: Display, music: Path) -> None:
    opens(ada, music / "blue.mp4")
    ada.do("show-text", "█" * 20, 2500)
    shows(display, lambda picture: picture.text[1] > 0, "the text")
    shows(display, lambda picture: picture.text[1] == 0, "the text's end")
    opens(ada, music / "inside.mp3")
    shows(display, has_corners, "the cover")
    opens(ada, music / "blue.mp4")
    shows(display, lambda picture: alike(picture.corners[:2], (BLUE, BLUE)), "the film once more")
    texts = []
    for _ in range(8):
        time.sleep(0.1)
        texts.append(Picture(display).text)
    assert set(texts) == {(0.0, 0.0)}


def tracks(talk: Talk, path: Path) -> list[dict[str, Any]]:
    talk.ask(b'loadfile "%s"' % bytes(path), until=b"start-file file-loaded playback-restart")
    (answer,) = [line for line in talk.ask(b'{"command":["get_property","track-list"]}') if b'"data"' in line]
    found: list[dict[str, Any]] = json.loads(answer)["data"]
    return found


def test_clients_are_told_of_the_cover_as_by_mpv(music: Path) -> None:
    with mpv(music) as theirs, hangd(music) as ours:
        both = theirs.connect(), ours.connect()
        for path in (music / "inside.mp3", music / "beside" / "music.flac"):
            mpv_tracks, hang_tracks = (tracks(talk, path) for talk in both)
            assert [track["type"] for track in hang_tracks] == [track["type"] for track in mpv_tracks]
            mine, theirs_too = hang_tracks[1], mpv_tracks[1]
            assert {key: theirs_too[key] for key in mine} == mine
            assert (mine["image"], mine["albumart"], mine["selected"], mine["id"]) == (True, True, True, 1)
            assert both[0].ask(b'{"command":["get_property","vid"]}') == both[1].ask(
                b'{"command":["get_property","vid"]}'
            )
