"""A recording of two viewers' sounds as its two channels, compared sample by sample.

It uses PulseAudio without a sound card. Each viewer plays into a sink with one channel. These two are the channels of a
null sink whose monitor is recorded. So both are recorded by one clock, and the time between them is exact however busy
the machine was.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.skew.clips import SAMPLE_RATE
from tests.bench.skew.correlate import SAMPLE_BYTES, lag, played_at
from tests.support.desktop.sound_server import SoundServer, sound_server

__all__ = ["Heard", "Recording", "available", "recording"]

_SINKS: Final = ("left", "right")
_CHANNELS: Final = len(_SINKS)
_START_SECONDS: Final = 30.0
_WINDOW: Final = 0.25
"""Seconds of sound in one comparison."""
_SHORT_WINDOW: Final = 0.1
"""The same while one viewer plays slightly faster or slower because of a trim."""
_RATES: Final = [1 + step / 500 for size in range(1, 17) for step in (size, -size)]
"""The rates that are tried: up to 3.2 %, in steps that move the ends of the short window by at most 0.1 ms."""
_REACH: Final = 0.2
"""The largest lag that is tried, in seconds."""
_BELIEVED: Final = 0.75
"""The share of signs that has to agree, see ``correlate``."""
_SILENT: Final = 200
"""A channel whose loudest sample is below this (of 32768) is silent."""


class Heard(NamedTuple):
    """How much later the second viewer was heard, in seconds (negative: earlier); None if one of them was silent."""

    at: float
    apart: float | None


def available() -> str | None:
    """Return what has to be installed first; None if nothing is missing."""
    missing = [name for name in ("pulseaudio", "parec") if shutil.which(name) is None]
    return "the bench hears by PulseAudio: apt-get install pulseaudio pulseaudio-utils" if missing else None


class Recording:
    """Records what both viewers play, from now until `close`."""

    def __init__(self, server: SoundServer) -> None:
        self._samples = bytearray()
        self._begin: float | None = None
        """When the first sample was played, by the chunk with the smallest delay."""
        self.server = server
        words = ["parec", "--device=judge.monitor", "--format=s16le", f"--rate={SAMPLE_RATE}", "--channels=2", "--raw"]
        self._process = subprocess.Popen(
            [*words, "--latency-msec=20"],
            env={**os.environ, "PULSE_SERVER": server.address},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._thread = threading.Thread(target=self._read, name="recording", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait for the first sample. A sink that nobody has played to yet needs two seconds."""
        until = time.monotonic() + _START_SECONDS
        while self._begin is None:
            if time.monotonic() > until:
                raise RuntimeError("PulseAudio records nothing")
            time.sleep(0.02)

    def environment(self, viewer: int) -> Mapping[str, str]:
        """Return the variables that make a viewer (0 or 1) play into this recording."""
        return {"PULSE_SERVER": self.server.address, "PULSE_SINK": _SINKS[viewer]}

    def _read(self) -> None:
        assert self._process.stdout is not None
        while chunk := os.read(self._process.stdout.fileno(), 65536):
            self._samples += chunk
            begin = time.monotonic() - len(self._samples) / (SAMPLE_RATE * SAMPLE_BYTES * _CHANNELS)
            self._begin = begin if self._begin is None else min(begin, self._begin)

    def loudest(self, viewer: int, begin: float, end: float) -> int | None:
        """Return a viewer's loudest sample (0 to 32768) between two times; None if that was not recorded."""
        samples = self._samples_of(begin, end)
        return None if samples is None else max(abs(sample) for sample in samples[viewer::_CHANNELS])

    def apart(self, begin: float, end: float, every: float = 0.25) -> list[Heard]:
        """Compare the two viewers from ``begin`` to ``end`` (``time.monotonic()``, exact to about 20 ms)."""
        found, at = [], begin
        while at < end:
            found.append(Heard(at, self._lag(at)))
            at += every
        return found

    def _lag(self, at: float) -> float | None:
        found = self._lag_at(at, at + _WINDOW, [1.0])
        if found is None:
            middle = at + _WINDOW / 2
            found = self._lag_at(middle - _SHORT_WINDOW / 2, middle + _SHORT_WINDOW / 2, _RATES)
        return found

    def _lag_at(self, begin: float, end: float, rates: Sequence[float]) -> float | None:
        """Compare what was played from ``begin`` to ``end``, with the first of these rates at which the signs agree."""
        samples = self._samples_of(begin - _REACH, end + _REACH)
        if samples is None:
            return None
        one, other = samples[0::_CHANNELS], samples[1::_CHANNELS]
        if min(max(one), max(other)) < _SILENT:
            return None
        heard = other.tobytes()
        for rate in rates:
            found = lag(played_at(rate, one).tobytes(), heard, most=round(_REACH * SAMPLE_RATE))
            if found.agreement >= _BELIEVED:
                return found.samples / SAMPLE_RATE
        return None

    def _samples_of(self, begin: float, end: float) -> "array[int] | None":
        if self._begin is None:
            return None
        frame = SAMPLE_BYTES * _CHANNELS
        first, count = round((begin - self._begin) * SAMPLE_RATE), round((end - begin) * SAMPLE_RATE)
        if first < 0 or (first + count) * frame > len(self._samples):
            return None
        return array("h", bytes(self._samples[first * frame : (first + count) * frame]))

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._thread.join()


@contextlib.contextmanager
def recording(*more: str) -> Iterator[Recording]:
    """Run a separate PulseAudio, with these modules too, and record."""
    with tempfile.TemporaryDirectory(prefix="hang-sound-") as folder:
        remap = "module-remap-sink master=judge channels=1 channel_map=mono remix=no"
        modules = [
            f"module-null-sink sink_name=judge rate={SAMPLE_RATE} channels=2 channel_map=front-left,front-right",
            *(f"{remap} sink_name={name} master_channel_map=front-{name}" for name in _SINKS),
            *more,
        ]
        with sound_server(Path(folder), *modules) as server, contextlib.closing(Recording(server)) as both:
            both.wait()
            yield both
