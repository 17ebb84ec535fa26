"""A page whose room cannot be reached, that is hidden or held still, or that is opened twice."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.daemons.party import CLIP, Server, room_server, wait_for
from tests.web.conftest import page_of
from tests.web.viewing import Chromium, WebViewer, plays_in_step

pytestmark = pytest.mark.real

Web = Callable[[str], WebViewer]


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may kill. It keeps its rooms."""
    with room_server("--data-dir", str(tmp_path / "rooms")) as server:
        yield server


def pair(browser: Chromium, server: Server) -> Iterator[tuple[WebViewer, WebViewer]]:
    """Two pages in one room with the clip, which plays: bob is the host."""
    with browser.viewer(page_of(server), "bob") as bob, browser.viewer(page_of(server), "cy") as cy:
        for each in (bob, cy):
            each.tap()
            assert each.pick(CLIP) == {"ok": True}
        bob.done("create", {"name": "two"})
        cy.done("join", "two")
        bob.wait(lambda state: state["room"]["file_hash"], "tells the hash")
        bob.do("setPaused", False)
        bob.plays()
        cy.plays()
        yield bob, cy


@pytest.fixture
def two(web_browser: Chromium, own_server: Server) -> Iterator[tuple[WebViewer, WebViewer]]:
    yield from pair(web_browser, own_server)


def test_the_server_is_killed_and_started_again(two: tuple[WebViewer, WebViewer], own_server: Server) -> None:
    bob, cy = two
    me, before = bob.state["me"], bob.position()
    own_server.kill()
    bob.wait(lambda state: state["link"]["phase"] != "up", "notices")
    assert bob.state["link"]["problem"]
    assert bob.state["room"]["name"] == "two"
    bob.plays()  # The film goes on meanwhile.
    own_server.restart()
    for each in (bob, cy):
        each.wait(lambda state: state["link"]["phase"] == "up", "is back")
    bob.wait(lambda state: all(one["state"] == "playing" for one in state["room"]["members"]), "all are back")
    assert (bob.state["me"], bob.state["isHost"]) == (me, True)
    assert bob.position() > before
    cy.do("setPaused", True)
    bob.stands()
    wait_for(lambda: abs(bob.position() - cy.position()) < 0.05, "both stand on one picture")


def test_who_pauses_while_the_room_cannot_be_reached_stays_apart(
    two: tuple[WebViewer, WebViewer], own_server: Server
) -> None:
    bob, cy = two
    own_server.kill()
    bob.wait(lambda state: state["link"]["phase"] != "up", "notices")
    bob.do("setPaused", True)
    bob.stands()
    own_server.restart()
    cy.wait(lambda state: (member := cy.member("bob")) and member["apart"], "sees that bob is apart")
    bob.stands()
    cy.plays()
    bob.do("setPaused", False)
    bob.plays()
    cy.wait(lambda state: not cy.member("bob")["apart"], "sees bob again")


def test_a_server_that_goes_down_names_its_pause(two: tuple[WebViewer, WebViewer], own_server: Server) -> None:
    bob, _ = two
    own_server.terminate()
    bob.wait(lambda state: state["link"]["phase"] == "waiting", "waits")
    own_server.restart()
    bob.wait(lambda state: state["link"]["phase"] == "up" and state["room"], "is back")


def test_a_page_that_was_held_still_catches_up(two: tuple[WebViewer, WebViewer]) -> None:
    bob, cy = two

    async def freeze(state: str) -> None:
        session = await bob.context.new_cdp_session(bob.page)
        await session.send("Page.setWebLifecycleState", {"state": state})

    bob.run(freeze("frozen"))
    before = cy.position()
    cy.wait(lambda state: cy.position() > before + 4, "goes on")
    bob.run(freeze("active"))
    bob.plays()
    bob.wait(lambda state: abs(bob.evaluate("() => session.position() - session.roomPosition()")) < 0.1, "is in step")


def test_a_room_is_left_for_another_tab(two: tuple[WebViewer, WebViewer]) -> None:
    """A tab that was duplicated while the first one lives is another member, and does not put it out."""
    bob, cy = two
    kept = bob.evaluate("() => JSON.stringify(sessionStorage)")
    assert "secret" not in kept
    bob.evaluate("() => dispatchEvent(new PageTransitionEvent('pagehide'))")
    place = bob.evaluate("() => sessionStorage.getItem('hang.place')")
    assert place is not None

    async def second() -> str:
        page = await bob.context.new_page()
        await page.goto(bob.server)
        result: str = await page.evaluate(
            """async (place) => {
                const { client_id, secret } = JSON.parse(place);
                const socket = new WebSocket(new URL("ws", location.href.replace("http", "ws")));
                await new Promise((done) => { socket.onopen = done; });
                const resume = { client_id, secret };
                const payload = { protocol: 1, name: "bob", client: "test", resume };
                socket.send(JSON.stringify({ type: "Hello", payload }));
                const { data } = await new Promise((done) => { socket.onmessage = done; });
                return JSON.parse(data).type;
            }""",
            place,
        )
        return result

    assert bob.run(second()) == "Welcome"
    bob.wait(lambda state: state["link"]["phase"] == "refused", "is not dialed again")
    assert bob.state["left"] == "You are out of the room: You went on in another tab or window."
    cy.plays()


def test_hidden_for_a_while_it_still_plays_in_step(two: tuple[WebViewer, WebViewer]) -> None:
    bob, cy = two

    async def hide() -> None:
        other = await bob.context.new_page()
        await other.bring_to_front()

    bob.run(hide())
    cy.wait(lambda state: cy.member("bob")["state"] == "playing", "sees bob")
    heard = cy.member("bob")["heard_at"]
    cy.wait(lambda state: cy.member("bob")["heard_at"] > heard + 6, "hears of bob all the time")
    cy.wait(lambda state: plays_in_step(cy.member("bob")), "sees bob in step")
    bob.run(bob.page.bring_to_front())
    bob.plays()
