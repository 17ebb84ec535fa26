"""Faults of all kinds, one after the other and at the same time, for a minute: nothing that was promised is broken.

HANG_FAULTS says for how many seconds (3600: an hour), HANG_FAULTS_SEED repeats the order of the faults.
"""

import asyncio
import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from hangd.cluster.base import LIFE_SECONDS
from tests.support.crowds.evening import Evening, evening
from tests.support.crowds.fan import PATIENCE
from tests.support.servers.cluster_processes import Node

SECONDS: Final = float(os.environ.get("HANG_FAULTS", "60"))
SEED: Final = int(os.environ.get("HANG_FAULTS_SEED", "1"))

pytestmark = [pytest.mark.real, pytest.mark.timed, pytest.mark.timeout(SECONDS + 300)]


_KINDS: Final = ("kill", "stop", "cut", "freeze", "inbox", "connections", "term", "redis")
"""Faults that may come at the same time."""
_CUT_SECONDS: Final = 8.0
_WRITTEN_BACK: Final = LIFE_SECONDS + 1.0
"""Seconds within which each node has written back what an empty Redis has to know of its clients, beside rooms."""


async def fault(one: Evening, draw: random.Random, kind: str) -> None:
    """Let something fail, and be right again."""
    node: Node = draw.choice(one.cluster.nodes)
    redis = one.cluster.redis
    match kind:
        case "kill":
            node.kill()
            await asyncio.sleep(4 * draw.random())
            await node.start_as_a_unit()
        case "stop":
            node.stop()
            await asyncio.sleep(6 * draw.random())
            node.go_on()
        case "cut":
            node.link.cut(_CUT_SECONDS * draw.random())
        case "freeze":
            node.link.freeze(_CUT_SECONDS * draw.random())
        case "inbox":
            redis.drop_connections(f"hang-{node.name}-", kind="P")
        case "connections":
            redis.drop_connections()
        case "term":
            await node.terminate()
            await node.start_as_a_unit()
        case _:
            redis.kill()
            await asyncio.sleep(2 * draw.random())
            redis.restart(empty=kind == "redis empty")


async def test_faults_one_after_the_other(tmp_path: Path) -> None:
    draw, happened = random.Random(SEED), Counter[str]()
    async with evening(tmp_path, rooms=6, members=4) as one:
        async with one.through() as kept:
            began = time.monotonic()
            until = began + SECONDS
            while time.monotonic() < until:
                # What Redis has forgotten the owners bring back: so none of them may be away meanwhile.
                kind = "redis empty" if draw.random() < 0.1 else draw.choice(_KINDS)
                is_alone = kind == "redis empty" or draw.random() < 0.7
                if is_alone:
                    await asyncio.sleep(_CUT_SECONDS if kind == "redis empty" else 0.0)
                    await one.goes_on(kept, time.monotonic())
                print(f"{SECONDS - (until - time.monotonic()):7.1f} s: {kind}", flush=True)
                await fault(one, draw, kind)
                happened[kind] += 1
                if is_alone:
                    await one.goes_on(kept, time.monotonic())
                if kind == "redis empty":
                    await asyncio.sleep(_WRITTEN_BACK)
            await one.goes_on(kept, time.monotonic())
            returned = await one.returned(kept, began, within=SECONDS + PATIENCE)
        counted = ", ".join(f"{kind} {times}" for kind, times in happened.items())
        print(f"\n{SECONDS:g} s of faults ({counted}): {returned}; {await one.held(kept)}")
