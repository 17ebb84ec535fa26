"""The bar code in the sample clips: the picture's number, readable after a codec and a scaler.

It is one band of 28 cells side by side, each white or black, with black on both sides of the band::

    white black | 16 bits: the number, in Gray code, most significant first | 8 bits: CRC-8 of the number | black white

The white cells at both ends show where the code begins and how wide it is, for any window size and any black bars
beside the picture. The black cells next to them show that they are one cell wide. Gray code changes one of its sixteen
cells from one picture to the next, which keeps the files small. A row that mixes two pictures, or that has another
origin, fails the CRC with a probability of 255/256, and the four cells at the ends have to be right as well.

The band is in the middle of the picture, so the middle row of the window always crosses it.
"""

from collections.abc import Sequence
from typing import Final

__all__ = ["CELLS", "NUMBER_MAX", "decode", "encode"]

_NUMBER_BITS: Final = 16
_CHECK_BITS: Final = 8
_LEFT: Final = (1, 0)
_RIGHT: Final = (0, 1)

CELLS: Final = len(_LEFT) + _NUMBER_BITS + _CHECK_BITS + len(_RIGHT)
NUMBER_MAX: Final = (1 << _NUMBER_BITS) - 1

_CONTRAST_MIN: Final = 80
"""Of 255. Black and white are 255 apart, or 219 if the video's range is not expanded. Noise has far less contrast."""

_CELL_PIXELS_MIN: Final = 3.0
"""In a cell of fewer than three pixels the middle one may be grey."""


def encode(number: int) -> tuple[int, ...]:
    """Return the cells of this number from left to right: 1 is white, 0 is black."""
    if not 0 <= number <= NUMBER_MAX:
        raise ValueError(f"{number} is not within 0 to {NUMBER_MAX}")
    gray = number ^ (number >> 1)
    return (*_LEFT, *_bits(gray, _NUMBER_BITS), *_bits(_crc8(number), _CHECK_BITS), *_RIGHT)


def decode(row: bytes, pixel_bytes: int = 1) -> int | None:
    """Return the number that a row of pixels shows, or None if it shows no number.

    ``pixel_bytes`` is 1 for grey, 3 for RGB or BGR, 4 for X11's pixels. Of 3 or 4 bytes the second is used, which is
    green in either order.
    """
    luma = row if pixel_bytes == 1 else row[1::pixel_bytes]
    if not luma:
        return None
    darkest, brightest = min(luma), max(luma)
    if brightest - darkest < _CONTRAST_MIN:
        return None
    threshold = (darkest + brightest) // 2
    # translate() turns all pixels into white or black in C, so that two hundred rows a second cost hardly anything.
    white = luma.translate(bytes(value > threshold for value in range(256)) if threshold != 127 else _WHITE_ABOVE_127)
    first, end = white.find(1), white.rfind(1) + 1
    cell = (end - first) / CELLS
    if cell < _CELL_PIXELS_MIN:
        return None
    cells = [white[first + int((index + 0.5) * cell)] for index in range(CELLS)]
    if tuple(cells[: len(_LEFT)]) != _LEFT or tuple(cells[-len(_RIGHT) :]) != _RIGHT:
        return None
    body = cells[len(_LEFT) : -len(_RIGHT)]
    number = _from_gray(_value(body[:_NUMBER_BITS]))
    return number if _value(body[_NUMBER_BITS:]) == _crc8(number) else None


_WHITE_ABOVE_127: Final = bytes(value > 127 for value in range(256))


def _bits(value: int, count: int) -> tuple[int, ...]:
    return tuple(value >> shift & 1 for shift in reversed(range(count)))


def _value(bits: Sequence[int]) -> int:
    value = 0
    for bit in bits:
        value = value << 1 | bit
    return value


def _from_gray(gray: int) -> int:
    number = gray
    while gray := gray >> 1:
        number ^= gray
    return number


def _crc8(number: int) -> int:
    """Return the CRC-8 of the number's two bytes: polynomial x^8 + x^2 + x + 1, initial value 0xFF."""
    crc = 0xFF
    for byte in number.to_bytes(2, "big"):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
