"""Playlist: which film plays and which comes next, outside a room. It decides as mpv 0.35 does (common/playlist.c).

Theory of operation. mpv has an entry that is *current* and one that is *playing*. A command makes another entry
current, and later mpv's core ends what plays and begins with that one. Here both are one step: each method returns what
is to be done at once, `Open`, `Close` or `Rewind`, or None where what plays goes on. Only `make_current` keeps the two
apart: it begins nothing. An entry that was taken out of the list while it played plays on. Where the current entry is
taken out while nothing plays, the entry after it becomes current, and is also what `step` goes to next.

Two facts are kept of an entry that ended. ``short``: it ran out within a second, so `step` backwards passes over it, or
it would only lead forward again. ``failed``: it could not be opened; a list of nothing else is not looped.

`client.playlist.alone` calls this and carries out what it returns. tests/golden/mpv-playlists.jsonl holds what mpv
made of the same commands.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct

ENTRIES_MAX: Final = 10_000
"""mpv has no bound. So many names are written in some milliseconds, for which the daemon does nothing else."""

NESTED_MAX: Final = 16
"""How deep lists may list each other. A list may have any number of names, so one could list itself without end."""

FOREVER: Final = -1
"""As ``loop_file`` or ``loop_playlist``: without end."""

FORCED: Final = -2
"""As ``loop_playlist``: without end, also where none of the films can be opened."""

KeepOpen = Literal["no", "yes", "always"]
"""Whether a film stays open at its end: none does, or the last one, or each."""

Where = Literal["replace", "append", "insert-next", "insert-at"]
"""Where films are put: instead of all entries, at the end, after the current entry, or at an index."""


def nothing_beside(direction: Literal[1, -1], entries: int) -> str:
    """Return why a playlist of so many entries does not go on, as a sentence: the room's, or this machine's own."""
    if entries == 0:
        return "the playlist is empty"
    return f"this is the {'last' if direction > 0 else 'first'} film of the playlist"


class PlaylistRefused(Exception):
    """The request cannot be carried out, and nothing has changed. ``str()`` says why, for people."""


class Film(NamedTuple):
    """What is to be put into a playlist: a path or URL, and a title to show instead."""

    path: str
    title: str | None = None


def without_lists_of(
    films: Sequence[Film], lists: tuple[str, ...], path: str | None
) -> tuple[list[Film], tuple[str, ...]]:
    """Return the films that the file at ``path`` lists, without those by which it is itself listed, and their lists.

    ``lists``: the files that list this one.
    """
    lists = lists if path is None else (*lists, path)
    return [film for film in films if film.path not in lists] if len(lists) <= NESTED_MAX else [], lists


class Loading(NamedTuple):
    """How films are put there. ``play``: begin with them if nothing is current. ``place``: the index for insert-at."""

    where: Where = "replace"
    play: bool = False
    place: int = -1


class Entry(Struct, eq=False):
    """One film of the list. No other entry, here or in a room's queue, ever has its ``id``."""

    id: int
    path: str
    title: str | None = None
    short: bool = False
    failed: bool = False
    origin: int | None = None
    """Its index before the list was shuffled."""
    lists: tuple[str, ...] = ()
    """The files that list it, each listed by the one before."""


class Open(Struct, frozen=True):
    """End what plays, and begin with this entry.

    ``inserted``: the number of entries that have come with it in place of what was to play, which was a list.
    """

    entry: Entry
    inserted: int = 0


class Close(Struct, frozen=True):
    """End what plays. Nothing follows."""


class Rewind(Struct, frozen=True):
    """Play the same film again from its beginning, without opening it again."""


Order = Open | Close | Rewind


class Kept(NamedTuple):
    """What a list was, and which of its entries was current and which was playing, at some moment."""

    entries: tuple[Entry, ...]
    current: Entry | None
    playing: Entry | None
    replaced: bool


class Playlist:
    """See the module's docstring.

    Args:
        new_id: returns a new id for an entry at each call.
        shuffle: puts a list into a random order, as `random.shuffle` does.
    """

    def __init__(self, new_id: Callable[[], int], shuffle: Callable[[list[Any]], None]) -> None:
        self._new_id = new_id
        self._shuffle = shuffle
        self.entries: list[Entry] = []
        self.current: Entry | None = None
        self.playing: Entry | None = None
        self.loop_file = 0
        """How often the film is still to be repeated, or FOREVER."""
        self.loop_playlist = 1
        """How often the list is to be played, or FOREVER, or FORCED."""
        self.keep_open: KeepOpen = "yes"
        self.shuffle = False
        """Whether lists are shuffled as they are loaded, and each time that the playlist begins again."""
        self._replaced = False
        """Whether the current entry became current because the one before it was taken out."""
        self.rev = 0
        """Rises with each change."""

    # ---- commands ---------------------------------------------------------------------------------------------------

    def load(self, films: Sequence[Film], how: Loading) -> tuple[list[Entry], Order | None]:
        """Put films into the list. Returns their entries, too. Raises PlaylistRefused: there would be too many."""
        if len(films) + (0 if how.where == "replace" else len(self.entries)) > ENTRIES_MAX:
            raise PlaylistRefused(f"a playlist takes {ENTRIES_MAX} films")
        self.rev += 1
        films = list(films)
        if self.shuffle:
            self._shuffle(films)
        new = [Entry(self._new_id(), film.path, film.title) for film in films]
        if how.where == "replace":
            self.entries, self.current, self._replaced = [], None, False
        place = self._place(how)
        self.entries[place:place] = new
        if new and (how.where == "replace" or (how.play and self.current is None)):
            return new, self._go(new[0])
        return new, None

    def step(self, direction: Literal[1, -1], *, force: bool) -> Order:
        """Go to the next entry or the one before. Raises PlaylistRefused where there is none, unless forced."""
        following = self._following(direction, force=force)
        if following is None and not force:
            raise PlaylistRefused(nothing_beside(direction, len(self.entries)))
        self.rev += 1
        return self._go(following)

    def play(self, index: int) -> Order:
        """Begin with the entry at ``index``, from 0. Where there is none, nothing plays, as in mpv."""
        self.rev += 1
        return self._go(self._at(index))

    def make_current(self, index: int) -> None:
        """Make another entry current without beginning it: what plays goes on."""
        self.rev += 1
        self.current = self._at(index)

    def remove(self, index: int | None) -> Order | None:
        """Take out the entry at ``index``, or (None) the current one. Raises PlaylistRefused: there is none."""
        entry = self.current if index is None else self._at(index)
        if entry is None:
            raise PlaylistRefused("there is no such entry")
        self.rev += 1
        place = self.entries.index(entry)
        del self.entries[place]
        if entry is not self.current:
            return None
        self.current, self._replaced = self._at(place), True
        return None if self.playing is None else self._go(self._following(1, force=False))

    def move(self, index: int, to: int) -> None:
        """Put the entry at ``index`` before the one at ``to``; where there is none, at the end.

        Raises PlaylistRefused: there is no entry at ``index``.
        """
        entry, before = self._at(index), self._at(to)
        if entry is None:
            raise PlaylistRefused("there is no such entry")
        self.rev += 1
        if entry is not before:
            self.entries.remove(entry)
            self.entries.insert(len(self.entries) if before is None else self.entries.index(before), entry)

    def clear(self) -> None:
        """Take out all entries except the current one."""
        self.rev += 1
        if self._replaced:
            self.current = None
        self.entries = [entry for entry in self.entries if entry is self.current]

    def stop(self, *, keep: bool) -> Order:
        """Play nothing any more. ``keep``: keep the entries."""
        self.rev += 1
        if not keep:
            self.entries = []
        return self._go(None)

    def mix(self) -> None:
        """Shuffle the list."""
        self.rev += 1
        for place, entry in enumerate(self.entries):
            entry.origin = place
        self._shuffle(self.entries)

    def unmix(self) -> None:
        """Put the list into the order that it had before it was shuffled. Entries that came later are first."""
        self.rev += 1
        self.entries.sort(key=lambda entry: -1 if entry.origin is None else entry.origin)

    # ---- what the player reports ------------------------------------------------------------------------------------

    def ended(self, *, short: bool) -> Order | None:
        """What plays has run out; ``short``: within a second. Returns None where it stays open."""
        if self.loop_file:
            self.rev += 1
            self.loop_file -= self.loop_file > 0
            return Rewind()
        is_last = self.loop_playlist == 1 and self._beside(1) is None
        if self.keep_open == "always" or (self.keep_open == "yes" and is_last):
            return None
        return self._over(short=short, failed=False)

    def failed(self) -> Order:
        """What was to play could not be opened."""
        return self._over(short=True, failed=True)

    def listed(self, films: Sequence[Film]) -> Order:
        """What was to play is a file that lists these films: they take its place, and the first of them plays.

        Lists that it is itself listed by are left out, or there would be no end. If nothing is left, it stays, and what
        follows it plays.
        """
        entry = self.playing
        if entry is None or entry not in self.entries:
            return self.failed()
        films, lists = without_lists_of(films, entry.lists, entry.path)
        if not 0 < len(films) <= ENTRIES_MAX - len(self.entries):
            return self.failed()
        self.rev += 1
        if self.shuffle:
            self._shuffle(films)
        new = [Entry(self._new_id(), film.path, film.title, lists=lists) for film in films]
        place = self.entries.index(entry)
        self.entries[place : place + 1] = new
        return self._go(new[0], inserted=len(new))

    def go_on(self) -> Order | None:
        """Go on after a film that has run out and stayed open, if there is a next entry by now.

        Not where films are to stay open: nothing goes on by itself then.
        """
        if self.keep_open == "always":
            return None
        following = self._following(1, force=False)
        return None if following is None or following is self.playing else self._go(following)

    def show(self, path: str) -> Entry:
        """This file was opened, but not because of the list: make it what plays, and return its entry.

        An entry with that path is taken, if possible the one that plays. If there is none, the list becomes this film.
        """
        candidates = (self.playing, self.current, *self.entries)
        listed = next((entry for entry in candidates if entry in self.entries and entry.path == path), None)
        if listed is None:
            listed = Entry(self._new_id(), path)
            self.entries = [listed]
        if self.current is not listed or self.playing is not listed:
            self.rev += 1
        self.current, self.playing, self._replaced = listed, listed, False
        return listed

    def add_playing(self, entry: Entry) -> None:
        """Take in an entry that plays already: instead of one with the same path, or after the current one."""
        self.rev += 1
        same = next((other for other in self.entries if other.path == entry.path), None)
        if same is None:
            self.entries.insert(self._place(Loading("insert-next")), entry)
        else:
            self.entries[self.entries.index(same)] = entry
        self.current, self.playing, self._replaced = entry, entry, False

    def kept(self) -> Kept:
        """Return what the list is now, for `restore`."""
        return Kept((*self.entries,), self.current, self.playing, self._replaced)

    def restore(self, kept: Kept) -> None:
        """Make the list what it was."""
        self.rev += 1
        self.entries = list(kept.entries)
        self.current, self.playing, self._replaced = kept.current, kept.playing, kept.replaced

    # ---- reading ----------------------------------------------------------------------------------------------------

    def index(self, entry: Entry | None) -> int:
        """Return the index of an entry; -1 where it is not in the list."""
        return next((place for place, other in enumerate(self.entries) if other is entry), -1)

    def check(self) -> None:
        """Assert the invariants."""
        ids = [entry.id for entry in self.entries]
        assert len(set(ids)) == len(ids) <= ENTRIES_MAX
        assert self.current is None or self.current in self.entries
        assert not self._replaced or self.playing is None, "an entry that came by itself has not begun"
        assert self.loop_file >= FOREVER
        assert self.loop_playlist >= FORCED
        assert self.loop_playlist != 0

    # ---- within -----------------------------------------------------------------------------------------------------

    def _at(self, index: int) -> Entry | None:
        return self.entries[index] if 0 <= index < len(self.entries) else None

    def _place(self, how: Loading) -> int:
        match how.where:
            case "insert-next" if self.current is not None:
                return self.entries.index(self.current) + (not self._replaced)
            case "insert-at" if self._at(how.place) is not None:
                return how.place
            case _:
                return len(self.entries)

    def _go(self, entry: Entry | None, *, inserted: int = 0) -> Open | Close:
        self.current = self.playing = entry
        self._replaced = False
        return Close() if entry is None else Open(entry, inserted)

    def _over(self, *, short: bool, failed: bool) -> Open | Close:
        self.rev += 1
        if self.playing is not None:
            self.playing.short, self.playing.failed = short, failed
        return self._go(self._following(1, force=False))

    def _beside(self, direction: Literal[1, -1]) -> Entry | None:
        if self.current is None:
            return None
        if direction > 0 and self._replaced:
            return self.current
        return self._at(self.entries.index(self.current) + direction)

    def _following(self, direction: Literal[1, -1], *, force: bool) -> Entry | None:
        """Return the entry to go to, as mp_next_file() does. If the list begins again, count that as one round."""
        following = self._beside(direction)
        if following is not None and direction < 0 and not force:
            following = self._not_short(self.entries.index(following))
            if following is None and self.loop_playlist == 1:
                following = self.entries[0]
        if following is None and self.loop_playlist != 1:
            following = self._wrapped(direction, force=force)
        return following

    def _wrapped(self, direction: Literal[1, -1], *, force: bool) -> Entry | None:
        by_force = force or self.loop_playlist == FORCED
        if not self.entries or (not by_force and all(entry.failed for entry in self.entries)):
            return None
        if direction > 0:
            if self.shuffle:
                self.mix()
            if self.loop_playlist > 1:
                self.loop_playlist -= 1
            return self.entries[0]
        return self._not_short(len(self.entries) - 1)

    def _not_short(self, index: int) -> Entry | None:
        """Return the entry at ``index``, or the nearest before it, that did not run out within a second."""
        while (entry := self._at(index)) is not None and entry.short:
            index -= 1
        return entry
