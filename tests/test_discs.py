"""DVDs and Blu-ray Discs: what is said of their folders and images, and that a file that is made as is said plays."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from hangctl.client import ControlError
from hangctl.files import local_files
from hangd.discs import disc_folder, disc_image
from hangd.engine.player_messages import Load, Loaded, LoadFailed
from hangd.player.files import MediaUnusable, examine_film
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.playing import Stagehand

MAKE_ONE = "make a file of its film, for example with MakeMKV or HandBrake"


def sized(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.truncate(path, size)


def run(words: Sequence[str | Path], cwd: Path | None = None) -> None:
    subprocess.run(words, check=True, timeout=60, cwd=cwd)


@pytest.fixture
def dvd(tmp_path: Path) -> Path:
    """The folder of a DVD: a trailer, and a film in two parts."""
    disc = tmp_path / "My Film"
    sizes = {"VIDEO_TS.IFO": 6000, "VTS_01_0.VOB": 9999, "VTS_01_1.VOB": 700, "VTS_02_0.VOB": 10, "VTS_02_1.VOB": 600}
    for name, size in (sizes | {"VTS_02_2.VOB": 200, "VTS_02_0.IFO": 9000}).items():
        sized(disc / "VIDEO_TS" / name, size)
    (disc / "AUDIO_TS").mkdir()
    return disc


@pytest.fixture
def blu_ray(tmp_path: Path) -> Path:
    disc = tmp_path / "My Film"
    for name, size in {"00000.m2ts": 100, "00800.m2ts": 5000, "00801.m2ts": 300, "00800.ssif": 9000}.items():
        sized(disc / "BDMV" / "STREAM" / name, size)
    return disc


def test_the_parts_of_a_dvds_film_are_named(dvd: Path) -> None:
    joined = "is a DVD: join the parts of its film (in that folder: cat {}VTS_02_[1-9].VOB > film.vob), or " + MAKE_ONE
    assert disc_folder(str(dvd)) == joined.format("VIDEO_TS/")
    assert disc_folder(str(dvd / "VIDEO_TS")) == joined.format("")
    assert disc_folder(str(dvd / "AUDIO_TS")) is None
    (dvd / "VIDEO_TS").rename(dvd / "video_ts")
    assert disc_folder(str(dvd)) == joined.format("video_ts/")


def test_the_film_of_a_blu_ray_disc_is_named(blu_ray: Path) -> None:
    sentence = "is a Blu-ray Disc: open its film, which is usually its largest file: {}STREAM/00800.m2ts"
    assert disc_folder(str(blu_ray)) == sentence.format("BDMV/")
    assert disc_folder(str(blu_ray / "BDMV")) == sentence.format("")


@pytest.mark.parametrize(("name", "what"), [("VIDEO_TS", "DVD"), ("BDMV", "Blu-ray Disc")])
def test_a_disc_of_which_no_film_is_there_is_one_still(tmp_path: Path, name: str, what: str) -> None:
    (tmp_path / name).mkdir()
    assert disc_folder(str(tmp_path)) == f"is a {what}: {MAKE_ONE}"


@pytest.mark.parametrize("mark", [b"CD001", b"BEA01"])
def test_an_image_is_known_by_its_first_descriptor(tmp_path: Path, mark: bytes) -> None:
    image = tmp_path / "film.iso"
    image.write_bytes(bytes(16 * 2048) + b"\1" + mark + bytes(3000))
    assert disc_image(str(image)) == f"is the image of a disc: {MAKE_ONE}"
    with pytest.raises(MediaUnusable, match=r"'film\.iso' is the image of a disc") as caught:
        examine_film(str(image))
    assert caught.value.code == "disc"
    image.write_bytes(bytes(16 * 2048) + b"\1" + mark[:-1])
    assert disc_image(str(image)) is None


def test_hangctl_says_it_before_it_asks_the_daemon(dvd: Path) -> None:
    with pytest.raises(ControlError, match=r"cannot read '.*/My Film': is a DVD: join the parts"):
        local_files([str(dvd)], 10)


@pytest.mark.real
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg to make films with")
async def test_parts_that_are_joined_as_is_said_are_a_film(tmp_path: Path) -> None:
    whole, folder = tmp_path / "whole.mpg", tmp_path / "VIDEO_TS"
    source = ["-f", "lavfi", "-i", "testsrc=s=352x288:r=25:d=6"]
    run(["ffmpeg", "-nostdin", "-v", "error", *source, "-target", "pal-vcd", whole])
    content, folder_name = whole.read_bytes(), folder.name
    folder.mkdir()
    half = len(content) // 2 // 2324 * 2324
    (folder / "VTS_01_1.VOB").write_bytes(content[:half])
    (folder / "VTS_01_2.VOB").write_bytes(content[half:])
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=("--vout=dummy", "--aout=dummy")))
    hand.do(Load(path=str(tmp_path), generation=1))
    failed = await hand.next(LoadFailed)
    assert failed.code == "disc"
    command = failed.message.partition("in that folder: ")[2].partition(")")[0]
    assert command == f"cat {folder_name}/VTS_01_[1-9].VOB > film.vob"
    run(["sh", "-c", command], cwd=tmp_path)
    hand.do(Load(path=str(tmp_path / "film.vob"), generation=2))
    loaded = await hand.next(Loaded, unless=(LoadFailed,))
    assert loaded.duration == pytest.approx(6, abs=0.5)
    await hand.player.close()
