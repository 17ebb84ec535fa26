"""SuspendWatch: with a process that really stands still, and with a suspend clock that the test sets."""

import asyncio
import time

import pytest

from hangd.client.follower import suspend as waking
from hangd.client.follower.suspend import SuspendWatch


async def test_a_process_that_did_not_run_is_reported() -> None:
    woken: list[float] = []
    watch = SuspendWatch(woken.append)
    await asyncio.sleep(0.1)
    time.sleep(2.8)  # noqa: ASYNC251 - nothing runs, as under SIGSTOP
    await asyncio.sleep(0.1)
    watch.close()
    assert len(woken) == 1


async def test_a_busy_moment_is_not_reported() -> None:
    woken: list[float] = []
    watch = SuspendWatch(woken.append)
    await asyncio.sleep(0.1)
    time.sleep(0.8)  # noqa: ASYNC251
    await asyncio.sleep(0.7)
    watch.close()
    assert woken == []


async def test_a_suspend_is_detected_by_the_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = 100.0
    monkeypatch.setattr(waking, "_suspended_seconds", lambda: slept)
    woken: list[float] = []
    watch = SuspendWatch(woken.append)
    await asyncio.sleep(0.7)
    assert woken == []
    slept = 3700.0
    await asyncio.sleep(0.7)
    assert len(woken) == 1
    watch.close()
