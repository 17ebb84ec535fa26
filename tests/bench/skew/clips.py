"""The films of the benchmark. They are made when they are first needed, and kept in build/clips.

======== ======================== ==================================== ====== =================
name     picture (640x360)        sound (48 kHz, mono)                 length a key frame
======== ======================== ==================================== ====== =================
mp4      H.264, 30 a second       AAC                                  120 s  each 2 s
mkv      H.265, 24000/1001        FLAC (default), and another as AC-3  120 s  each 48 pictures
webm     VP9, 30                  Opus                                 120 s  each 2 s
sparse   H.264, 30 (mp4)          AAC                                  120 s  each 10 s
long     as mp4                   as mp4                               660 s  each 2 s
heavy    H.264, 24, 1920x1080,    as mp4                               60 s   each 250 pictures
         with noise (mp4)
heavy720 as heavy, 1280x720       as mp4                               60 s   each 250 pictures
======== ======================== ==================================== ====== =================

Picture n is shown from n / rate on and carries its number as a bar code (`tests.support.clips.barcode`), as in the
sample clips (`tests.media.make_clips`).

The sound is noise that never repeats, the same in every film, 0.15 to 3 kHz at -20 dB. Any quarter of a second of it
occurs only once in another recording, so its position is found to the sample (`correlate`). Clicks a second apart would
not tell half a second late from half a second early. `Clip.sound` is the noise before encoding, so a recording also
tells the position of the sound in the film. (In WebM the sound is 6.5 ms early, because ffmpeg counts Opus's encoder
delay twice.)

Needs ffmpeg with libx264, libx265, libvpx-vp9 and libopus, as in Debian. `python -m tests.bench.skew.clips` makes all
films, and prints how long each took.
"""

import contextlib
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from tests.media.make_clips import HEIGHT, SAMPLE_RATE, WIDTH, ffmpeg, picture
from tests.support.clips.barcode import NUMBER_MAX

__all__ = ["FOLDER", "NAMES", "SAMPLE_RATE", "Clip", "available", "make", "noise"]

FOLDER: Final = Path(__file__).parents[3] / "build" / "clips"

_SECONDS: Final = 120
_LONG_SECONDS: Final = 660
_HEAVY_SECONDS: Final = 60

# Fast encoders: the pictures need no quality, but must be decoded as films are. `bf 3` adds pictures that depend on
# later ones (B-frames), which the fastest presets leave out.
_H264: Final = "-c:v libx264 -preset veryfast -crf 23 -bf 3 -b_strategy 0 -sc_threshold 0 -pix_fmt yuv420p"
# Without `aac_pns 0` the encoder replaces noise by other noise, which sounds the same but is another signal.
_AAC: Final = "-c:a aac -aac_pns 0 -b:a 96k"
_MP4: Final = f"{_H264} {_AAC} -movflags +faststart"
_HEAVY: Final = (
    "-vf scale={}:flags=neighbor,noise=alls=10:allf=t"
    f" {_H264.replace('veryfast -crf 23', 'ultrafast -coder 1 -crf 27')} {_AAC} -movflags +faststart"
)
_NOISE_BAND: Final = "highpass=f=150,lowpass=f=3000"


class _Recipe(NamedTuple):
    suffix: str
    rate: Fraction
    seconds: int
    key_every: int
    """Pictures."""
    encode: str
    sounds: int = 1


_RECIPES: Final = {
    "mp4": _Recipe("mp4", Fraction(30), _SECONDS, 60, _MP4),
    "mkv": _Recipe(
        "mkv",
        Fraction(24000, 1001),
        _SECONDS,
        48,
        "-c:v libx265 -preset ultrafast -crf 26 -pix_fmt yuv420p -x265-params log-level=error:scenecut=0"
        " -c:a:0 flac -c:a:1 ac3 -b:a:1 128k -disposition:a:0 default -disposition:a:1 0"
        " -metadata:s:a:0 language=eng -metadata:s:a:1 language=deu",
        sounds=2,
    ),
    "webm": _Recipe(
        "webm",
        Fraction(30),
        _SECONDS,
        60,
        "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -row-mt 1 -crf 33 -b:v 0 -pix_fmt yuv420p"
        " -c:a libopus -b:a 96k",
    ),
    "sparse": _Recipe("mp4", Fraction(30), _SECONDS, 300, _MP4),
    "long": _Recipe("mp4", Fraction(30), _LONG_SECONDS, 60, _MP4),
    "heavy": _Recipe("mp4", Fraction(24), _HEAVY_SECONDS, 250, _HEAVY.format("1920:1080")),
    "heavy720": _Recipe("mp4", Fraction(24), _HEAVY_SECONDS, 250, _HEAVY.format("1280:720")),
}

NAMES: Final = tuple(_RECIPES)


class Clip(NamedTuple):
    """A film of the benchmark."""

    name: str
    path: Path
    rate: Fraction
    """Pictures a second. Picture n is shown from n / rate seconds on."""
    pictures: int
    """Number of pictures. They are numbered from 0."""
    key_every: int
    """Pictures from one key frame to the next."""
    sound: Path
    """Its first sound before encoding: 16-bit little-endian mono at ``SAMPLE_RATE``."""

    @property
    def seconds(self) -> float:
        return float(self.pictures / self.rate)


def available() -> str | None:
    """Return what has to be installed first; None if nothing is missing."""
    return None if shutil.which("ffmpeg") else "the bench makes its films with ffmpeg: apt-get install ffmpeg"


def make(name: str, folder: Path = FOLDER, *, seconds: int | None = None) -> Clip:
    """Return the film of this name. It is made if it is not in the folder yet, or was made by another recipe.

    ``seconds`` is a length other than the usual one. `python -m tests.bench.skew.clips` prints how long this takes.
    """
    recipe = _RECIPES[name]
    length = seconds or recipe.seconds
    count = int(length * recipe.rate)
    assert count <= NUMBER_MAX + 1
    draw = partial(picture, rate=round(recipe.rate))
    folder.mkdir(parents=True, exist_ok=True)
    sounds = [noise(seed, length, folder) for seed in range(1, recipe.sounds + 1)]
    # "avoid_negative_ts" would delay all pictures by the delay of the sound's encoder, 5 to 7 ms.
    arguments = (
        f"-f rawvideo -pix_fmt rgb24 -s {WIDTH}x{HEIGHT} -r {recipe.rate} -i pipe:0 "
        + " ".join(f"-f s16le -ar {SAMPLE_RATE} -ac 1 -i {sound.name}" for sound in sounds)
        + "".join(f" -map {stream}" for stream in range(1 + recipe.sounds))
        + f" -map_metadata -1 -fflags +bitexact -avoid_negative_ts disabled"
        f" -g {recipe.key_every} -keyint_min {recipe.key_every} {recipe.encode}"
    )
    # The name depends on pictures and arguments, so a file made by an older recipe is not used.
    mark = hashlib.sha256(arguments.encode() + draw(count - 1)).hexdigest()[:8]
    path = folder / f"{name}-{mark}.{recipe.suffix}"
    if not path.exists():
        with _whole(path) as part:
            ffmpeg(f"{arguments} {part.name}", pictures=map(draw, range(count)), folder=folder)
    return Clip(name, path, recipe.rate, count, recipe.key_every, sounds[0])


def noise(seed: int, seconds: int, folder: Path) -> Path:
    """Return a file of noise. Each seed gives another noise."""
    path = folder / f"noise-{seed}-{seconds}.s16le"
    if not path.exists():
        with _whole(path) as part:
            source = f"anoisesrc=color=white:seed={seed}:amplitude=0.5:sample_rate={SAMPLE_RATE}:duration={seconds}"
            ffmpeg(f"-f lavfi -i {source},{_NOISE_BAND} -f s16le -ac 1 {part.name}", folder=folder)
    return path


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Yield a temporary name to write to, and rename it at the end, so that no incomplete film is left behind."""
    part = path.with_name(f"part-{os.getpid()}-{path.name}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def main() -> None:
    if missing := available():
        sys.exit(missing)
    for name in sys.argv[1:] or NAMES:
        begin = time.monotonic()
        clip = make(name)
        size = clip.path.stat().st_size / 1e6
        print(f"{name:7} {time.monotonic() - begin:5.1f} s  {size:5.1f} MB  {clip.path}")


if __name__ == "__main__":
    main()
