"""Viewers in this process, each with a folder of films, a simulated player, and a record of its events."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.engine.player_messages import Load, PlayerEvent
from hangd.engine.playlist.playlist import Film, Loading
from hangd.player.base import EventSink
from hangd.player.files import MediaUnusable
from hangd.player.simulated import SimulatedMachine, SimulatedPlayer

__all__ = ["APPEND", "PATIENCE", "Watcher"]

APPEND = Loading("append")

PATIENCE = 75.0
"""Seconds to wait for something that has to happen, on a busy machine."""


class _Films(SimulatedMachine):
    """A player whose films have these durations, by the name of the file."""

    durations: Mapping[str, float | None] = {}

    def _load(self, command: Load, now: float) -> list[PlayerEvent]:
        duration = self.durations.get(Path(command.path).name, self.duration)
        if duration is None:
            return self.refuse_load(command, MediaUnusable("unrecognized", "it is no film"))
        self.duration = duration
        return super()._load(command, now)


class Watcher:
    """A viewer whose films, in ``folder``, have this ``duration`` in seconds. Close ``viewer`` at the end.

    ``durations``: those of films that have another one, by the name of the file; None: it is no film.
    ``rooms``, ``history``: the files in which its room is kept for the next one, and what it watched; None: nowhere.
    So for ``credentials``, ``device``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "ada",
        server: str | None = None,
        duration: float = 0.2,
        durations: Mapping[str, float | None] | None = None,
        rooms: Path | None = None,
        history: Path | None = None,
        credentials: Path | None = None,
        device: Path | None = None,
        **settings: Any,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.sinks: list[EventSink] = []
        self.events: list[Any] = []
        self._duration = duration
        self._durations = durations or {}
        if server is not None:
            settings["server"] = server
        self.viewer = Viewer(
            ClientSettings(name=name, **settings),
            self._player,
            MediaFiles(folder / ".cache"),
            version="0",
            quit=lambda: None,
            rooms=rooms,
            history=history,
            credentials=credentials,
            device=device,
        )
        self.viewer.subscribe(self.events.append, lambda names: None)

    def _player(self, sink: EventSink) -> SimulatedPlayer:
        self.sinks.append(sink)
        machine = _Films(duration=self._duration, load_cost=0.01, seek_cost=0.01)
        machine.durations = self._durations
        return SimulatedPlayer(sink, machine=machine)

    def film(self, name: str) -> str:
        """Create a film of this name, whose content depends on the name, and return its path."""
        path = self.folder / name
        path.write_bytes(name.encode() * 100)
        return str(path)

    def films(self, names: str) -> Sequence[Film]:
        """Create a film for each letter of ``names``."""
        return [Film(self.film(name)) for name in names]

    def load(self, names: str, how: Loading = APPEND) -> list[int]:
        return list(self.viewer.playlist.load(self.films(names), how))

    async def until(self, condition: Callable[[], bool]) -> None:
        await asyncio.wait_for(self.viewer.notices.until(condition), PATIENCE)

    async def opens(self, name: str) -> None:
        """Wait until the film of this name is open, and no seek is under way."""
        path = str(self.folder / name)
        await self.until(lambda: self.viewer.path == path and not self.viewer.seeking)

    @property
    def names(self) -> str:
        """The file names of the playlist, joined."""
        return "".join(Path(entry.filename).name for entry in self.viewer.playlist.entries())

    def heard(self) -> list[str]:
        """Take the events about films, each as words: its name, its entry's id and its reason, if it has them."""
        words = []
        for event in self.events:
            match event["event"]:
                case "start-file":
                    words.append(f"start {event['playlist_entry_id']}")
                case "end-file":
                    words.append(f"end {event['playlist_entry_id']} {event['reason']}")
                case "file-loaded" | "idle" | "film-missing" as name:
                    words.append(name)
        self.events.clear()
        return words
