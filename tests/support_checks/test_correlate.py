"""Correlation finds the lag between two recordings of one noise to the sample, also after changes to one of them."""

import array
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from tests.bench.skew.correlate import lag, played_at

LENGTH = 4000
MOST = 300


def noise(seed: int, length: int) -> list[int]:
    """Return noise whose bandwidth is at most half of what its sample rate allows, as after a codec."""
    source = random.Random(seed)
    white = [source.gauss(0, 2000) for _ in range(length + 3)]
    return [round(sum(white[index : index + 4])) for index in range(length)]


def samples(values: list[int]) -> bytes:
    return array.array("h", [max(-32768, min(32767, value)) for value in values]).tobytes()


@settings(deadline=None, max_examples=25)
@given(some.integers(-MOST, MOST), some.integers(0, 1000))
@example(-MOST, 0)
@example(MOST, 0)
def test_any_lag_is_found_to_the_sample(late: int, seed: int) -> None:
    film = noise(seed, LENGTH + 2 * MOST)
    first, second = film[MOST : MOST + LENGTH], film[MOST - late : MOST - late + LENGTH]
    found = lag(samples(first), samples(second), MOST)
    assert found == (late, 1.0)


def test_a_quiet_and_noisy_copy_is_found_with_less_agreement() -> None:
    film, other = noise(1, LENGTH), noise(2, LENGTH)
    heard = [value // 10 + hiss // 20 for value, hiss in zip(film, other, strict=True)]
    found = lag(samples(film), samples(heard), MOST)
    assert found.samples == 0
    # By the arcsine law, the correlation being 1 / sqrt(1 + (10 / 20)^2).
    assert found.agreement == pytest.approx(0.85, abs=0.03)


@pytest.mark.parametrize("rate", [0.97, 1.004, 1.02])
def test_a_copy_that_was_played_faster_is_found_by_its_rate(rate: float) -> None:
    film, late = noise(1, LENGTH), 40
    heard = [film[place] for place in (round(LENGTH / 2 + (at - late - LENGTH / 2) * rate) for at in range(300, 3700))]
    first = array.array("h", samples(film[300:3700]))
    found = lag(played_at(rate, first).tobytes(), samples(heard), MOST)
    assert abs(found.samples - late) <= 1
    assert found.agreement > 0.9
    assert lag(first.tobytes(), samples(heard), MOST).agreement < found.agreement


def test_unrelated_noise_does_not_agree() -> None:
    assert lag(samples(noise(1, LENGTH)), samples(noise(2, LENGTH)), MOST).agreement < 0.65


def test_silence_does_not_agree() -> None:
    assert lag(samples(noise(1, LENGTH)), bytes(2 * LENGTH), MOST).agreement < 0.6


@pytest.mark.parametrize("sizes", [(100, 98), (101, 101), (80, 80)])
def test_recordings_of_unsuitable_lengths_are_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="recording"):
        lag(bytes(sizes[0]), bytes(sizes[1]), 20)
