"""Drop events that a newer command has overtaken: the ordering rules of `hangd.player.base` that all players share."""

from hangd.engine.player_messages import (
    Load,
    PlayerCommand,
    PlayerEvent,
    PlayerOpened,
    Sampled,
    SeekTo,
    Settled,
    SoundChanged,
)


class EventFilter:
    """Decides which of a player's events are still valid when they reach the event loop.

    An event takes a moment from the player's thread to the loop, and a command can be given meanwhile. Call
    `commanded` with each command before the player gets it, and `passes` with each event before it is delivered.
    """

    def __init__(self) -> None:
        self.generation = 0
        """The generation of the newest Load."""
        self.closed = False
        """Set it once the player is closed or dead: no event passes any more."""
        self._seeking = False

    def commanded(self, command: PlayerCommand) -> None:
        match command:
            case Load(generation=generation):
                self.generation = generation
                self._seeking = False
            case SeekTo():
                self._seeking = True

    def passes(self, event: PlayerEvent) -> bool:
        if self.closed:
            return False
        if isinstance(event, PlayerOpened | SoundChanged):
            return True
        if event.generation != self.generation:
            return False
        if isinstance(event, Settled):
            self._seeking = False
        return not (self._seeking and isinstance(event, Sampled))
