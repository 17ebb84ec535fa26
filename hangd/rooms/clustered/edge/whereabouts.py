"""Whereabouts: what the cluster keeps of clients that are connected here, so that they can come back to any node."""

import asyncio
from functools import partial
from typing import Final

from hangd.cluster.base import KEEP_SECONDS, RENEWALS, Cluster
from hangd.rooms.clustered.asking import until_done
from hangd.rooms.clustered.parcels import Moved, Post
from hangd.rooms.edge.clients import Client, Clients
from hangd.tasks import Tasks

_RENEW_SECONDS: Final = KEEP_SECONDS / RENEWALS


class Whereabouts:
    """``clients``: of this node."""

    def __init__(self, cluster: Cluster, clients: Clients, post: Post, tasks: Tasks) -> None:
        self._cluster = cluster
        self._clients = clients
        self._post = post
        self._tasks = tasks

    def keep(self, client: Client, room_id: str) -> None:
        """Let a client come back to whatever node it likes."""
        if client.proof is not None:
            self._tasks.start(self._keep(client, room_id, client.proof), name="keep where a client is")

    def keep_again(self, client: Client, room_id: str) -> None:
        """As `keep`, for a client that was kept before: Redis may have lost that, and the client may have left this
        node for another one, without this node having heard of it."""
        if client.proof is not None:
            keeping = until_done(
                partial(self._cluster.keep_client_again, client.client_id, room_id, client.proof),
                unless=lambda: not self._is_here(client, room_id),
            )
            self._tasks.start(keeping, name="keep where a client is")

    async def _keep(self, client: Client, room_id: str, proof: bytes) -> None:
        before = await until_done(
            lambda: self._cluster.keep_client(client.client_id, room_id, proof),
            unless=lambda: not self._is_here(client, room_id),
        )
        # A node that has slept may have kept what is long over, and the client be elsewhere rightly.
        if before is not None and self._is_here(client, room_id):
            self._post.send(before, Moved(client.client_id))

    def _is_here(self, client: Client, room_id: str) -> bool:
        is_known = self._clients.get(client.client_id) is client
        return is_known and client.peer is not None and client.room_id == room_id

    def forget(self, client_id: str, room_id: str) -> None:
        """A client is not in this room any more."""
        forgetting = until_done(
            partial(self._cluster.forget_client, client_id, room_id), unless=lambda: self._is_in(client_id, room_id)
        )
        self._tasks.start(forgetting, name="forget a client")

    def _is_in(self, client_id: str, room_id: str) -> bool:
        client = self._clients.get(client_id)
        return client is not None and client.room_id == room_id and not client.entering

    async def renew(self) -> None:
        """Keep for longer where those are that stay for long. It does not end."""
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            self._cluster.renew_clients(
                [client.client_id for client in self._clients.values() if client.room_id is not None]
            )
