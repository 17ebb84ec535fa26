"""Damaged films, the same ones for the same seed: `sources` makes whole ones with ffmpeg, `damage` spoils one."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.media.make_clips import ffmpeg

__all__ = ["damage", "sources"]

_HEAD: Final = 4096
"""Bytes. In all containers but MP4, which keeps its tables at the end here, what describes the film is among them."""

_PICTURE: Final = "-f lavfi -i testsrc=size=160x90:rate=15:duration=12"
_SOUND: Final = "-f lavfi -i sine=frequency=440:sample_rate=44100:duration=12"
_COVER: Final = (
    "-f lavfi -i color=c=red:size=64x64:duration=1 -map 0 -map 1 -frames:v 1 -c:v png -disposition:v attached_pic"
)
_FILMS: Final = {
    "mp4": "-c:v libx264 -preset ultrafast -g 30 -pix_fmt yuv420p -c:a aac",
    "mkv": "-c:v libx264 -preset ultrafast -g 30 -pix_fmt yuv420p -c:a flac",
    "webm": "-c:v libvpx -deadline realtime -cpu-used 8 -g 30 -c:a libopus",
    "avi": "-c:v mpeg4 -g 30 -c:a libmp3lame",
    "ts": "-c:v libx264 -preset ultrafast -g 30 -pix_fmt yuv420p -c:a aac",
    "flac": "",
    "mp3": f"{_COVER} -c:a libmp3lame -id3v2_version 3",
    "ogg": "-c:a libvorbis",
}
_WITHOUT_PICTURE: Final = frozenset({"flac", "mp3", "ogg"})


def sources(folder: Path) -> list[Path]:
    """Make a film of twelve seconds in each container, if it is not in the folder yet."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, encode in _FILMS.items():
        path = folder / f"film.{name}"
        if not path.exists():
            inputs = _SOUND if name in _WITHOUT_PICTURE else f"{_PICTURE} {_SOUND}"
            ffmpeg(f"{inputs} {encode} -map_metadata -1 -fflags +bitexact part.{name}", folder=folder)
            (folder / f"part.{name}").rename(path)
        paths.append(path)
    return paths


def damage(content: bytes, chance: random.Random) -> bytes:
    """Return the content of a file with one to three kinds of damage."""
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        if len(damaged) > 1:
            chance.choice(_KINDS)(damaged, chance)
    return bytes(damaged)


def _spoil_head(content: bytearray, chance: random.Random) -> None:
    _spoil(content, chance, min(_HEAD, len(content)), chance.randint(1, 40))


def _spoil_body(content: bytearray, chance: random.Random) -> None:
    _spoil(content, chance, len(content), chance.randint(1, 1000))


def _spoil(content: bytearray, chance: random.Random, length: int, count: int) -> None:
    for _ in range(count):
        content[chance.randrange(length)] = chance.choice((0, 0x7F, 0x80, 0xFF, chance.randrange(256)))


def _cut_short(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(1, len(content)) :]


def _double_piece(content: bytearray, chance: random.Random) -> None:
    first, last = _piece(content, chance)
    at = chance.randrange(len(content))
    content[at:at] = content[first:last]


def _lose_piece(content: bytearray, chance: random.Random) -> None:
    first, last = _piece(content, chance)
    del content[first:last]


def _empty_piece(content: bytearray, chance: random.Random) -> None:
    first, last = _piece(content, chance)
    content[first:last] = bytes(last - first)


def _exaggerate(content: bytearray, chance: random.Random) -> None:
    """Replace four bytes, which may be a length or a count, by a great number."""
    at = chance.randrange(min(_HEAD, len(content)))
    content[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0"))


def _piece(content: bytearray, chance: random.Random) -> tuple[int, int]:
    first = chance.randrange(len(content))
    return first, min(len(content), first + chance.randint(1, max(1, len(content) // 4)))


_KINDS: Final[tuple[Callable[[bytearray, random.Random], None], ...]] = (
    _spoil_head,
    _spoil_body,
    _cut_short,
    _double_piece,
    _lose_piece,
    _empty_piece,
    _exaggerate,
)
