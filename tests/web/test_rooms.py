"""A viewer in the page and one with hangd and VLC in one room: real processes, the film really plays in both."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.party import CLIP, Person, Server, wait_for
from tests.web.viewing import WebViewer

pytestmark = pytest.mark.real

SAME = 0.05
"""Seconds. Two pauses on the same picture of a film of 30 pictures a second are closer than this."""

Web = Callable[[str], WebViewer]
Hangd = Callable[[str], Person]


def members(person: Person) -> dict[str, Any]:
    """Return what hangd knows of the members of its room, by their names."""
    return {member["name"]: member for member in person.status()["members"]}


def alone_in_a_room(bob: WebViewer, room: str, film: Path = CLIP, **options: Any) -> None:
    bob.tap()
    assert bob.pick(film) == {"ok": True}
    bob.done("create", {"name": room, **options})


def two(bob: WebViewer, ada: Person, server: Server, room: str) -> None:
    """Bob, in the page, creates a room, and ada joins it. Both have the clip."""
    alone_in_a_room(bob, room)
    ada.ctl("join", room, CLIP, "--server", server.url)
    bob.wait(lambda state: len(state["room"]["members"]) == 2, "sees ada")


def test_created_in_the_page_and_joined_with_hangd(viewer: Web, with_hangd: Hangd, server: Server) -> None:
    bob, ada = viewer("bob"), with_hangd("ada")
    two(bob, ada, server, "from the page")
    assert bob.state["invite"] == f"http://127.0.0.1:{server.port}/#from%20the%20page"
    bob.wait(lambda state: state["room"]["file_hash"] is not None, "tells the whole hash")
    wait_for(lambda: not members(ada)["bob"]["verifying"], "bob's copy is proven")
    bob.do("setPaused", False)
    ada.ctl("wait", "playing")
    bob.plays()
    wait_for(lambda: abs(members(ada)["bob"].get("error") or 1.0) < SAME, "bob is in step")
    ada.ctl("pause")
    bob.stands()
    wait_for(lambda: abs(ada.get("time-pos") - bob.position()) < SAME, "both stand on one picture")
    bob.do("seek", 30)
    wait_for(lambda: abs(ada.get("time-pos") - 30) < SAME, "ada goes along")
    bob.wait(lambda state: abs(bob.position() - 30) < SAME, "is there")
    ada.ctl("speed", "1.25")
    bob.wait(lambda state: state["playing"]["rate"] == 1.25, "takes the speed")
    bob.hears("ada set the speed to 1.25")
    assert not [line for line in bob.console if "uncaught" in line]


def test_created_with_hangd_and_joined_in_the_page(viewer: Web, with_hangd: Hangd, server: Server) -> None:
    ada, bob = with_hangd("ada"), viewer("bob")
    ada.ctl("create", CLIP, "--name", "from hangd", "--server", server.url)
    ada.ctl("play")
    bob.tap()
    assert bob.pick(CLIP) == {"ok": True}
    bob.done("join", "from hangd")
    bob.plays()
    wait_for(lambda: abs(members(ada)["bob"].get("error") or 1.0) < SAME, "bob is in step")
    bob.do("togglePause")
    ada.ctl("wait", "paused")
    bob.stands()
    wait_for(lambda: abs(ada.get("time-pos") - bob.position()) < SAME, "both stand on one picture")


def test_chat_ready_and_roles_reach_both(viewer: Web, with_hangd: Hangd, server: Server) -> None:
    bob, ada = viewer("bob"), with_hangd("ada")
    two(bob, ada, server, "talk")
    ada.ctl("say", "<b>hello</b>")
    bob.wait(lambda state: state["chat"], "hears ada")
    assert [(line["name"], line["text"], line["own"]) for line in bob.state["chat"]] == [("ada", "<b>hello</b>", False)]
    bob.done("say", "hello, ada")
    bob.done("setPolicy", {"start": "ready"})
    ada.ctl("ready")
    wait_for(lambda: bob.member("ada")["ready"], "ada is ready")
    bob.do("setPaused", False)
    bob.wait(lambda state: state["room"]["start"], "waits")
    assert bob.room["start"]["waiting_for"] == [bob.state["me"]]
    bob.done("setReady", True)
    bob.wait(lambda state: state["room"]["start"] and state["room"]["start"].get("at"), "counts down")
    bob.plays()
    ada.ctl("wait", "playing")
    bob.done("setPolicy", {"control": "host"})
    bob.done("setRole", bob.member("ada")["client_id"], "host")
    bob.wait(lambda state: not state["mayControl"] and not state["isHost"], "may not control")
    bob.do("setPaused", True)
    bob.wait(lambda state: "Only the host may control this room." in bob.notices, "is refused")
    bob.plays()


def test_kicked_by_hangd_says_why(viewer: Web, with_hangd: Hangd, server: Server) -> None:
    ada, bob = with_hangd("ada"), viewer("bob")
    ada.ctl("create", CLIP, "--name", "strict", "--server", server.url)
    bob.done("join", "strict")
    wait_for(lambda: "bob" in members(ada), "bob is there")
    ada.ctl("kick", "bob", "--reason", "too loud")
    bob.wait(lambda state: state["room"] is None, "is out")
    assert bob.state["left"] == "The host put you out of the room: too loud"


def test_moving_on_in_the_queue(viewer: Web, with_hangd: Hangd, server: Server, other_film: Path) -> None:
    bob, ada = viewer("bob"), with_hangd("ada")
    two(bob, ada, server, "evening")
    ada.ctl("playlist", "add", other_film)
    bob.wait(lambda state: len(state["room"]["queue"]["entries"]) == 2, "sees the queue")
    second = bob.room["queue"]["entries"][1]["id"]
    bob.done("showEntry", second)
    bob.wait(lambda state: state["copy"]["phase"] == "none" and state["room"]["queue"]["current"] == second, "lacks it")
    bob.hears("You have not picked this film yet")
    wait_for(lambda: members(ada)["bob"]["film"] is False, "ada sees that bob has not got it")
    assert bob.pick(CLIP)["code"] == "FileHashMismatch"
    assert bob.pick(other_film) == {"ok": True}
    wait_for(lambda: members(ada)["bob"]["film"], "bob has it now")
    # The first film was picked already: it is opened by itself.
    bob.done("showEntry", bob.room["queue"]["entries"][0]["id"])
    bob.wait(lambda state: state["copy"]["phase"] == "open", "opens the first one")
    assert bob.state["copy"]["info"]["name"] == "clip.mp4"


def test_loaded_anew_in_mid_film(viewer: Web, with_hangd: Hangd, server: Server) -> None:
    bob, ada = viewer("bob"), with_hangd("ada")
    two(bob, ada, server, "reload")
    me = bob.state["me"]
    bob.do("setPaused", False)
    ada.ctl("wait", "playing")
    bob.plays()
    bob.reload()
    bob.wait(lambda state: state["room"] is not None, "is back")
    assert (bob.state["me"], bob.state["isHost"]) == (me, True)
    assert len(bob.room["members"]) == 2
    bob.tap()
    assert bob.pick(CLIP) == {"ok": True}
    bob.plays()
    wait_for(lambda: abs(members(ada)["bob"].get("error") or 1.0) < SAME, "bob is in step")
    assert ada.get("pause") is False  # Nobody was held up.
