"""What a command of a member costs beside the writes to the others: counted, because times depend on the machine.

What is counted are the calls of hang's own functions, and those that they make of Python's own (`max`, `isinstance`):
nearly all of that cost consists of these.
"""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

import hangd
from tests.bench.bench_server import crowd, frame

_HANGD: Final = str(Path(hangd.__file__).parent)
_MOST: Final = 190
"""In 2026-12 there were 182, and 245 before they were looked for."""


def calls(work: Callable[[], None]) -> Counter[str]:
    """Return how often which function is called by this work, in hang and from there."""
    counted: Counter[str] = Counter()

    def count(called: FrameType, event: str, argument: Any) -> None:
        if called.f_code.co_filename.startswith(_HANGD):
            if event == "call":
                counted[called.f_code.co_qualname] += 1
            elif event == "c_call":
                counted[argument.__qualname__] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counted


async def pause(size: int) -> Counter[str]:
    """Return what is called for a Pause of a member in a room of so many, which is not their first."""
    hub, members = await crowd(size)
    sender, _ = members[1]
    try:
        for position in range(3):  # The first ones make limits and lists, which are kept.
            before = sum(sock.writes for _, sock in members)
            data = frame("SyncCommand", action="Pause", timestamp=float(position))
            counted = calls(lambda data=data: sender.data_received(data))  # type: ignore[misc]
            assert sum(sock.writes for _, sock in members) - before == size
    finally:
        await hub.aclose()
    return counted


@pytest.mark.parametrize("size", [2, 50])
async def test_a_command_takes_few_calls(size: int) -> None:
    counted = await pause(size)

    assert counted["Hub.receive"] == 1, "this counts"
    assert counted.total() <= _MOST, counted.most_common()


async def test_what_is_called_for_a_command_does_not_depend_on_how_many_are_told() -> None:
    assert await pause(50) == await pause(2)
