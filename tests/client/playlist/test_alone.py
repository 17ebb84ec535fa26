"""The playlist of one viewer out of a room: films follow one another, and mpv's events come in mpv's order.

The player is simulated and its films are short; the files are real.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hangd.client.control.port import CommandRefused
from hangd.engine.player_messages import PlayerDied
from hangd.engine.playlist.playlist import FOREVER, Film, Loading
from tests.support.daemons.viewers import APPEND, Watcher


@pytest.fixture
async def watcher(tmp_path: Path) -> AsyncIterator[Watcher]:
    made = Watcher(tmp_path)
    yield made
    await made.viewer.close()


async def test_one_film_after_the_other_and_the_last_one_stays_open(watcher: Watcher) -> None:
    viewer = watcher.viewer
    assert watcher.load("abc", Loading("append", play=True)) == [1, 2, 3]
    viewer.set_paused(False)
    await watcher.until(lambda: viewer.ended and viewer.playlist.playing == 2)
    assert watcher.heard() == [
        "start 1", "file-loaded", "end 1 eof",
        "start 2", "file-loaded", "end 2 eof",
        "start 3", "file-loaded", "end 3 eof",
    ]  # fmt: skip
    assert (viewer.path, viewer.paused, viewer.playlist.current) == (str(watcher.folder / "c"), True, 2)


async def test_a_film_that_can_not_be_opened_is_followed_by_the_next(watcher: Watcher) -> None:
    viewer = watcher.viewer
    watcher.load("ac")
    viewer.playlist.load([Film("/nowhere/b")], Loading("insert-at", place=1))
    viewer.playlist.play(0)
    viewer.set_paused(False)
    await watcher.until(lambda: viewer.ended and viewer.playlist.playing == 2)
    assert watcher.heard() == [
        "start 1", "file-loaded", "end 1 eof", "start 3", "end 3 error", "start 2", "file-loaded", "end 2 eof"
    ]  # fmt: skip


async def test_where_nothing_can_be_opened_there_is_nothing_left(watcher: Watcher) -> None:
    viewer = watcher.viewer
    viewer.playlist.load([Film("/nowhere/a"), Film("/nowhere/b")], Loading())
    await watcher.until(lambda: viewer.playlist.current == -1)
    assert watcher.heard() == ["start 1", "end 1 error", "start 2", "end 2 error", "idle"]
    assert (viewer.path, len(viewer.playlist.entries())) == (None, 2)


async def test_going_on_ends_what_plays_and_keeps_its_pause(watcher: Watcher) -> None:
    viewer = watcher.viewer
    viewer.set_paused(True)
    watcher.load("ab", Loading("append", play=True))
    await watcher.opens("a")
    viewer.playlist.step(1, force=False)
    await watcher.opens("b")
    assert viewer.paused
    assert watcher.heard() == ["start 1", "file-loaded", "end 1 stop", "start 2", "file-loaded"]
    with pytest.raises(CommandRefused) as refused:
        viewer.playlist.step(1, force=False)
    assert refused.value.error == "error running command"
    assert watcher.heard() == []
    viewer.playlist.step(1, force=True)
    assert (viewer.path, watcher.heard()) == (None, ["end 2 stop", "idle"])


async def test_a_film_that_replaces_one_that_plays_plays_too(tmp_path: Path) -> None:
    watcher = Watcher(tmp_path, duration=60.0)
    viewer = watcher.viewer
    watcher.load("a", Loading())
    await watcher.opens("a")
    viewer.set_paused(False)
    await asyncio.wait_for(viewer.settle("playing"), 20)
    watcher.load("b", Loading())
    await watcher.opens("b")
    await asyncio.wait_for(viewer.settle("playing"), 20)
    assert watcher.names == "b"
    await viewer.close()


async def test_what_was_added_after_the_end_comes_as_somebody_plays_on(watcher: Watcher) -> None:
    viewer = watcher.viewer
    watcher.load("a", Loading())
    viewer.set_paused(False)
    await watcher.until(lambda: viewer.ended)
    watcher.load("b", Loading("append", play=True))
    assert viewer.playlist.playing == 0
    viewer.set_paused(False)
    await watcher.until(lambda: viewer.ended and viewer.playlist.playing == 1)
    viewer.set_paused(False)
    await watcher.until(lambda: not viewer.ended)
    assert viewer.playlist.playing == 1, "behind the last one there is nothing: it begins anew"


async def test_a_film_again_and_again(watcher: Watcher) -> None:
    viewer = watcher.viewer
    viewer.playlist.repeat_film(2)
    watcher.load("ab", Loading())
    viewer.set_paused(False)
    await watcher.until(lambda: viewer.ended and viewer.playlist.playing == 1)
    assert [event["event"] for event in watcher.events].count("seek") == 2
    assert watcher.heard() == ["start 1", "file-loaded", "end 1 eof", "start 2", "file-loaded", "end 2 eof"]
    assert viewer.playlist.loop_file == 0


async def test_the_list_again_and_again(watcher: Watcher) -> None:
    viewer = watcher.viewer
    viewer.playlist.repeat_list(FOREVER)
    watcher.load("ab", Loading())
    viewer.set_paused(False)
    await watcher.until(lambda: [event["event"] for event in watcher.events].count("start-file") >= 5)
    begun = [word for word in watcher.heard() if word.startswith("start")]
    assert begun[:5] == ["start 1", "start 2", "start 1", "start 2", "start 1"]


@pytest.mark.parametrize("paused", [False, True])
async def test_after_a_stop_there_is_nothing_to_play_and_the_pause_is_what_it_was(
    watcher: Watcher, paused: bool
) -> None:
    viewer = watcher.viewer
    viewer.set_paused(paused)
    watcher.load("ab", Loading())
    await watcher.opens("a")
    viewer.playlist.stop(keep=False)
    assert (watcher.names, viewer.path, viewer.playlist.current) == ("", None, -1)
    assert (viewer.paused, viewer.tracks, viewer.chosen_track("audio")) == (paused, (), -1)
    for each in (True, False):
        viewer.set_paused(each)
        await asyncio.sleep(0.05)
        assert (viewer.paused, viewer.path) == (each, None), "as in mpv, there is nothing to go on with"
    assert viewer.playlist.play_stopped(), "as people want who say `hangctl play`"
    await watcher.opens("a")
    assert (watcher.names, viewer.paused, viewer.playlist.play_stopped()) == ("a", False, False)
    watcher.load("cd", Loading())
    await watcher.opens("c")
    assert not viewer.paused
    viewer.playlist.stop(keep=True)
    assert (watcher.names, viewer.playlist.current) == ("cd", -1)


async def test_taking_out_what_plays_opens_the_next(watcher: Watcher) -> None:
    viewer = watcher.viewer
    watcher.load("abc", Loading())
    await watcher.opens("a")
    viewer.playlist.remove(None)
    await watcher.opens("b")
    viewer.playlist.clear()
    viewer.playlist.remove(0)
    assert (watcher.names, viewer.path) == ("", None)


async def test_a_film_that_kills_every_player_is_followed_by_the_next(tmp_path: Path) -> None:
    watcher = Watcher(tmp_path, duration=60.0)
    viewer = watcher.viewer
    watcher.load("ab", Loading())
    for _ in range(4):
        watcher.sinks[-1](PlayerDied(viewer.follower.picture.state.generation, "hung", "it does not answer"))
    await watcher.opens("b")
    assert viewer.playlist.playing == 1
    await viewer.close()


async def test_observers_hear_of_every_change(watcher: Watcher) -> None:
    viewer = watcher.viewer
    told: list[frozenset[str]] = []
    viewer.subscribe(lambda event: None, told.append)
    playlist = viewer.playlist
    playlist.load(watcher.films("abc"), APPEND)
    for change in (
        lambda: playlist.move(0, 2), playlist.mix, playlist.unmix, lambda: playlist.remove(0), playlist.clear,
        lambda: playlist.repeat_film(3), lambda: playlist.repeat_list(3), lambda: playlist.shuffle_lists(True),
        lambda: playlist.load(watcher.films("d"), Loading()), lambda: playlist.play(-1),
    ):  # fmt: skip
        told.clear()
        change()
        assert any("playlist" in names for names in told)


# ---- the end of a film ----------------------------------------------------------------------------------------------


async def test_where_no_film_stays_open_the_list_ends_idle_and_what_is_loaded_next_plays(watcher: Watcher) -> None:
    viewer = watcher.viewer
    viewer.playlist.keep_films_open("no")
    watcher.load("ab", Loading())
    await watcher.until(lambda: viewer.path is None)
    assert watcher.heard() == [
        "start 1", "file-loaded", "end 1 eof", "start 2", "file-loaded", "end 2 eof", "idle",
    ]  # fmt: skip
    assert (viewer.paused, viewer.ended, viewer.playlist.current, watcher.names) == (False, False, -1, "ab")
    watcher.load("c")
    await asyncio.sleep(0.05)
    assert viewer.path is None, "append does not begin with it"
    watcher.load("d", Loading("append", play=True))
    await watcher.until(lambda: [event["event"] for event in watcher.events].count("idle") == 1)
    assert watcher.heard() == ["start 4", "file-loaded", "end 4 eof", "idle"]
    watcher.load("e", Loading())
    await watcher.opens("e")
    assert not viewer.paused


async def test_where_each_film_stays_open_nothing_goes_on_by_itself(watcher: Watcher) -> None:
    viewer = watcher.viewer
    viewer.playlist.keep_films_open("always")
    watcher.load("ab", Loading())
    await watcher.until(lambda: viewer.ended)
    assert (viewer.playlist.playing, viewer.paused) == (0, True)
    viewer.set_paused(False)
    await watcher.until(lambda: not viewer.ended)
    await watcher.until(lambda: viewer.ended)
    assert viewer.playlist.playing == 0
    viewer.playlist.step(1, force=False)
    await watcher.opens("b")
    assert viewer.playlist.playing == 1


async def test_a_film_at_its_end_goes_the_way_that_it_would_have_gone(watcher: Watcher) -> None:
    viewer = watcher.viewer
    viewer.playlist.keep_films_open("always")
    watcher.load("ab", Loading())
    await watcher.until(lambda: viewer.ended)
    viewer.playlist.keep_films_open("yes")
    await watcher.opens("b")
    viewer.set_paused(False)
    await watcher.until(lambda: viewer.ended)
    viewer.playlist.keep_films_open("no")
    assert (viewer.path, viewer.playlist.current) == (None, -1)


@pytest.mark.parametrize("paused", [False, True])
async def test_a_film_that_is_ended_early_is_followed_by_the_next(tmp_path: Path, paused: bool) -> None:
    watcher = Watcher(tmp_path, duration=60.0)
    viewer = watcher.viewer
    viewer.set_paused(paused)
    watcher.load("ab", Loading())
    await watcher.opens("a")
    assert viewer.end_film()
    await watcher.opens("b")
    assert viewer.paused is paused
    assert watcher.heard() == ["start 1", "file-loaded", "end 1 eof", "start 2", "file-loaded"]
    assert not viewer.end_film(), "the last one stays open"
    viewer.playlist.repeat_film(FOREVER)
    viewer.seek(30.0)
    assert viewer.end_film()
    await watcher.until(lambda: not viewer.seeking)
    assert (viewer.path, viewer.paused) == (str(watcher.folder / "b"), paused)
    assert (viewer.position() or 0.0) < 20.0
    await viewer.close()
