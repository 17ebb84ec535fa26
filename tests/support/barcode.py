"""The bar code that the sample clips carry: a picture's number, written so that it survives a codec and a scaler.

One band of 28 cells side by side, each white or black, and black to the left and right of it::

    white black | 16 bits: the number, in Gray code, most significant first | 8 bits: CRC-8 of the number | black white

The white cells at both ends tell where the code begins and how wide it is, whatever the window's size and the black
bars beside the picture; the black cells beside them tell that they are one cell wide. From one picture to the next Gray
code changes one cell of its sixteen, which keeps the files small. A row that mixes two pictures, or is none of ours,
fails the CRC (but for one in 256, and the four cells at the ends have to be right as well).

The band lies in the middle of the picture, so that the middle row of the window always crosses it.
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
"""Of 255. Black and white come out 255 apart, 219 where the range of a video is not stretched; noise far less."""

_CELL_PIXELS_MIN: Final = 3.0
"""Below three pixels a cell's middle may be grey."""


def encode(number: int) -> tuple[int, ...]:
    """Return the cells of this number from left to right: 1 is white, 0 is black."""
    if not 0 <= number <= NUMBER_MAX:
        raise ValueError(f"{number} is not within 0 to {NUMBER_MAX}")
    gray = number ^ (number >> 1)
    return (*_LEFT, *_bits(gray, _NUMBER_BITS), *_bits(_crc8(number), _CHECK_BITS), *_RIGHT)


def decode(row: bytes, pixel_bytes: int = 1) -> int | None:
    """Return the number that a row of pixels shows, or None where it shows none.

    ``pixel_bytes``: 1 for grey, 3 for RGB or BGR, 4 for the four bytes that X11 uses. Of several, the second is looked
    at: green in any order.
    """
    luma = row if pixel_bytes == 1 else row[1::pixel_bytes]
    if not luma:
        return None
    darkest, brightest = min(luma), max(luma)
    if brightest - darkest < _CONTRAST_MIN:
        return None
    threshold = (darkest + brightest) // 2
    # All the pixels are turned into white or black in one step of C: two hundred rows a second are to cost nothing.
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
    """CRC-8 with the polynomial x^8 + x^2 + x + 1 over the number's two bytes, begun with all ones."""
    crc = 0xFF
    for byte in number.to_bytes(2, "big"):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
