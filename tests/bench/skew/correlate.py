"""Find by how many samples one recording of a noise is later than another, without a library.

Only the signs of the samples are compared. The signs of a recording are packed into one integer, so shifting it,
comparing it with the other and counting the different bits are three operations: a few microseconds for half a second
at 48 kHz, so that every shift can be tried. Signs do not depend on the volume. If two noises are the same, all signs
agree; if they are unrelated, half of them do. If the share ``a`` agrees, the correlation of the two is
sin(pi (a - 1/2)) (the arcsine law of J. H. Van Vleck, for Gaussian noise).
"""

from array import array
from typing import Final, NamedTuple

__all__ = ["SAMPLE_BYTES", "Lag", "lag", "played_at"]

SAMPLE_BYTES: Final = 2
"""Signed 16 bits, little-endian, one channel."""

_SIGN: Final = bytes(b"01"[byte >= 0x80] for byte in range(256))


class Lag(NamedTuple):
    """The second recording is ``samples`` later; ``agreement`` is the share of signs that agree at that shift.

    Trust an agreement of 0.75 and more. A wrong shift of a window of a quarter of a second gives at most 0.6 (with
    noise up to 3 kHz), and a silent recording about 0.5.
    """

    samples: int
    agreement: float


def lag(first: bytes, second: bytes, most: int) -> Lag:
    """Compare two recordings of the same length that began at the same moment.

    Args:
        first, second: Samples (see ``SAMPLE_BYTES``), at least ``2 * most + 1`` of them.
        most: The largest lag that is tried, in samples, in both directions.

    The first recording, without ``most`` samples at each end, is searched in the second. This takes about 5 us for each
    of the ``2 * most + 1`` shifts and half a second of sound.
    """
    if len(first) != len(second) or len(first) % SAMPLE_BYTES:
        raise ValueError(f"{len(first)} and {len(second)} bytes are not two recordings of one length")
    window = len(first) // SAMPLE_BYTES - 2 * most
    if window < 1:
        raise ValueError("nothing is left of the first recording but its ends")
    sought = _signs(first[most * SAMPLE_BYTES : (most + window) * SAMPLE_BYTES])
    heard = _signs(second)
    mask = (1 << window) - 1
    # Earlier samples are higher bits. So the shift 0 compares with the end of the second recording.
    fewest, at = min((((heard >> shift ^ sought) & mask).bit_count(), shift) for shift in range(2 * most + 1))
    return Lag(most - at, 1 - fewest / window)


def played_at(rate: float, samples: "array[int]") -> "array[int]":
    """Return the recording as if played at ``rate`` around its middle, with zeros where no samples exist.

    Each sample is the nearest one, which is exact enough for signs.
    """
    middle, count = len(samples) // 2, len(samples)
    places = (middle + round((place - middle) * rate) for place in range(count))
    return array("h", [samples[place] if 0 <= place < count else 0 for place in places])


def _signs(samples: bytes) -> int:
    """Return the signs of the samples as the bits of an integer, 1 if negative. The first sample is the highest bit."""
    return int(samples[1::SAMPLE_BYTES].translate(_SIGN) or b"0", 2)
