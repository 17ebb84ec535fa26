"""What the page's session does in rooms of pages alone: entering, being refused, roles, the queue, what is kept."""

import functools
import json
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.party import BIN, CLIP, Server, room_server, wait_for
from tests.web.conftest import page_of
from tests.web.viewing import Chromium, WebViewer
from tests.web.waiting import until

pytestmark = pytest.mark.real

Web = Callable[[str], WebViewer]


def host(viewer: WebViewer, room: str, film: Path = CLIP, **options: Any) -> None:
    """Let this viewer create a room with its film."""
    viewer.tap()
    assert viewer.pick(film) == {"ok": True}
    viewer.done("create", {"name": room, **options})


def client_id(viewer: WebViewer, name: str) -> str:
    found: str = wait_for(lambda: viewer.member(name), f"{name} is there")["client_id"]
    return found


def refused(viewer: WebViewer, method: str, *arguments: Any) -> tuple[str, str]:
    outcome = viewer.do(method, *arguments)
    assert not outcome["ok"], (method, outcome)
    return outcome["code"], outcome["text"]


def stands_at(viewer: WebViewer, position: float, _: Any) -> bool:
    return viewer.position() == pytest.approx(position, abs=0.001)


# ---- entering -------------------------------------------------------------------------------------------------------


def test_refusals_on_the_way_in_say_what_to_do(viewer: Web, other_film: Path) -> None:
    bob, cy = viewer("bob"), viewer("cy")
    assert refused(cy, "join", "nowhere")[0] == "RoomNotFound"
    assert refused(cy, "create", {"name": "no film"})[0] == "NoFile"
    host(bob, "private", password="sesame")
    assert refused(cy, "join", "private") == ("WrongPassword", "The room has a password.")
    assert refused(cy, "join", "private", {"password": "open"}) == ("WrongPassword", "The password is wrong.")
    assert cy.pick(other_film) == {"ok": True}
    assert refused(cy, "join", "private", {"password": "sesame"})[0] == "FileHashMismatch"
    assert cy.state["copy"]["phase"] == "refused"
    assert cy.state["copy"]["problem"] == "This file is not the film of this room."
    # With a file that is no copy, one can still be there without the film.
    cy.done("join", "private", {"password": "sesame"})
    cy.wait(lambda state: not cy.own["film"], "says that it has not got it")
    bob.done("setPolicy", {"locked": True})
    dan = viewer("dan")
    assert refused(dan, "join", "private", {"password": "sesame"})[0] == "RoomLocked"
    bob.done("setPolicy", {"locked": False, "capacity": 2, "password": ""})
    assert refused(dan, "join", "private")[0] == "RoomFull"
    assert dan.pick(CLIP) == {"ok": True}
    assert refused(dan, "create", {"name": "Private"})[0] == "NameTaken"
    assert refused(bob, "join", "private")[0] == "AlreadyInRoom"


def test_a_server_that_is_not_there_or_full_says_so(viewer: Web, web_browser: Chromium) -> None:
    with room_server("--max-clients", "1") as small, web_browser.viewer(page_of(small), "bob") as bob:
        assert refused(bob, "join", "nowhere")[0] == "RoomNotFound"
        with web_browser.viewer(page_of(small), "cy") as cy:
            outcome = refused(cy, "join", "nowhere")
            assert outcome[0] == "NotConnected", outcome
        small.kill()
        bob.wait(lambda state: state["link"]["phase"] != "up", "notices")
        outcome = refused(bob, "join", "nowhere")
        assert outcome == ("NotConnected", "The server cannot be reached.")
        assert bob.state["link"]["phase"] == "off"


def test_a_page_in_no_room_connects_again_when_it_needs_to(web_browser: Chromium) -> None:
    with room_server("--idle-timeout", "1") as quick, web_browser.viewer(page_of(quick), "bob") as bob:
        for _ in range(2):
            assert refused(bob, "join", "nowhere")[0] == "RoomNotFound"
            bob.wait(lambda state: state["link"]["phase"] == "off", "is put out")
            assert bob.state["link"]["problem"] is None
        host(bob, "kept")
        time.sleep(3)
        assert bob.state["link"]["phase"] == "up"


def test_a_server_that_publishes_its_rooms_names_the_film_that_is_wanted(
    web_browser: Chromium, other_film: Path
) -> None:
    with room_server("--publish-rooms") as published, web_browser.viewer(page_of(published), "bob") as bob:
        host(bob, "named")
        with web_browser.viewer(page_of(published), "cy") as cy:
            assert cy.pick(other_film) == {"ok": True}
            code, text = refused(cy, "join", "NAMED")
            assert code == "FileHashMismatch"
            assert "which is clip.mp4." in text


def test_a_file_that_cannot_be_played_is_named_and_holds_nobody(viewer: Web, no_film: Path) -> None:
    bob, cy = viewer("bob"), viewer("cy")
    host(bob, "broken")
    cy.tap()
    outcome = cy.pick(no_film)
    assert not outcome["ok"]
    assert cy.state["copy"]["phase"] == "failed"
    assert cy.state["copy"]["problem"] == outcome["text"] != ""
    cy.done("join", "broken")
    cy.wait(lambda state: not cy.own["film"], "says that it has not got it")
    bob.do("setPaused", False)
    bob.plays()
    cy.wait(lambda state: state["room"]["timeline"]["playing"], "sees that it plays")
    cy.do("setPaused", True)  # who has not got the film controls the room all the same
    bob.stands()


def test_without_the_film_one_picks_it_later(viewer: Web) -> None:
    bob, cy = viewer("bob"), viewer("cy")
    host(bob, "later")
    bob.do("setPaused", False)
    bob.plays()
    cy.tap()
    cy.done("join", "later")
    cy.wait(lambda state: not cy.own["film"], "says that it has not got it")
    assert cy.room["file"]["name"] == "clip.mp4"
    assert cy.pick(CLIP) == {"ok": True}
    cy.plays()
    cy.wait(lambda state: not cy.own["verifying"], "is proven")
    assert cy.state["copy"]["info"]["duration"] == pytest.approx(60, abs=0.1)
    cy.wait(lambda state: abs(cy.evaluate("() => session.position() - session.roomPosition()")) < 0.1, "is in step")


def test_who_loads_the_page_anew_is_without_the_film(viewer: Web) -> None:
    bob, cy = viewer("bob"), viewer("cy")
    host(bob, "anew")
    cy.tap()
    assert cy.pick(CLIP) == {"ok": True}
    cy.done("join", "anew")
    cy.wait(lambda state: cy.own["state"] == "paused", "shows it")
    cy.reload()
    bob.wait(lambda state: not bob.member("cy")["film"], "sees that cy has not got it")
    cy.tap()
    assert cy.pick(CLIP) == {"ok": True}
    bob.wait(lambda state: bob.member("cy")["film"], "sees that cy has it")


def test_other_encodings_where_the_room_takes_them(viewer: Web, other_film: Path) -> None:
    bob, cy = viewer("bob"), viewer("cy")
    host(bob, "lengths", policy={"match": "duration"})
    cy.done("join", "lengths")
    assert cy.pick(other_film) == {"ok": True}
    cy.wait(lambda state: cy.own["file"] is not None, "is known to have a copy")
    assert cy.own["file"]["name"] == "other.mp4"
    cy.done("leave")
    cy.done("join", "lengths")
    assert cy.state["copy"]["phase"] == "open"
    # The next film has another name, and what cy has is the copy of the one before.
    bob.done("setPolicy", {"match": "none"})
    bob.run(bob.page.set_input_files("input", [other_film]))
    assert bob.evaluate("() => session.queueInsert([...input.files])") == {"ok": True}
    bob.done("showEntry", bob.room["queue"]["entries"][1]["id"])
    bob.wait(lambda state: state["copy"]["info"] and state["copy"]["info"]["name"] == "other.mp4", "opens it")
    cy.wait(lambda state: state["copy"]["phase"] == "open", "finds it too")


def test_a_file_that_differs_where_the_quick_hash_does_not_look(viewer: Web, tmp_path: Path) -> None:
    sizes, films = 5 << 20, []
    for name in ("one.mp4", "two.mp4"):
        films.append(tmp_path / name)
        filling = bytearray(sizes)
        filling[1 << 20] = len(films)  # between the first MiB and the one in the middle
        films[-1].write_bytes(CLIP.read_bytes() + struct.pack(">I4s", sizes + 8, b"free") + filling)
    bob, cy = viewer("bob"), viewer("cy")
    host(bob, "damaged", films[0])
    bob.wait(lambda state: state["room"]["file_hash"], "tells the whole hash")
    cy.tap()
    assert cy.pick(films[1]) == {"ok": True}
    cy.done("join", "damaged")
    cy.wait(lambda state: state["room"] is None, "is put out")
    assert cy.state["left"] == "You are out of the room, because your file is not its film."
    assert cy.state["copy"]["phase"] == "refused"
    assert bob.room["members"][0]["verifying"] is False
    bob.wait(lambda state: len(state["room"]["members"]) == 1, "is alone")
    bob.hears("cy is out: that file is not the room’s film")


# ---- in the room ----------------------------------------------------------------------------------------------------


def test_being_put_out_and_coming_again(viewer: Web) -> None:
    bob, cy = viewer("bob"), viewer("cy")
    host(bob, "door")
    cy.done("join", "door")
    bob.done("kick", client_id(bob, "cy"), {"reason": "<i>noise</i>"})
    cy.wait(lambda state: state["room"] is None, "is out")
    assert cy.state["left"] == "The host put you out of the room: <i>noise</i>"
    bob.hears("cy was removed by the host")
    cy.done("join", "door")
    bob.done("kick", client_id(bob, "cy"), {"ban": True})
    cy.wait(lambda state: state["room"] is None, "is out again")
    assert refused(cy, "join", "door")[0] == "Banned"
    assert refused(cy, "say", "hello") == ("NotInRoom", "You are in no room.")


def test_a_start_that_waits_and_is_forced(viewer: Web) -> None:
    bob, cy = viewer("bob"), viewer("cy")
    host(bob, "together", policy={"start": "ready"})
    cy.tap()
    assert cy.pick(CLIP) == {"ok": True}
    cy.done("join", "together")
    bob.done("setReady", True)
    bob.do("setPaused", False)
    bob.wait(lambda state: state["room"]["start"], "waits")
    bob.hears("waiting for cy to be ready")
    assert cy.do("startNow")["code"] == "Forbidden"
    bob.done("setReady", False, cy.state["me"])
    bob.done("startNow")
    cy.plays()
    bob.plays()
    cy.do("seekBy", 20)
    bob.wait(lambda state: bob.position() > 19, "goes along")
    bob.do("setPaused", True)
    cy.stands()
    cy.wait(lambda state: not state["room"]["timeline"]["playing"], "is told")
    before = cy.room["timeline"]["position"]
    for each in (bob, cy):
        each.wait(functools.partial(stands_at, each, before), "stands there")
    cy.evaluate("() => { session.step(1); session.step(1); }")
    # How far a step goes is the player's matter (test_player.py); that each is asked of the room is the session's.
    bob.wait(lambda state: sum(text.startswith("cy stepped") for text in bob.notices) == 2, "is told of both")
    bob.wait(lambda state: bob.position() > before + 0.02, "goes along")
    cy.wait(lambda state: cy.position() == pytest.approx(bob.position(), abs=0.001), "stands there as well")


def test_the_queue_is_edited_and_plays_on(viewer: Web, other_film: Path) -> None:
    bob, cy = viewer("bob"), viewer("cy")
    host(bob, "queue")
    cy.tap()
    assert cy.pick(CLIP) == {"ok": True}
    cy.done("join", "queue")
    for each in (bob, cy):
        each.run(each.page.set_input_files("input", [other_film]))
    assert bob.evaluate("() => session.queueInsert([...input.files])") == {"ok": True}
    assert bob.evaluate("() => session.queueInsert([...input.files], null)") == {"ok": True}
    names = [entry["file"]["name"] for entry in bob.room["queue"]["entries"]]
    assert names == ["other.mp4", "clip.mp4", "other.mp4"]
    first, second, third = [entry["id"] for entry in bob.room["queue"]["entries"]]
    cy.done("queueMove", [third], None)
    cy.done("queueRemove", [first])
    bob.wait(lambda state: [each["id"] for each in state["room"]["queue"]["entries"]] == [third, second], "sees it")
    cy.evaluate("() => session.offerFiles([...input.files])")
    bob.do("setPaused", False)
    bob.plays()
    cy.plays()
    cy.done("showEntry", third)
    for each in (bob, cy):
        each.wait(
            lambda state: state["copy"]["phase"] == "open" and state["room"]["queue"]["current"] == third, "has it"
        )
        assert each.state["copy"]["info"]["name"] == "other.mp4"
        each.plays()
    bob.wait(lambda state: state["room"]["file_hash"], "tells the hash of that film too")
    bob.wait(lambda state: not any(each["verifying"] for each in state["room"]["members"]), "all are proven")
    assert refused(bob, "showEntry", first)[0] == "NoSuchEntry"


# ---- what is kept ---------------------------------------------------------------------------------------------------


def test_a_former_member_comes_back_by_its_secret(viewer: Web) -> None:
    bob, cy = viewer("bob"), viewer("cy")
    host(bob, "kept")
    cy.done("join", "kept")
    bob.done("setRole", client_id(bob, "cy"), "controller")
    bob.done("setPolicy", {"locked": True})
    cy.done("leave")
    cy.done("join", "KEPT")
    assert cy.own["role"] == "controller"
    bob.done("leave")
    bob.done("join", "kept")
    assert bob.state["isHost"]  # by the host's secret


def test_a_second_tab_leaves_the_first_one_its_role(viewer: Web) -> None:
    bob = viewer("bob")
    host(bob, "tabs")

    script = bob.evaluate("async () => (await fetch('page/main.js')).text()")

    async def second() -> Any:
        page = await bob.context.new_page()
        await page.route("**/page/main.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
        await page.goto(bob.server)
        await until(page, "() => window.session !== undefined")
        told = await page.evaluate(
            """async () => {
                await session.join("TABS");
                // The other tab answers when it comes to it.
                const told = () => notices.some((notice) => notice.text.includes("another tab"));
                for (let tries = 0; tries < 3000 && !told(); tries += 1)
                  await new Promise((done) => setTimeout(done, 10));
                return [session.state.isHost, notices.map((notice) => notice.text)];
            }"""
        )
        await page.close()
        return told

    is_host, notices = bob.run(second())
    assert not is_host
    assert "You are in this room in another tab, too. This tab is another member." in notices
    assert bob.state["isHost"]
    bob.done("leave")
    bob.done("join", "tabs")
    assert bob.state["isHost"], "no other tab is there, and what is kept was the first tab's"


def test_without_storage_it_works_all_the_same(viewer: Web) -> None:
    bob = viewer("bob")
    script = """for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
        Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
    }"""
    bob.run(bob.page.add_init_script(script))
    bob.reload()
    host(bob, "nothing kept")
    bob.do("setPaused", False)
    bob.plays()
    bob.wait(lambda state: state["room"]["file_hash"], "tells the whole hash")
    assert not [line for line in bob.console if "uncaught" in line]


def test_its_trace_is_replayed_by_hangd(viewer: Web, tmp_path: Path) -> None:
    bob = viewer("bob")
    host(bob, "traced")
    bob.do("setPaused", False)
    bob.plays()
    bob.do("seek", 20)
    bob.wait(lambda state: bob.position() > 20.5, "plays on")
    trace = tmp_path / "page.trace"
    trace.write_text(bob.do("dumpTrace"))
    assert "clip" not in trace.read_text()
    replayed = json.loads(
        subprocess.run([BIN / "hangd", "replay", trace, "--json"], capture_output=True, check=False).stdout
    )
    assert replayed["steps"] > 20
    assert replayed["difference"] is None


def test_every_sentence_is_in_the_table(viewer: Web) -> None:
    """A sentence without a text would show its key."""
    bob = viewer("bob")
    host(bob, "texts")
    bob.done("setPolicy", {"start": 2, "wait": "everyone", "match": "none", "stall": "pause", "leave": "pause"})
    bob.done("setPolicy", {"start": "anyone", "loop": "queue", "control": "controllers", "capacity": 7})
    bob.hears("You changed the rules: ", "repeats the queue")
    assert bob.evaluate("() => [...missing]") == []


def test_the_link_of_a_room(viewer: Web, server: Server) -> None:
    bob = viewer("bob")
    host(bob, "ciné ☕")
    assert bob.state["invite"] == f"http://127.0.0.1:{server.port}/#cin%C3%A9%20%E2%98%95"
