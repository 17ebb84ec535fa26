"""`PlayerContext`: what all parts of `VlcBackend` share. Owner thread only."""

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from hangd.engine.player_messages import CommandFailed
from hangd.player.base import EventSink
from hangd.player.vlc.film import Film
from hangd.player.vlc.output.cover import CoverPlayer
from hangd.player.vlc.thread import Post


@dataclass
class PlayerContext:
    """A libVLC player and what it has open. Only `VlcBackend` changes ``film`` and ``media``."""

    vlc: ModuleType
    """python-vlc."""
    player: Any
    """python-vlc's player."""
    emit: EventSink
    """Hands an event to the event loop."""
    post: Post
    cover: CoverPlayer
    film: Film = field(default_factory=lambda: Film("", 0))
    """The film of the newest Load: while that is checked, not yet the one that libVLC has open."""
    media: Any = None
    """python-vlc's media of the film that libVLC has open, or had open last."""

    @property
    def picture_player(self) -> Any:
        """python-vlc's player whose picture is shown: of the film, or of its cover."""
        return self.cover.player if self.cover.is_shown else self.player

    @property
    def picture_players(self) -> tuple[Any, Any]:
        """Both of them, for what is set for all pictures."""
        return self.player, self.cover.player

    def refuse(self, command: str, message: str) -> None:
        """Report that a command failed."""
        self.emit(CommandFailed(self.film.generation, command, message))
