"""Cleaning of text from files, and names of containers and codecs. No player is needed."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.player.container import HEAD_LENGTH, container_name, container_of
from hangd.player.vlc.settings import text_size
from hangd.player.vlc.tracks import texts
from hangd.player.vlc.tracks.codecs import codec_name

MEDIA = Path(__file__).parents[2] / "media"


@given(st.none() | st.binary(max_size=5000) | st.text(st.characters(), max_size=5000))
def test_text_is_bounded_printable_and_encodable(raw: bytes | str | None) -> None:
    line, paragraph = texts.line(raw), texts.paragraph(raw)
    assert len(line) <= 200 and len(paragraph) <= 2000
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in line + paragraph if c not in "\n\t")
    assert not set("\n\t") & set(line)
    (line + paragraph).encode()


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b" Beginning", "Beginning"),
        ("Größe".encode(), "Größe"),
        (b"red\x1b[31m", "red�[31m"),
        (b"caf\xe9", "caf�"),
        (b"one\r\ntwo\tthree", "one two three"),
        ("ü".encode() * 300, "ü" * 200),
        (None, ""),
    ],
)
def test_a_line(raw: bytes | None, line: str) -> None:
    assert texts.line(raw) == line


def test_a_paragraph_keeps_its_lines() -> None:
    assert texts.paragraph(b"one\r\ntwo\n") == "one\ntwo"


@pytest.mark.parametrize(
    ("letters", "name"),
    [
        (b"h264", "h264"),
        (b"mp4a", "aac"),
        (b"Opus", "opus"),
        (b"a52 ", "ac3"),
        (b"subt", "subrip"),
        (b"XyZ ", "xyz"),
        (b"\0\0\0\0", None),
        (b"a\x1b[m", None),
        (b"\xff\xfe\xfd\xfc", None),
    ],
)
def test_codecs_have_their_usual_names(letters: bytes, name: str | None) -> None:
    assert codec_name(int.from_bytes(letters, "little")) == name


_PACKET = b"\x47" + bytes(187)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\x1aE\xdf\xa3\x01", "mkv"),
        (b"\0\0\0\x20ftypisom", "mov,mp4,m4a,3gp,3g2,mj2"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0WAVEfmt ", "wav"),
        (b"fLaC\0\0\0\x22", "flac"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\xff\xfd\x90\x64", "mp3"),  # layer II: mpv has one name for both
        (b"\xff\xf1\x50\x80", "aac"),
        (b"\xff\xfb\xf0\x64", None),
        (b"\xff\xff\xff\xff", None),
        (_PACKET * 5, "mpegts"),
        (b"".join(b"time" + _PACKET for _ in range(5)), "mpegts"),
        (_PACKET + b"no more of them" * 20, None),
        (b"G", None),
        (b"", None),
    ],
)
def test_a_container_is_known_by_its_first_bytes(head: bytes, name: str | None) -> None:
    assert container_name(head) == name


@given(st.binary(max_size=HEAD_LENGTH))
def test_any_bytes_are_accepted(head: bytes) -> None:
    container_name(head)


def test_the_container_of_a_file(tmp_path: Path) -> None:
    assert container_of(str(MEDIA / "tracks.mkv")) == "mkv"
    assert container_of(str(MEDIA / "clip.mp4")) == "mov,mp4,m4a,3gp,3g2,mj2"
    assert container_of(str(tmp_path / "missing")) is None
    (tmp_path / "tagged").write_bytes(b"ID3\x03\0\0\0\0\x10\0" + bytes(2048) + b"\xff\xfb\x90\x64")
    assert container_of(str(tmp_path / "tagged")) == "mp3", "its tag is as long as a cover"
    (tmp_path / "cut").write_bytes(b"ID3\x03\0\0\x7f\x7f\x7f\x7f")
    assert container_of(str(tmp_path / "cut")) is None
    assert container_of("nul\0") is None


@given(width=st.integers(16, 8192), height=st.integers(16, 8192), letters=st.integers(0, 200))
def test_a_line_on_the_picture_fits_in_or_is_as_small_as_it_may_be(width: int, height: int, letters: int) -> None:
    size = text_size(width, height, letters)
    assert height // 40 <= size <= height // 16
    assert letters * 0.5 * (size - 1) <= width or size == height // 40


def test_a_short_line_on_the_picture_has_the_usual_size() -> None:
    assert text_size(1920, 1080, 40) == 67
    assert text_size(1920, 1080, 100) == 35
