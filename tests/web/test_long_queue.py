"""A long queue that two hangd viewers and a page edit: real processes, and the same queue everywhere."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.daemons.party import CLIP, Person, Server, room_server, wait_for
from tests.web.viewing import WebViewer

# Each edit is a run of hangctl, which on a busy machine takes seconds.
pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

LONG = 500

Names = list[str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that keeps its rooms."""
    with room_server("--data-dir", str(tmp_path_factory.mktemp("server"))) as server:
        yield server


def in_hangd(person: Person) -> Names:
    return [Path(entry["filename"]).name for entry in person.get("playlist")]


def in_page(viewer: WebViewer) -> Names:
    return [entry["file"]["name"] for entry in viewer.room["queue"]["entries"]]


def films(folder: Path, count: int) -> list[Path]:
    """Make files that are told apart, and are never opened."""
    folder.mkdir()
    paths = [folder / f"a film with a rather long name {number:03}.mkv" for number in range(count)]
    for path in paths:
        path.write_bytes(path.name.encode())
    return paths


def test_two_daemons_and_a_page_edit_a_queue_of_500(
    viewer: Callable[[str], WebViewer], with_hangd: Callable[[str], Person], server: Server, tmp_path: Path
) -> None:
    bob, ada, cy = viewer("bob"), with_hangd("ada"), with_hangd("cy")
    ada.ctl("create", CLIP, "--name", "long", "--server", server.url)
    cy.ctl("join", "long", CLIP, "--server", server.url)
    bob.done("join", "long")

    def all_know(length: int) -> Names:
        """Wait until all have the same queue of this length, and nothing is under way; return it."""

        def same() -> Names | None:
            queues = [in_page(bob), in_hangd(ada), in_hangd(cy)]
            return queues[0] if queues[0] == queues[1] == queues[2] and len(queues[0]) == length else None

        found: Names = wait_for(same, f"all three know the same {length} films")
        return found

    paths = films(tmp_path / "films", LONG - 1)
    ada.ctl("playlist", "add", *paths)
    assert all_know(LONG) == ["clip.mp4", *(path.name for path in paths)]
    cy.do("playlist-shuffle")
    ada.do("playlist-move", 3, 400)
    entries = [entry["id"] for entry in bob.room["queue"]["entries"]]
    bob.done("queueMove", entries[10:20], None)
    bob.done("queueRemove", entries[30:40])
    mixed = all_know(LONG - 10)
    assert mixed != sorted(mixed), "and it is a mixed one"
    # Far apart: nobody waits for the others' edits, so all three might take the same entry.
    ada.do("playlist-remove", 100)
    cy.do("playlist-remove", 200)
    bob.done("queueRemove", [bob.room["queue"]["entries"][300]["id"]])
    all_know(LONG - 13)
    bob.done("showEntry", bob.room["queue"]["entries"][-1]["id"])
    last = bob.room["queue"]["entries"][-1]["file"]["name"]
    wait_for(lambda: {person.get("room")["film"]["name"] for person in (ada, cy)} == {last}, "both know what is shown")
    server.kill()
    server.restart()
    wait_for(lambda: bob.state["link"]["phase"] == "up" and bob.room, "the page is back")
    again = all_know(LONG - 13)
    cy.do("playlist-unshuffle")
    wait_for(lambda: in_page(bob) != again, "cy's edit arrives")
    all_know(LONG - 13)
    assert not [line for line in bob.console if "uncaught" in line]
