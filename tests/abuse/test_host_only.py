"""What a viewer can do to the film of a room that only its host controls, and to a room that waits for everyone."""

import asyncio
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.abuse.raw import HASH, Raw, member
from tests.abuse.siege import ATTACKER, FULL, siege

pytestmark = pytest.mark.real

HOST: Final = "127.8.0.1"
TWO: Final = [{"file": {"size": 6, "name": "next.mkv"}}]


async def _room(port: int, **fields: Any) -> tuple[Raw, Raw, str]:
    """Make a room that only its host controls, with two films. Returns the host, a viewer, and the film's entry."""
    host, created = await member(port, "host", HOST, **{"policy": {"control": "host"}, **fields})
    host.say("QueueInsert", 1, after="end", entries=TWO)
    await host.hear("QueueChanged")
    viewer, _ = await member(port, "viewer", ATTACKER, room=created["room_id"])
    return host, viewer, (await _look(host))["queue"]["current"]


async def _look(host: Raw) -> dict[str, Any]:
    host.say("GetRoom")
    room: dict[str, Any] = (await host.hear("RoomState"))["room"]
    return room


async def _report(raw: Raw, state: str, position: float, rev: int) -> None:
    raw.say("Ping", t0=0.0)
    at = (await raw.hear("Pong"))["t1"]
    raw.say("Report", state=state, position=position, at=at, error=0.0, rev=rev)


LIE: Final = {"size": 5_000_000, "duration": 1.0, "name": "film.mkv"}
KNOWN: Final[dict[str, dict[str, Any]]] = {
    "nothing is known of the film": {},
    "the host knows its name and size": {"file": {"size": 5_000_000, "name": "film.mkv"}},
}
LIES: Final = ("SetFile", "JoinRoom", "Report ended", "Report ended, and the host reports nothing")


async def _lied_to(port: int, told: str, known: str) -> dict[str, Any]:
    """Let a viewer lie to a room of its own. Returns what is different after two seconds."""
    host, viewer, entry = await _room(port, **KNOWN[known])
    before = await _look(host)
    if told == "JoinRoom":
        await member(port, "liar", ATTACKER, room=before["room_id"], file=LIE)
    if told == "SetFile":
        viewer.say("SetFile", 1, file=LIE, file_hash=HASH)
    host.say("SyncCommand", action="Play", timestamp=0.0)
    await host.hear("SyncBroadcast")
    rev = (await _look(host))["timeline"]["rev"]
    if not told.endswith("nothing"):
        await _report(host, "playing", 0.0, rev)
    if told.startswith("Report"):
        await _report(viewer, "ended", 1.0, rev)
    await asyncio.sleep(2.0)
    after = await _look(host)
    for raw in (host, viewer):
        raw.abort()
    line = after["timeline"]
    found = {
        "plays": line["playing"] and line.get("gate") is None,
        "rev": line["rev"],
        "film": after["queue"]["current"],
        "duration": (after["file"] or {}).get("duration"),
    }
    must = {"plays": True, "rev": rev, "film": entry, "duration": None}
    return {name: value for name, value in found.items() if value != must[name]}


async def test_a_viewer_does_not_end_the_film(tmp_path: Path) -> None:
    tries = [(told, known) for told in LIES for known in KNOWN]
    async with siege(tmp_path) as besieged:
        async with besieged.attack(f"{len(tries)} lies of viewers in rooms that only their hosts control"):
            differ = await asyncio.gather(*(_lied_to(besieged.port, told, known) for told, known in tries))
        moved = {f"{told}, where {known}": one for (told, known), one in zip(tries, differ, strict=True) if one}
        print(f"[abuse] {len(moved)} of them moved the film, or told its length")
        assert moved == {}
        besieged.felt.check()


@pytest.mark.timeout(400)
@pytest.mark.skipif(not FULL, reason="takes five minutes; tests/engine/room tries it on simulated time")
async def test_invented_stalls_do_not_hold_the_film(tmp_path: Path) -> None:
    """With ``wait: everyone`` one viewer says all the time that its player stalls."""
    seconds = 300.0
    async with siege(tmp_path) as besieged:
        async with besieged.attack(f"a viewer invents stalls for {seconds:.0f} s"):
            policy = {"control": "host", "wait": "everyone"}
            host, viewer, _ = await _room(besieged.port, policy=policy, file={"size": 5, "duration": 5000.0})
            timelines = [(await _look(host))["timeline"]]

            def got(whole: dict[str, Any]) -> None:
                if whole["type"] == "SyncBroadcast":
                    timelines.append(whole["payload"]["timeline"])
                elif whole["type"] == "Pong":
                    Raw.got(host, whole)

            host.got = got  # type: ignore[method-assign]
            host.say("SyncCommand", action="Play", timestamp=0.0)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                line = timelines[-1]
                await _report(host, "paused" if line.get("gate") else "playing", line["position"], line["rev"])
                # The room gives a stall up after a while. Then the viewer begins a new one.
                if not line.get("gate"):
                    await _report(viewer, "playing", line["position"], line["rev"])
                await _report(viewer, "buffering", line["position"], line["rev"])
                await asyncio.sleep(0.5)
            line = timelines[-1]
            viewer.say("Ping", t0=0.0)
            now = (await viewer.hear("Pong"))["t1"]
            moved = line["position"] + ((now - line["at"]) if line["playing"] and not line.get("gate") else 0.0)
        print(f"[abuse] the film moved by {moved:.1f} s of {seconds:.0f} s")
        besieged.felt.check()
        assert moved > seconds / 2
