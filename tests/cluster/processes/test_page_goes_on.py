"""The page in a room of a cluster, when the node that it is connected to is killed: seen on its screen."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.bench.web.page_link import PageLink
from tests.bench.web.viewers import SESSION, PageViewer
from tests.support.browsers.browser import CHROMIUM, chromium_tab
from tests.support.crowds.evening import BACK
from tests.support.daemons.party import CLIP, Person, person, wait_for
from tests.support.desktop.framebuffer import virtual_screen
from tests.support.desktop.skew import Course, Watch, course, watching
from tests.support.servers.cluster_processes import Node, Service, built

pytestmark = [
    pytest.mark.real,
    pytest.mark.timed,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("Xvfb") is None or shutil.which(CHROMIUM) is None, reason="no Xvfb or Chromium"),
]

RATE: Final = 30
LONGEST: Final = 1.5
"""Seconds for which a picture may stand, and by which one may be off its time. A film that waited for the room's next
owner would stand for more than twice as long; a browser among fifty busy processes was seen to stand for 0.8."""
IN_STEP: Final = 0.05
"""Seconds between the page's film and its room's timeline, by its own account: a busy machine's screen lags."""
JUMP: Final = 0.05
"""Seconds by which the room's timeline may differ for the page after its return: it has to learn the clock anew."""
WATCHED: Final = 3.0
"""Seconds of the film before the node is killed, and after the page is back."""


class Stage(NamedTuple):
    cluster: Service
    page: PageViewer
    link: PageLink
    watch: Watch
    ada: Person

    def node(self) -> Node:
        """Return the node that the page is connected to."""
        (node,) = (node for node in self.cluster.nodes if node.name == self.link.greeting)
        return node

    def url_elsewhere(self) -> str:
        """Return a URL that leads to another node than the page's."""
        return asyncio.run(self.cluster.url_at(self.cluster.others(self.node())[0]))

    def member(self) -> str | None:
        """Return what ada's room says the page does; None: it is not there."""
        members = self.ada.status()["members"]
        return next((str(one["state"]) for one in members if one["name"] != "ada"), None)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A cluster, the page in Chromium, come to one of the nodes through nginx, and ada, who is nowhere yet."""
    with ExitStack() as stack:
        cluster = stack.enter_context(built(tmp_path))
        asyncio.run(cluster.start())
        screen = stack.enter_context(virtual_screen())
        page = PageViewer(stack.enter_context(chromium_tab(screen.display)), "page")
        ada = stack.enter_context(person("ada", tmp_path, player="simulated"))
        (watch,) = stack.enter_context(watching(screen))
        page.open(cluster.port)
        wait_for(lambda: page.state(".link.phase") == "up", "the page is connected")
        yield Stage(cluster, page, PageLink(page), watch, ada)
        assert cluster.problems() == []
        assert cluster.errors() == []


class Through(NamedTuple):
    """What was seen of the page: seconds until it was back, its pictures, and by how much its timeline jumped."""

    back: float
    seen: Course
    jump: float


def through(stage: Stage) -> Through:
    """Let the film play and kill the node of the page."""
    link, watch = stage.link, stage.watch
    stage.ada.ctl("play")
    wait_for(lambda: watch.between(time.monotonic() - 1.0, time.monotonic()), "the picture moves")
    wait_for(lambda: stage.member() == "playing", "the room knows that the page plays")
    wait_for(lambda: in_step(stage.page), "the page is in step")
    node, line, before = stage.node(), room_line(stage.page), time.monotonic()
    time.sleep(WATCHED)
    killed = time.monotonic()
    node.kill()
    wait_for(lambda: (losses := link.losses(killed)) and losses[-1].back, "the page is back in its room")
    wait_for(lambda: stage.member() == "playing", "the room knows that the page plays")
    time.sleep(WATCHED)
    loss, *others = link.losses(killed)
    assert loss.in_its_place and loss.back is not None, loss
    assert loss.back.greeting != node.name
    assert others == [], "one loss of the connection, and one return"
    seen = course(watch, before, time.monotonic(), frame=1 / RATE)
    wait_for(lambda: in_step(stage.page), "the page is in step")
    return Through(loss.back.at - killed, seen, room_line(stage.page) - line)


def in_step(page: PageViewer) -> bool:
    apart = page.tab.evaluate(f"() => {SESSION}.position() - {SESSION}.roomPosition()")
    return bool(abs(apart) < IN_STEP)


def room_line(page: PageViewer) -> float:
    """Return where the room's timeline would be at the page's time 0, as the page knows it, in seconds."""
    return float(page.tab.evaluate(f"() => {SESSION}.roomPosition() - performance.now() / 1000"))


def check(stage: Stage, what: str, found: Through) -> None:
    back, seen, jump = found
    print(
        f"\n{what}: back in its place after {back:.2f} s; {seen.pictures} pictures, the longest for "
        f"{seen.longest * 1000:.0f} ms, at most {seen.off * 1000:.0f} ms off; its timeline {jump * 1000:+.1f} ms"
    )
    assert back <= BACK
    assert seen.longest < LONGEST, f"the picture stood still for {seen.longest:.2f} s"
    assert seen.back == [], f"it went back to these pictures: {seen.back}"
    assert seen.off < LONGEST, f"a picture was {seen.off:.2f} s off its time"
    assert abs(jump) < JUMP, f"the timeline jumped by {jump:+.3f} s"
    # And the page is in the room as before: what it asks for is done, and it does what others ask for.
    stage.page.pause()
    wait_for(lambda: stage.ada.get("pause"), "the page's pause reaches ada")
    stage.ada.ctl("seek", "40")
    wait_for(lambda: stage.watch.number == 40 * RATE, "ada's seek reaches the page")


def test_the_node_that_owns_its_room_is_killed(stage: Stage) -> None:
    stage.page.make(CLIP, name="films")
    assert stage.cluster.owner(stage.page.state(".room.room_id")) is stage.node(), "who makes a room makes its owner"
    stage.ada.ctl("join", "films", str(CLIP), "--server", stage.url_elsewhere())
    check(stage, "the owner was killed", through(stage))


def test_a_node_that_does_not_own_its_room_is_killed(stage: Stage) -> None:
    room_id = stage.ada.ctl("create", str(CLIP), "--server", stage.url_elsewhere())
    stage.page.enter(room_id, CLIP)
    owner = stage.cluster.owner(room_id)
    assert owner is not stage.node()
    check(stage, "an edge was killed", through(stage))
    assert stage.cluster.owner(room_id) is owner
