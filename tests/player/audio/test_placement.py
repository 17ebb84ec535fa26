"""AudioPlacement on a simulated stream. The samples are numbers: their index in the film's sound."""

import array
import itertools
import math
import random

import pytest

from hangd.engine.follower.drift import DriftController
from hangd.player.audio.placement import AudioPlacement

RATE = 48_000
BLOCK = 1024
FRAME = 4


def film(first: int, count: int = BLOCK, frames: int | None = None) -> bytes:
    """Return ``count`` frames of the film from ``first`` on, each its number plus 1, stretched to ``frames`` frames."""
    if frames is None:
        return array.array("I", range(first + 1, first + count + 1)).tobytes()
    return array.array("I", [first + 1 + n * count // frames for n in range(frames)]).tobytes()


class Tape:
    """A stream with a clock of its own: ``ppm`` faster, and read with a random ``error`` of up to so many seconds."""

    rate, frame = RATE, FRAME

    def __init__(self, *, ppm: float = 0.0, error: float = 0.0) -> None:
        self.now = 100.0
        self.known = True
        self.lies = 0.0
        self._begun = self.now
        self._speed = 1 + ppm * 1e-6
        self._error = error
        self._chance = random.Random(1)
        self.written: dict[int, int] = {}
        self.placement = AudioPlacement(self, lambda: self.now)

    def change_device(self, seconds: float) -> None:
        """Let another device play, where the stream is so much further."""
        self._begun -= seconds

    def place(self, at: float) -> int:
        return round((at - self._begun) * self._speed * RATE)

    def reading(self) -> tuple[float, float] | None:
        off = self._chance.uniform(-self._error, self._error)
        return ((self.now - self._begun) * self._speed + off + self.lies, self.now) if self.known else None

    def write(self, at: int, samples: bytes) -> None:
        assert at >= 0
        assert len(samples) % FRAME == 0
        numbers = array.array("I", samples)
        past = min(max(0, self.place(self.now) - at), len(numbers))
        self.written.update(zip(range(at + past, at + len(numbers)), numbers[past:], strict=True))

    def flush(self) -> None:
        past = self.place(self.now)
        self.written = {place: number for place, number in self.written.items() if place < past}

    def at(self, time: float) -> int | None:
        """Return the film's frame that is heard at this time; None: silence."""
        number = self.written.get(self.place(time))
        return None if number is None else number - 1

    def play(self, first: int, count: int, due: float, ahead: float = 1.0, block: int = BLOCK) -> None:
        """Play ``count`` blocks from ``first`` on, the first due at ``due``; each comes ``ahead`` seconds before."""
        for number in range(first, first + count):
            at = due + (number - first) * block / RATE
            self.now = max(self.now, at - ahead)
            self.placement.play(at, film(number * block, block))

    def play_as_vlc(
        self,
        due: float,
        rates: list[tuple[float, float]],
        seconds: float,
        block: int = BLOCK,
        moved: tuple[float, float] = (math.inf, 0.0),
    ) -> None:
        """Play the film from ``due`` on as VLC does, with these changes of its rate (time and new rate).

        A block gets its due time 1.1 s before it is heard, as if the newest rate were to last from what is heard then.
        ``moved``: when VLC's clock is corrected, and by how many seconds.
        """
        rates = [*rates, (math.inf, 1.0)]
        rate, since, place = 1.0, due, 0.0
        begun = self.now = max(self.now, due - 0.010)
        for first in range(0, int(seconds * RATE), block):
            at = since + (first / RATE - place) / rate
            # At a start it takes a third of a second until so much has been decoded.
            self.now = max(self.now, at - 1.1, begun + min(first / RATE * 0.25, 0.3))
            while rates[0][0] <= self.now:
                place += (rates[0][0] - since) * rate
                since, rate = rates.pop(0)
                at = since + (first / RATE - place) / rate
            if moved[0] <= self.now:
                self.placement.set_lateness(moved[1])
                self.placement.clock_corrected()
                since, at = since - moved[1], at - moved[1]
                moved = (math.inf, 0.0)
            self.placement.play(round(at, 6), film(first, block, round(block / rate)))

    def off(self, begin: float, end: float, due: float) -> float:
        """Return the largest error of the sound, in seconds, between two times, for a film that began at ``due``."""
        times = [begin + n * 0.01 for n in range(int((end - begin) * 100))]
        heard = [self.at(time) for time in times]
        assert None not in heard
        return max(abs((place or 0) / RATE - (time - due)) for place, time in zip(heard, times, strict=True))

    def seams(self) -> int:
        """Count the places where frames that were written do not follow each other."""
        places = sorted(self.written)
        return sum(
            one + 1 != other or self.written[one] + 1 != self.written[other]
            for one, other in itertools.pairwise(places)
        )


def test_each_sample_is_heard_when_it_is_due() -> None:
    tape = Tape()
    tape.play(0, 50, due=100.020)
    assert tape.at(100.019) is None
    for seconds in (0.0, 0.4, 1.0):
        assert tape.at(100.020 + seconds) == pytest.approx(seconds * RATE, abs=1)


def test_samples_that_come_too_late_are_cut_off() -> None:
    tape = Tape()
    tape.play(0, 10, due=99.990)
    assert tape.at(100.0) == pytest.approx(0.010 * RATE, abs=1)
    assert tape.seams() == 0


def test_a_block_due_before_the_stream_began_is_dropped() -> None:
    tape = Tape()
    tape.placement.play(99.9, film(0))
    assert tape.written == {}


def test_inexact_readings_cause_no_seams() -> None:
    tape = Tape(error=0.003)
    for _ in range(20):
        tape.now += 0.1
        tape.placement.read_clock()
    tape.play(0, 300, due=tape.now + 0.1)
    assert tape.seams() == 0
    assert tape.at(tape.now + 0.5) == pytest.approx((299 * BLOCK / RATE - 0.5) * RATE, abs=0.002 * RATE)


def test_a_wrong_first_reading_is_corrected_gradually() -> None:
    tape = Tape()
    tape.lies = 0.004
    tape.play(0, 1, due=100.1)
    tape.lies = 0.0
    tape.play(1, 800, due=100.1 + BLOCK / RATE)
    assert 100 < tape.seams() < 200
    assert tape.at(116.0) == pytest.approx(15.9 * RATE, abs=0.0005 * RATE)


@pytest.mark.parametrize("block", [960, 1024, 4608])
@pytest.mark.parametrize("moved", [-0.009, -0.004, 0.004, 0.009])
def test_shifted_due_times_are_followed_at_once_by_single_frames(moved: float, block: int) -> None:
    tape = Tape()
    seconds = block / RATE
    blocks = int(1.0 / seconds)
    tape.play(0, blocks, due=100.1, block=block)
    since = 100.1 + blocks * seconds
    tape.play(blocks, int(3.0 / seconds), due=since + moved, block=block)
    assert tape.off(since - 0.5, since, due=100.1) < 0.0001
    assert tape.off(since, since + 1.0, due=100.1 + moved) < abs(moved) + 0.0001
    assert tape.off(since + 1.0, since + 2.5, due=100.1 + moved) < 0.0001
    assert tape.seams() == pytest.approx(abs(moved) * RATE, abs=2)


def test_due_times_that_are_rounded_to_milliseconds_cause_no_seams() -> None:
    tape = Tape()
    for number in range(300):
        at = 100.1 + math.floor(number * BLOCK / RATE * 1000) / 1000
        tape.now = max(tape.now, at - 1.0)
        tape.placement.play(at, film(number * BLOCK))
    assert tape.seams() == 0


def trim(late: float, at: float) -> list[tuple[float, float]]:
    """Return the changes of rate that correct a start that was so late, with a sample each quarter of a second."""
    controller = DriftController()
    controller.restart(at)
    rates, error = [], -late
    controller.observe(error, at, 1.0)
    while (rate := controller.rate) is not None:
        rates.append((at, rate))
        at += 0.25
        error += 0.25 * (rate - 1)
        controller.observe(error, at, 1.0)
    return [*rates, (at, 1.0)]


@pytest.mark.parametrize("block", [960, 4608])
@pytest.mark.parametrize("late", [0.0015, 0.0045, 0.012, 0.025, 0.060])
@pytest.mark.parametrize("after", [0.0, 0.0005, 0.005, 0.020])
def test_a_late_start_that_is_known_beforehand_is_heard_on_time_throughout(
    late: float, after: float, block: int
) -> None:
    """The lateness is ours. VLC's clock is corrected when it reports that it plays: before its first block or later."""
    tape = Tape()
    tape.placement.set_lateness(late)
    tape.play_as_vlc(100.01 + late, [], seconds=3, block=block, moved=(100.0 + late + after, late))
    assert tape.off(100.02 + late, 102.5, due=100.01) < 0.0003
    assert tape.seams() == 0


@pytest.mark.parametrize("block", [960, 4608])
@pytest.mark.parametrize("late", [0.0045, 0.012, 0.025, 0.060])
@pytest.mark.parametrize("known", [0.0, 0.006])
@pytest.mark.parametrize("after", [0.0, 0.0005, 0.005, 0.020])
def test_a_start_that_is_found_to_be_late_is_soon_heard_on_time(
    late: float, known: float, after: float, block: int
) -> None:
    """The lateness is VLC's. It is known when VLC reports that it plays; some blocks may be written by then."""
    tape = Tape()
    tape.placement.set_lateness(known)
    begins = 100.0 + known + late
    tape.play_as_vlc(begins + 0.01, [], seconds=3, block=block, moved=(begins + after, known + late))
    soon = 0.15 + min(late, 0.020) * 40
    assert tape.off(begins + soon, 102.5, due=100.01) < 0.0015
    assert tape.off(begins + 0.02, 102.5, due=100.01) < late + 0.001


def test_lateness_applies_to_blocks_that_were_kept_for_a_resume() -> None:
    tape = Tape()
    tape.play(0, 60, due=100.1)
    tape.now = 100.5
    tape.placement.pause(100.5)
    tape.placement.set_lateness(0.008)
    tape.now = 101.008
    tape.placement.resume(101.008)
    tape.placement.set_lateness(0.012)
    tape.placement.clock_corrected()
    tape.play(60, 100, due=100.1 + 60 * BLOCK / RATE + 0.508 - 0.012, ahead=0.9)
    assert tape.at(101.02) == pytest.approx((0.4 + 0.020) * RATE, abs=1)
    assert tape.off(101.3, 102.5, due=100.1 + 0.508 - 0.012) < 0.0003


@pytest.mark.parametrize("block", [960, 4608])
@pytest.mark.parametrize("error", [0.010, 0.015])
def test_the_sound_stays_close_to_a_picture_that_is_trimmed(error: float, block: int) -> None:
    tape = Tape()
    tape.play_as_vlc(100.01, trim(error, at=103.0), seconds=10, block=block)
    assert tape.off(100.02, 104.0, due=100.01) < 0.0004
    assert tape.off(104.8, 108.0, due=100.01 - error) < 0.004


def test_a_start_that_is_on_time_again_is_not_moved() -> None:
    tape = Tape()
    tape.placement.set_lateness(0.010)
    tape.play(0, 50, due=100.110)
    tape.now = 100.5
    tape.placement.pause(100.5)
    tape.now = 102.0
    tape.placement.set_lateness(0.0)
    tape.placement.resume(102.0)
    assert tape.at(102.1) == pytest.approx(0.490 * RATE, abs=1)


def test_without_a_correction_of_the_clock_blocks_are_heard_when_they_are_due() -> None:
    tape = Tape()
    tape.placement.set_lateness(0.010)
    tape.play(0, 10, due=100.110)
    tape.placement.set_lateness(0.0)
    tape.play(10, 60, due=100.110 + 10 * BLOCK / RATE)
    assert tape.off(100.6, 101.4, due=100.110) < 0.0003


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
def test_a_sound_card_whose_clock_differs_is_followed_by_single_frames(ppm: float) -> None:
    tape = Tape(ppm=ppm, error=0.0003)
    tape.play(0, 1000, due=100.5)
    for seconds in range(1, 21):
        assert tape.at(100.5 + seconds) == pytest.approx(seconds * RATE, abs=0.003 * RATE)
    assert 80 < tape.seams() < 250  # 21 s of 200 ppm are 205 frames, and the last 2 ms may stay


def test_a_pause_is_silent_at_once_and_loses_no_samples() -> None:
    tape = Tape()
    tape.play(0, 60, due=100.1)
    tape.now = 100.5
    tape.placement.pause(100.5)
    assert tape.at(100.6) is None
    tape.now = 103.0
    tape.placement.resume(103.0)
    for seconds in (0.01, 0.2, 0.8):
        assert tape.at(103.0 + seconds) == pytest.approx((0.4 + seconds) * RATE, abs=1)
    tape.play(60, 20, due=102.6 + 60 * BLOCK / RATE)
    assert tape.at(104.0) == pytest.approx(1.4 * RATE, abs=1)


def test_after_a_pause_that_is_reported_late_the_sound_goes_on_from_its_beginning() -> None:
    tape = Tape()
    tape.play(0, 60, due=100.1)
    tape.now = 100.53
    tape.placement.pause(100.5)
    tape.now = 101.04
    tape.placement.resume(101.0)
    assert tape.at(101.05) == pytest.approx(0.45 * RATE, abs=1)


def test_a_second_pause_and_a_second_resume_have_no_effect() -> None:
    tape = Tape()
    tape.play(0, 60, due=100.1)
    for at in (100.5, 100.6):
        tape.now = at
        tape.placement.pause(at)
    for at in (101.0, 101.2):
        tape.now = at
        tape.placement.resume(at)
    assert tape.at(101.3) == pytest.approx(0.7 * RATE, abs=1)


def test_a_block_that_comes_during_a_pause_ends_it() -> None:
    tape = Tape()
    tape.play(0, 10, due=100.1)
    tape.placement.pause(tape.now)
    tape.now = 101.0
    tape.placement.play(101.5, film(7 * BLOCK))
    assert tape.at(101.5) == 7 * BLOCK


def test_after_a_flush_nothing_is_resumed() -> None:
    tape = Tape()
    tape.play(0, 60, due=100.1)
    tape.now = 100.5
    tape.placement.pause(100.5)
    tape.placement.flush()
    tape.now = 101.0
    tape.placement.resume(101.0)
    assert tape.at(101.1) is None
    tape.placement.play(101.02, film(900 * BLOCK))
    assert tape.at(101.02) == 900 * BLOCK


def test_on_another_device_all_is_heard_when_it_is_due_as_soon_as_its_clock_was_read() -> None:
    tape = Tape()
    tape.play(0, 60, due=100.1)
    tape.now = 100.5
    tape.change_device(0.08)
    tape.placement.move()
    tape.placement.read_clock()
    for seconds in (0.01, 0.2, 0.8):
        assert tape.at(100.5 + seconds) == pytest.approx((0.4 + seconds) * RATE, abs=1)
    tape.play(60, 20, due=100.1 + 60 * BLOCK / RATE)
    assert tape.at(101.6) == pytest.approx(1.5 * RATE, abs=1)


def test_a_device_that_is_changed_in_a_pause_stays_silent() -> None:
    tape = Tape()
    tape.play(0, 60, due=100.1)
    tape.now = 100.5
    tape.placement.pause(100.5)
    tape.change_device(0.08)
    tape.placement.move()
    tape.placement.read_clock()
    assert tape.at(100.6) is None
    tape.now = 103.0
    tape.placement.resume(103.0)
    assert tape.at(103.2) == pytest.approx(0.6 * RATE, abs=1)


def test_a_stream_in_anothers_place_is_written_once_its_clock_is_steady() -> None:
    tape, other = Tape(), Tape()
    tape.play(0, 100, due=100.1)
    tape.placement.move(other)
    moved = tape.now
    while tape.now < moved + 1.9:
        assert other.written == {}, "its clock jumps at first"
        other.now = tape.now = tape.now + 0.1
        tape.placement.read_clock()
    tape.play(0, 60, due=tape.now + 0.1)
    other.now = tape.now = moved + 2.1
    begin = tape.now
    tape.placement.read_clock()
    heard = [other.at(begin + seconds) for seconds in (0.1, 0.2, 0.6)]
    assert heard[0] is not None
    assert heard == [heard[0], heard[0] + 0.1 * RATE, heard[0] + 0.5 * RATE]
    tape.play(60, 1, due=begin + 2.0)
    assert other.at(begin + 2.0) == 60 * BLOCK


def test_a_jump_of_the_due_times_is_followed_at_once() -> None:
    tape = Tape()
    tape.play(0, 20, due=100.1)
    tape.play(20, 20, due=100.1 + 20 * BLOCK / RATE + 0.3)
    assert tape.at(100.1 + 20 * BLOCK / RATE + 0.2) is None
    assert tape.at(100.9) == pytest.approx(0.5 * RATE, abs=1)


def test_nothing_is_written_while_the_streams_clock_is_unknown() -> None:
    tape = Tape()
    tape.known = False
    tape.play(0, 5, due=100.1)
    assert tape.written == {}
    tape.known = True
    tape.play(5, 5, due=100.1 + 5 * BLOCK / RATE)
    assert tape.at(100.1 + 5 * BLOCK / RATE) == 5 * BLOCK


def test_blocks_are_kept_only_as_long_as_a_pause_can_need_them() -> None:
    tape = Tape()
    tape.play(0, 2000, due=100.1)
    assert len(tape.placement._blocks) < 100
