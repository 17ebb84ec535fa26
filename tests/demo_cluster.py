"""``make demo-cluster``: what three viewers see while the servers of their cluster are killed.

Three servers, Redis and nginx are started. Three viewers are in one room, each at another server: the page in Chromium,
which has made the room where nginx has brought it, so that this server owns it, and two real players. Their pictures
are read from their screens. In mid-film the owner is killed, then the next owner, and then all servers are renewed, one
after the other. How far apart the pictures were is printed, how the page came back, and how long it took until a
command was answered.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.demo import Demo, screens, side_by_side
from tests.demo_page import PAGE, DemoPage, demo_page, page_table, returns
from tests.support.daemons.party import CLIP, Person, person, wait_for
from tests.support.desktop.skew import watching
from tests.support.servers.cluster_processes import Node, Service, built

__all__ = ["main"]

_ANSWERED: Final = 4.5
"""Seconds after the owner's death within which a command is to be answered."""
_WATCHED: Final = 6.0
"""Seconds for which the pictures are watched after a fault."""
_WIDTH: Final = 150
"""Of what is printed into a file."""


def main() -> int:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hang-demo-")))
        cluster = stack.enter_context(built(folder))
        asyncio.run(cluster.start())
        console.print(f"{len(cluster.nodes)} servers, Redis, and nginx at {cluster.url}")
        found = stack.enter_context(screens(console))
        names = (found, found) if isinstance(found, str) else tuple(screen.display for screen in found)
        page = stack.enter_context(demo_page(folder, found if isinstance(found, str) else None))
        ada = stack.enter_context(person("ada", folder, display=names[0]))
        bob = stack.enter_context(person("bob", folder, display=names[1]))
        room_id = _come_together(console, cluster, page, (ada, bob))
        eyes = side_by_side(stack, found, (ada, bob)) if isinstance(found, str) else found
        watches = dict(zip((ada.name, bob.name, PAGE), stack.enter_context(watching(*eyes, page.eye)), strict=True))
        wait_for(lambda: all(watch.number is not None for watch in watches.values()), "a picture on all screens")
        page.wait()
        demo = Demo(console, (ada, bob), watches)
        answered = _show(demo, cluster, room_id)
        for viewer in (ada, bob):
            console.print(f"[bold]{viewer.name}[/]: hangctl status", viewer.ctl("status"), sep="\n")
        table, together = demo.table("How far apart the pictures of the two players were", ada.name, bob.name)
        losses = page.losses(demo)
        of_page, page_together = page_table(demo, ada.name, losses)
    console.print(table, of_page, sep="\n")
    console.print(f"a command was answered {answered:.2f} s after the owner's death; promised are {_ANSWERED:g} s")
    words, returned = returns(losses)
    console.print(words)
    kept = together and page_together and returned and answered <= _ANSWERED
    busy = f"{os.getloadavg()[0]:.1f} processes wanted {os.cpu_count()} cores at the end"
    console.print(f"{time.monotonic() - began:.0f} s; {busy}; {'as promised' if kept else 'NOT as promised'}")
    return 0 if kept else 1


def _come_together(console: Console, cluster: Service, page: DemoPage, players: tuple[Person, Person]) -> str:
    """Let the page make a room where nginx brings it, and the players come to the other nodes. Returns its id."""
    room_id = page.create(cluster.port, "demo")
    owner = cluster.owner(room_id)
    assert owner.name == page.node, "the node at which a room is made owns it"
    console.print(f"[bold]the {PAGE}[/]: makes the room demo with {CLIP.name}, at {owner.name}")
    for player, node in zip(players, cluster.others(owner), strict=True):
        player.ctl("join", "demo", str(CLIP), "--server", asyncio.run(cluster.url_at(node)))
        console.print(f"[bold]{player.name}[/]: hangctl join demo, at {node.name}")
    return room_id


def _show(demo: Demo, cluster: Service, room_id: str) -> float:
    """Let it happen. Returns the seconds from the second owner's death until a command was answered."""
    console = demo.console
    ada, bob = demo.viewers
    demo.step("play", "play")
    killed = time.monotonic()
    first = _kill_owner(console, cluster, room_id)
    of_ada, _ = cluster.others(first)
    demo.goes_on(f"{first.name} killed", "owned the room", seconds=_WATCHED, since=killed)
    demo.step("seek while playing", "seek", "-10", by=1)

    second = _kill_owner(console, cluster, room_id)
    killed = time.monotonic()
    # One of the two has lost the connection now. The other one's command is on its way through the room that is gone.
    asks, hears = (bob, ada) if second is of_ada else (ada, bob)
    console.print(f"[bold]{asks.name}[/]: hangctl pause, at once")
    asks.ctl("pause")
    wait_for(lambda: hears.get("pause"), f"the pause reaches {hears.name}")
    answered = time.monotonic() - killed
    demo.stand(f"paused {answered:.2f} s after {second.name} was killed", "pause", by=1)
    asyncio.run(_start_both(first, second))

    console.print("all servers are renewed, one after the other")
    demo.step("play", "play", by=1)
    for node in cluster.nodes:
        began = time.monotonic()
        asyncio.run(_renew(node))
        demo.goes_on(f"{node.name} renewed", "nobody does anything", since=began)
    demo.stand("pause", "pause")
    return answered


def _kill_owner(console: Console, cluster: Service, room_id: str) -> Node:
    owner = cluster.owner(room_id)
    console.print(f"[bold red]{owner.name} is killed[/]: it owns the room")
    owner.kill()
    return owner


async def _start_both(*nodes: Node) -> None:
    await asyncio.gather(*(node.start() for node in nodes))
    await asyncio.gather(*(node.ready() for node in nodes))


async def _renew(node: Node) -> None:
    await node.terminate()
    await node.start()
    await node.ready()


if __name__ == "__main__":
    sys.exit(main())
