"""A tab that is hidden, and a browser that plays nothing before somebody has clicked: without Playwright's help."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.daemons.party import CLIP, Server, wait_for
from tests.support.desktop.screen import private_display
from tests.web.conftest import page_of
from tests.web.session.raw_tab import RawTab, raw_tab
from tests.web.viewing import WebViewer, plays_in_step

pytestmark = pytest.mark.real

Web = Callable[[str], WebViewer]


@pytest.fixture
def tab(server: Server) -> Iterator[RawTab]:
    with private_display() as display, raw_tab(display) as tab:
        tab.open(page_of(server))
        tab.evaluate("session.setName('cy')")
        yield tab


def in_step(tab: RawTab) -> bool:
    position, room = tab.evaluate("[session.position(), session.roomPosition()]")
    return room is not None and position is not None and abs(position - room) < 0.1


def room_that_plays(bob: WebViewer, name: str) -> None:
    bob.tap()
    assert bob.pick(CLIP) == {"ok": True}
    bob.done("create", {"name": name})
    bob.do("setPaused", False)
    bob.plays()


def test_a_browser_that_wants_a_tap_holds_nobody(viewer: Web, tab: RawTab) -> None:
    bob = viewer("bob")
    assert tab.pick(CLIP) == {"ok": True}
    room_that_plays(bob, "tap")
    assert tab.evaluate("session.join('tap')") == {"ok": True}
    wait_for(lambda: tab.evaluate("session.state.copy.needsTap"), "it wants a tap")
    before = bob.position()
    bob.wait(lambda state: bob.position() > before + 1, "goes on")
    bob.plays()
    tab.tap()
    wait_for(lambda: tab.evaluate("session.state.playing.motion") == "playing", "it plays")
    assert tab.evaluate("session.state.copy.needsTap") is False
    wait_for(lambda: in_step(tab), "it is in step")


def test_a_hidden_tab_plays_on_in_step(viewer: Web, tab: RawTab) -> None:
    bob = viewer("bob")
    room_that_plays(bob, "hidden")
    tab.tap()
    assert tab.pick(CLIP) == {"ok": True}
    assert tab.evaluate("session.join('hidden')") == {"ok": True}
    wait_for(lambda: in_step(tab), "it is in step")
    tab.hide()
    wait_for(lambda: tab.evaluate("document.visibilityState") == "hidden", "it is hidden")
    heard = bob.member("cy")["heard_at"]
    bob.wait(lambda state: bob.member("cy")["heard_at"] > heard + 6, "hears of cy all the time")
    bob.wait(lambda state: plays_in_step(bob.member("cy")), "cy plays in step")
    bob.do("seek", 40)
    wait_for(lambda: tab.evaluate("session.position()") > 40, "it goes along")
    bob.do("setPaused", True)
    bob.stands()
    wait_for(lambda: abs(tab.evaluate("session.position()") - bob.position()) < 0.05, "both stand on one picture")
    bob.do("setPaused", False)
    bob.plays()
    tab.show()
    wait_for(lambda: tab.evaluate("document.visibilityState") == "visible", "it is shown")
    wait_for(lambda: in_step(tab), "it is in step")


def test_a_film_that_is_opened_while_nobody_looks_is_there_afterwards(tab: RawTab) -> None:
    """Chromium opens no film in a hidden page that has played none yet."""
    tab.hide()
    wait_for(lambda: tab.evaluate("document.visibilityState") == "hidden", "it is hidden")
    tab.choose(CLIP)
    tab.evaluate("session.openFile(input.files[0]).then((outcome) => { window.outcome = outcome; }) && null")
    begun = tab.evaluate("performance.now()")
    wait_for(lambda: tab.evaluate("performance.now()") > begun + 6000, "more time than a film may take")
    assert tab.evaluate("session.state.copy.phase") == "opening"
    tab.show()
    wait_for(lambda: tab.evaluate("window.outcome?.ok"), "it is opened")
    assert tab.evaluate("session.state.copy.phase") == "open"
