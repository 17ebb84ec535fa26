"""Covers are found in sound files of all kinds and beside them, and nothing that a file has raises an error."""

import base64
import random
import struct
from pathlib import Path
from typing import Final

import pytest

from hangd.player.container import container_of
from hangd.player.cover.cover import Cover, cover_of
from hangd.player.cover.find import find_cover
from tests.bench.skew.clips import available
from tests.media.make_clips import ffmpeg

JFIF: Final = b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0"
PNG: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 300, 200) + b"\x08\x02\0\0\0"
MP3: Final = b"\xff\xfb\x90\x00" + bytes(413)
FRONT, BACK = 3, 4


def jpeg(width: int, height: int, first: bytes = JFIF) -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8" + first + b"\xff\xdb\x00\x04\0\0" + frame + b"\xff\0\xff\xd9"


def seven_bits(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3(version: int, *pictures: tuple[int, bytes], unsynchronized: bool = False) -> bytes:
    frames = b""
    for kind, picture in pictures:
        if version == 2:
            data = b"\0JPG" + bytes([kind]) + b"Sleeve\0" + picture
            frames += b"TT2\0\0\x02\0x" + b"PIC" + len(data).to_bytes(3) + data
            continue
        data = b"\1image/jpeg\0" + bytes([kind]) + "\ufeffSleeve\0".encode("utf-16-le") + picture
        if unsynchronized and version == 4:
            data = len(data).to_bytes(4) + data.replace(b"\xff", b"\xff\0")
        size = seven_bits(len(data)) if version == 4 else len(data).to_bytes(4)
        frames += b"APIC" + size + (b"\0\3" if unsynchronized and version == 4 else b"\0\0") + data
    if unsynchronized and version < 4:
        frames = frames.replace(b"\xff", b"\xff\0")
    flags = 0x80 if unsynchronized else 0
    return b"ID3" + bytes((version, 0, flags)) + seven_bits(len(frames) + 10) + frames + bytes(10)


def flac_picture(kind: int, picture: bytes) -> bytes:
    texts = b"".join(len(text).to_bytes(4) + text for text in (b"image/png", "Hülle".encode()))
    return kind.to_bytes(4) + texts + bytes(16) + len(picture).to_bytes(4) + picture


def flac(*pictures: tuple[int, bytes]) -> bytes:
    blocks = [(0, bytes(34)), *((6, flac_picture(*picture)) for picture in pictures)]
    last = len(blocks) - 1
    return b"fLaC" + b"".join(
        bytes([kind | (0x80 if index == last else 0)]) + len(data).to_bytes(3) + data
        for index, (kind, data) in enumerate(blocks)
    )


def ogg(*packets: bytes) -> bytes:
    """Return pages with these packets, of which each has as many pages as it needs."""
    pages = b""
    for packet in packets:
        lengths = [255] * (len(packet) // 255) + [len(packet) % 255]
        for begin in range(0, len(lengths), 255):
            row = lengths[begin : begin + 255]
            head = struct.pack("<4sBBqIIIB", b"OggS", 0, 0, 0, 7, 0, 0, len(row))
            pages += head + bytes(row) + packet[255 * begin :][: sum(row)]
    return pages


def comments(begin: bytes, picture: bytes) -> bytes:
    lines = [b"TITLE=x", b"metadata_block_picture=" + base64.b64encode(flac_picture(FRONT, picture))]
    rows = [b"encoder", *lines]
    first, *others = (struct.pack("<I", len(row)) + row for row in rows)
    return begin + first + struct.pack("<I", len(lines)) + b"".join(others)


def found(path: Path) -> Cover | None:
    return find_cover(str(path), container_of(str(path)))


LARGE: Final = jpeg(600, 500) + bytes(70_000)
FILES: Final = {
    "id3 version 2": id3(2, (FRONT, LARGE)) + MP3,
    "id3 version 3": id3(3, (BACK, jpeg(9, 9)), (FRONT, LARGE)) + MP3,
    "id3 version 3, unsynchronized": id3(3, (FRONT, LARGE), unsynchronized=True) + MP3,
    "id3 version 4": id3(4, (BACK, LARGE)) + MP3,
    "id3 version 4, unsynchronized": id3(4, (FRONT, LARGE), unsynchronized=True) + MP3,
    "flac": flac((BACK, jpeg(9, 9)), (FRONT, LARGE), (FRONT, jpeg(8, 8))),
    "flac behind id3": id3(3) + flac((FRONT, LARGE)),
    "vorbis": ogg(b"\1vorbis" + bytes(23), comments(b"\3vorbis", LARGE), bytes(500)),
    "opus": ogg(b"OpusHead" + bytes(11), comments(b"OpusTags", LARGE), bytes(500)),
}


@pytest.mark.parametrize("name", FILES)
def test_the_front_cover_in_a_tag(name: str, tmp_path: Path) -> None:
    file = tmp_path / "music"
    file.write_bytes(FILES[name])
    cover = found(file)
    assert cover is not None and cover[1:] == ("mjpeg", 600, 500, None, None)
    assert cover.content.startswith(LARGE)


@pytest.mark.skipif(available() is not None, reason=str(available()))
@pytest.mark.parametrize("extension", ["mp3", "flac", "m4a", "mka"])
def test_the_cover_that_ffmpeg_writes(extension: str, tmp_path: Path) -> None:
    ffmpeg("-f lavfi -i testsrc=size=64x48 -frames:v 1 picture.jpg", folder=tmp_path)
    with_picture = "-i picture.jpg -map 0 -map 1 -c:v copy -disposition:v attached_pic"
    if extension == "mka":
        with_picture = "-attach picture.jpg -metadata:s:t mimetype=image/jpeg"
    ffmpeg(f"-f lavfi -i sine=440:d=1 {with_picture} music.{extension}", folder=tmp_path)
    content = (tmp_path / "picture.jpg").read_bytes()
    title = "picture.jpg" if extension == "mka" else None
    assert found(tmp_path / f"music.{extension}") == Cover(content, "mjpeg", 64, 48, title, None)


def test_a_picture_beside_the_file(tmp_path: Path) -> None:
    music = tmp_path / "Song.ogg"
    music.write_bytes(b"OggS")
    assert found(music) is None
    for name, width in (("album.png", 300), ("Folder.JPG", 2), ("cover.jpeg", 3), ("song.jpg", 4)):
        (tmp_path / name).write_bytes(PNG if name.endswith("png") else jpeg(width, 1))
        cover = found(music)
        assert cover is not None and (cover.width, cover.title, cover.file) == (width, name, str(tmp_path / name))
    (tmp_path / "song.jpg").write_bytes(b"no picture")
    cover = found(music)
    assert cover is not None and cover.title == "cover.jpeg"


def test_a_picture_in_the_file_comes_first(tmp_path: Path) -> None:
    (tmp_path / "cover.jpg").write_bytes(jpeg(5, 5))
    (tmp_path / "music.flac").write_bytes(FILES["flac"])
    cover = found(tmp_path / "music.flac")
    assert cover is not None and cover.width == 600


@pytest.mark.parametrize("first", [b"", b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0\0", b"\xff\xfe\x00\x04hi"])
def test_vlc_is_given_jpeg_that_it_recognizes(first: bytes) -> None:
    content = jpeg(20, 30, first)
    assert cover_of(content) == Cover(b"\xff\xd8" + JFIF + content[2:], "mjpeg", 20, 30)


def test_what_is_not_shown() -> None:
    exif = b"\xff\xe1\x00\x08Exif\0\0"
    assert cover_of(jpeg(4000, 4000, exif)) == Cover(jpeg(4000, 4000, exif), "mjpeg", 4000, 4000)
    assert cover_of(PNG) == Cover(PNG, "png", 300, 200)
    for content in (jpeg(60_000, 60_000), jpeg(0, 5), PNG[:20], b"\xff\xd8", b"", b"GIF89a" + bytes(99)):
        assert cover_of(content) is None


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_raise_no_error(name: str, tmp_path: Path) -> None:
    content, chance, file = FILES[name], random.Random(19), tmp_path / "music"
    for _ in range(60):
        damaged = bytearray(content[: chance.choice((len(content), chance.randrange(1, len(content)), 60))])
        for _ in range(chance.randrange(1, 6)):
            damaged[chance.randrange(min(len(damaged), 150))] = chance.choice((0, 0x7F, 0x80, 0xFF))
        file.write_bytes(damaged)
        for container in ("flac", "ogg", "mp3", "mkv", "mov,mp4,m4a,3gp,3g2,mj2", None):
            find_cover(str(file), container)
