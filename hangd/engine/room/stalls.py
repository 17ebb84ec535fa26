"""Stalls: the room stops for a member whose player waits for data, and gives up on one that would hold the film.

With the policy ``wait: everyone`` a stall closes the gate, which opens by itself; with ``stall: pause`` it pauses the
room. A client can report stalls that it does not have. So each network has a budget of seconds for each film. Stalls
of its members use it up: each stop has a price, and so has the time for which the gate is closed. Once it is empty the
room has given up on these members: it does not wait for their stalls until it shows another film, or until somebody
sets the rule anew. Everybody is told by the members' state.

``room.Room`` calls `count` and `stop` in every turn, and `count` also before an input may end a stall.
"""

from typing import Final

from hangd.engine.room import history
from hangd.engine.room.connection.ratelimit import Budget
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.state import RoomData
from hangd.engine.timeline import earliest
from hangd.protocol.messages import MemberChanged

_STALL_SECONDS: Final = 0.5
"""A shorter stall is over before a stop and a common start would be."""

_BUDGET: Final = 60.0
_RATE: Final = 0.05
"""Seconds that each network has at once, and gains a second. A slow connection that stalls for a second in each minute,
or for ten in five minutes, is waited for to the end of the film."""

_STOP_COST: Final = 2.0
_PAUSE_COST: Final = 10.0
"""Seconds. What a stop takes from a film beside its duration; after a pause somebody has to press play."""

_EMPTY: Final = 1e-3
_NETWORKS_MOST: Final = 256


def waits(room: RoomData) -> bool:
    """Tell whether a stall would stop the room now."""
    return (room.policy.wait == "everyone" or room.policy.stall == "pause") and room.schedule.running


def count(room: RoomData, now: float) -> None:
    """Charge the time that the gate was closed for stalls until now, and give up on whoever has used up the budget."""
    since = room.stalls_counted
    room.stalls_counted = now if room.schedule.gate == "buffering" else None
    if room.stalls_counted is None or since is None:
        return
    for network in {member.network for member in room.roster if member.stalls}:
        _charge(room, network, max(0.0, now - since), now)


def stop(room: RoomData, now: float) -> None:
    """Close the gate for a stall that has lasted long enough, or pause, if the policy says so."""
    while waits(room):
        stalled = next((one for one in room.roster if (at := _stalled_at(one)) is not None and at <= now), None)
        if stalled is None:
            return
        pauses = room.policy.stall == "pause"
        if not _charge(room, stalled.network, _PAUSE_COST if pauses else _STOP_COST, now):
            continue
        done = room.schedule.pause(now) if pauses else room.schedule.close_gate_for_stall(now)
        room.stalls_counted = None if pauses else now
        room.broadcast(done, reason="stall", about=stalled.client_id)
        history.stalled(room)


def due(room: RoomData) -> float | None:
    """Return when, without another input, `count` or `stop` has something to do."""
    if room.schedule.gate == "buffering" and room.stalls_counted is not None:
        return _empty_at(room, room.stalls_counted)
    due = None
    if waits(room):
        for member in room.roster:
            due = earliest(due, _stalled_at(member))
    return due


def came(room: RoomData, member: RoomMember) -> None:
    """Take in a new member. It may be one on which the room has given up under another client id."""
    budget = room.stalls.get(member.network)
    member.given_up = budget is not None and budget.left <= _EMPTY


def forget(room: RoomData) -> None:
    """Give everybody another chance."""
    room.stalls.clear()
    for member in room.roster:
        if member.given_up:
            member.given_up = False
            room.announce(MemberChanged(member.as_member()))


def check(room: RoomData) -> None:
    """Assert the invariants."""
    assert room.schedule.gate != "buffering" or room.stalls_counted is not None
    assert len(room.stalls) <= _NETWORKS_MOST


def _charge(room: RoomData, network: str, cost: float, now: float) -> bool:
    """Charge the budget of a network. Returns whether it is not used up; else the room gives up on its members."""
    budget = room.stalls.get(network)
    if budget is None:
        if len(room.stalls) >= _NETWORKS_MOST:
            del room.stalls[next(iter(room.stalls))]
        budget = room.stalls[network] = Budget.full(rate=_RATE, burst=_BUDGET, now=now)
    if budget.left <= _EMPTY:
        return False  # So it stays until the room shows another film.
    budget.spend(cost)
    budget.wait(now)  # It gains what has come in meanwhile.
    if budget.left > _EMPTY:
        return True
    for member in room.roster:
        if member.network == network and not member.given_up:
            member.given_up = True
            room.announce(MemberChanged(member.as_member()))
    return False


def _stalled_at(member: RoomMember) -> float | None:
    """Return when this member's stall stops a room that waits for it."""
    return member.buffering_since + _STALL_SECONDS if member.stalls and member.buffering_since is not None else None


def _empty_at(room: RoomData, counted: float) -> float | None:
    """Return when the first of those for which the gate is closed has used up its budget."""
    networks = {member.network for member in room.roster if member.stalls}
    lefts = [room.stalls[network].left if network in room.stalls else _BUDGET for network in networks]
    return counted + min(lefts) / (1.0 - _RATE) if lefts else None
