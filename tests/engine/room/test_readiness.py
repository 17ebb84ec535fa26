"""When a paused room may start, and what stops it: the policies start, stall, leave and loop."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room.room import Room
from hangd.engine.room.saved import SavedRoom
from hangd.engine.room.state import RoomSettings
from hangd.protocol.films import MediaChanged
from hangd.protocol.messages import (
    ClientMessage,
    Kick,
    LeaveRoom,
    MemberLeft,
    Pause,
    Play,
    QueueInsert,
    Seek,
    SetFile,
    SetMedia,
    SetPolicy,
    SetReady,
    SetRole,
    StartChanged,
    Stop,
    SyncBroadcast,
)
from hangd.protocol.model import ROOM_ITSELF, PendingStart, Policy, PolicyChange, QueueItem
from tests.support.rooms.stage import FILE, HASH, OTHER_HASH, Stage, file_info

NEXT = file_info(size=5000, duration=90.0, name="next.mkv", quick_hash=None)


def room_of(*others: str, basic: tuple[str, ...] = (), **policy: Any) -> Stage:
    """Ann, host, and these others, in a room that is paused at 0. All messages so far are taken."""
    stage = Stage(away=9.0)
    stage.create("ann", policy=PolicyChange(**{"start": "ready", **policy}))
    for name in others:
        stage.join(name, full=name not in basic)
    stage.goes_on()
    return stage


def waits(stage: Stage) -> PendingStart | None:
    return stage.room.view().start


def said(stage: Stage, name: str) -> list[Any]:
    """Take what this member heard: what the room waits for, and commands as (who, command, reason, about)."""
    heard: list[Any] = []
    for message in stage.heard(name):
        match message:
            case StartChanged(start=start):
                heard.append(start)
            case SyncBroadcast(from_client=who, command=command, reason=reason, about=about):
                heard.append((who, command, reason, about))
            case MemberLeft(client_id=client_id):
                heard.append(f"{client_id} left")
            case _:
                pass
    return heard


# ---- starting -------------------------------------------------------------------------------------------------------


def test_play_waits_until_everybody_is_ready_and_then_for_the_countdown() -> None:
    stage = room_of("bob", "cy")
    stage.says("bob", Play(timestamp=0.0, command_id="c1"), re=1)
    start = PendingStart(by="bob", waiting_for=("ann", "bob", "cy"), missing=3)
    paused = SyncBroadcast(ROOM_ITSELF, Pause(timestamp=0.0), stage.timeline, "c1", reason="waiting")
    assert stage.answers("bob") == [(StartChanged(start), None), (paused, 1)]
    assert stage.heard("ann") == [StartChanged(start), paused]
    for name in ("ann", "cy"):
        stage.says(name, SetReady(ready=True))
    assert waits(stage) == PendingStart(by="bob", waiting_for=("bob",), missing=1)
    stage.passes(100.0)
    assert not stage.timeline.playing
    stage.goes_on()
    stage.says("bob", SetReady(ready=True))
    began = stage.now
    assert said(stage, "ann") == [PendingStart(by="bob", at=began + 3.0)]
    stage.passes(2.9)
    assert not stage.timeline.playing
    stage.passes(0.2)
    assert said(stage, "ann") == [None, (ROOM_ITSELF, Play(timestamp=0.0), "ready", None)]
    assert stage.room.timeline.playing
    assert stage.timeline.at == pytest.approx(began + 3.0 + 0.08)


def test_a_room_in_which_everybody_is_ready_counts_down_at_once() -> None:
    stage = room_of("bob")
    stage.says("ann", SetReady(ready=True))
    stage.says("bob", SetReady(ready=True))
    stage.says("ann", Play(timestamp=0.0))
    assert waits(stage) == PendingStart(by="ann", at=stage.now + 3.0)


def test_a_number_is_how_many_have_to_be_ready() -> None:
    stage = room_of("bob", "cy", start=2)
    stage.says("ann", Play(timestamp=0.0))
    assert waits(stage) == PendingStart(by="ann", waiting_for=("ann", "bob", "cy"), missing=2)
    stage.says("cy", SetReady(ready=True))
    stage.says("bob", SetReady(ready=True))
    stage.passes(3.0)
    assert stage.timeline.playing


def test_a_number_larger_than_the_room_waits_for_more_members() -> None:
    stage = room_of(start=2)
    stage.says("ann", SetReady(ready=True))
    stage.says("ann", Play(timestamp=0.0))
    assert waits(stage) == PendingStart(by="ann", missing=1)


@pytest.mark.parametrize("command", [Pause(timestamp=0.0), Stop()])
def test_a_pause_or_a_stop_ends_the_waiting_and_the_countdown(command: ClientMessage) -> None:
    stage = room_of("bob")
    for ready in (False, True):
        stage.says("ann", SetReady(ready=ready))
        stage.says("bob", SetReady(ready=ready))
        stage.says("ann", Play(timestamp=0.0))
        stage.passes(2.9)
        stage.goes_on()
        stage.says("bob", command)
        assert said(stage, "ann") == [None, ("bob", command, None, None)]
        stage.passes(50.0)
        assert (stage.timeline.playing, waits(stage)) == (False, None)


def test_a_pause_takes_nobodys_readiness() -> None:
    stage = room_of("bob")
    stage.says("bob", SetReady(ready=True))
    stage.says("ann", Play(timestamp=0.0, force=True))
    stage.says("ann", Pause(timestamp=1.0))
    assert stage.member("bob").ready


def test_the_host_starts_at_once_and_nobody_else_may() -> None:
    stage = room_of("bob")
    stage.says("bob", Play(timestamp=0.0, force=True))
    assert stage.error("bob").message == "only this room's host may start before everybody is ready: ask ann"
    assert waits(stage) is None
    stage.says("bob", Play(timestamp=0.0))
    stage.says("ann", Play(timestamp=0.0, force=True))
    assert (stage.timeline.playing, waits(stage)) == (True, None)


def test_force_needs_no_host_where_nothing_waits() -> None:
    stage = room_of("bob", start="anyone")
    stage.says("bob", Play(timestamp=0.0, force=True))
    assert stage.timeline.playing


def test_two_plays_at_once_are_one_start() -> None:
    stage = room_of("bob")
    for name in ("ann", "bob"):
        stage.says(name, SetReady(ready=True))
    stage.says("ann", Play(timestamp=0.0, command_id="a"), re=1)
    began = stage.now
    stage.passes(1.0)
    stage.goes_on()
    stage.says("bob", Play(timestamp=0.1, command_id="b"), re=2)
    assert waits(stage) == PendingStart(by="ann", at=began + 3.0)
    assert stage.answers("bob") == [
        (SyncBroadcast(ROOM_ITSELF, Pause(timestamp=0.0), stage.timeline, "b", reason="waiting"), 2)
    ]
    stage.passes(2.0)
    assert stage.timeline.playing


def test_a_play_from_elsewhere_moves_the_room_there_to_wait() -> None:
    stage = room_of("bob")
    stage.says("bob", Play(timestamp=30.0))
    assert (stage.timeline.position, stage.timeline.playing) == (30.0, False)
    stage.says("ann", Seek(timestamp=20.0))
    for name in ("ann", "bob"):
        stage.says(name, SetReady(ready=True))
    stage.passes(3.0)
    assert (stage.timeline.position, stage.timeline.playing) == (20.0, True)


def test_a_play_past_the_end_is_refused_and_nothing_waits() -> None:
    stage = room_of("bob")
    stage.says("bob", Play(timestamp=99.0))
    assert stage.error("bob").code == "InvalidMessage"
    assert waits(stage) is None


def test_a_play_of_a_basic_client_waits_as_well() -> None:
    stage = room_of("bob", basic=("bob",))
    stage.says("bob", Play(timestamp=0.0))
    assert said(stage, "bob") == [(ROOM_ITSELF, Pause(timestamp=0.0), "waiting", None)]
    assert waits(stage) == PendingStart(by="bob", waiting_for=("ann",), missing=1), "a basic member is not waited for"
    stage.says("ann", SetReady(ready=True))
    stage.passes(3.0)
    assert said(stage, "bob") == [(ROOM_ITSELF, Play(timestamp=0.0), "ready", None)]


def test_a_room_that_plays_is_not_held_back() -> None:
    stage = room_of("bob")
    stage.says("ann", Play(timestamp=0.0, force=True))
    stage.passes(1.0)
    stage.says("bob", Play(timestamp=30.0))
    stage.says("bob", Seek(timestamp=10.0))
    assert (stage.timeline.playing, waits(stage)) == (True, None)


# ---- members that come and go ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["leaves", "lost", "kicked"])
def test_whoever_is_gone_is_not_waited_for(how: str) -> None:
    stage = room_of("bob")
    stage.says("ann", SetReady(ready=True))
    stage.says("ann", Play(timestamp=0.0))
    match how:
        case "leaves":
            stage.says("bob", LeaveRoom())
        case "lost":
            stage.loses("bob")
        case "kicked":
            stage.says("ann", Kick(client_id="bob"))
    assert waits(stage) == PendingStart(by="ann", at=stage.now + 3.0)


def test_whoever_comes_in_or_takes_it_back_during_the_countdown_is_waited_for() -> None:
    stage = room_of("bob")
    for name in ("ann", "bob"):
        stage.says(name, SetReady(ready=True))
    stage.says("ann", Play(timestamp=0.0))
    stage.passes(2.0)
    stage.join("cy")
    assert waits(stage) == PendingStart(by="ann", waiting_for=("cy",), missing=1)
    stage.says("cy", SetReady(ready=True))
    stage.passes(2.0)
    stage.says("bob", SetReady(ready=False))
    assert waits(stage) == PendingStart(by="ann", waiting_for=("bob",), missing=1)
    stage.passes(10.0)
    assert not stage.timeline.playing


def test_the_start_stays_asked_for_when_who_asked_leaves_and_the_new_host_may_force_it() -> None:
    stage = room_of("bob", "cy")
    stage.says("ann", Play(timestamp=0.0))
    stage.says("ann", LeaveRoom())
    assert waits(stage) == PendingStart(by="ann", waiting_for=("bob", "cy"), missing=2)
    stage.says("bob", Play(timestamp=0.0, force=True))
    assert stage.timeline.playing


def test_a_room_that_everybody_has_left_waits_for_nothing() -> None:
    stage = room_of("bob", basic=("bob",))
    stage.says("ann", Play(timestamp=0.0))
    stage.says("ann", LeaveRoom())
    stage.says("bob", LeaveRoom())
    assert waits(stage) is None


def test_a_restart_of_the_server_ends_the_countdown_and_keeps_who_is_ready() -> None:
    stage = room_of("bob")
    for name in ("ann", "bob"):
        stage.says(name, SetReady(ready=True))
    stage.says("ann", Play(timestamp=0.0))
    stage.passes(1.0)
    saved = msgspec.json.decode(msgspec.json.encode(stage.room.saved()), type=SavedRoom)
    stage.room = Room.restored(saved, epoch="epoch-2", settings=RoomSettings(away=9.0), now=stage.now)
    stage.resumes("ann")
    stage.resumes("bob")
    stage.passes(5.0)
    assert (stage.timeline.playing, waits(stage)) == (False, None)
    stage.says("bob", Play(timestamp=0.0))
    assert waits(stage) == PendingStart(by="bob", at=stage.now + 3.0)


def test_a_room_that_was_saved_before_there_were_these_rules_opens() -> None:
    stage = room_of("bob", start="anyone")
    old = msgspec.json.decode(msgspec.json.encode(stage.room.saved()))
    assert not {"start", "stall", "leave", "loop"} & old["policy"].keys(), "rules that nobody changed are not written"
    saved = msgspec.convert(old, SavedRoom)
    room = Room.restored(saved, epoch="epoch-2", settings=RoomSettings(), now=stage.now)
    assert room.view().policy == Policy(start="anyone", stall="go-on", leave="go-on", loop="off")


# ---- readiness ------------------------------------------------------------------------------------------------------


def test_the_host_says_that_another_is_ready_and_nobody_else_does() -> None:
    stage = room_of("bob", "cy")
    stage.says("ann", SetReady(ready=True, client_id="bob"))
    assert stage.member("bob").ready
    stage.goes_on()
    stage.says("cy", SetReady(ready=False, client_id="bob"))
    assert stage.error("cy").message == "only this room's host may say that another member is ready: ask ann"
    stage.says("cy", SetReady(ready=True, client_id="cy"))
    assert stage.member("cy").ready
    stage.goes_on()
    stage.says("ann", SetReady(ready=True, client_id="nobody"))
    assert stage.error("ann").code == "NotInRoom"


def test_the_next_film_waits_until_everybody_is_ready_again() -> None:
    stage = room_of("bob")
    stage.says("ann", QueueInsert("end", (QueueItem(NEXT, OTHER_HASH),)))
    stage.says("ann", SetReady(ready=True))
    stage.says("bob", SetReady(ready=True))
    stage.says("ann", Play(timestamp=59.0, force=True))
    stage.goes_on()
    stage.passes(2.0)
    heard = stage.heard("bob")
    assert not next(message for message in heard if isinstance(message, MediaChanged)).timeline.playing
    assert waits(stage) == PendingStart(by=ROOM_ITSELF, waiting_for=("ann", "bob"), missing=2), "who may be opening it"
    assert StartChanged(waits(stage)) in heard
    for name in ("ann", "bob"):
        stage.says(name, SetFile(NEXT, OTHER_HASH))
    assert waits(stage) == PendingStart(by=ROOM_ITSELF, waiting_for=("ann", "bob"), missing=2)
    for name in ("ann", "bob"):
        stage.says(name, SetReady(ready=True))
    stage.passes(3.0)
    assert (stage.timeline.playing, stage.timeline.position) == (True, 0.0)


def test_to_play_another_film_waits_too() -> None:
    stage = room_of("bob")
    stage.says("ann", SetReady(ready=True))
    stage.says("ann", SetMedia(file_hash=OTHER_HASH, file=NEXT, start=5.0, play=True))
    assert waits(stage) == PendingStart(by="ann", waiting_for=("ann", "bob"), missing=2)
    stage.reports("bob", "idle")
    assert waits(stage) == PendingStart(by="ann", waiting_for=("ann",), missing=1), "bob has not got it"
    assert (stage.timeline.playing, stage.timeline.position) == (False, 5.0)
    stage.says("ann", SetMedia(file_hash=HASH, file=FILE))
    assert waits(stage) is None


# ---- stall, leave, loop ---------------------------------------------------------------------------------------------


def test_the_room_pauses_for_a_stall_until_somebody_plays() -> None:
    stage = room_of("bob", start="anyone", stall="pause")
    stage.says("ann", Play(timestamp=10.0))
    stage.passes(1.0)
    stage.reports("bob", "buffering", 10.9)
    stage.passes(0.4)
    stage.goes_on()
    stage.passes(0.2)
    ((who, command, reason, about),) = said(stage, "ann")
    assert (who, reason, about) == (ROOM_ITSELF, "stall", "bob")
    assert isinstance(command, Pause)
    assert (stage.timeline.playing, stage.timeline.gate) == (False, None)
    stage.reports("bob", "paused", 11.4)
    stage.passes(50.0)
    assert not stage.timeline.playing
    stage.reports("bob", "buffering", 11.4)
    stage.passes(1.0)
    stage.says("ann", Play(timestamp=11.4))
    stage.passes(5.0)
    assert stage.timeline.playing, "somebody does not want to wait for this stall"


@pytest.mark.parametrize("how", ["leaves", "lost"])
def test_the_room_pauses_when_a_member_leaves(how: str) -> None:
    stage = room_of("bob", "cy", start="anyone", leave="pause")
    stage.says("ann", Play(timestamp=10.0))
    stage.passes(1.08)
    stage.goes_on()
    if how == "leaves":
        stage.says("bob", LeaveRoom())
    else:
        stage.loses("bob")
    (who, command, reason, about), *others = said(stage, "ann")
    assert (who, reason, about, others) == (ROOM_ITSELF, "left", "bob", ["bob left"] if how == "leaves" else [])
    assert command.timestamp == pytest.approx(11.0)
    assert said(stage, "bob") == [], "its own player goes on alone"
    assert not stage.timeline.playing
    stage.says("ann", Play(timestamp=11.0))
    stage.passes(20.0)
    assert stage.timeline.playing, "a member that is away already pauses nothing when it is removed"


def test_the_room_goes_on_without_a_basic_member_and_without_one_that_has_no_film() -> None:
    stage = room_of("bob", basic=("bob",), start="anyone", leave="pause")
    stage.says("ann", Play(timestamp=10.0))
    stage.says("bob", LeaveRoom())
    assert stage.timeline.playing


def test_a_film_begins_again_at_its_end() -> None:
    stage = room_of("bob", start="anyone", loop="film")
    stage.says("ann", Play(timestamp=58.0))
    stage.goes_on()
    stage.passes(2.5)
    assert said(stage, "bob") == [(ROOM_ITSELF, Seek(timestamp=0.0), "ended", None)]
    stage.passes(1.0)
    assert (stage.timeline.playing, stage.timeline.position, stage.timeline.gate) == (True, 0.0, None)


def test_a_film_without_a_known_length_begins_again_when_all_players_have_ended() -> None:
    stage = Stage()
    stage.create("ann", file=file_info(duration=None), policy=PolicyChange(loop="film"))
    stage.says("ann", Play(timestamp=0.0))
    stage.reports("ann", "ended", 33.0)
    assert (stage.timeline.position, stage.timeline.gate) == (0.0, "seeking")


def test_a_film_that_begins_again_does_not_wait() -> None:
    """It is the same film, so everybody is still as ready as before."""
    stage = room_of("bob", start="ready", loop="film")
    stage.says("ann", Play(timestamp=59.0, force=True))
    stage.passes(4.0)
    assert (stage.timeline.playing, waits(stage)) == (True, None)


def test_after_the_last_entry_comes_the_first() -> None:
    stage = room_of("bob", start="anyone", loop="queue")
    stage.says("ann", QueueInsert("end", (QueueItem(NEXT, OTHER_HASH),)))
    first, second = (entry.id for entry in stage.room.view().queue.entries)
    stage.says("ann", SetMedia(file_hash=OTHER_HASH, file=NEXT, entry=second, start=89.0, play=True))
    stage.reports("ann", "paused", 89.0)
    stage.passes(8.0)
    assert stage.room.view().queue.current == first
    assert stage.room.view().file_hash == HASH


def test_a_queue_of_one_film_repeats_it() -> None:
    stage = room_of("bob", start="anyone", loop="queue")
    stage.says("ann", Play(timestamp=59.0))
    stage.goes_on()
    stage.passes(1.5)
    assert said(stage, "bob") == [(ROOM_ITSELF, Seek(timestamp=0.0), "ended", None)]


# ---- under anything that may happen ---------------------------------------------------------------------------------

_NAMES = ("ann", "bob", "cy")
_steps = st.lists(
    st.tuples(
        st.sampled_from(_NAMES),
        st.sampled_from(
            "ready ready ready not play play pause seek leave join lose resume host force film file".split()
        ),
        st.sampled_from([0.0, 0.0, 0.5, 3.0, 20.0]),
    ),
    min_size=12,
    max_size=40,
)


@given(_steps, st.sampled_from(["ready", "ready", 1, 2, 3]), st.sampled_from(["go-on", "pause"]))
def test_a_room_never_plays_before_all_are_ready_or_forced_and_never_waits_for_who_is_gone(
    steps: list[tuple[str, str, float]], start: Any, leave: Any
) -> None:
    stage = room_of("bob", start=start, leave=leave)
    film, away, played = 0, set[str](), False
    for name, what, gap in steps:
        inside = name in stage.ids and name not in away
        position, before = stage.timeline.position, stage.room.view()
        enough = _enough(before, start)
        forced = False
        match what:
            case "join" if name not in stage.ids:
                stage.join(name, file_hash=before.file_hash, file=before.file)
            case "resume" if name in away and name in stage.ids:
                away.discard(name)
                stage.resumes(name)
            case "lose" if inside:
                away.add(name)
                stage.loses(name)
            case _ if not inside:
                pass
            case "ready" | "not":
                stage.says(name, SetReady(ready=what == "ready"))
            case "play":
                stage.says(name, Play(timestamp=position))
            case "pause":
                stage.says(name, Pause(timestamp=position))
            case "seek":
                stage.says(name, Seek(timestamp=5.0))
            case "leave":
                stage.says(name, LeaveRoom())
            case "host":
                stage.says(name, SetRole(client_id=name, role="host"))
            case "force":
                forced = stage.member(name).role == "host"
                stage.says(name, Play(timestamp=position, force=True))
            case "film":
                film += 1
                stage.says(name, SetMedia(file_hash=f"{film:064x}", file=FILE, play=True))
            case "file":
                stage.says(name, SetFile(FILE, before.file_hash))
        if not before.timeline.playing:
            assert not stage.timeline.playing or forced, "only a forced start is at once"
        # The countdown runs while, and only while, enough are ready.
        played = stage.timeline.playing
        pending, enough = waits(stage), _enough(stage.room.view(), start)
        if pending is not None:
            assert (pending.at is not None) == enough
            present = {m.client_id for m in stage.room.view().members if m.state != "away"}
            assert set(pending.waiting_for) <= present
        stage.passes(gap)
        away &= set(stage.ids)
        if not played and stage.timeline.playing:
            assert enough
        if pending is not None and pending.at is not None and pending.at <= stage.now:
            assert waits(stage) is None
        stage.goes_on()


def _enough(room: Any, start: Any) -> bool:
    awaited = [member for member in room.members if member.state != "away"]
    ready = sum(member.ready for member in awaited)
    return len(awaited) > 0 and ready == len(awaited) if start == "ready" else ready >= start


def test_a_change_of_the_rule_lets_a_start_go_on() -> None:
    stage = room_of("bob")
    stage.says("ann", Play(timestamp=0.0))
    stage.says("ann", SetPolicy(start="anyone"))
    assert waits(stage) == PendingStart(by="ann", at=stage.now + 3.0)
    stage.says("bob", Play(timestamp=0.0))
    assert (stage.timeline.playing, waits(stage)) == (True, None)
