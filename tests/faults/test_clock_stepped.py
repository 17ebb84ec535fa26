"""The machine's wall clock is set by an hour, while a server runs and between two runs of it."""

import asyncio
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from hangd.protocol.messages import PolicyChanged, SetPolicy
from tests.support.crowds.crowd import crowd
from tests.support.servers.server_process import ServerProcess, server_process
from tests.support.servers.wall_clock import WallClock, wall_clock

__all__ = ["wall_clock"]

pytestmark = pytest.mark.real

HOUR: Final = 3600
SANDBOX: Final = ("unshare", "--mount", "sh", "-c", 'mount -t proc -o subset=pid proc /proc && exec "$@"', "sh")
"""Hides /proc/sys, as ProcSubset=pid does in hang's own unit."""
RULE: Final = SetPolicy(capacity=50)


def logged_at(log: str) -> float:
    """Return the Unix time at which the first line was logged, as the server's clock showed it."""
    return datetime.fromisoformat(log[:23]).timestamp()


async def starts_with_clock(server: ServerProcess, step: int) -> None:
    """Start the server, and check that its clock is set by so many seconds."""
    said = len(server.log())
    await server.start()
    assert logged_at(server.log()[said:]) == pytest.approx(time.time() + step, abs=60.0), "the clock was set"


@pytest.fixture
def boot() -> str:
    """Return what systemd writes for ``%b``, after a look at whether a sandbox hides it."""
    path = "/proc/sys/kernel/random/boot_id"
    seen = subprocess.run([*SANDBOX, "cat", path], capture_output=True, text=True)
    if "No such file" not in seen.stderr:
        pytest.skip(f"a sandbox like systemd's can be made by root alone: {seen.stderr.strip()}")
    return Path(path).read_text().strip().replace("-", "")


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_set_while_the_server_runs(tmp_path: Path, wall_clock: WallClock, step: int) -> None:
    """Nobody notices, and the rooms that are written with the other time are right after a kill, too."""
    async with (
        server_process(tmp_path, environment=wall_clock.environment) as server,
        crowd(server.url, rooms=4, members=3) as people,
    ):
        before = await people.snapshots()
        wall_clock.step(step)
        await asyncio.sleep(3.0)
        assert [fan.name for fan in people.members if fan.lost] == [], "who lost the connection"
        during = people.compare(before, await people.snapshots())
        for group in people.groups[:2]:  # the others were written before the step
            await group.host.ask(RULE, PolicyChanged)
        before = await people.snapshots()
        await people.kept(server, before)
        killed = time.monotonic()
        server.kill()
        await starts_with_clock(server, step)
        came = await people.returned(killed)
        after = people.compare(before, await people.snapshots())
        assert all(fan.clock_id == people.members[0].clock_id for fan in people.members)
        print(f"\nset by {step:+d} s: meanwhile {during}; killed and started: {came}; {after}")
        await people.rooms_work()


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_set_between_two_runs(tmp_path: Path, wall_clock: WallClock, step: int) -> None:
    async with (
        server_process(tmp_path, environment=wall_clock.environment) as server,
        crowd(server.url, rooms=4, members=3) as people,
    ):
        before = await people.snapshots()
        await people.kept(server, before)
        killed = time.monotonic()
        server.kill()
        wall_clock.step(step)
        await starts_with_clock(server, step)
        came = await people.returned(killed)
        after = people.compare(before, await people.snapshots())
        print(f"\nset by {step:+d} s between two runs: {came}; {after}")
        await people.rooms_work()


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_set_between_two_runs_of_a_service_that_does_not_see_the_boot(
    tmp_path: Path, wall_clock: WallClock, boot: str, step: int
) -> None:
    """systemd tells the service which boot it is, so that it need not look at the wall clock."""
    async with (
        server_process(tmp_path, environment=wall_clock.environment | {"BOOT_ID": boot}, prefix=SANDBOX) as server,
        crowd(server.url, rooms=4, members=3) as people,
    ):
        before = await people.snapshots()
        await people.kept(server, before)
        killed = time.monotonic()
        server.kill()
        wall_clock.step(step)
        await server.start()
        came = await people.returned(killed)
        after = people.compare(before, await people.snapshots())
        print(f"\nset by {step:+d} s between two runs of a service: {came}; {after}")
        await people.rooms_work()
