"""What of a player's events is let through to whoever commands it: the ordering rules that hold for every player."""

from hangd.engine.player_messages import Load, PlayerCommand, PlayerEvent, Sampled, SeekTo, Settled

__all__ = ["EventGate"]


class EventGate:
    """Events are under way for a moment, and commands overtake them; what was overtaken is dropped here.

    ``take`` is told of each command before the player is, ``admits`` is asked of each event before it is delivered.
    """

    def __init__(self) -> None:
        self.generation = 0
        """The newest load's."""
        self._seeking = False
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Let nothing through any more."""
        self._closed = True

    def take(self, command: PlayerCommand) -> None:
        match command:
            case Load(generation=generation):
                self.generation = generation
                self._seeking = False
            case SeekTo():
                self._seeking = True
            case _:
                pass

    def admits(self, event: PlayerEvent) -> bool:
        if self._closed or event.generation != self.generation:
            return False
        if isinstance(event, Settled):
            self._seeking = False
        return not (self._seeking and isinstance(event, Sampled))
