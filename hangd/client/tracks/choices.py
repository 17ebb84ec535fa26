"""`TrackChoices`: which tracks and added files are wanted for the film that is open, or opens next.

Called by `PlayerSupervisor`. What is chosen before a film has told its tracks is kept until it has. In this order it
decides which track plays: what was chosen for this film, what was chosen for the film before it in the playlist or for
others in its folder, the preferred languages, the film's default.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable
from typing import Final, get_args

from msgspec import structs

from hangd.client.tracks.memory import Choices, TrackMemory
from hangd.client.tracks.pattern import Choice, describe, find, preferred
from hangd.engine import player_messages as messages
from hangd.engine.player_facts import Track, TrackKind
from hangd.engine.player_messages import AddFile, PlayerCommand

_log = logging.getLogger(__name__)

DEFAULT: Final = -1
"""The number that stands for the film's default track."""
_REMEMBERED: Final[tuple[TrackKind, ...]] = ("audio", "subtitle")


class TrackChoices:
    """See the module's docstring. ``send`` gives the player a command."""

    def __init__(self, send: Callable[[PlayerCommand], None], memory: TrackMemory) -> None:
        self._send = send
        self._memory = memory
        self.remembers = True
        """Whether what was chosen for one film counts for others (setting ``remember_tracks``)."""
        self.languages: dict[TrackKind, tuple[str, ...]] = {"audio": (), "subtitle": ()}
        """The preferred languages. They count from the next film on."""
        self.tracks: tuple[Track, ...] = ()
        """Tracks of the film that is open, and of the files that were added to it."""
        self.are_known = False
        """The film has told its tracks."""
        self._film = ""
        self._numbers: dict[TrackKind, int] = {}
        """The numbers of tracks that were chosen before; 0 is none."""
        self._early: list[AddFile] = []
        """Files that were added before."""
        self._defaults: dict[TrackKind, int] = {}
        """The numbers of the tracks that play where nothing was chosen."""
        self._chosen: set[TrackKind] = set()
        """The kinds of track of which one, or none, was selected in the film that is open."""
        self._added: list[AddFile] = []
        """The files that the viewer added to the film that is open, in order."""
        self._wanted: dict[TrackKind, Choice] = {}
        """What the viewer chose in this film, or in one whose choices count for it."""
        self._own: set[TrackKind] = set()
        """Those that the viewer chose in this film."""

    # ---- films ----------------------------------------------------------------------------------------------------

    def opening(self, film: str, *, follows: bool) -> None:
        """Another film is opened, or the same one afresh. ``follows``: the playlist went there from the one before."""
        self._film = film
        self._chosen, self._own, self._added = set(), set(), []
        self._early.clear()
        if not (follows and self.remembers):
            self._wanted = {}
        if self.remembers:
            self._memory.recall(self._folder, lambda choices: self._recalled(film, choices))

    def gone(self) -> None:
        """There is no film any more, or another one is opened."""
        self.are_known = False
        self.tracks = ()

    def told(self, *, again: bool) -> None:
        """The film has told its ``tracks``. ``again``: it was open before, and is what `commands` have made it."""
        self.are_known = True
        early, self._early = self._early, []
        numbers, self._numbers = self._numbers, {}
        self._defaults = {kind: self.number(kind) for kind in get_args(TrackKind)}
        for kind, languages in self.languages.items():
            if (liked := preferred(languages, self._of(kind))) is not None:
                self._defaults[kind] = liked
        for file in early:
            self._send(file)
        for kind in _REMEMBERED:
            if not again and kind not in numbers and kind not in self._chosen:
                self._select_wanted(kind)
        for kind, number in numbers.items():
            try:
                self._select(kind, number)
            except ValueError:
                _log.info("this film has no %s track %d", kind, number)

    def _recalled(self, film: str, choices: Choices) -> None:
        """The memory knows what was chosen in the film's folder. Usually the film has not told its tracks yet."""
        if film != self._film or not self.remembers:
            return
        for kind, choice in choices.items():
            if kind in self._own:
                continue
            self._wanted[kind] = choice
            if self.are_known and kind not in self._chosen:
                self._select_wanted(kind)

    @property
    def _folder(self) -> str:
        return os.path.dirname(self._film)

    def _select_wanted(self, kind: TrackKind) -> None:
        """Play what was chosen in other films, or else the default, unless it plays already."""
        choice = self._wanted.get(kind)
        found = None if choice is None else find(choice, self._of(kind), self._film)
        number = self._defaults[kind] if found is None else found
        if number != self.number(kind):
            self._select(kind, number)

    # ---- choices --------------------------------------------------------------------------------------------------

    def number(self, kind: TrackKind) -> int:
        """Return the number of the track of this kind that plays, from 1, or 0.

        Until a film has told its tracks it is the number that was chosen for it; -1: the film's default.
        """
        if not self.are_known:
            return self._numbers.get(kind, DEFAULT)
        return next((n for n, track in enumerate(self._of(kind), start=1) if track.selected), 0)

    def choose(self, kind: TrackKind, number: int) -> None:
        """Play the track with this number (0: none; -1: the film's default), now or in the film that opens next.

        Raises ValueError where the film that is open has no such track.
        """
        if not self.are_known:
            self._numbers[kind] = number
            self._early = [
                structs.replace(file, select=False) if kind_of(file) == kind else file for file in self._early
            ]
            return
        self._select(kind, number)
        if kind in _REMEMBERED:
            self._own.add(kind)
            self._wanted.pop(kind, None)
            if number != DEFAULT:
                self._wanted[kind] = describe(number, self._of(kind), self._film)
            if self.remembers:
                self._memory.remember(self._folder, self._wanted)

    def _select(self, kind: TrackKind, number: int) -> None:
        tracks = self._of(kind)
        if number == DEFAULT:
            number = min(self._defaults.get(kind, 0), len(tracks))
        if not 0 <= number <= len(tracks):
            raise ValueError
        self._send(messages.SelectTrack(kind, tracks[number - 1].id if number else None))

    def _of(self, kind: TrackKind) -> list[Track]:
        return [track for track in self.tracks if track.kind == kind]

    def take(self, command: PlayerCommand) -> None:
        """Note what the player is given."""
        match command:
            case messages.SelectTrack(kind=kind, id=number):
                self._chosen.add(kind)
                # The player says so in a moment. A client that reads what it has just written reads that.
                if number is None or any((track.kind, track.id) == (kind, number) for track in self.tracks):
                    self.tracks = tuple(
                        structs.replace(track, selected=track.id == number) if track.kind == kind else track
                        for track in self.tracks
                    )
            case messages.AddSubtitleFile() | messages.AddAudioFile():
                self._added.append(command)
                if command.select:
                    self._chosen.add(kind_of(command))

    def keep(self, file: AddFile) -> None:
        """Keep a file that is added to a film that is being opened until that has told its tracks."""
        self._early.append(file)
        if file.select:
            self._numbers.pop(kind_of(file), None)

    # ---- another player -------------------------------------------------------------------------------------------

    def commands(self) -> list[PlayerCommand]:
        """Return what makes the film so again once another player has opened it.

        Files are added anew, and their tracks get new ids: one that was playing is selected as it is added.
        """
        left = Counter((track.kind, track.file) for track in self.tracks if track.file is not None)
        playing = {(track.kind, track.file): track.id for track in self.tracks if track.selected}
        added: list[AddFile] = []
        for file in self._added:
            if left[kind_of(file), file.path] > 0:  # else it was refused, or taken away again
                left[kind_of(file), file.path] -= 1
                added.append(structs.replace(file, select=False))
        last: dict[tuple[TrackKind, str | None], int] = {
            (kind_of(file), file.path): number for number, file in enumerate(added)
        }
        for key in playing.keys() & last.keys():
            added[last[key]] = structs.replace(added[last[key]], select=True)
        replaying = {kind_of(file) for file in added if file.select}
        chosen = [messages.SelectTrack(kind, playing.get((kind, None))) for kind in sorted(self._chosen - replaying)]
        return [*added, *chosen]


def kind_of(file: AddFile) -> TrackKind:
    """Return the kind of the tracks in a file that is added."""
    return "subtitle" if isinstance(file, messages.AddSubtitleFile) else "audio"
