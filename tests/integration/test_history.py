"""What was watched, as a server and daemons tell it afterwards: real processes, simulated players, a killed server."""

import json
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.party import BIN, CLIP, Person, Server, person, room_server, wait_for

pytestmark = pytest.mark.real

FILMS = ("first.mp4", "second.mp4")


def kept(data: Path, *options: str) -> list[dict[str, Any]]:
    """Return what ``hangd history`` tells beside the running server."""
    words = [str(BIN / "hangd"), "history", "--json", "--data-dir", str(data), *options]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def own(somebody: Person, *options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in somebody.ctl("history", "--json", *options).splitlines()]


def films(somebody: Person) -> Path:
    """Give this person copies of the films. Each film has a content of its own."""
    folder = somebody.folder / "films"
    folder.mkdir()
    for number, name in enumerate(FILMS):
        shutil.copy(CLIP, folder / name)
        with (folder / name).open("ab") as film:
            film.write(bytes(number + 1))
    return folder


def meet(host: Person, guest: Person, server: Server, room: str) -> dict[str, Path]:
    folders = {one.name: films(one) for one in (host, guest)}
    host.ctl("create", folders[host.name] / FILMS[0], "--server", server.url, "--name", room)
    guest.ctl("join", room, folders[guest.name] / FILMS[0], "--server", server.url)
    return folders


@pytest.mark.timeout(400)
def test_what_was_watched_is_told_on_both_sides_and_not_where_the_room_does_not_want_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with ExitStack() as stack:
        server = stack.enter_context(room_server("--data-dir", str(data)))
        ada, bob, cy, dee = (
            stack.enter_context(person(name, tmp_path, player="simulated")) for name in ("ada", "bob", "cy", "dee")
        )
        folders = meet(ada, bob, server, "open")
        meet(cy, dee, server, "closed")
        cy.ctl("policy", "history", "no")
        ada.ctl("play")
        cy.ctl("play")
        began = time.time()
        wait_for(lambda: time.time() > began + 25, "half of it")
        server.kill()
        server.restart()
        wait_for(lambda: time.time() > began + 70, "more than a minute of film")

        ada.ctl("media", folders["ada"] / FILMS[1])
        wait_for(lambda: len(kept(data)) == 1, "the first film in the server's history")
        ada.ctl("play")
        time.sleep(15)
        for one in (ada, bob, cy, dee):
            one.ctl("leave")
        wait_for(lambda: len(kept(data)) == 2, "the second film in it")

        first, second = kept(data)
        assert (first["room"], first["film"], first["members"]) == ("open", FILMS[0], 2)
        assert (second["room"], second["film"]) == ("open", FILMS[1])
        assert first["started"] == pytest.approx(began, abs=10)
        assert 60 < first["seconds"] < time.time() - began
        assert first["skew_p50"] is not None and first["skew_p50"] < 1.0
        assert 10 < second["seconds"] < 60
        assert kept(data, "--since", "1m") == [second], "the first one began before that"

        for viewer, other in ((ada, "bob"), (bob, "ada")):
            (record,) = own(viewer)
            assert (record["film"], record["room"], record["with"], record["others"]) == (FILMS[0], "open", [other], 1)
            assert 60 < record["seconds"] < time.time() - began
        for viewer in (cy, dee):
            (record,) = own(viewer)
            assert (record["room"], record["with"], record["others"]) == ("closed", [], 1), "names are not kept there"

        ada.kill_daemon()
        ada.start_daemon()
        assert [record["film"] for record in own(ada)] == [FILMS[0]], "it survives the daemon"
        ada.ctl("history", "--clear")
        assert own(ada) == []


def test_a_server_with_history_days_0_keeps_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with ExitStack() as stack:
        server = stack.enter_context(room_server("--data-dir", str(data), "--history-days", "0"))
        ada, bob = (stack.enter_context(person(name, tmp_path, player="simulated")) for name in ("ada", "bob"))
        meet(ada, bob, server, "open")
        ada.ctl("play")
        time.sleep(12)
        for one in (ada, bob):
            one.ctl("leave")
        time.sleep(1)
        assert kept(data) == []
