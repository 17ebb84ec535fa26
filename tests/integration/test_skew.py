"""How far apart the pictures of two viewers are: a small `make bench-skew`, with bounds for a busy machine."""

import shutil
from fractions import Fraction

import pytest

from tests.bench.skew.clips import Clip
from tests.bench.skew.rig import Rig, rig
from tests.support.daemons.party import CLIP
from tests.support.desktop.skew import Skew, summary

pytestmark = [pytest.mark.real, pytest.mark.timed]

FRAME = 1 / 30


def after(bench: Rig, by: int, *command: str) -> Skew:
    """Run a command, and compare the pictures from 0.5 s to 2 s after the first one that moves."""
    began = bench.do(by, *command)
    bench.rest(1.0)
    first = bench.first_moving(began)
    bench.rest(2.0)
    found = summary(bench.apart(first + 0.5, first + 2.0))
    assert found is not None, "no picture was seen on both screens"
    return found


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="there is no Xvfb here")
def test_start_seek_and_pause_leave_two_viewers_on_one_frame() -> None:
    with rig(Clip("clip", CLIP, Fraction(30), 1800, 60, CLIP), hear=False) as bench:
        bench.together()
        found = {"start": after(bench, 0, "play"), "seek": after(bench, 1, "seek", "+10")}
        bench.do(0, "pause")
        bench.rest(0.7)
        found["play again"] = after(bench, 1, "play")
        assert all(skew.frames >= 10 for skew in found.values()), found
        # The median is at most one frame. hang reaches a fiftieth of that; the bench prints it.
        assert all(abs(skew.median) <= FRAME for skew in found.values()), found
        bench.part()
