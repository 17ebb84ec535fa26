"""Who did what in the room, as one sentence: with a real server, and for each message by itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from hangd.client.control.port import CommandRefused
from hangd.client.server.room_view import RoomView
from hangd.engine.player_messages import ShowText
from hangd.protocol.films import MediaChanged, QueueChanged
from hangd.protocol.messages import (
    MemberChanged,
    MemberLeft,
    Notice,
    Pause,
    Play,
    PolicyChanged,
    RoomState,
    Seek,
    ServerMessage,
    Speed,
    StartChanged,
    Stop,
    SyncBroadcast,
)
from hangd.protocol.model import (
    ROOM_ITSELF,
    Control,
    FileInfo,
    LeftReason,
    Member,
    PendingStart,
    Policy,
    Queue,
    QueueChange,
    QueueEntry,
    Role,
    Room,
    Start,
    Timeline,
)
from hangd.server.settings import ServerSettings
from tests.support.daemons.viewers import Watcher
from tests.support.servers.server import running

FILM = FileInfo(size=1, name="film.mkv")
LINE = Timeline(epoch="e", rev=1, playing=True, position=0.0, rate=1.0, at=0.0)


def view(start: Start = "ready", gate: Any = None) -> RoomView:
    """The room as ann sees it, who is in it with bob and cy."""
    members = tuple(Member(client_id=name[0], name=name, role="viewer") for name in ("ann", "bob", "cy"))
    line = Timeline("e", 1, True, 0.0, 1.0, 0.0, gate)
    queue = Queue(1, (QueueEntry("1-0", FILM), QueueEntry("2-0", FileInfo(size=2, name="next.mkv"))), "1-0")
    room = Room("r", "ab" * 32, FILM, Policy(start=start), members, line, queue=queue)
    return RoomView(room, "a", "ws://h/ws")


def text(room: RoomView, message: ServerMessage) -> str | None:
    """Return the sentence for people that this message leads to; None: there is none."""
    acts = [event for event in room.learn(message) if event["event"] == "acted"]
    assert len(acts) <= 1
    return acts[0]["text"] if acts else None


def did(who: str, command: Any, *, playing: bool = True, gate: Any = None, **why: Any) -> SyncBroadcast:
    line = Timeline("e", 2, playing, getattr(command, "timestamp", 0.0), 1.0, 0.0, gate)
    return SyncBroadcast(who, command, line, **why)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (did("b", Play(timestamp=83.9)), "bob started at 1:23"),
        (did("a", Pause(timestamp=3723.0), playing=False), "you paused at 1:02:03"),
        (did("b", Seek(timestamp=5.0)), "bob went to 0:05"),
        (did("b", Seek(timestamp=0.12), playing=False), "bob went to 0:00"),
        (did("c", Speed(rate=1000 / 667)), "cy set the speed to 1.5"),
        (did("c", Stop(), playing=False), "cy stopped the film"),
        (did("gone", Stop(), playing=False), "somebody stopped the film"),
        (did(ROOM_ITSELF, Play(timestamp=5.0), reason="ready"), "started at 0:05: everybody is ready"),
        (did(ROOM_ITSELF, Play(timestamp=5.0), reason="settled"), None),
        (did(ROOM_ITSELF, Pause(timestamp=5.0), playing=False, reason="apart"), "paused at 0:05: everybody has paused"),
        (did(ROOM_ITSELF, Pause(timestamp=5.0), playing=False, reason="waiting"), None),
        (
            did(ROOM_ITSELF, Pause(timestamp=5.0), playing=False, reason="stall", about="b"),
            "paused at 0:05: bob's player stalls",
        ),
        (
            did(ROOM_ITSELF, Pause(timestamp=5.0), gate="buffering", reason="stall", about="a"),
            "waiting: your player stalls",
        ),
        (
            did(ROOM_ITSELF, Pause(timestamp=5.0), playing=False, reason="left", about="c"),
            "paused at 0:05: cy is gone",
        ),
        (did(ROOM_ITSELF, Pause(timestamp=5.0), playing=False, reason="ended"), "the film has ended"),
        (did(ROOM_ITSELF, Seek(timestamp=0.0), reason="ended"), "the film has ended and begins again"),
        (PolicyChanged(Policy(start=2, locked=True), by="b"), "bob changed the rules: locked yes, start 2"),
        (PolicyChanged(Policy(start="ready"), by="b"), "bob set the rules anew"),
        (PolicyChanged(Policy()), None),
        (MediaChanged("cd" * 32, FILM, LINE, QueueChange(2), by="b"), "bob moved on to film.mkv"),
        (MediaChanged("cd" * 32, FileInfo(size=1), LINE, QueueChange(2)), "the next film: another film"),
        (MemberChanged(Member("b", "bob", "viewer", ready=True)), "bob is ready"),
        (MemberChanged(Member("a", "ann", "viewer", ready=True)), "you are ready"),
        (MemberChanged(Member("b", "bob", "viewer", state="paused")), None),
        (
            MemberChanged(Member("b", "bob", "viewer", given_up=True)),
            "not waiting for bob's player any more: it stalls too often",
        ),
        (
            MemberChanged(Member("a", "ann", "viewer", given_up=True)),
            "not waiting for your player any more: it stalls too often",
        ),
        (StartChanged(PendingStart("b", ("a", "c"), 2)), "bob wants to start: waiting for you and cy to be ready"),
        (
            StartChanged(PendingStart("b", (), 1)),
            "bob wants to start: waiting for a member that has the film to be ready",
        ),
        (StartChanged(PendingStart("b", at=3.0)), "everybody is ready: starting in 3 s"),
        (StartChanged(None), None),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else type(value).__name__,
)
def test_what_somebody_did_is_one_sentence(message: ServerMessage, sentence: str | None) -> None:
    assert text(view(), message) == sentence


def test_when_all_are_ready_and_nobody_has_asked_for_a_start_it_is_said_what_is_missing() -> None:
    room = view()
    room.timeline = structs.replace(LINE, playing=False)
    room.policy = Policy(start="ready")
    ready = [MemberChanged(structs.replace(member, ready=True)) for member in room.members.values()]
    texts = [text(room, message) for message in ready]
    assert [each for each in texts[:-1] if each is None or "press play" in each] == []
    assert texts[-1] is not None and texts[-1].endswith("ready: press play to start")
    assert room.as_dict()["awaits_play"] == "press play to start"
    assert text(room, StartChanged(PendingStart("b", at=3.0))) == "everybody is ready: starting in 3 s"
    assert "awaits_play" not in room.as_dict()


def test_a_command_that_changed_nothing_is_no_act() -> None:
    room = view()
    assert text(room, SyncBroadcast("a", Play(timestamp=0.0), room.timeline)) is None


@pytest.mark.parametrize(
    ("position", "playing", "sentence"),
    [
        (20.04, False, "bob stepped to 0:20.04"),
        (19.96, False, "bob stepped to 0:19.96"),
        (21.0, False, "bob went to 0:21"),
        (20.04, True, "bob went to 0:20"),
    ],
)
def test_a_frame_step_is_told_as_one(position: float, playing: bool, sentence: str) -> None:
    room = view()
    room.timeline = Timeline("e", 1, playing, 20.0, 1.0, 0.0)
    assert text(room, did("b", Seek(timestamp=position), playing=playing)) == sentence


def test_a_room_that_waited_for_a_stall_says_that_it_goes_on() -> None:
    assert text(view(gate="buffering"), did(ROOM_ITSELF, Play(timestamp=65.0), reason="settled")) == "going on at 1:05"


def test_a_number_of_members_is_waited_for() -> None:
    room = view(start=2)
    assert text(room, StartChanged(PendingStart("a", ("a", "b", "c"), 2))) == (
        "you want to start: waiting for 2 of you, bob and cy to be ready"
    )
    assert text(room, StartChanged(PendingStart("a", ("b",), 2))) == "waiting for 2 more to be ready"
    assert text(room, StartChanged(PendingStart("a", ("b",), 1))) == "waiting for bob to be ready"
    assert (
        text(room, did(ROOM_ITSELF, Play(timestamp=0.0), reason="ready")) == "started at 0:00: enough members are ready"
    )


def test_a_sentence_names_a_few_of_a_thousand() -> None:
    room = view()
    many = tuple(f"m{number}" for number in range(1000))
    assert text(room, StartChanged(PendingStart(ROOM_ITSELF, many, 1000))) == (
        "waiting for somebody, somebody, somebody, somebody, somebody and 995 others to be ready"
    )


def test_changes_of_the_queue_are_told_by_what_changed() -> None:
    room = view()
    first, second = (entry.id for entry in room.queue.entries)
    third, fourth = QueueEntry("3-0", FileInfo(size=3)), QueueEntry("3-1", FileInfo(size=4))

    def edited(**change: Any) -> str | None:
        return text(room, QueueChanged(QueueChange(room.queue.rev + 1, **change), by="b"))

    assert edited(moved=(second,)) == "bob changed the order of the queue"
    assert edited(inserted=(third,), after=first) == "bob added a film to the queue"
    assert edited(removed=("3-0",)) == "bob took a film out of the queue"
    assert edited(inserted=(third, fourth), after=first) == "bob added 2 films to the queue"
    assert edited(removed=(second,)) == "bob took next.mkv out of the queue"
    assert edited(removed=(first, "3-1")) == "bob took 2 films out of the queue"
    assert [entry.id for entry in room.queue.entries] == ["3-0"]


def test_what_the_room_waits_for_is_a_property() -> None:
    room = view()
    room.learn(StartChanged(PendingStart("b", ("a", "c"), 2)))
    waits = {
        "by": "bob",
        "waiting_for": ["ann", "cy"],
        "missing": 2,
        "self": True,
        "text": "waiting for you and cy to be ready",
    }
    assert room.pending_start() == waits
    assert room.as_dict()["start"] == waits
    room.learn(RoomState(Room("r", "ab" * 32, FILM, Policy(), (), LINE)))
    assert room.pending_start() is None


# ---- with a server --------------------------------------------------------------------------------------------------


class Two:
    """Ada, host, and bob in one room with the film "o"."""

    def __init__(self, ada: Watcher, bob: Watcher) -> None:
        self.ada, self.bob = ada, bob
        self.drawn: dict[str, list[str]] = {"ada": [], "bob": []}
        for name, watcher in (("ada", ada), ("bob", bob)):
            self._listen(watcher, self.drawn[name])

    def _listen(self, watcher: Watcher, drawn: list[str]) -> None:
        do = watcher.viewer.player.do

        def noted(command: Any) -> None:
            if isinstance(command, ShowText):
                drawn.append(command.text)
            do(command)

        watcher.viewer.player.do = noted  # type: ignore[method-assign]

    async def both_hear(self, ada: str, bob: str) -> None:
        """Wait until this was told last, to each of the two."""
        for watcher, sentence in ((self.ada, ada), (self.bob, bob)):
            await watcher.until(lambda w=watcher, s=sentence: _last_act(w) == s)  # type: ignore[misc]


def _last_act(watcher: Watcher) -> str | None:
    return next((event["text"] for event in reversed(watcher.events) if event["event"] == "acted"), None)


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    async with running(ServerSettings(motd="Be nice.")) as url:
        ada = Watcher(tmp_path / "ada", server=url, duration=60.0)
        bob = Watcher(tmp_path / "bob", name="bob", server=url, duration=60.0, osd=("playback", "rules"))
        room = await ada.viewer.room("room-create", {"file": ada.film("o"), "start": "ready", "loop": "film"})
        await bob.viewer.room("room-join", {"room": room["room_id"], "file": bob.film("o")})
        await ada.opens("o")
        await bob.opens("o")
        yield Two(ada, bob)
        await ada.viewer.close()
        await bob.viewer.close()


async def test_a_start_waits_for_everybody_and_whoever_acts_is_named(two: Two) -> None:
    ada, bob = two.ada.viewer, two.bob.viewer
    assert ada.hang_property("room/policy")["start"] == "ready"
    assert ada.hang_property("room/policy")["loop"] == "film"
    bob.set_paused(False)
    await two.both_hear(
        "bob wants to start: waiting for you and bob to be ready",
        "you want to start: waiting for ada and you to be ready",
    )
    await bob.settle("done")
    assert (bob.paused, ada.hang_property("room/state")) == (False, "ready"), "to pause ends the waiting"
    ada.set_paused(True)
    await two.both_hear("you paused at 0:00", "ada paused at 0:00")
    assert (bob.paused, bob.hang_property("room/start")) == (True, None)
    with pytest.raises(CommandRefused, match="only this room's host may say that another member is ready"):
        await bob.room("room-ready", {"ready": "yes", "member": "ada"})
    bob.set_paused(False)
    await bob.room("room-ready", {})
    await two.both_hear("waiting for you to be ready", "waiting for ada to be ready")
    await ada.room("room-ready", {"ready": "yes", "member": "ada"})
    await two.both_hear("everybody is ready: starting in 3 s", "everybody is ready: starting in 3 s")
    assert (ada.hang_property("room/state"), ada.hang_property("room/start")["missing"]) == ("countdown", 0)
    await two.both_hear("started at 0:00: everybody is ready", "started at 0:00: everybody is ready")
    await asyncio.wait_for(bob.settle("playing"), 30.0)
    assert two.drawn["ada"] == [
        "bob wants to start: waiting for you and bob to be ready",
        "bob wants to start: waiting for you and bob to be ready",
        "bob is ready",
        "waiting for you to be ready",
        "you are ready",
        "everybody is ready: starting in 3 s",
        "started at 0:00: everybody is ready",
    ], "of what ada did herself that is drawn which nothing else shows"
    assert two.drawn["bob"] == ["ada paused at 0:00", "started at 0:00: everybody is ready"], "the kinds that bob wants"


async def test_the_host_starts_at_once(two: Two) -> None:
    ada, bob = two.ada.viewer, two.bob.viewer
    with pytest.raises(CommandRefused, match="only this room's host may start before everybody is ready"):
        await bob.room("room-start", {})
    await ada.room("room-start", {})
    await two.both_hear("you started at 0:00", "ada started at 0:00")
    line = ada.hang_property("room/timeline")
    await ada.room("room-start", {})
    assert ada.hang_property("room/timeline") == line, "it plays already"


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("start", "banana", "start is anyone, ready or a number of members, not 'banana'"),
        ("start", "0", "start is a number from 1 to 1000, not '0'"),
        ("start", "9" * 5000, "start is a number from 1 to 1000, not '" + "9" * 40 + "'"),
        ("stall", "stop", "stall is go-on or pause, not 'stop'"),
        ("leave", "", "leave is go-on or pause, not ''"),
        ("loop", "yes", "loop is off, film or queue, not 'yes'"),
        ("wait", "banana", "wait is everyone or nobody, not 'banana'"),
        ("control", "me", "control is everyone, host or controllers, not 'me'"),
        ("locked", "maybe", "locked is yes or no, not 'maybe'"),
        ("access", "friends", "access is anyone, accounts or invited, not 'friends'"),
        ("history", "maybe", "history is yes or no, not 'maybe'"),
        ("capacity", "many", "capacity is a number from 1 to 1000, not 'many'"),
        (
            "colour",
            "red",
            "there is no room setting 'colour': control, match, wait, start, stall, leave, loop, access, "
            "capacity, locked, history, password",
        ),
    ],
)
async def test_a_wrong_rule_says_what_would_be_right(two: Two, key: str, value: str, why: str) -> None:
    with pytest.raises(CommandRefused) as refused:
        await two.ada.viewer.room("room-set", {"key": key, "value": value})
    assert refused.value.message == why


async def test_the_message_of_the_day_is_told_once(two: Two) -> None:
    def told() -> list[str]:
        return [event["text"] for event in two.bob.events if event["event"] == "motd"]

    assert told() == ["Be nice."]
    viewer = two.bob.viewer
    viewer.connection._hang_up(1000, "")
    await two.bob.until(lambda: not viewer.connection.is_up)
    await two.bob.until(lambda: viewer.connection.is_up)
    assert told() == ["Be nice."], "not again on reconnecting"
    viewer.membership._tell_motd("Be very nice.")
    assert told() == ["Be nice.", "Be very nice."]


async def test_what_the_server_says_meanwhile_is_told_and_shown_once(two: Two) -> None:
    for _ in range(2):
        two.bob.viewer.membership.received(Notice("this server is about to stop"), None, time.monotonic())
    said = [event["text"] for event in two.bob.events if event["event"] == "motd"]
    assert said == ["Be nice.", "this server is about to stop"]


@pytest.mark.parametrize(
    ("who", "control", "before", "after", "sentence"),
    [
        ("b", "everyone", "viewer", "host", "bob is the host now"),
        ("a", "host", "viewer", "host", "you are the host now"),
        ("a", "controllers", "viewer", "controller", "you may control the room now"),
        ("b", "controllers", "controller", "viewer", "bob may not control the room any more"),
        ("b", "host", "host", "controller", "bob may not control the room any more"),
        ("b", "everyone", "host", "controller", "bob is a controller now"),
        ("a", "everyone", "controller", "viewer", "you are a viewer now"),
    ],
)
def test_another_role(who: str, control: Control, before: Role, after: Role, sentence: str) -> None:
    room = view()
    room.policy = Policy(control=control)
    room.members[who] = Member(client_id=who, name=room.name_of(who), role=before)
    events = room.learn(MemberChanged(Member(client_id=who, name=room.name_of(who), role=after)))
    assert [event["event"] for event in events] == ["acted", "member-changed"]
    assert (events[0]["action"], events[0]["self"], events[0]["text"]) == ("role", who == "a", sentence)


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("left", "bob has left"),
        ("kicked", "bob was removed by the host"),
        ("banned", "bob was banned by the host"),
        ("ended", "bob was removed by the server"),
        ("mismatch", "bob's file is not the room's film"),
        ("lost", "bob's connection was lost"),
    ],
)
def test_why_a_member_is_gone(reason: LeftReason, sentence: str) -> None:
    (event,) = view().learn(MemberLeft("b", reason))
    assert (event["event"], event["name"], event["reason"], event["text"]) == ("member-left", "bob", reason, sentence)
