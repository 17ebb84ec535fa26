"""`Opening`: what is done with files and links that come from the desktop: dropped on the window, or by MPRIS."""

import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from hangd.client.control.port import CommandRefused, DesktopPort
from hangd.client.desktop.base import Read, Request
from hangd.file_names import path_of
from hangd.log import escape
from hangd.tasks import Tasks, in_thread
from hangd.urls import parse_invite

_SUBTITLES: Final = (".srt", ".ass", ".ssa", ".vtt")
_INVITES: Final = ("hang://", "hangs://")
_PAGES: Final = ("http://", "https://")
_SAID_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 5.0
"""Deadline for looking whether a file is there: its disk may have to spin up, or be gone."""


class Opening:
    """Opens films, adds subtitles and follows invites. In a room the viewer is asked first: it is for everybody there.

    Args:
        desktop: returns what asks on the picture.
    """

    def __init__(self, request: Request, read: Read, desktop: Callable[[], DesktopPort]) -> None:
        self._request = request
        self._read = read
        self._desktop = desktop
        self._tasks = Tasks()

    def dropped(self, names: Sequence[str]) -> None:
        """Subtitles are added to the film. The other files are opened, or a link is followed."""
        subtitles = [name for name in names if name.lower().endswith(_SUBTITLES)]
        others = [name for name in names if name not in subtitles]
        for name in subtitles if self._read("path") is not None else ():
            self._start(self._request("sub-add", name, "select"))
        if others:
            self._start(self.open(others))

    async def open(self, names: Sequence[str]) -> None:
        """Follow the first invite among these names, or open the film or the films.

        In a room this asks: one film is shown to everybody then, several are put into the room's queue. Where there is
        no window to ask on, one film is put there too. The films that the queue has stay in it in any case.

        Raises:
            CommandRefused: there is no such file, it is another URL, or the command that opens it is refused.
        """
        invite = next(filter(_is_invite, names), None)
        if invite is not None:
            await self._follow(invite)
            return
        films = [await _existing(name) for name in names]
        if self._read("room/id") is None:
            begins = self._read("idle-active")
            await self._request("hang-playlist-add", "replace+play", *films)
            if begins:
                await self._request("set", "pause", "no")
            return
        shown, more = escape(os.path.basename(films[0]) or films[0]), len(films) - 1
        question = f"Add {shown} and {more} more to the room's playlist?"
        commands: tuple[str, ...] = ("hang-playlist-add", "append", *films)
        if more == 0:
            question, commands = f"Show {shown} to everybody in the room?", ("room-media", films[0])
        if not self._desktop().ask(question, lambda: self._start(self._request(*commands))):
            await self._request("hang-playlist-add", "append", *films)

    async def close(self) -> None:
        await self._tasks.cancel()

    async def _follow(self, invite: str) -> None:
        try:
            room, server, token = parse_invite(invite)
        except ValueError as error:
            raise CommandRefused.invalid(str(error)) from None
        if server is not None:
            await self._request("server-connect", server)
        signed = () if token is None else ("", "", token)  # behind a file and a password, which are left out
        await self._request("room-join", room, *signed)

    def _start(self, work: Awaitable[Any]) -> None:
        self._tasks.start(self._told(work), name="opening")

    async def _told(self, work: Awaitable[Any]) -> None:
        """Do this, and say on the picture if it is refused."""
        try:
            await work
        except CommandRefused as refused:
            self._desktop().show_message(refused.message or refused.error, _SAID_SECONDS)


def _is_invite(name: str) -> bool:
    """Tell whether it is an invite, or the link to a room on a server's page."""
    name = name.lower()
    return name.startswith(_INVITES) or (name.startswith(_PAGES) and "#" in name)


async def _existing(name: str) -> str:
    """Return the path of a file that is there. Raises CommandRefused."""
    path = path_of(name, "/")
    if path is None:
        raise CommandRefused.failed("FileUnusable", "only files on this machine and hang:// invites can be opened")
    shown = escape(os.path.basename(path) or path)
    try:
        is_there = await in_thread(os.path.exists, path, deadline=_LOOK_SECONDS, doing=f"looking for {shown}")
    except TimeoutError as error:
        raise CommandRefused.failed("TimedOut", str(error)) from None
    if not is_there:
        raise CommandRefused.failed("NotFound", f"there is no file {shown}")
    return path
