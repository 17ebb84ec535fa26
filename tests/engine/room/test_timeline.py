"""A room's timeline: commands and their broadcasts, gates, stalls, the end of the film."""

from typing import Literal

import pytest

from hangd.engine.timeline import position_at
from hangd.protocol.errors import ErrorCode
from hangd.protocol.messages import (
    LeaveRoom,
    MemberLeft,
    Pause,
    Play,
    Seek,
    SetPolicy,
    SetRole,
    Speed,
    Stop,
    SyncBroadcast,
    SyncCommand,
)
from hangd.protocol.model import ROOM_ITSELF, Control, PolicyChange, Role, Timeline
from tests.support.rooms.stage import FILE, Stage, file_info

LEAD = 0.080
"""Seconds: the shortest lead, used for members whose delays are unknown."""


def pair(*, bob_full: bool = True, wait: Literal["everyone", "nobody"] = "nobody") -> Stage:
    """Ann, host, and bob, viewer, in a room that is paused at 0. All messages so far are taken."""
    stage = Stage()
    stage.create("ann", policy=PolicyChange(wait=wait))
    stage.join("bob", full=bob_full)
    stage.goes_on()
    return stage


def playing(*, bob_full: bool = True, wait: Literal["everyone", "nobody"] = "nobody", position: float = 10.0) -> Stage:
    """The same two, half a second after ann played from ``position``."""
    stage = pair(bob_full=bob_full, wait=wait)
    stage.says("ann", Play(timestamp=position))
    stage.passes(0.5)
    stage.goes_on()
    return stage


def line(stage: Stage, **expected: object) -> None:
    """Assert what the timeline says."""
    actual = {name: getattr(stage.timeline, name) for name in expected}
    for name, value in expected.items():
        assert actual[name] == (pytest.approx(value) if isinstance(value, float) else value), actual


# ---- the five commands ----------------------------------------------------------------------------------------------


def test_play_starts_everyone_at_one_time_in_the_future() -> None:
    stage = pair()
    stage.says("ann", Play(timestamp=12.5, command_id="c1"), re=4)
    timeline = Timeline(epoch="epoch-1", rev=1, playing=True, position=12.5, rate=1.0, at=stage.now + LEAD)
    message = SyncBroadcast(from_client="ann", command=Play(timestamp=12.5), timeline=timeline, command_id="c1")
    assert stage.heard("bob") == [message]
    assert stage.answers("ann") == [(message, 4)]
    stage.nobody_heard_more()


def test_pause_is_at_the_position_that_the_sender_names() -> None:
    stage = playing()
    stage.says("bob", Pause(timestamp=10.43))
    assert stage.sync("ann").command == Pause(timestamp=10.43)
    line(stage, playing=False, position=10.43, at=stage.now, rev=2, gate=None)


def test_seek_while_paused_closes_no_gate() -> None:
    stage = pair()
    stage.says("bob", Seek(timestamp=30.0))
    line(stage, playing=False, position=30.0, gate=None, rev=1)


def test_speed_while_paused_changes_the_rate_only() -> None:
    stage = pair()
    stage.says("ann", Speed(rate=1.5))
    assert stage.sync("bob").command == Speed(rate=1000 / 667)
    line(stage, playing=False, position=0.0, rate=1000 / 667, at=100.0, rev=1)


def test_speed_while_playing_takes_effect_in_the_future() -> None:
    stage = playing()  # from 10 s, half a second ago, of which 80 ms were lead
    stage.says("ann", Speed(rate=2.0))
    line(stage, playing=True, position=10.5, at=stage.now + LEAD, rate=2.0, gate=None, rev=2)


def test_stop_goes_back_to_the_start() -> None:
    stage = playing()
    stage.says("ann", Stop())
    assert stage.sync("bob").command == Stop()
    line(stage, playing=False, position=0.0, rev=2)


def test_the_later_of_two_commands_wins() -> None:
    stage = playing()
    stage.says("ann", Pause(timestamp=10.4))
    stage.says("bob", Seek(timestamp=40.0))
    line(stage, playing=False, position=40.0, rev=3)


def test_play_near_the_position_of_a_running_room_changes_nothing() -> None:
    stage = playing()
    before = stage.timeline
    stage.says("bob", Play(timestamp=11.3, command_id="x"), re=1)
    expected = SyncBroadcast(from_client="bob", command=Play(timestamp=11.3), timeline=before, command_id="x")
    assert stage.answers("bob") == [(expected, 1)]
    stage.nobody_heard_more()
    assert stage.timeline == before


def test_play_from_another_position_while_playing_jumps_there() -> None:
    stage = playing()
    stage.says("bob", Play(timestamp=11.5))
    line(stage, playing=True, position=11.5, at=stage.now + LEAD, rev=2)


@pytest.mark.parametrize("at", [60.0, 59.9, 60.9])
def test_play_at_the_end_starts_at_zero(at: float) -> None:
    stage = pair()
    stage.says("ann", Play(timestamp=at))
    assert stage.sync("bob").command == Play(timestamp=0.0)
    line(stage, playing=True, position=0.0)


def test_play_shortly_before_the_end_starts_there() -> None:
    stage = pair()
    stage.says("ann", Play(timestamp=59.8))
    line(stage, position=59.8)


@pytest.mark.parametrize("command", [Play(timestamp=61.1), Pause(timestamp=61.1), Seek(timestamp=1e8)])
def test_a_timestamp_past_the_end_is_refused(command: SyncCommand) -> None:
    stage = playing()
    before = stage.timeline
    stage.says("bob", command)
    error = stage.error("bob")
    assert (error.code, error.details) == ("InvalidMessage", {"path": "$.payload.timestamp"})
    stage.nobody_heard_more()
    assert stage.timeline == before


@pytest.mark.parametrize("command", [Pause(timestamp=60.9), Seek(timestamp=61.0)])
def test_a_timestamp_just_past_the_end_is_the_end(command: Pause | Seek) -> None:
    stage = pair()
    stage.says("ann", command)
    assert stage.sync("bob").command == type(command)(timestamp=60.0)
    line(stage, position=60.0)


def test_a_room_that_does_not_know_the_duration_takes_any_timestamp() -> None:
    stage = Stage()
    stage.create("ann", file=file_info(duration=None))
    stage.says("ann", Seek(timestamp=5000.0))
    line(stage, position=5000.0)
    stage.says("ann", Play(timestamp=5000.0))
    stage.passes(86400.0)
    line(stage, playing=True, rev=2)


@pytest.mark.parametrize(("rate", "period"), [(0.25, 4000), (2.0, 500), (1.02, 980), (0.7, 1429)])
def test_rates_are_rounded_to_playable_ones(rate: float, period: int) -> None:
    stage = pair()
    stage.says("ann", Speed(rate=rate))
    line(stage, rate=1000 / period)


def test_what_is_due_happens_before_a_later_input() -> None:
    """An input that arrives before a late timer has the same result as after it."""
    stage = playing(position=50.0)
    stage.now += 20.0  # the end was due ten seconds ago
    stage.says("ann", Play(timestamp=60.0))
    pause, play = [message for message in stage.heard("bob") if isinstance(message, SyncBroadcast)]
    assert (pause.from_client, pause.command) == (ROOM_ITSELF, Pause(timestamp=60.0))
    assert play.command == Play(timestamp=0.0)


def test_timestamps_out_of_order_do_not_turn_time_back() -> None:
    stage = playing()
    stage.measures("bob", 0.01)
    stage.now -= 0.2
    stage.says("ann", Pause(timestamp=10.4))
    line(stage, at=stage.now + 0.2)


# ---- repeats --------------------------------------------------------------------------------------------------------


def test_a_repeated_command_is_answered_and_not_applied_again() -> None:
    stage = pair()
    stage.says("ann", Seek(timestamp=5.0, command_id="c1"))
    stage.says("bob", Seek(timestamp=9.0, command_id="c1"))  # another's mark is another mark
    line(stage, position=9.0, rev=2)
    stage.goes_on()
    stage.says("ann", Seek(timestamp=5.0, command_id="c1"), re=2)
    ((answer, re),) = stage.answers("ann")
    assert isinstance(answer, SyncBroadcast)
    assert (answer.timeline, answer.command_id, re) == (stage.timeline, "c1", 2)
    line(stage, position=9.0, rev=2)
    stage.nobody_heard_more()


def test_a_refused_command_may_be_repeated() -> None:
    stage = pair()
    stage.says("ann", Seek(timestamp=500.0, command_id="c1"))
    stage.says("ann", Seek(timestamp=50.0, command_id="c1"))
    line(stage, position=50.0)


def test_only_the_last_64_command_ids_are_kept() -> None:
    stage = pair()
    for number in range(65):
        stage.says("ann", Seek(timestamp=float(number % 50), command_id=f"c{number}"))
    stage.says("ann", Seek(timestamp=55.0, command_id="c1"))
    line(stage, position=14.0)  # the newest one's, 64 % 50
    stage.says("ann", Seek(timestamp=55.0, command_id="c0"))
    line(stage, position=55.0)


# ---- who hears of it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("echo", "sender", "hears"),
    [
        ("full", "ann", True),
        ("full", "bob", False),
        ("always", "ann", True),
        ("always", "bob", True),
        ("never", "ann", False),
        ("never", "bob", False),
    ],
)
def test_the_echo_setting_decides_who_gets_its_own_commands(echo: str, sender: str, hears: bool) -> None:
    """Ann is full, bob is basic."""
    stage = Stage(echo=echo)
    stage.create("ann")
    stage.join("bob", full=False)
    stage.join("cy")
    stage.join("dee", full=False)
    stage.goes_on()
    stage.says(sender, Play(timestamp=1.0, command_id="c"), re=1)
    assert len(stage.heard(sender)) == hears
    for other in {"ann", "bob", "cy", "dee"} - {sender}:
        (message,) = stage.heard(other)
        assert isinstance(message, SyncBroadcast)
    stage.says(sender, Play(timestamp=1.0, command_id="c"), re=1)
    assert len(stage.heard(sender)) == hears, "a repeat's answer goes the same way"
    stage.nobody_heard_more()


def test_away_members_get_no_messages() -> None:
    stage = pair()
    stage.loses("bob")
    stage.goes_on()
    stage.says("ann", Play(timestamp=1.0))
    assert stage.heard("bob") == []


# ---- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "role", "code"),
    [
        ("everyone", "viewer", None),
        ("controllers", "viewer", "Forbidden"),
        ("controllers", "controller", None),
        ("host", "controller", "Forbidden"),
        ("host", "viewer", "Forbidden"),
    ],
)
def test_who_may_control_the_room(control: Control, role: Role, code: ErrorCode | None) -> None:
    stage = pair()
    stage.says("ann", SetPolicy(control=control))
    stage.says("ann", SetRole("bob", role))
    stage.goes_on()
    before = stage.timeline
    stage.says("bob", Play(timestamp=1.0))
    if code is None:
        assert stage.timeline.playing
    else:
        assert stage.error("bob").code == code
        stage.nobody_heard_more()
        assert stage.timeline == before
    stage.says("ann", Seek(timestamp=2.0))
    assert stage.timeline != before, "the host always may"


# ---- basic clients --------------------------------------------------------------------------------------------------


def test_a_basic_clients_commands_take_effect_on_receipt() -> None:
    stage = pair(bob_full=False)
    stage.says("bob", Play(timestamp=10.0))
    line(stage, playing=True, position=10.0, at=stage.now)
    stage.passes(2.0)
    stage.says("bob", Speed(rate=2.0))
    line(stage, position=12.0, at=stage.now, rate=2.0)
    stage.says("bob", Seek(timestamp=30.0))
    line(stage, playing=True, position=30.0, at=stage.now, gate=None)


def test_a_basic_client_counts_neither_for_lead_nor_for_gate() -> None:
    stage = playing(bob_full=False)
    stage.measures("bob", 0.9, 0.9)
    stage.says("ann", Seek(timestamp=20.0))
    stage.reports("ann", "paused", 20.0)
    line(stage, gate=None, at=stage.now + LEAD)


# ---- lead -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rtts", "lead"),
    [
        ([], 0.080),
        ([0.001], 0.080),
        ([0.200], 0.100 + 0.060),
        # Half trips 50, 50, 50, 90 ms: the least is 50, the mean deviation from it 10.
        ([0.100, 0.100, 0.100, 0.180], 0.050 + 4 * 0.010 + 0.060),
        ([3.0, 3.0], 0.500),
    ],
)
def test_the_lead_is_what_the_slowest_connection_needs(rtts: list[float], lead: float) -> None:
    stage = pair()
    stage.measures("ann", 0.010)
    stage.measures("bob", *rtts)
    stage.says("ann", Play(timestamp=0.0))
    line(stage, at=stage.now + lead)


def test_the_lead_depends_on_recent_round_trips_only() -> None:
    stage = pair()
    stage.measures("bob", 0.9, *[0.100] * 16)
    stage.says("ann", Play(timestamp=0.0))
    line(stage, at=stage.now + 0.110)
    assert stage.member("bob").rtt == pytest.approx(0.100)


def test_away_members_do_not_count_for_the_lead() -> None:
    stage = pair()
    stage.measures("bob", 0.6)
    stage.loses("bob")
    stage.says("ann", Play(timestamp=0.0))
    line(stage, at=stage.now + LEAD)


# ---- the gate -------------------------------------------------------------------------------------------------------


def test_a_seek_while_playing_waits_until_everyone_has_settled() -> None:
    stage = playing()
    stage.says("bob", Seek(timestamp=40.0, command_id="s"))
    sync = stage.sync("ann")
    assert (sync.from_client, sync.command, sync.command_id) == ("bob", Seek(timestamp=40.0), "s")
    assert sync.timeline == Timeline("epoch-1", 2, True, 40.0, 1.0, stage.now, "seeking")
    stage.passes(0.2)
    stage.reports("ann", "seeking", 40.0)
    stage.reports("ann", "paused", 40.2)
    line(stage, gate="seeking", rev=2)
    stage.passes(0.1)
    stage.goes_on()
    stage.reports("bob", "paused", 39.8)
    opened = SyncBroadcast(
        from_client=ROOM_ITSELF,
        command=Play(timestamp=40.0),
        timeline=Timeline("epoch-1", 3, True, 40.0, 1.0, stage.now + LEAD),
        reason="settled",
    )
    assert stage.sync("ann") == opened
    assert stage.sync("bob") == opened


@pytest.mark.parametrize(
    ("state", "position", "rev", "counts"),
    [
        ("paused", 40.0, 2, True),
        ("ended", 40.0, 2, True),
        ("paused", 40.26, 2, False),
        ("paused", 39.74, 2, False),
        ("playing", 40.0, 2, False),
        ("seeking", 40.0, 2, False),
        ("buffering", 40.0, 2, False),
        ("idle", 40.0, 2, False),
        ("paused", 40.0, 1, False),
    ],
)
def test_which_reports_count_as_settled(
    state: Literal["paused", "ended", "playing", "seeking", "buffering", "idle"],
    position: float,
    rev: int,
    counts: bool,
) -> None:
    stage = playing()
    stage.says("ann", Seek(timestamp=40.0))
    stage.reports("ann", "paused", 40.0)
    stage.reports("bob", state, position, rev=rev)
    line(stage, gate=None if counts else "seeking")


def test_a_report_that_differs_only_in_position_opens_the_gate() -> None:
    stage = playing()
    stage.says("bob", Seek(timestamp=40.0))
    stage.reports("ann", "paused", 40.0)
    stage.reports("bob", "paused", 12.0)
    line(stage, gate="seeking", rev=2)
    stage.reports("bob", "paused", 40.0)
    line(stage, gate=None, rev=3)


def test_no_gate_waits_for_a_member_apart() -> None:
    """Its viewer paused it while the room could not be reached, and it stands elsewhere."""
    stage = playing()
    stage.reports("bob", "paused", 12.0, apart=True)
    stage.says("ann", Seek(timestamp=40.0))
    line(stage, gate="seeking", rev=2)
    stage.reports("ann", "paused", 40.0)
    line(stage, gate=None, rev=3)


def test_a_member_that_goes_apart_opens_the_gate_that_waits_for_it() -> None:
    stage = playing()
    stage.says("ann", Seek(timestamp=40.0))
    stage.reports("ann", "paused", 40.0)
    stage.reports("bob", "paused", 12.0)
    line(stage, gate="seeking")
    stage.reports("bob", "paused", 12.0, apart=True)
    line(stage, gate=None)


def test_the_gate_waits_for_a_member_that_is_no_longer_apart() -> None:
    stage = playing()
    stage.reports("bob", "paused", 12.0, apart=True)
    stage.reports("bob", "playing", 12.0)
    stage.says("ann", Seek(timestamp=40.0))
    stage.reports("ann", "paused", 40.0)
    line(stage, gate="seeking")


def test_the_gate_opens_after_a_second_in_any_case() -> None:
    stage = playing()
    stage.says("ann", Seek(timestamp=40.0))
    closed = stage.now
    stage.passes(0.99)
    line(stage, gate="seeking")
    stage.passes(0.02)
    line(stage, gate=None, playing=True, position=40.0, at=closed + 1.0 + LEAD, rev=3)


def test_another_seek_gives_the_gate_its_full_time_again() -> None:
    """As when somebody drags the slider."""
    stage = playing()
    stage.says("ann", Seek(timestamp=40.0))
    stage.passes(0.9)
    stage.says("ann", Seek(timestamp=20.0))
    stage.reports("bob", "paused", 40.0)
    stage.passes(0.9)
    line(stage, gate="seeking", position=20.0)


@pytest.mark.parametrize("departure", ["leave", "loss"])
def test_the_gate_does_not_wait_for_a_member_that_left(departure: str) -> None:
    stage = playing()
    stage.says("ann", Seek(timestamp=40.0))
    stage.reports("ann", "paused", 40.0)
    if departure == "leave":
        stage.says("bob", LeaveRoom())
    else:
        stage.loses("bob")
    line(stage, gate=None, playing=True)


def test_a_pause_at_the_gate_pauses() -> None:
    stage = playing()
    stage.says("ann", Seek(timestamp=40.0))
    stage.says("bob", Pause(timestamp=40.0))
    line(stage, playing=False, gate=None, position=40.0)
    stage.goes_on()
    stage.passes(5.0)
    stage.nobody_heard_more()


def test_play_at_the_gate_opens_it() -> None:
    stage = playing()
    stage.says("ann", Seek(timestamp=40.0))
    stage.says("bob", Play(timestamp=40.0))
    line(stage, playing=True, gate=None, position=40.0, at=stage.now + LEAD)


def test_speed_at_the_gate_leaves_it_closed_and_reports_valid() -> None:
    stage = playing()
    stage.says("ann", Seek(timestamp=40.0))
    stage.reports("ann", "paused", 40.0)
    stage.says("ann", Speed(rate=2.0))
    line(stage, gate="seeking", rate=2.0, position=40.0, rev=3)
    stage.reports("bob", "paused", 40.0)
    line(stage, gate=None, rate=2.0)


def test_a_seek_at_the_gate_by_a_basic_client_opens_it() -> None:
    stage = playing(bob_full=False)
    stage.says("ann", Seek(timestamp=40.0))
    stage.says("bob", Seek(timestamp=20.0))
    line(stage, gate=None, playing=True, position=20.0, at=stage.now)


def test_a_new_member_does_not_prolong_the_gate() -> None:
    stage = playing()
    stage.says("ann", Seek(timestamp=40.0))
    stage.reports("ann", "paused", 40.0)
    stage.reports("bob", "seeking", 40.0)
    stage.join("cy")
    stage.reports("bob", "paused", 40.0)
    line(stage, gate="seeking")
    stage.passes(1.0)
    line(stage, gate=None)


# ---- stalls ---------------------------------------------------------------------------------------------------------


def test_a_room_that_waits_stops_for_a_stall_and_continues_after_it() -> None:
    stage = playing(wait="everyone")  # at 10.42 s
    stage.reports("bob", "buffering", 10.4)
    stage.passes(0.49)
    line(stage, gate=None)
    stage.passes(0.02)
    sync = stage.sync("ann")
    assert sync.from_client == ROOM_ITSELF
    assert sync.command == Pause(timestamp=sync.timeline.position)
    line(stage, gate="buffering", playing=True, position=10.92, rev=2)
    stage.passes(4.0)
    line(stage, gate="buffering")
    stage.reports("bob", "paused", 10.92)
    line(stage, gate=None, playing=True, position=10.92, at=stage.now + LEAD, rev=3)
    assert stage.sync("ann").command == Play(timestamp=stage.timeline.position)


def test_a_short_stall_stops_nobody() -> None:
    stage = playing(wait="everyone")
    stage.reports("bob", "buffering", 10.4)
    stage.passes(0.4)
    stage.reports("bob", "playing", 10.5)
    stage.passes(5.0)
    line(stage, gate=None, rev=1)


def test_a_room_that_does_not_wait_plays_on_during_a_stall() -> None:
    stage = playing(wait="nobody")
    stage.reports("bob", "buffering", 10.4)
    stage.passes(40.0)
    line(stage, gate=None, rev=1)


def test_a_room_waits_for_a_stall_once_and_for_half_a_minute() -> None:
    stage = playing(wait="everyone")
    stage.reports("bob", "buffering", 10.4)
    stage.passes(30.4)
    line(stage, gate="buffering")
    stage.passes(0.2)
    line(stage, gate=None, rev=3)
    stage.reports("bob", "buffering", 10.4)
    stage.passes(10.0)
    line(stage, gate=None, rev=3)
    stage.reports("bob", "playing", 20.0)
    stage.reports("bob", "buffering", 20.0)
    stage.passes(0.6)
    line(stage, gate="buffering", rev=4)


def test_a_room_that_nobody_follows_pauses_where_the_first_of_them_stands() -> None:
    stage = playing()
    stage.reports("ann", "paused", 12.0, apart=True)
    line(stage, playing=True, rev=1)
    stage.goes_on()
    stage.reports("bob", "paused", 11.0, apart=True)
    line(stage, playing=False, position=11.0, at=stage.now, rev=2)
    message = stage.sync("ann")
    assert (message.from_client, message.reason, message.command) == (ROOM_ITSELF, "apart", Pause(timestamp=11.0))
    stage.says("ann", Play(timestamp=11.0))
    stage.passes(5.0)
    line(stage, playing=True, position=11.0, rev=3)


def test_a_room_that_nobody_follows_waits_for_what_all_that_are_there_report_on_its_timeline() -> None:
    stage = playing()
    for name in ("ann", "bob"):
        stage.loses(name)
    stage.resumes("bob")
    stage.resumes("ann")
    stage.reports("ann", "paused", 30.0, apart=True)
    line(stage, playing=True, rev=1)
    stage.reports("bob", "paused", 20.0, apart=True, rev=0)
    line(stage, playing=True, rev=1)
    stage.reports("bob", "paused", 20.0, apart=True)
    line(stage, playing=False, position=20.0)


def test_a_room_that_nobody_follows_waits_for_a_while_for_those_that_are_away() -> None:
    stage = playing()
    stage.loses("ann")
    stage.passes(4.0)
    stage.reports("bob", "paused", 12.0, apart=True)
    stage.passes(5.9)
    line(stage, playing=True, rev=1)
    stage.passes(0.2)
    line(stage, playing=False, position=12.0, rev=2)


def test_a_room_that_somebody_follows_plays_on() -> None:
    stage = playing()
    stage.reports("ann", "playing", 12.0)
    stage.reports("bob", "paused", 12.0, apart=True)
    stage.passes(20.0)
    line(stage, playing=True, rev=1)


def test_a_room_whose_members_have_all_stopped_the_film_pauses_where_it_is() -> None:
    stage = playing()
    stage.passes(2.0)
    began = stage.timeline
    for name in ("ann", "bob"):
        stage.reports(name, "idle", 0.0, apart=True)
    line(stage, playing=False, position=position_at(began, stage.now))


def test_a_room_that_waits_does_not_wait_for_a_stall_of_a_member_apart() -> None:
    stage = playing(wait="everyone")
    stage.reports("bob", "buffering", 10.4, apart=True)
    stage.passes(2.0)
    line(stage, gate=None, rev=1)


def test_play_ends_the_wait_for_a_stall() -> None:
    stage = playing(wait="everyone")
    stage.reports("bob", "buffering", 10.4)
    stage.passes(1.0)
    stage.says("ann", Play(timestamp=10.92))
    stage.passes(10.0)
    line(stage, gate=None, playing=True, rev=3)


def test_a_policy_change_to_wait_nobody_opens_the_gate() -> None:
    stage = playing(wait="everyone")
    stage.reports("bob", "buffering", 10.4)
    stage.passes(1.0)
    stage.says("ann", SetPolicy(wait="nobody"))
    line(stage, gate=None, playing=True)


def test_a_stall_in_a_paused_room_closes_the_gate_only_when_it_plays() -> None:
    stage = pair(wait="everyone")
    stage.reports("bob", "buffering", 0.0)
    stage.passes(5.0)
    line(stage, playing=False, gate=None, rev=0)
    stage.says("ann", Play(timestamp=0.0))
    line(stage, gate="buffering", position=0.0)


def test_the_gate_does_not_wait_for_a_stalled_member_that_is_away() -> None:
    stage = playing(wait="everyone")
    stage.reports("bob", "buffering", 10.4)
    stage.passes(1.0)
    stage.loses("bob")
    line(stage, gate=None)


# ---- the end --------------------------------------------------------------------------------------------------------


def test_the_room_pauses_at_the_end_of_the_film() -> None:
    stage = playing(position=50.0, bob_full=False)
    started = stage.timeline.at
    stage.passes(20.0)
    expected = SyncBroadcast(
        from_client=ROOM_ITSELF,
        command=Pause(timestamp=60.0),
        timeline=Timeline("epoch-1", 2, False, 60.0, 1.0, started + 10.0),
        reason="ended",
    )
    assert stage.sync("ann") == expected
    assert stage.sync("bob") == expected
    stage.nobody_heard_more()


def test_the_end_is_reached_sooner_at_double_speed() -> None:
    stage = playing(position=50.0)
    stage.says("ann", Speed(rate=2.0))
    stage.passes(4.7)
    line(stage, playing=True)
    stage.passes(0.2)
    line(stage, playing=False, position=60.0)


def test_speed_within_a_lead_of_the_end_does_not_go_past_it() -> None:
    stage = playing(position=59.0)
    stage.passes(0.55)  # at 59.97
    stage.says("ann", Speed(rate=2.0))
    line(stage, position=60.0, playing=True)
    stage.passes(0.1)
    line(stage, position=60.0, playing=False)


def test_a_duration_learned_late_ends_a_film_that_is_past_it() -> None:
    stage = Stage()
    stage.create("ann", file=None, full=False)
    stage.says("ann", Play(timestamp=70.0))
    stage.passes(3.0)
    stage.join("bob", file=FILE)
    line(stage, playing=False, position=60.0)
    assert stage.sync("ann").command == Pause(timestamp=60.0)


def test_an_away_member_may_be_removed_while_the_film_plays() -> None:
    stage = pair()
    stage.loses("bob")
    stage.says("ann", Play(timestamp=0.0))
    stage.goes_on()
    stage.passes(100.0)
    assert stage.heard("ann") == [
        SyncBroadcast(ROOM_ITSELF, Pause(timestamp=60.0), stage.timeline, reason="ended"),
        MemberLeft("bob", "lost"),
    ]
