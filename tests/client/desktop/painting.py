"""What tests ask of a cairo image: which pixels are painted, and in which colour."""

from collections.abc import Sequence
from typing import Any


def _pixels(image: Any) -> tuple[Sequence[int], int]:
    """Return an image's pixels as numbers 0xAARRGGBB, row after row, and the length of a row."""
    return memoryview(bytes(image.get_data())).cast("I"), image.get_stride() // 4


def opaque(image: Any) -> set[tuple[int, int]]:
    """Return the places of all pixels that are not transparent."""
    values, width = _pixels(image)
    return {(i % width, i // width) for i, value in enumerate(values) if value >> 24}


def covered(image: Any) -> float:
    """Return the share of an image's pixels that are not transparent."""
    alphas = bytes(image.get_data())[3::4]
    return 1 - alphas.count(0) / len(alphas)


def colour_at(image: Any, x: int, y: int) -> tuple[float, float, float]:
    values, width = _pixels(image)
    value = values[y * width + x]
    return (value >> 16 & 255) / 255, (value >> 8 & 255) / 255, (value & 255) / 255
