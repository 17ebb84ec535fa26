"""The playlist out of a room: what mpv made of the same, story by story; what it says in words; and any old thing."""

import itertools
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hangd.engine.playlist.playlist import (
    ENTRIES_MAX,
    FORCED,
    FOREVER,
    Close,
    Film,
    Loading,
    Open,
    Order,
    Playlist,
    PlaylistRefused,
    Rewind,
    Where,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "mpv-playlists.jsonl"


def playlist(*names: str) -> Playlist:
    made = Playlist(itertools.count(1).__next__, Random(1).shuffle)
    made.load([Film(name) for name in names], Loading("append"))
    return made


def names(of: Playlist) -> str:
    return "".join(entry.path for entry in of.entries)


def opened(order: Order | None) -> str:
    assert isinstance(order, Open), order
    return order.entry.path


# ---- mpv's own ------------------------------------------------------------------------------------------------------


def told(of: Playlist, command: str, *words: Any) -> None:
    """Ask for what mpv was asked for. Raises PlaylistRefused."""
    match command, words:
        case "loadfile", (name, how):
            where: Where = "replace" if how == "replace" else "append"
            of.load([Film(name)], Loading(where, play=how == "append-play"))
        case "playlist-next", (how,):
            of.step(1, force=how == "force")
        case "playlist-prev", (how,):
            of.step(-1, force=how == "force")
        case "playlist-play-index", (index,):
            of.play(of.index(of.current) if index == "current" else index)
        case "playlist-remove", (index,):
            of.remove(None if index == "current" else index)
        case "playlist-move", (index, to):
            of.move(index, to)
        case "playlist-clear", ():
            of.clear()
        case "playlist-unshuffle", ():
            of.unmix()
        case "stop", ("keep-playlist",):
            of.stop(keep=True)
        case "set_property", ("playlist-pos", index):
            of.play(index)
        case "set_property", ("playlist-current-pos", index):
            of.make_current(index)
        case "set_property", ("loop-playlist", times):
            of.loop_playlist = {"no": 1, "inf": FOREVER, "force": FORCED}.get(times, times)
        case _:
            raise AssertionError(command)


@pytest.mark.parametrize("story", [json.loads(line) for line in GOLDEN.read_text().splitlines()])
def test_each_recorded_command_does_what_mpv_did(story: list[Any]) -> None:
    ours = playlist()
    for number, (words, error, expected) in enumerate(story):
        try:
            told(ours, *words)
        except PlaylistRefused:
            refused = "error running command"
        else:
            refused = "success"
        ours.check()
        seen = [*(f"{entry.path}:{entry.id}" for entry in ours.entries), ours.index(ours.current)]
        assert (refused, [*seen, ours.index(ours.playing)]) == (error, expected), (number, words)


# ---- in words -------------------------------------------------------------------------------------------------------


def test_what_a_list_lists_takes_its_place() -> None:
    ours = playlist("a", "list", "b")
    ours.play(1)
    order = ours.listed([Film("x", "X"), Film("y")])
    assert isinstance(order, Open)
    assert (order.entry.path, order.entry.title, order.inserted) == ("x", "X", 2)
    assert (names(ours), ours.index(ours.current)) == ("axyb", 1)
    assert [entry.id for entry in ours.entries] == [1, 4, 5, 3]
    assert opened(ours.failed()) == "y"
    ours.check()


def test_a_list_that_lists_itself_is_left_out() -> None:
    """mpv 0.35 opens it again, without end."""
    ours = playlist("l", "z")
    ours.play(0)
    assert opened(ours.listed([Film("m"), Film("a")])) == "m"
    assert opened(ours.listed([Film("l"), Film("m"), Film("b")])) == "b"
    assert names(ours) == "baz"
    assert opened(ours.listed([Film("l")])) == "a", "it is left out by a list that it lists itself"
    ours.check()


def test_lists_without_end_end() -> None:
    """A list can name itself in ever new ways: as ./list, as ././list."""
    ours = playlist("l0", "z")
    order: Order = ours.play(0)
    for depth in range(1, 100):
        order = ours.listed([Film(f"l{depth}")])
        if opened(order) == "z":
            break
    assert opened(order) == "z"


@pytest.mark.parametrize("films", [[], [Film("x")] * (ENTRIES_MAX - 1)])
def test_a_list_of_nothing_or_of_too_much_stays_and_the_next_film_plays(films: list[Film]) -> None:
    ours = playlist("l", "b")
    ours.play(0)
    assert opened(ours.listed(films)) == "b"
    assert names(ours) == "lb"
    ours.check()


def test_films_follow_one_another_and_the_last_one_stays_open() -> None:
    ours = playlist(*"abc")
    ours.play(0)
    assert opened(ours.ended(short=False)) == "b"
    assert opened(ours.failed()) == "c"
    assert ours.ended(short=False) is None
    assert ours.playing is ours.current is ours.entries[2]


def test_a_last_film_that_cannot_be_opened_ends_the_list() -> None:
    ours = playlist("a")
    ours.play(0)
    assert ours.failed() == Close()
    assert ours.current is None


def test_a_film_added_after_the_end_is_played_when_somebody_plays_on() -> None:
    ours = playlist("a")
    ours.play(0)
    assert ours.ended(short=False) is None
    assert ours.go_on() is None
    _, order = ours.load([Film("b")], Loading("append", play=True))
    assert order is None, "something is current: so is mpv"
    assert opened(ours.go_on()) == "b"


def test_a_film_is_played_again_as_often_as_was_said() -> None:
    ours = playlist(*"ab")
    ours.play(0)
    ours.loop_file = 2
    assert [ours.ended(short=False), ours.ended(short=False)] == [Rewind(), Rewind()]
    assert (opened(ours.ended(short=False)), ours.loop_file) == ("b", 0)
    ours.loop_file = FOREVER
    assert [ours.ended(short=False) for _ in range(5)] == [Rewind()] * 5


def test_a_list_is_played_as_often_as_was_said() -> None:
    ours = playlist(*"ab")
    ours.play(0)
    ours.loop_playlist = 2
    assert [opened(ours.ended(short=False)) for _ in range(3)] == ["b", "a", "b"]
    assert ours.ended(short=False) is None
    ours.loop_playlist = FOREVER
    assert [opened(ours.ended(short=False)) for _ in range(4)] == ["a", "b", "a", "b"]


@pytest.mark.parametrize(("times", "goes_on"), [(FOREVER, False), (FORCED, True)])
def test_a_list_without_a_film_that_can_be_opened_is_looped_only_by_force(times: int, goes_on: bool) -> None:
    ours = playlist(*"ab")
    ours.loop_playlist = times
    ours.play(0)
    assert opened(ours.failed()) == "b"
    assert isinstance(ours.failed(), Open) is goes_on


def test_a_step_that_is_refused_changes_nothing() -> None:
    """No round of the loop is used up, and nothing shuffled."""
    ours = playlist(*"abcd")
    ours.play(0)
    for _ in range(4):
        ours.failed()
    ours.play(3)
    ours.failed()
    ours.make_current(3)
    ours.loop_playlist, ours.shuffle, before = 2, True, ours.rev
    with pytest.raises(PlaylistRefused, match=r"^this is the last film of the playlist$"):
        ours.step(1, force=False)
    assert (ours.loop_playlist, names(ours), ours.rev) == (2, "abcd", before)


def test_going_back_passes_over_films_that_ended_within_a_second() -> None:
    ours = playlist(*"abcd")
    ours.play(1)
    ours.failed()
    ours.ended(short=True)
    assert names(ours)[ours.index(ours.current)] == "d"
    assert opened(ours.step(-1, force=False)) == "a"
    ours.play(3)
    assert opened(ours.step(-1, force=True)) == "c"


def test_the_first_one_can_always_be_gone_back_to() -> None:
    ours = playlist(*"ab")
    ours.play(0)
    ours.failed()
    assert opened(ours.step(-1, force=False)) == "a"


def test_taking_out_what_plays_goes_on_with_the_next() -> None:
    ours = playlist(*"abc")
    ours.play(1)
    assert opened(ours.remove(None)) == "c"
    assert ours.remove(1) == Close()
    assert (names(ours), ours.current) == ("a", None)


def test_films_are_inserted_next_and_at_an_index() -> None:
    ours = playlist(*"abc")
    ours.play(0)
    ours.load([Film("x"), Film("y")], Loading("insert-next"))
    assert names(ours) == "axybc"
    ours.load([Film("z")], Loading("insert-at", place=4))
    assert names(ours) == "axybzc"
    ours.load([Film("w")], Loading("insert-at", place=40))
    assert names(ours) == "axybzcw"


def test_shuffled_and_back() -> None:
    ours = playlist(*"abcdefgh")
    ours.play(2)
    ours.mix()
    assert names(ours) != "abcdefgh"
    assert sorted(names(ours)) == list("abcdefgh")
    assert ours.current is not None
    assert ours.current.path == "c"
    ours.unmix()
    assert names(ours) == "abcdefgh"


def test_films_added_after_shuffling_come_first_when_it_is_undone() -> None:
    ours = playlist(*"abcd")
    ours.mix()
    ours.load([Film("x"), Film("y")], Loading("append"))
    ours.unmix()
    assert names(ours) == "xyabcd", "as in mpv 0.35.1"


def test_with_the_option_a_list_is_shuffled_each_time() -> None:
    ours = playlist(*"abcdefgh")
    ours.shuffle, ours.loop_playlist = True, FOREVER
    ours.load([Film(name) for name in "abcdefgh"], Loading("replace"))
    assert names(ours) != "abcdefgh"
    assert sorted(names(ours)) == list("abcdefgh")
    ours.play(7)
    ours.ended(short=False)
    assert names(ours) != "abcdefgh"
    assert ours.current is ours.entries[0]


def test_a_film_that_somebody_else_opened_is_in_the_list() -> None:
    ours = playlist(*"ab")
    ours.play(1)
    assert ours.show("a") is ours.entries[0] is ours.current
    shown = ours.show("x")
    assert (names(ours), ours.playing, shown.id) == ("x", shown, 3)


def test_a_film_that_goes_on_playing_keeps_its_id() -> None:
    ours = playlist(*"abc")
    ours.play(0)
    room = playlist("x").entries[0]
    room.id = 40
    ours.add_playing(room)
    assert (names(ours), ours.current) == ("axbc", room)
    again = playlist("c").entries[0]
    again.id = 41
    ours.add_playing(again)
    assert (names(ours), ours.entries[3].id) == ("axbc", 41)


def test_too_many_are_refused_and_nothing_changes() -> None:
    ours = playlist("a")
    with pytest.raises(PlaylistRefused):
        ours.load([Film("x")] * ENTRIES_MAX, Loading("append"))
    assert names(ours) == "a"
    ours.load([Film("x")] * ENTRIES_MAX, Loading("replace"))


@given(st.lists(st.text("abcdef", min_size=1), min_size=1, unique=True), st.data())
def test_moving_puts_one_before_another(items: list[str], data: st.DataObject) -> None:
    ours = playlist(*items)
    index = data.draw(st.integers(0, len(items) - 1))
    to = data.draw(st.integers(-2, len(items) + 1))
    ours.move(index, to)
    after = [entry.path for entry in ours.entries]
    assert [item for item in after if item != items[index]] == [item for item in items if item != items[index]]
    place = after.index(items[index])
    if to == index:
        assert after == items
    else:
        assert after[place + 1 : place + 2] == (items[to : to + 1] if 0 <= to < len(items) else [])


# ---- any old thing --------------------------------------------------------------------------------------------------

_PLACES = st.integers(-2, 8)


class AnyPlaylist(RuleBasedStateMachine):
    """Whatever is asked in whatever order: entries are told apart, and what is said to play is what was ordered."""

    def __init__(self) -> None:
        super().__init__()
        self.list = playlist()
        self.open: str | None = None
        self.ids: set[int] = set()

    def _obey(self, order: Order | None) -> None:
        match order:
            case Open(entry=entry):
                assert entry is self.list.playing is self.list.current
                assert entry in self.list.entries
                self.open = entry.path
            case Close():
                assert self.list.playing is self.list.current is None
                self.open = None

    @rule(
        films=st.lists(st.sampled_from("abcdef").map(Film), max_size=4),
        how=st.builds(
            Loading, st.sampled_from(["replace", "append", "insert-next", "insert-at"]), st.booleans(), _PLACES
        ),
    )
    def load(self, films: list[Film], how: Loading) -> None:
        entries, order = self.list.load(films, how)
        assert not self.ids & {entry.id for entry in entries}
        self.ids |= {entry.id for entry in entries}
        self._obey(order)

    @rule(direction=st.sampled_from([1, -1]), force=st.booleans())
    def step(self, direction: Any, force: bool) -> None:
        before = self.list.rev
        try:
            self._obey(self.list.step(direction, force=force))
        except PlaylistRefused:
            assert not force
            assert self.list.rev == before

    @rule(place=_PLACES)
    def play(self, place: int) -> None:
        self._obey(self.list.play(place))

    @rule(place=_PLACES)
    def make_current(self, place: int) -> None:
        self.list.make_current(place)

    @rule(place=st.none() | _PLACES)
    def remove(self, place: int | None) -> None:
        try:
            self._obey(self.list.remove(place))
        except PlaylistRefused:
            pass

    @rule(place=_PLACES, to=_PLACES)
    def move(self, place: int, to: int) -> None:
        try:
            self.list.move(place, to)
        except PlaylistRefused:
            assert not 0 <= place < len(self.list.entries)

    @rule(keep=st.booleans())
    def stop(self, keep: bool) -> None:
        self._obey(self.list.stop(keep=keep))

    @rule()
    def clear(self) -> None:
        self.list.clear()

    @rule()
    def mix(self) -> None:
        before = sorted(entry.id for entry in self.list.entries)
        self.list.mix()
        assert sorted(entry.id for entry in self.list.entries) == before

    @rule()
    def unmix(self) -> None:
        self.list.unmix()

    @rule(times=st.sampled_from([FORCED, FOREVER, 1, 2]), again=st.sampled_from([FOREVER, 0, 0, 1]), on=st.booleans())
    def choose(self, times: int, again: int, on: bool) -> None:
        self.list.loop_playlist, self.list.loop_file, self.list.shuffle = times, again, on

    @rule(short=st.booleans())
    def ended(self, short: bool) -> None:
        if self.list.playing is not None:
            self._obey(self.list.ended(short=short))

    @rule()
    def failed(self) -> None:
        if self.list.playing is not None:
            self._obey(self.list.failed())

    @rule()
    def go_on(self) -> None:
        if self.list.playing is not None:
            self._obey(self.list.go_on())

    @rule(path=st.sampled_from("abz"))
    def show(self, path: str) -> None:
        self.open = self.list.show(path).path

    @invariant()
    def holds(self) -> None:
        self.list.check()
        assert (None if self.list.playing is None else self.list.playing.path) == self.open


TestAnyPlaylist = AnyPlaylist.TestCase
TestAnyPlaylist.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
