"""``hangd cluster``: look at several servers that are one service."""

import json
from typing import TYPE_CHECKING, Any

import click

from hangd.cli.stores import config_option, date, fail, say, say_rows, server_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hangd.cluster.base import NodeInfo
    from hangd.server.clustered.status import ClusterStatus, RoomStatus


@click.group()
def cluster() -> None:
    """Look at several servers that are one service (the server's --cluster)."""


@cluster.command()
@click.option("--cluster", metavar="URL", help="The servers' --cluster.")
@click.option("--cluster-password-file", metavar="FILE", help="The servers' --cluster-password-file.")
@click.option("--rooms", is_flag=True, help="List the rooms, too: at most a thousand.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@config_option
@click.pass_context
def status(context: click.Context, /, rooms: bool, as_json: bool, **_options: object) -> None:
    """List the nodes that are alive, with their clients, rooms and clocks, and tell who owns how many rooms.

    Exit status: 0, or 1 if Redis does not answer, no node is alive, or none takes clients in.
    """
    found = _seen(context, rooms=rooms)
    if as_json:
        click.echo(json.dumps(_plain(found), ensure_ascii=False))
    else:
        say_rows([_shown(node) for node in found.nodes], as_json=False, nothing="no node is alive")
        total = found.orphans + sum(found.owners.values())
        if found.rooms is not None:
            _show_rooms(found.rooms, total)
        counts = [f"{owner} owns {count}" for owner, count in found.owners.items()]
        say("; ".join((f"rooms: {total}", *counts)))
        if found.orphans:
            say(f"rooms without an owner, which the next who asks for them claims: {found.orphans}")
        say(f"({found.where})")
    if all(node.draining for node in found.nodes):
        context.exit(1)


def _seen(context: click.Context, *, rooms: bool) -> "ClusterStatus":
    """Ask Redis. If it does not answer, say why, and exit."""
    import asyncio

    from hangd.cluster.base import ClusterFailed
    from hangd.server.clustered.status import cluster_status
    from hangd.server.listening import StartFailed

    try:
        return asyncio.run(cluster_status(server_settings(context), rooms=rooms))
    except (StartFailed, ClusterFailed) as problem:
        fail(context, str(problem))


def _plain(found: "ClusterStatus") -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def _show_rooms(rooms: "Sequence[RoomStatus]", total: int) -> None:
    rows = [
        {
            "room": room.room,
            "name": room.name,
            "owner": room.owner,
            "fence": room.fence,
            "members": room.members,
            "edges": " ".join(room.edges) or None,
        }
        for room in rooms
    ]
    say_rows(rows, as_json=False, nothing="there are no rooms")
    if total > len(rooms):
        say(f"(and {total - len(rooms)} more)")


def _shown(node: "NodeInfo") -> dict[str, Any]:
    """Return a node as people read it."""
    offset, bound = node.clock_offset, node.clock_bound
    return {
        "node": node.node,
        "since": date(node.since),
        "version": node.version,
        "address": node.address or None,
        "clients": node.clients,
        "rooms": node.rooms,
        "clock offset": None if offset is None else f"{offset:+.4f} s",
        "clock within": None if bound is None else f"{bound * 1000:.2f} ms",
        "draining": node.draining,
    }
