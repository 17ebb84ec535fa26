"""Films whose headers are wrong, whose times begin late, or that are cut short: made of the sample clips."""

import struct
import subprocess
from pathlib import Path

from tests.support.daemons.party import CLIP, TRACKS

__all__ = ["CLIP_SECONDS", "cut", "ffmpeg", "mkv_of_duration", "mp4_of_duration", "piped_mkv"]

CLIP_SECONDS = 60.0
"""How long both clips really are."""

_DURATION = b"\x44\x89\x88"
"""The id of Matroska's duration, and its size: eight bytes."""
_SEGMENT = b"\x18\x53\x80\x67"
_UNKNOWN_SIZE = b"\x01" + b"\xff" * 7


def ffmpeg(*arguments: str | Path) -> None:
    command = ("ffmpeg", "-nostdin", "-loglevel", "error", "-y", *map(str, arguments))
    subprocess.run(command, check=True, timeout=60, stderr=subprocess.DEVNULL)


def slides(path: Path) -> Path:
    """Make a film without sound of 8 pictures, one every 8 s. Its header says 25 pictures a second."""
    pictures = "testsrc=size=320x180:rate=25:duration=60"
    coding = "-vsync vfr -c:v libx264 -preset ultrafast".split()
    ffmpeg("-f", "lavfi", "-i", pictures, "-vf", "select='not(mod(n,200))'", *coding, path)
    return path


def mkv_of_duration(path: Path, seconds: float, source: Path = TRACKS) -> Path:
    """Write the clip with another duration in its header."""
    content = bytearray(source.read_bytes())
    at = content.index(_DURATION) + len(_DURATION)
    content[at : at + 8] = struct.pack(">d", seconds * 1000)
    path.write_bytes(content)
    return path


def piped_mkv(path: Path) -> Path:
    """Write the clip as it would have been written to a pipe: its segment has no size, and it names no duration."""
    content = bytearray(mkv_of_duration(path, 0.0).read_bytes())
    at = content.index(_SEGMENT) + len(_SEGMENT)
    content[at : at + 8] = _UNKNOWN_SIZE
    content[content.index(_DURATION)] = 0xEC  # filling
    path.write_bytes(content)
    return path


def mp4_of_duration(path: Path, seconds: float, source: Path = CLIP) -> Path:
    """Write the clip with another duration in the headers of the film and of its tracks."""
    content = bytearray(source.read_bytes())
    for letters, scale_at, duration_at in ((b"mvhd", 16, 20), (b"mdhd", 16, 20), (b"tkhd", None, 24)):
        at = -1
        while (at := content.find(letters, at + 1)) >= 0:
            (scale,) = (1000,) if scale_at is None else struct.unpack_from(">I", content, at + scale_at)
            struct.pack_into(">I", content, at + duration_at, int(seconds * scale))
    path.write_bytes(content)
    return path


def cut(path: Path, source: Path, share: float = 0.5) -> Path:
    """Write the first part of a file."""
    content = source.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path
