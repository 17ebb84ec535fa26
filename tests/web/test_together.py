"""The page and hangd in one room, both real: their pictures go together. `make bench-web` measures how well."""

import shutil
from fractions import Fraction

import pytest

from tests.bench.skew.clips import Clip
from tests.bench.web.rig import WebRig, web_rig
from tests.support.browsers.browser import CHROMIUM
from tests.support.daemons.party import CLIP, wait_for
from tests.support.desktop.skew import Skew, summary

pytestmark = [
    pytest.mark.real,
    pytest.mark.timed,
    pytest.mark.skipif(shutil.which("Xvfb") is None or shutil.which(CHROMIUM) is None, reason="no Xvfb or Chromium"),
]

NEAR = 0.060
"""Seconds. The page comes to a few of them in milliseconds on a machine of its own; other tests run beside this one."""


def after(rig: WebRig, began: float) -> Skew:
    """Compare the pictures from 1.5 s to 4 s after the first one that moves."""
    rig.rest(1.0)
    first = rig.first_moving(began)
    rig.rest(4.0)
    found = summary(rig.apart(first + 1.5, first + 4.0))
    assert found is not None, "no picture was seen on both screens"
    return found


def stand_at_one_picture(rig: WebRig) -> None:
    """Wait until both stand, and at the same picture."""

    def same() -> bool:
        before = rig.numbers()
        rig.rest(0.5)
        return rig.numbers() == before and before[0] == before[1]

    wait_for(same, "the same picture at both in a pause")


def test_page_and_hangd_show_the_same_pictures() -> None:
    with web_rig(Clip("clip", CLIP, Fraction(30), 1800, 60, CLIP), ("hangd", "chromium"), hear=False) as rig:
        hangd, page = rig.viewers
        rig.together()
        stand_at_one_picture(rig)
        found = {"start": after(rig, rig.do(hangd.play)), "seek": after(rig, rig.do(lambda: page.seek_by(10)))}
        hangd.pause()
        stand_at_one_picture(rig)
        found["play again"] = after(rig, rig.do(page.play))
        page.pause()
        stand_at_one_picture(rig)
        assert all(skew.frames >= 10 for skew in found.values()), found
        assert all(abs(skew.median) <= NEAR for skew in found.values()), found
        rig.part()
