"""GuestCommands: the control socket's commands about who is let into the room: signed invites, and bans.

As for `hangd.client.server_commands`.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from hangd.client.control.port import CommandRefused, RoomCommand
from hangd.client.server.connection import Connection
from hangd.client.server.requests import ServerRefused
from hangd.client.server.room_view import RoomView
from hangd.client.server.rules import flag
from hangd.protocol import invites, messages
from hangd.protocol.model import INVITE_SECONDS_MAX, INVITE_USES_MAX
from hangd.protocol.names import matching
from hangd.protocol.push import PushInvite
from hangd.urls import make_invite, page_link

_log = logging.getLogger(__name__)


class GuestCommands:
    """See the module's docstring. ``room``: returns the room; raises CommandRefused where the viewer is in none."""

    def __init__(self, connection: Connection, room: Callable[[], RoomView]) -> None:
        self._connection = connection
        self._room = room

    @property
    def commands(self) -> dict[RoomCommand, Callable[[Mapping[str, str]], Awaitable[Any]]]:
        return {
            "room-invite": self._notify,
            "room-create-invite": self._create_invite,
            "room-invites": self._invites,
            "room-revoke-invites": self._revoke,
            "room-bans": self._bans,
            "room-unban": self._unban,
        }

    async def _notify(self, arguments: Mapping[str, str]) -> None:
        """Have somebody notified, with a signed invite where the room lets nobody in without one, or a password."""
        room, token = self._room(), None
        if room.policy.access == "invited" or room.policy.has_password:
            try:
                token = (await self._connection.request(invites.CreateInvite(), invites.InviteCreated)).token
            except ServerRefused as refused:
                if room.policy.access == "invited":
                    raise
                _log.info("the invitation does not stand in for the room's password: %s", refused)
        request = msgspec.convert({"name": arguments["name"], "invite": token}, PushInvite)
        await self._connection.request(request, messages.Done)

    async def _create_invite(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        room = self._room()
        given: dict[str, Any] = {}
        if "role" in arguments:
            given["role"] = arguments["role"]
        if "expires" in arguments:
            given["expires_in"] = _number("expires", arguments["expires"], 60, INVITE_SECONDS_MAX)
        if "uses" in arguments:
            given["uses"] = _number("uses", arguments["uses"], 1, INVITE_USES_MAX)
        request = msgspec.convert(given, invites.CreateInvite)
        created = await self._connection.request(request, invites.InviteCreated)
        named = room.name or room.room_id
        link = page_link(room.server, named, created.token) if room.has_page else None
        return {
            **msgspec.to_builtins(created.invite),
            "invite": make_invite(room.server, named, created.token),
            **({} if link is None else {"link": link}),
            "invite_local": room.invite_local,
        }

    async def _invites(self, arguments: Mapping[str, str]) -> Any:
        self._room()
        answer = await self._connection.request(invites.GetInvites(), invites.Invites)
        return [msgspec.to_builtins(invite) for invite in answer.invites]

    async def _revoke(self, arguments: Mapping[str, str]) -> None:
        self._room()
        mine, everybodys = (flag(word, arguments.get(word, "no")) for word in ("mine", "all"))
        if ("id" in arguments) + mine + everybodys != 1:
            raise CommandRefused.invalid("name an invite by its id, or say mine, or all")
        request = msgspec.convert(
            {"everybodys": everybodys, **({"id": arguments["id"]} if "id" in arguments else {})}, invites.RevokeInvites
        )
        await self._connection.request(request, messages.Done)

    async def _bans(self, arguments: Mapping[str, str]) -> Any:
        self._room()
        answer = await self._connection.request(invites.GetBans(), invites.Bans)
        return [msgspec.to_builtins(ban) for ban in answer.bans]

    async def _unban(self, arguments: Mapping[str, str]) -> dict[str, str]:
        self._room()
        answer = await self._connection.request(invites.GetBans(), invites.Bans)
        bans, given = {ban.id: ban for ban in answer.bans}, arguments["ban"]
        found = [given] if given in bans else matching(given, {ban.id: ban.name for ban in bans.values()})
        if not found:
            raise CommandRefused.failed("NotFound", f"nobody called {given[:40]!r} is banned here")
        if len(found) > 1:
            several = " and ".join(f"{bans[ban].name!r} ({ban})" for ban in found)
            raise CommandRefused.invalid(f"{given[:40]!r} is the name of {several}: name one of them by the ban's id")
        await self._connection.request(invites.Unban(id=found[0]), invites.Bans)
        return {"id": found[0], "name": bans[found[0]].name}


def _number(name: str, text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise CommandRefused.invalid(f"{name} is a number from {least} to {most}, not {text[:40]!r}")
    return int(text)
