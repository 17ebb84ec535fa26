"""What clients change of the picture is seen in VLC's window, and keys that are pressed there are heard."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

from tests.support.daemons.party import Person, person, wait_for
from tests.support.desktop.screen import connected_display
from tests.support.desktop.window import BLUE, GREEN, HEIGHT, RED, WHITE, WIDTH, Picture, alike, opens, shows

pytestmark = pytest.mark.real

SUBTITLES: Final = "".join(
    f"{number}\n00:00:{second:02},000 --> 00:00:{second + 2:02},000\n{'█' * 6}\n\n"
    for number, second in enumerate(range(0, 20, 2), start=1)
)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with quarters.mp4, whose quarters have four colours, the same with sound, and blue.mp4 with blue.srt."""
    folder = tmp_path_factory.mktemp("films")
    colours = [f"color={name}:size=160x120:rate=25:duration=20" for name in ("red", "lime", "blue", "white")]
    quarters = "[0][1]hstack[a];[2][3]hstack[b];[a][b]vstack"
    blue = ["color=blue:size=320x240:rate=25:duration=20"]
    for name, sources, graph in (("quarters", colours, quarters), ("blue", blue, "[0]null")):
        inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
        words = ["ffmpeg", "-loglevel", "error", *inputs, "-filter_complex", graph, "-pix_fmt", "yuv420p"]
        subprocess.run([*words, "-c:v", "libx264", "-preset", "ultrafast", folder / f"{name}.mp4"], check=True)
    (folder / "blue.srt").write_text(SUBTITLES, encoding="utf-8")
    silence = ["-f", "lavfi", "-i", "anullsrc=duration=20"]
    words = ["ffmpeg", "-loglevel", "error", "-i", str(folder / "quarters.mp4"), *silence, "-c:v", "copy"]
    subprocess.run([*words, folder / "sound.mp4"], check=True)
    return folder


@pytest.fixture(scope="module")
def display() -> Iterator[Display]:
    with connected_display(WIDTH, HEIGHT) as display:
        yield display


@pytest.fixture
def ada(display: Display, tmp_path: Path) -> Iterator[Person]:
    with person("ada", tmp_path, display=display.get_display_name()) as ada:
        ada.start_daemon()
        yield ada


def test_the_picture_is_turned_and_coloured(ada: Person, display: Display, films: Path) -> None:
    opens(ada, films / "quarters.mp4")
    shows(display, lambda picture: alike(picture.corners, (RED, GREEN, BLUE, WHITE)), "the picture as it is")
    ada.do("set_property", "pause", False)
    ada.do("set_property", "video-rotate", 90)
    shows(display, lambda picture: alike(picture.corners, (BLUE, RED, WHITE, GREEN)), "the picture turned")
    ada.do("set_property", "brightness", -50)
    dark = tuple((max(0, red - 128), max(0, green - 128), max(0, blue - 128)) for red, green, blue in (WHITE,))
    shows(display, lambda picture: alike(picture.corners[2:3], dark), "the picture turned and darker")
    ada.do("set_property", "brightness", 0)
    ada.do("set_property", "video-rotate", 180)
    ada.do("set_property", "saturation", -100)
    shows(display, lambda p: bool(p.corners) and all(max(c) - min(c) < 30 for c in p.corners), "no colours")
    ada.do("set_property", "saturation", 0)
    opens(ada, films / "quarters.mp4")
    shows(display, lambda picture: alike(picture.corners, (WHITE, BLUE, GREEN, RED)), "the next film, turned as well")
    ada.do("set_property", "video-rotate", 0)
    ada.do("set_property", "pause", False)
    shows(display, lambda picture: alike(picture.corners, (RED, GREEN, BLUE, WHITE)), "the picture as it was")


def test_a_picture_that_is_switched_off_is_black_and_comes_back_in_a_pause(
    ada: Person, display: Display, films: Path
) -> None:
    opens(ada, films / "sound.mp4")
    ada.do("set_property", "pause", True)
    shows(display, lambda picture: alike(picture.corners, (RED, GREEN, BLUE, WHITE)), "the picture")
    ada.do("set_property", "vid", "no")
    shows(display, lambda picture: not picture.rows, "black")
    ada.do("set_property", "vid", 1)
    shows(display, lambda picture: alike(picture.corners, (RED, GREEN, BLUE, WHITE)), "the picture again")
    assert ada.get("pause") is True

    opens(ada, films / "quarters.mp4")
    ada.run("set", "vid", "no")
    wait_for(lambda: "VLC would end it" in ada.log, "the refusal, because the film has no sound")
    wait_for(lambda: ada.get("vid") == 1, "the picture's track")
    shows(display, lambda picture: alike(picture.corners, (RED, GREEN, BLUE, WHITE)), "the picture that stays")


def test_subtitles_stand_and_are_as_large_as_wanted(ada: Person, display: Display, films: Path) -> None:
    ada.do("set_property", "sub-scale", 2)
    opens(ada, films / "blue.mp4")
    ada.do("set_property", "pause", False)
    wait_for(lambda: ada.get("sid") or ada.run("set", "sid", "1").returncode, "the subtitles")
    assert [track["title"] for track in ada.do("get_property", "track-list") if track["external"]] == ["blue.srt"]
    found: list[tuple[float, float]] = []

    def drawn(picture: Picture) -> bool:
        found.append(picture.text)
        return picture.text[1] > 0

    shows(display, drawn, "subtitles")
    assert found[-1][0] > 0.6, "at the bottom"
    large = found[-1][1] - found[-1][0]
    ada.do("set_property", "sub-pos", 50)
    shows(display, lambda picture: 0 < picture.text[1] < 0.6, "subtitles in the middle")
    ada.do("set_property", "sub-pos", 100)
    ada.do("set_property", "sub-scale", 1)
    shows(display, lambda p: 0.6 < p.text[0] and p.text[1] - p.text[0] < 0.75 * large, "small subtitles")


def test_keys_that_are_pressed_in_the_window(ada: Person, display: Display, films: Path) -> None:
    opens(ada, films / "quarters.mp4")
    ada.do("keybind", "Ctrl+RIGHT", "set user-data/pressed ${volume}; add volume 5")
    ada.do("keybind", "x", "set user-data/letter yes")
    ada.do("keybind", "X", "set user-data/letter capital")
    (window,) = [child for child in display.screen().root.query_tree().children if child.get_attributes().map_state]
    window.set_input_focus(X.RevertToParent, X.CurrentTime)
    volume = ada.get("volume")
    for keys, name, wanted in (
        (("Control_L", "Right"), "user-data/pressed", str(volume).removesuffix(".0")),
        (("x",), "user-data/letter", "yes"),
        (("Shift_L", "x"), "user-data/letter", "capital"),
    ):
        codes = [display.keysym_to_keycode(XK.string_to_keysym(key)) for key in keys]
        for code in codes:
            xtest.fake_input(display, X.KeyPress, code)
        for code in reversed(codes):
            xtest.fake_input(display, X.KeyRelease, code)
        display.sync()
        wait_for(lambda name=name, wanted=wanted: ada.get(name) == wanted, f"{keys}")  # type: ignore[misc]
    assert ada.get("volume") == volume + 5
    assert ada.get("current-vo") == "xcb_x11"
