"""Make the sample clips: `python -m tests.media.make_clips`, from the top of the repository. README.md describes them.

Needs ffmpeg with libx264 (Debian's). Whoever runs the tests needs neither: the clips are kept in the repository. Every
picture and every sample is computed here, and ffmpeg only encodes, on one thread and without a date, so that the same
ffmpeg makes the same bytes again.
"""

import math
import struct
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.support.clips.barcode import CELLS, encode

WIDTH: Final = 640
HEIGHT: Final = 360
RATE: Final = 30
SECONDS: Final = 60
SAMPLE_RATE: Final = 48_000
CELL_WIDTH: Final = 20

Colour = bytes
BLACK: Final[Colour] = bytes((0, 0, 0))
WHITE: Final[Colour] = bytes((255, 255, 255))
GROUND: Final[Colour] = bytes((24, 28, 40))
DIGITS: Final[Colour] = bytes((240, 200, 80))
HAND: Final[Colour] = bytes((90, 180, 230))

# Which of its seven segments a digit lights: top, upper left, upper right, middle, lower left, lower right, bottom.
SEGMENTS: Final = (
    "1110111",
    "0010010",
    "1011101",
    "1011011",
    "0111010",
    "1101011",
    "1101111",
    "1010010",
    "1111111",
    "1111011",
)
DIGIT_WIDTH: Final = 56
DIGIT_STROKE: Final = 12
DIGIT_GAP: Final = 20


def picture(number: int, rate: int = RATE) -> bytes:
    """Return one picture as RGB: its number as digits, the bar code in the middle, and below it a hand on its way.

    ``rate``: pictures a second, to the next whole number.
    """
    ground = GROUND * WIDTH
    second, within = divmod(number, rate)
    lit = WHITE if within < 3 else GROUND  # a flash with each click, so that eyes can judge the sound
    hand = within * WIDTH // rate
    digits = f"{second:0{2 if second < 100 else 4}}{within:02}"
    return b"".join(
        [
            ground * 16,
            *(digit_row(digits, part) * rows for part, rows in enumerate((12, 34, 12, 34, 12))),
            ground * 20,
            code_row(number) * 80,
            ground * 30,
            segment_row([(hand, WIDTH // rate, HAND)]) * 40,
            ground * 20,
            segment_row([(WIDTH // 2 - 40, 80, lit)]) * 40,
            ground * 10,
        ]
    )


def segment_row(segments: list[tuple[int, int, Colour]]) -> bytes:
    """Return one row: the ground, and on it stretches (start, width, colour)."""
    row = bytearray(GROUND * WIDTH)
    for start, width, colour in segments:
        row[3 * start : 3 * (start + width)] = colour * width
    return bytes(row)


def code_row(number: int) -> bytes:
    cells = b"".join((WHITE if cell else BLACK) * CELL_WIDTH for cell in encode(number))
    margin = BLACK * ((WIDTH - CELLS * CELL_WIDTH) // 2)
    return margin + cells + margin


def digit_row(digits: str, part: int) -> bytes:
    """Return one row of the second and of the picture within it, as two pairs of digits; ``part``: see ``SEGMENTS``."""
    stretches: list[tuple[int, int, Colour]] = []
    left = (WIDTH - len(digits) * (DIGIT_WIDTH + DIGIT_GAP) - DIGIT_GAP) // 2
    for index, digit in enumerate(digits):
        start = left + index * (DIGIT_WIDTH + DIGIT_GAP) + (index // 2) * 2 * DIGIT_GAP
        lit = SEGMENTS[int(digit)]
        if part % 2 == 0:  # a horizontal one
            if lit[part // 2 * 3] == "1":
                stretches.append((start, DIGIT_WIDTH, DIGITS))
        else:
            first = 1 if part == 1 else 4
            if lit[first] == "1":
                stretches.append((start, DIGIT_STROKE, DIGITS))
            if lit[first + 1] == "1":
                stretches.append((start + DIGIT_WIDTH - DIGIT_STROKE, DIGIT_STROKE, DIGITS))
    return segment_row(stretches)


def sound(pitch: float) -> bytes:
    """Return a minute of 16-bit mono: silence, and 5 ms of a tone at each whole second; each tenth is an octave up."""
    samples = bytearray()
    for second in range(SECONDS):
        frequency = pitch * 2 if second % 10 == 0 else pitch
        burst = SAMPLE_RATE * 5 // 1000
        for index in range(burst):
            samples += struct.pack("<h", round(24_000 * math.sin(2 * math.pi * frequency * index / SAMPLE_RATE)))
        samples += bytes(2 * (SAMPLE_RATE - burst))
    return bytes(samples)


def subtitles(word: str) -> str:
    """Return an SRT whose every line stands for the second that it names."""
    lines = (
        f"{second + 1}\n00:00:{second:02},000 --> 00:00:{second:02},950\n{word} {second}\n" for second in range(SECONDS)
    )
    return "\n".join(lines)


def ffmpeg(arguments: str, *, pictures: Iterable[bytes] = (), folder: Path | None = None) -> None:
    """Run ffmpeg with these arguments, which are split at spaces, and feed it the pictures.

    ``folder``: where it runs, so that paths with spaces need not be among the arguments.
    """
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", *arguments.split()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=folder) as encoder:
        assert encoder.stdin is not None
        for shown in pictures:
            encoder.stdin.write(shown)
        encoder.stdin.close()
    if encoder.returncode != 0:
        raise SystemExit(f"ffmpeg failed: {arguments}")


def main() -> None:
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        for language, word, pitch in (("eng", "second", 1000.0), ("deu", "Sekunde", 700.0)):
            Path(folder, f"{language}.raw").write_bytes(sound(pitch))
            Path(folder, f"{language}.srt").write_text(subtitles(word))
        exact = "-map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -threads 1"
        raw_sound = f"-f s16le -ar {SAMPLE_RATE} -ac 1 -i"
        # A key frame every two seconds, and pictures that lean on both their neighbours: as films are.
        ffmpeg(
            f"-f rawvideo -pix_fmt rgb24 -s {WIDTH}x{HEIGHT} -r {RATE} -i pipe:0 {raw_sound} {folder}/eng.raw {exact}"
            " -c:v libx264 -preset veryslow -crf 30 -g 60 -keyint_min 60 -sc_threshold 0 -pix_fmt yuv420p"
            f" -c:a aac -b:a 48k -movflags +faststart {here}/clip.mp4",
            pictures=map(picture, range(SECONDS * RATE)),
        )
        ffmpeg(
            f"-i {here}/clip.mp4 {raw_sound} {folder}/eng.raw {raw_sound} {folder}/deu.raw"
            f" -i {folder}/eng.srt -i {folder}/deu.srt -map 0:v -map 1 -map 2 -map 3 -map 4 {exact}"
            " -c:v copy -c:a flac -c:s srt -disposition:a:0 default -disposition:a:1 0"
            " -metadata:s:a:0 language=eng -metadata:s:a:1 language=deu"
            f" -metadata:s:s:0 language=eng -metadata:s:s:1 language=deu {here}/tracks.mkv"
        )


if __name__ == "__main__":
    main()
