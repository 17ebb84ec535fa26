"""The app beside the page, in real Chromium: media keys, the screen that stays on, updates, push, and plain http."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from hangd.server.push.keys import create_key
from tests.support.daemons.party import CLIP, PATIENCE, TRACKS, Server, room_server, wait_for
from tests.support.desktop.bus import message_bus
from tests.support.servers.push_service import Browser, PushServer, push_server
from tests.web.conftest import page_of
from tests.web.viewing import Chromium, WebViewer, running_chromium

pytestmark = pytest.mark.real

Web = Callable[[str], WebViewer]

START: Final = """async () => {
  // What the browser is asked for, with the browser still doing it.
  const asked = { handlers: {}, positions: [], locks: [] };
  const media = navigator.mediaSession;
  const set = media.setActionHandler.bind(media);
  media.setActionHandler = (action, handler) => { set(action, handler); asked.handlers[action] = handler; };
  const tell = media.setPositionState.bind(media);
  media.setPositionState = (state) => { tell(state); asked.positions.push(state ?? null); };
  if (navigator.wakeLock) {
    const request = navigator.wakeLock.request.bind(navigator.wakeLock);
    navigator.wakeLock.request = async (kind) => {
      const lock = await request(kind);
      asked.locks.push(lock);
      return lock;
    };
  }
  const { startApp } = await import("./app/app.js");
  Object.assign(window, { asked, app: startApp(session) });
}"""


ASKED: Final = """() =>
  performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/files.json")).length"""
"""How often the page has been told which version of it the server has."""


def started(viewer: WebViewer) -> WebViewer:
    viewer.tap()
    viewer.evaluate(START)
    return viewer


def press(viewer: WebViewer, action: str, **details: Any) -> None:
    """Do what the browser does when a media key is pressed."""
    code = "(action, details) => asked.handlers[action]({ action, ...details })"
    viewer.evaluate(code, action, details)


def locks(viewer: WebViewer) -> list[bool]:
    """Return for each lock that the browser gave whether it has been given back."""
    found: list[bool] = viewer.evaluate("() => asked.locks.map((lock) => lock.released)")
    return found


@pytest.fixture
def ada(viewer: Web) -> WebViewer:
    """A page with a room and a film, which is paused."""
    ada = started(viewer("ada"))
    assert ada.pick(CLIP) == {"ok": True}
    ada.done("create", {})
    ada.stands()
    return ada


def test_media_keys_control_the_room(ada: WebViewer, viewer: Web) -> None:
    bob = viewer("bob")
    bob.done("join", ada.room["room_id"])
    press(ada, "play")
    bob.wait(lambda state: state["room"]["timeline"]["playing"], "hears of it")
    press(ada, "pause")
    bob.wait(lambda state: not state["room"]["timeline"]["playing"], "hears of it")
    press(ada, "seekto", seekTime=3.0)
    bob.wait(lambda state: abs(state["room"]["timeline"]["position"] - 3) < 0.1, "hears of it")
    press(ada, "seekbackward", seekOffset=2)
    bob.wait(lambda state: abs(state["room"]["timeline"]["position"] - 1) < 0.1, "hears of it")
    press(ada, "seekforward")  # as far as it goes: the clip is shorter than 10 s
    bob.wait(lambda state: state["room"]["timeline"]["position"] > 3, "hears of it")


def test_next_and_previous_move_the_room_through_its_queue(ada: WebViewer) -> None:
    ada.run(ada.page.set_input_files("input", [TRACKS]))
    assert ada.evaluate("async () => session.queueInsert([input.files[0]])") == {"ok": True}
    first, second = (entry["id"] for entry in ada.room["queue"]["entries"])
    press(ada, "previoustrack")
    press(ada, "nexttrack")
    ada.wait(lambda state: state["room"]["queue"]["current"] == second, "moves on")
    press(ada, "nexttrack")
    press(ada, "previoustrack")
    ada.wait(lambda state: state["room"]["queue"]["current"] == first, "moves back")


def test_the_system_shows_what_the_room_shows(ada: WebViewer) -> None:
    shown = """() => {
      const { metadata, playbackState } = navigator.mediaSession;
      return { title: metadata?.title, artist: metadata?.artist, icon: metadata?.artwork[0].src, playbackState };
    }"""
    icon = f"{ada.server}app/icons/hang-512.png"
    wait_for(lambda: ada.evaluate(shown)["title"], "the title")
    assert ada.evaluate(shown) == {"title": "clip.mp4", "artist": "", "icon": icon, "playbackState": "paused"}
    duration = ada.state["playing"]["duration"]
    last = "() => asked.positions.at(-1)"
    assert ada.evaluate(last) == {"duration": duration, "playbackRate": 1, "position": 0}
    ada.do("setPaused", False)
    ada.plays()
    wait_for(lambda: ada.evaluate(shown)["playbackState"] == "playing", "that it plays")
    ada.do("setPaused", True)
    ada.stands()
    wait_for(lambda: ada.evaluate(shown)["playbackState"] == "paused", "that it is paused")
    told = ada.evaluate("() => asked.positions.length")
    ada.do("seek", 4)
    wait_for(lambda: abs(ada.evaluate(last)["position"] - 4) < 0.1, "the new position")
    assert ada.evaluate("() => asked.positions.length") - told <= 3  # where it is said once, it goes on by itself
    ada.done("leave")
    ada.do("closeFile")
    wait_for(lambda: ada.evaluate(shown)["playbackState"] == "none", "that there is no film")
    assert ada.evaluate(shown)["title"] is None


def test_the_screen_stays_on_while_the_film_plays(ada: WebViewer) -> None:
    assert locks(ada) == []
    ada.do("setPaused", False)
    wait_for(lambda: locks(ada) == [False], "a lock")
    ada.do("setPaused", True)
    wait_for(lambda: locks(ada) == [True], "the lock given back")
    ada.do("setPaused", False)
    wait_for(lambda: locks(ada) == [True, False], "another lock")
    # The browser takes it away from a page that is hidden; it says "visibilitychange" when it is seen again.
    ada.evaluate(
        "async () => { await asked.locks[1].release(); document.dispatchEvent(new Event('visibilitychange')); }"
    )
    wait_for(lambda: locks(ada) == [True, True, False], "a new lock")
    ada.evaluate("() => app.close()")
    wait_for(lambda: locks(ada) == [True, True, True], "the lock given back")


def test_a_page_says_when_the_server_has_a_newer_one(tmp_path: Path, web_browser: Chromium) -> None:
    with room_server("--data-dir", str(tmp_path)) as server, web_browser.viewer(page_of(server), "ada") as ada:
        started(ada)
        assert ada.pick(CLIP) == {"ok": True}
        ada.done("create", {"name": "two"})
        server.kill()
        ada.wait(lambda state: state["link"]["phase"] != "up", "notices")
        server.restart()
        ada.wait(lambda state: state["link"]["phase"] == "up", "is back")
        # It asked when it connected first, and asks again now.
        wait_for(lambda: ada.evaluate(ASKED) >= 2, "that it asks which version the server has")
        ada.evaluate("async () => void await (await fetch('files.json', { cache: 'no-store' })).json()")
        assert ada.evaluate("() => app.state.outdated") is False
        server.kill()
        ada.wait(lambda state: state["link"]["phase"] != "up", "notices")
        body = json.dumps({"version": "another", "files": {}})
        ada.run(ada.page.route("**/files.json", lambda route: route.fulfill(body=body)))
        server.restart()
        wait_for(lambda: ada.evaluate("() => app.state.outdated"), "that it is out of date")


def test_over_plain_http_all_of_it_is_absent_without_errors(web_browser: Chromium, server: Server) -> None:
    with web_browser.viewer(f"http://home.test:{server.port}/", "ada") as ada:
        assert ada.evaluate("() => isSecureContext") is False
        started(ada)
        assert ada.pick(CLIP) == {"ok": True}
        ada.done("create", {"name": "plain"})
        ada.do("setPaused", False)
        ada.plays()
        state = ada.evaluate("() => app.state")
        assert (state["installable"], state["outdated"], state["push"]["phase"]) == (False, False, "missing")
        ada.evaluate("async () => { await app.install(); await app.subscribe('x'); await app.unsubscribe(); }")
        assert [line for line in ada.console if "push:" not in line and "Opener-Policy" not in line] == []


# ---- push -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushServer]:
    with push_server(tmp_path) as service:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(service.certificate))
        yield service


SUBSCRIBED: Final = """(endpoint, keys) => {
  // Chromium's own push service is on the internet. The browser's answer is given here in its place.
  PushManager.prototype.subscribe = async function (options) {
    window.key = btoa(String.fromCharCode(...options.applicationServerKey));
    return { toJSON: () => ({ endpoint, expirationTime: null, keys }), unsubscribe: async () => true };
  };
}"""


def test_a_browser_is_invited_under_the_name_that_it_chose(
    tmp_path: Path, service: PushServer, web_browser: Chromium
) -> None:
    key = create_key(tmp_path / "data")
    bob = Browser(service.host)
    options = ("--data-dir", str(tmp_path / "data"), "--push-contact", "me@example.org", "--push-service", service.host)
    with (
        room_server(*options) as server,
        web_browser.viewer(page_of(server), "bob") as phone,
        web_browser.viewer(page_of(server), "ada") as ada,
    ):
        for each in (phone, ada):
            started(each)
            assert each.pick(CLIP) == {"ok": True}
        phone.run(phone.context.grant_permissions(["notifications"]))
        phone.evaluate(SUBSCRIBED, bob.endpoint, bob.keys)
        assert phone.evaluate("() => app.state.push.phase") == "missing"  # it has not heard of the server yet
        phone.done("create", {"name": "one"})
        wait_for(lambda: phone.evaluate("() => app.state.push.phase") == "off", "that there is push")
        phone.evaluate("async () => app.subscribe('Bob')")
        assert phone.evaluate("() => app.state.push") == {"phase": "on", "name": "Bob", "problem": None}
        assert phone.evaluate("() => key").rstrip("=").replace("+", "-").replace("/", "_") == key.public
        assert bob.read(wait_in(service, 1))["body"] == "You get invitations as Bob."
        ada.done("create", {"name": "two"})
        assert ada.evaluate("async () => (await app.invite('bob')).ok")
        invitation = bob.read(wait_in(service, 2))
        assert (invitation["title"], invitation["room"]) == ("ada invites you to watch together", "two")
        refused = ada.evaluate("async () => { await app.subscribe('BOB'); return app.state.push; }")
        assert refused["name"] is None
        assert refused["problem"]
        phone.evaluate("async () => app.unsubscribe()")
        assert phone.evaluate("() => app.state.push") == {"phase": "off", "name": None, "problem": None}
        assert ada.evaluate("async () => (await app.invite('bob')).ok")
        # What is sent for that would be on its way before what is sent now.
        ann = Browser(service.host, "/send/2")
        ada.run(ada.context.grant_permissions(["notifications"]))
        ada.evaluate(SUBSCRIBED, ann.endpoint, ann.keys)
        ada.evaluate("async () => app.subscribe('Ann')")
        assert ann.read(wait_in(service, 3))["body"] == "You get invitations as Ann."
    assert len(service.messages) == 3


def wait_in(service: PushServer, number: int) -> Any:
    wait_for(lambda: len(service.messages) >= number, "a message at the push service", PATIENCE)
    return service.messages[number - 1]


def test_a_desktops_media_keys_reach_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, display: str, server: Server
) -> None:
    """Through the system's own way, as far as it goes here: Chromium tells the desktop, and the desktop Chromium."""
    with message_bus(tmp_path) as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        with running_chromium(display) as browser, browser.viewer(page_of(server), "ada") as ada:
            started(ada)
            assert ada.pick(CLIP) == {"ok": True}
            ada.done("create", {})
            ada.do("setPaused", False)
            ada.plays()
            wait_for(lambda: "chromium" in bus.run("playerctl", "-l").stdout, "the film on the desktop")
            wait_for(lambda: bus.playerctl("chromium", "metadata", "xesam:title") == "clip.mp4", "its name")
            bus.playerctl("chromium", "pause")
            ada.stands()
            wait_for(lambda: bus.playerctl("chromium", "status") == "Paused", "that it is paused")
            bus.playerctl("chromium", "position", "30")
            ada.wait(lambda state: abs(state["room"]["timeline"]["position"] - 30) < 0.1, "seeks")
            wait_for(lambda: abs(float(bus.playerctl("chromium", "position")) - 30) < 0.1, "the new position")
            bus.playerctl("chromium", "play")
            ada.plays()
            wait_for(lambda: bus.playerctl("chromium", "status") == "Playing", "that it plays")
