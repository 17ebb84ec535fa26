"""Whose word about the film counts: the host's copy, then those that may control the room, and never a viewer."""

from typing import Any, Final, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hangd.engine.timeline import position_at
from hangd.protocol.films import EntryChanged
from hangd.protocol.messages import (
    ClientMessage,
    LeaveRoom,
    Play,
    Report,
    SetEntry,
    SetFile,
    SetMedia,
    SetReady,
    SetRole,
)
from hangd.protocol.model import Control, FileInfo, PolicyChange
from tests.engine.room.test_room_random import messages
from tests.support.rooms.films import NEXT, adds, ids, queue
from tests.support.rooms.stage import FILE, HASH, OTHER_HASH, QUICK, Stage, file_info

Host = Literal["with a copy", "without a copy", "basic"]

BARE: Final = file_info(duration=None)
"""A film whose length nobody has told yet."""
SHORT: Final = file_info(duration=1.0)
ENDED: Final = Report(state="ended", position=1.0, at=0.0, rev=2**53 - 1)
APART: Final = Report(state="paused", position=1.0, at=0.0, rev=2**53 - 1, apart=True)


def playing(control: Control, host: Host = "with a copy") -> Stage:
    """Return a room that plays a film of unknown length, of which eve, a viewer, has a copy. Another film is next."""
    stage = Stage()
    policy = PolicyChange(control=control)
    if host == "without a copy":
        stage.create("ann", file_hash=OTHER_HASH, file=NEXT, policy=policy)
        adds(stage, "ann", HASH, BARE)
        stage.says("ann", SetMedia(entry=ids(stage)[1]))
        adds(stage, "ann")
    else:
        bare = BARE if host == "with a copy" else None
        stage.create("ann", file=bare, full=host != "basic", policy=policy)
        adds(stage, "ann")
    stage.join("eve", file=BARE)
    stage.says("ann", Play(timestamp=0.0))
    stage.passes(30.0)
    if host != "basic":
        state: Any = "playing" if host == "with a copy" else "idle"
        stage.reports("ann", state, 29.0)
    stage.goes_on()
    return stage


def film(stage: Stage) -> tuple[Any, ...]:
    """Return what nobody may move whose word does not count."""
    view = stage.room.view()
    return view.file_hash, view.file, view.queue, view.timeline, view.policy


@pytest.mark.parametrize("lie", [SetFile(SHORT, HASH), SetFile(SHORT), ENDED, APART, SetEntry("1-0", file=SHORT)])
@pytest.mark.parametrize("host", ["with a copy", "without a copy", "basic"])
@pytest.mark.parametrize("control", ["host", "controllers"])
def test_a_viewer_does_not_end_the_film(control: Control, host: Host, lie: ClientMessage) -> None:
    stage = playing(control, host)
    before = film(stage)
    stage.says("eve", lie)
    stage.passes(100.0)
    assert film(stage) == before


@pytest.mark.parametrize("told", [replace(SHORT, size=7), replace(SHORT, quick_hash=OTHER_HASH)])
def test_a_viewer_does_not_say_what_the_film_is_like_nor_whose_file_is_another(told: FileInfo) -> None:
    stage = playing("host", "basic")
    stage.says("eve", SetFile(told, HASH))
    assert stage.room.view().file is None
    stage.join("dee", file_hash=None, file=FILE)
    assert stage.ids == ["ann", "eve", "dee"]


def test_the_end_of_the_hosts_copy_ends_the_film_that_a_viewer_would_hold() -> None:
    stage = playing("host")
    stage.reports("eve", "playing", 30.0)
    stage.reports("ann", "ended", 30.0)
    assert stage.room.view().file == NEXT


def test_a_controllers_word_counts_where_the_host_has_no_copy() -> None:
    stage = playing("controllers", "without a copy")
    stage.says("ann", SetRole("eve", "controller"))
    stage.says("eve", SetFile(FILE, HASH))
    assert stage.room.view().file == FILE
    stage.passes(31.0)
    assert stage.room.view().file == NEXT


def test_a_viewers_copy_counts_once_it_may_control_the_room() -> None:
    stage = playing("controllers", "without a copy")
    stage.says("eve", SetFile(FILE, HASH))
    assert stage.room.view().file == BARE
    stage.says("ann", SetRole("eve", "controller"))
    assert stage.room.view().file == FILE


def test_the_next_hosts_copy_counts() -> None:
    stage = playing("host")
    stage.says("eve", SetFile(FILE, HASH))
    assert stage.room.view().file == BARE
    stage.says("ann", LeaveRoom())
    assert stage.room.view().file == FILE


# ---- where everybody may control the room ---------------------------------------------------------------------------


@pytest.mark.parametrize("lie", [SetFile(SHORT, HASH), SetEntry("1-0", file=SHORT), ENDED])
def test_one_member_does_not_end_the_film_of_a_host_that_has_it(lie: ClientMessage) -> None:
    stage = playing("everyone")
    before = film(stage)
    stage.says("eve", lie)
    stage.passes(100.0)
    assert film(stage) == before


@pytest.mark.parametrize("reported", [False, True])
def test_no_film_ends_before_the_host_that_has_it_has_reported_its_end(reported: bool) -> None:
    stage = playing("everyone")
    stage.loses("ann")
    stage.resumes("ann")
    if reported:
        stage.reports("ann", "playing", 30.0)
    stage.reports("eve", "ended", 30.0)
    assert stage.room.view().file == BARE
    stage.reports("ann", "ended", 30.0)
    assert stage.room.view().file == NEXT


def test_the_hosts_copy_corrects_what_another_member_told() -> None:
    stage = playing("everyone", "without a copy")
    stage.says("eve", SetFile(file_info(duration=31.5), HASH))
    assert stage.room.view().file == file_info(duration=31.5)
    stage.goes_on()
    stage.says("ann", SetFile(FILE, HASH))
    assert stage.room.view().file == FILE
    assert EntryChanged(queue(stage).entries[1]) in stage.heard("eve")
    stage.says("eve", SetFile(file_info(duration=31.5), HASH))
    stage.passes(10.0)
    assert stage.room.view().file == FILE
    assert position_at(stage.timeline, stage.now) == pytest.approx(40.0, abs=0.2)


@pytest.mark.parametrize("host", ["with a copy", "without a copy"])
def test_nobody_puts_the_host_out_by_what_it_says_of_a_film(host: Host) -> None:
    stage = playing("everyone", host)
    bare = FileInfo(size=5000, name="bare.mkv")
    adds(stage, "eve", None, bare)
    third = ids(stage)[-1]
    stage.says("eve", SetMedia(entry=third))
    stage.says("eve", SetEntry(third, file=replace(bare, quick_hash=OTHER_HASH)))
    stage.goes_on()
    stage.says("ann", SetFile(replace(bare, quick_hash=QUICK), entry=third), re=3)
    assert [(message.code, re) for message, re in stage.answers("ann")[:1]] == [("FileHashMismatch", 3)]  # type: ignore[union-attr]
    ann = stage.member("ann")
    assert (ann.role, ann.file, ann.verifying) == ("host", None, False)


# ---- anything at all ------------------------------------------------------------------------------------------------

told = st.one_of(
    messages.filter(lambda message: not isinstance(message, LeaveRoom)),
    st.builds(
        SetFile,
        file=st.builds(
            FileInfo,
            size=st.sampled_from([FILE.size, 7]),
            duration=st.sampled_from([None, 0.0, 1.0, 31.0, 60.0]),
            quick_hash=st.sampled_from([None, QUICK, OTHER_HASH]),
        ),
        file_hash=st.sampled_from([None, HASH, OTHER_HASH]),
    ),
    st.builds(
        Report,
        state=st.sampled_from(["ended", "paused", "playing", "idle", "buffering"]),
        position=st.sampled_from([0.0, 1.0, 30.0, 1e8]),
        at=st.just(0.0),
        rev=st.sampled_from([0, 4, 5, 6, 2**53 - 1]),
        apart=st.booleans(),
    ),
    st.builds(SetReady, ready=st.booleans()),
)


@settings(max_examples=200, deadline=None)
@given(
    control=st.sampled_from(["host", "controllers"]),
    host=st.sampled_from(["with a copy", "without a copy", "basic"]),
    says=st.lists(
        st.tuples(st.sampled_from(["eve", "eva"]), told, st.sampled_from([0.0, 0.3, 2.0, 40.0])), max_size=20
    ),
)
def test_viewers_may_say_anything_and_move_nothing(
    control: Control, host: Host, says: list[tuple[str, ClientMessage, float]]
) -> None:
    stage = playing(control, host)
    stage.join("eva", file=BARE)
    before = film(stage)
    for client_id, message, passes in says:
        stage.says(client_id, message)
        stage.passes(passes)
        assert film(stage) == before
        for viewer in ("eve", "eva"):
            if viewer not in stage.ids:  # another file puts out who has it
                stage.join(viewer, file=BARE)
    stage.says("ann", SetMedia(entry=ids(stage)[-1]))
    assert stage.room.view().file == NEXT
