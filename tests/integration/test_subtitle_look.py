"""Subtitles that are plain text are drawn in the colours, and the font, that the viewer or the settings want."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from Xlib.display import Display

from tests.support.daemons.party import Person, person
from tests.support.desktop.screen import Pixel, connected_display
from tests.support.desktop.window import GREEN, HEIGHT, RED, WIDTH, Picture, alike, opens, shows

pytestmark = pytest.mark.real

YELLOW: Final = (255, 255, 0)
LINES: Final = "".join(
    f"{number + 1}\n00:00:{number:02},000 --> 00:00:{number + 1:02},000\n{'█' * 8}\n\n" for number in range(20)
)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    source = ("-f", "lavfi", "-i", "color=blue:size=320x240:rate=25:duration=20")
    encode = ("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast")
    subprocess.run(["ffmpeg", "-loglevel", "error", *source, *encode, tmp_path / "blue.mp4"], check=True)
    (tmp_path / "blue.srt").write_text(LINES, encoding="utf-8")
    return tmp_path / "blue.mp4"


@pytest.fixture
def display() -> Iterator[Display]:
    with connected_display(WIDTH, HEIGHT) as display:
        yield display


def count(picture: Picture, colour: Pixel) -> int:
    return sum(alike((pixel,), (colour,)) for row in picture.rows for pixel in row)


def test_colours_count_at_once_and_the_rest_from_the_next_film_on(display: Display, film: Path, tmp_path: Path) -> None:
    with person("ada", tmp_path, display=display.get_display_name()) as ada:
        ada.environment["HANG_SUB_COLOR"] = "#00FF00"
        ada.start_daemon()
        plays(ada, film)
        shows(display, lambda picture: count(picture, GREEN) > 200, "green text, as the setting says")
        ada.do("set_property", "sub-color", "#FFFFFF00")
        shows(display, lambda p: count(p, YELLOW) > 200 and count(p, GREEN) < 20, "yellow text in the same film")
        assert ada.get("sub-color") == "#FFFFFF00"
        ada.do("set_property", "sub-border-color", "#FF0000")
        ada.do("set_property", "sub-border-size", 12)
        plays(ada, film)
        shows(display, lambda p: count(p, YELLOW) > 200 and count(p, RED) > 100, "a red border in the next film")


def plays(somebody: Person, film: Path) -> None:
    opens(somebody, film)
    somebody.do("set_property", "pause", False)
