"""The page's player in a tab that nobody sees: no picture is told there, and all else goes on."""

import json
from typing import Any

import pytest

from tests.support.daemons.party import wait_for
from tests.support.desktop.screen import private_display
from tests.web.measure.film import PAUSE, Event, load, resume, seek
from tests.web.measure.film_page import film_page
from tests.web.session.raw_tab import RawTab, raw_tab

pytestmark = pytest.mark.real


class HiddenFilm:
    def __init__(self, tab: RawTab) -> None:
        self._tab = tab
        self._read = 0

    def do(self, *commands: Event) -> float:
        now: float = self._tab.evaluate(f"film.do(...{json.dumps(commands)})")
        return now

    def next(self, kind: str, unless: tuple[str, ...] = ()) -> Event:
        arguments: list[Any] = [kind, self._read, unless]
        event: Event = self._tab.evaluate(f"film.next(...{json.dumps(arguments)})")
        self._read = event["index"] + 1
        return event


def test_a_hidden_film_plays_pauses_seeks_and_starts() -> None:
    with private_display() as display, film_page() as url, raw_tab(display) as tab:
        tab.call("Page.enable")
        tab.call("Page.navigate", url=url)
        wait_for(lambda: tab.evaluate("typeof film === 'object'"), "the page's script")
        tab.call("Runtime.evaluate", expression="0", userGesture=True)  # counts as a click in the page
        film = HiddenFilm(tab)
        film.do(load(tab.evaluate("film.open('/media/clip.mp4')"), 1, 5.0))
        film.next("Settled")
        film.do(resume())
        film.next("Sampled")

        tab.hide()
        wait_for(lambda: tab.evaluate("document.visibilityState") == "hidden", "a hidden page")
        first = film.next("Sampled", unless=("Settled", "Ended"))
        for _ in range(4):
            last = film.next("Sampled", unless=("Settled", "Ended"))
        assert last["position"] - first["position"] == pytest.approx(last["at"] - first["at"], abs=0.25)

        asked = film.do(PAUSE)
        settled = film.next("Settled")
        there = last["position"] + asked - last["at"]
        assert settled["position"] == pytest.approx(there, abs=0.5)
        film.do(seek(20.0))
        assert film.next("Settled")["position"] == 20.0
        assert film.next("Shown")["position"] is None
        film.do(resume(asked + 2.5))
        started = film.next("Started")
        assert started["position"] == 20.0
        # Timers of a page that is hidden and silent go off once a second.
        assert started["at"] == pytest.approx(asked + 2.5, abs=1.5)

        tab.show()
        wait_for(lambda: tab.evaluate("document.visibilityState") == "visible", "a page that is seen")
        film.next("Sampled", unless=("Settled", "Ended"))
        film.do(PAUSE)
        settled = film.next("Settled")
        assert film.next("Shown")["position"] == settled["position"]
