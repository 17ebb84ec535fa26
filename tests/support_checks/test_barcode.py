"""The bar code is read from rows of any size, and hardly ever misread from other rows."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.support.clips.barcode import CELLS, NUMBER_MAX, decode, encode

NUMBERS = some.integers(0, NUMBER_MAX)


def row(number: int, cell: float, margin: int = 0, black: int = 16, white: int = 235) -> bytes:
    """Draw a code with cells of this many pixels. A pixel's grey is its share of white."""
    cells = encode(number)
    fine = 8
    line = [cells[int(index / (cell * fine))] for index in range(int(CELLS * cell * fine))]
    pixels = [line[start : start + fine] for start in range(0, len(line), fine)]
    drawn = bytes(black + (white - black) * sum(pixel) // fine for pixel in pixels)
    return bytes([black]) * margin + drawn + bytes([black]) * margin


@given(NUMBERS, some.floats(4.0, 70.0), some.integers(0, 500))
def test_any_width_and_margin(number: int, cell: float, margin: int) -> None:
    assert decode(row(number, cell, margin)) == number


@given(NUMBERS, some.integers(0, 60), some.integers(170, 255))
def test_any_range_of_greys(number: int, black: int, white: int) -> None:
    assert decode(row(number, 20, 40, black, white)) == number


@given(NUMBERS, some.randoms(use_true_random=False))
def test_noise_of_a_codec(number: int, random: Random) -> None:
    noisy = bytes(min(255, max(0, pixel + random.randint(-40, 40))) for pixel in row(number, 20, 40))
    assert decode(noisy) == number


@pytest.mark.parametrize("pixel_bytes", [3, 4])
def test_colours(pixel_bytes: int) -> None:
    grey = row(1234, 20, 40)
    assert decode(b"".join(bytes([pixel]) * pixel_bytes for pixel in grey), pixel_bytes) == 1234


@given(some.binary(max_size=700))
def test_random_pixels_give_none_or_a_number(pixels: bytes) -> None:
    number = decode(pixels)
    assert number is None or 0 <= number <= NUMBER_MAX


@pytest.mark.parametrize("pixels", [b"", b"\0", bytes(640), b"\xff" * 640, bytes(320) + b"\xff" * 320])
def test_plain_rows_have_no_number(pixels: bytes) -> None:
    assert decode(pixels) is None


@given(NUMBERS, some.integers(0, CELLS - 1))
def test_one_wrong_cell_is_never_another_number(number: int, wrong: int) -> None:
    """A wrong cell at an end moves the border of the code; that must not be read as another number either."""
    cells = list(encode(number))
    cells[wrong] ^= 1
    assert decode(b"".join(bytes([255 * cell]) * 20 for cell in [0, *cells, 0])) is None


def test_a_row_of_two_pictures_is_rarely_misread() -> None:
    """Half a row of each of two neighbours differs from both in at most one cell, which the CRC detects."""
    misread = 0
    for number in range(1799):
        left, right = row(number, 20), row(number + 1, 20)
        half = len(left) // 2
        if decode(left[:half] + right[half:]) not in (None, number, number + 1):
            misread += 1
    assert misread < 1799 / 100


@pytest.mark.parametrize("number", [-1, NUMBER_MAX + 1])
def test_a_number_that_does_not_fit_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="is not within"):
        encode(number)
