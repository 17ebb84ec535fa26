"""TrackChoices: which of several wishes decides, and what counts for films to come."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from hangd.client.tracks.choices import DEFAULT, TrackChoices
from hangd.client.tracks.memory import TrackMemory
from hangd.engine.player_facts import Track, TrackKind
from hangd.engine.player_messages import AddSubtitleFile, PlayerCommand
from hangd.tasks import Tasks

LANGUAGES = ("eng", "ger", "jpn")


def film(languages: Sequence[str] = LANGUAGES) -> tuple[Track, ...]:
    kinds: tuple[TrackKind, ...] = ("audio", "subtitle")
    return tuple(
        Track(kind, number, "", kind == "audio" and number == 0, language)
        for kind in kinds
        for number, language in enumerate(languages)
    )


class Sitting:
    """Choices whose player does at once what it is told, and a memory that is kept in a file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "cache.sqlite3"
        self.tasks = Tasks()
        self.sent: list[PlayerCommand] = []
        self.choices = self._made()

    def _made(self) -> TrackChoices:
        made = TrackChoices(self._send, TrackMemory(self.file, self.tasks))
        self.choices = made
        return made

    def _send(self, command: PlayerCommand) -> None:
        self.sent.append(command)
        self.choices.take(command)

    def restart(self) -> None:
        languages = self.choices.languages
        self._made().languages = languages

    async def open(
        self, path: str, *, follows: bool = False, late: bool = False, tracks: tuple[Track, ...] | None = None
    ) -> tuple[int, int]:
        """Open a film. Return the numbers of its tracks. ``late``: the memory answers after the film."""
        self.sent.clear()
        self.choices.gone()
        self.choices.opening(path, follows=follows)
        if not late:
            await self.settle()
        self.choices.tracks = film() if tracks is None else tracks
        self.choices.told(again=False)
        await self.settle()
        return self.choices.number("audio"), self.choices.number("subtitle")

    async def settle(self) -> None:
        """Wait for what reads and writes the memory."""
        await asyncio.gather(*self.tasks._tasks)


async def test_the_film_decides_then_the_languages_then_the_viewer(tmp_path: Path) -> None:
    sitting = Sitting(tmp_path)
    choices = sitting.choices
    assert await sitting.open("/a/1.mkv") == (1, 0)
    assert sitting.sent == [], "nothing is asked of the player where it plays that already"
    choices.languages = {"audio": ("fr", "ja"), "subtitle": ("de",)}
    assert await sitting.open("/a/1.mkv") == (3, 2)
    choices.choose("audio", 1)
    choices.choose("subtitle", 0)
    assert await sitting.open("/a/2.mkv") == (1, 0)
    choices.choose("subtitle", DEFAULT)
    assert (choices.number("audio"), choices.number("subtitle")) == (1, 2)
    assert await sitting.open("/a/3.mkv") == (1, 2), "auto forgets what was chosen"


async def test_what_was_chosen_counts_for_the_folder_after_a_restart_too(tmp_path: Path) -> None:
    sitting = Sitting(tmp_path)
    await sitting.open("/a/1.mkv")
    sitting.choices.choose("audio", 2)
    await sitting.settle()
    assert await sitting.open("/b/1.mkv") == (1, 0)
    sitting.restart()
    assert await sitting.open("/b/2.mkv") == (1, 0)
    assert await sitting.open("/a/2.mkv") == (2, 0)
    assert await sitting.open("/a/3.mkv", late=True) == (2, 0), "also where the disk is slow"
    assert await sitting.open("/a/4.mkv", tracks=film(["eng", "jpn"])) == (1, 0), "there is no such track"


async def test_it_counts_for_the_next_in_the_playlist_wherever_that_is(tmp_path: Path) -> None:
    sitting = Sitting(tmp_path)
    await sitting.open("/a/1.mkv")
    sitting.choices.choose("subtitle", 2)
    assert await sitting.open("/b/1.mkv", follows=True) == (1, 2)
    assert await sitting.open("/c/1.mkv", follows=True) == (1, 2)
    assert await sitting.open("/d/1.mkv") == (1, 0)
    sitting.choices.remembers = False
    assert await sitting.open("/a/1.mkv", follows=True) == (1, 0)


async def test_what_is_chosen_for_one_film_alone_wins_and_is_not_remembered(tmp_path: Path) -> None:
    sitting = Sitting(tmp_path)
    sitting.choices.gone()
    sitting.choices.choose("audio", 3)
    sitting.choices.choose("subtitle", 9)
    assert sitting.choices.number("audio") == 3
    assert await sitting.open("/a/1.mkv") == (3, 0)
    assert await sitting.open("/a/2.mkv", follows=True) == (1, 0)
    sitting.choices.choose("subtitle", 1)
    sitting.sent.clear()
    sitting.choices.gone()
    sitting.choices.opening("/a/3.mkv", follows=True)
    sitting.choices.keep(AddSubtitleFile("/a/3.srt"))
    await sitting.settle()
    sitting.choices.tracks = film()
    sitting.choices.told(again=False)
    assert sitting.sent == [AddSubtitleFile("/a/3.srt")], "the file that was added is shown"
