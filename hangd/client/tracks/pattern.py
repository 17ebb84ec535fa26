"""What a viewer chose, in words that fit another film's tracks too: by language, title, and place among the like.

Pure functions. Tracks are numbered from 1 among those of their kind; 0 is none.
"""

import os
from collections.abc import Sequence

from msgspec import Struct

from hangd.client.tracks.languages import likeness
from hangd.engine.player_facts import Track


class Choice(Struct, frozen=True, omit_defaults=True):
    """A track that was chosen, or none (``number`` is 0)."""

    number: int
    count: int = 0
    """How many tracks of its kind that film had."""
    language: str | None = None
    title: str | None = None
    suffix: str | None = None
    """For a file of its own: what follows the film's name in the file's: ".de.srt"."""
    place: int = 0
    """How many tracks of the same language are before it."""


def describe(number: int, tracks: Sequence[Track], film: str) -> Choice:
    """Return the choice of this one of a film's tracks of one kind."""
    if number == 0:
        return Choice(0)
    track = tracks[number - 1]
    place = sum(_speak_alike(other.language, track.language) for other in tracks[: number - 1])
    return Choice(number, len(tracks), track.language, track.title, _suffix(track, film), place)


def find(choice: Choice, tracks: Sequence[Track], film: str) -> int | None:
    """Return the number of the track that was meant, among another film's tracks of that kind; None: there is none."""
    if choice.number == 0:
        return 0
    if choice.suffix is not None:
        beside = [n for n, track in enumerate(tracks, start=1) if _suffix(track, film) == choice.suffix]
        if beside:
            return beside[0]
    if choice.language is None:
        titled = [n for n, t in enumerate(tracks, start=1) if choice.title and _is_titled(t, choice.title)]
        if titled:
            return titled[0]
        if not 0 < choice.number <= len(tracks) == choice.count or tracks[choice.number - 1].language is not None:
            return None
        return choice.number
    alike = [n for n, track in enumerate(tracks, start=1) if _speak_alike(track.language, choice.language)]
    if not alike:
        return None
    titled = [n for n in alike if _is_titled(tracks[n - 1], choice.title)]
    in_place = alike[max(0, min(choice.place, len(alike) - 1))]
    return in_place if in_place in titled or not titled else titled[0]


def preferred(languages: Sequence[str], tracks: Sequence[Track]) -> int | None:
    """Return the number of the track in the first of these languages that there is; None: there is none.

    Of several, the one that fits best; then one of the film's own file; then the one that the player would choose.
    """
    for wanted in languages:
        fits = [
            (likeness(wanted, track.language), track.file is None, track.selected, -number)
            for number, track in enumerate(tracks, start=1)
            if track.language is not None and likeness(wanted, track.language)
        ]
        if fits:
            return -max(fits)[3]
    return None


def _speak_alike(one: str | None, other: str | None) -> bool:
    return one == other if one is None or other is None else likeness(one, other) > 0


def _is_titled(track: Track, title: str | None) -> bool:
    return (track.title or "").casefold() == (title or "").casefold()


def _suffix(track: Track, film: str) -> str | None:
    if track.file is None:
        return None
    name, stem = os.path.basename(track.file), os.path.splitext(os.path.basename(film))[0]
    return name.removeprefix(stem) if name.startswith(stem) else None
