"""The set-up of docs/cluster.md that survives the loss of any one machine loses the one with the master of Redis.

Three Redis and three Sentinels run with the files of contrib/cluster, and two nodes with the URL of the Sentinels. The
test is a row of the table in docs/cluster.md, and prints its figure.
"""

import asyncio
import time
from pathlib import Path
from typing import Final

import pytest

from tests.support.crowds.evening import evening, figure
from tests.support.daemons.party import wait_for
from tests.support.servers.redis_server import running_machines

pytestmark = [pytest.mark.real, pytest.mark.timed, pytest.mark.timeout(300)]

PASSWORD: Final = "0123456789abcdef0123456789abcdef"
LAG: Final = 5.0
"""Seconds after which a replica that is gone does not count any more (min-replicas-max-lag)."""
ANSWERED: Final = 15.0
"""Seconds within which a command is answered again. So long a node keeps its clients without Redis."""


async def test_the_machine_of_the_master_is_lost(tmp_path: Path) -> None:
    """A node, Redis and Sentinel are killed. Another Redis becomes the master, and takes writes for good, since the
    third one follows it."""
    with running_machines(PASSWORD) as machines:
        first, *others = machines
        places = ",".join(f"127.0.0.1:{machine.sentinel.port}" for machine in machines)
        secret = tmp_path / "redis-password"
        secret.write_text(PASSWORD)
        secret.chmod(0o600)
        options = ("--cluster-password-file", str(secret))
        url = f"redis+sentinel://{places}/hang/0"
        async with evening(tmp_path, *options, rooms=4, members=3, nodes=2, redis=first.redis, redis_url=url) as one:
            async with one.through() as kept:
                killed = time.monotonic()
                one.cluster.nodes[0].kill()
                first.kill()
                await one.goes_on(kept, killed)
                silence = kept.silence(killed)
                (master,) = {machine.sentinel.master() for machine in others}
                (one.cluster.redis,) = (machine.redis for machine in others if machine.redis.port == master)
                await asyncio.sleep(LAG + 1.0)
                await one.goes_on(kept, time.monotonic())
                returned = await one.returned(kept, killed)
                assert len(one.cluster.redis.ask("ROLE")[2]) == 1, "one of the three Redis is gone for good"
            print(
                f"\nthe machine of the master lost: a command was answered again after {figure(silence)}; "
                f"{returned}; {await one.held(kept)}"
            )
            assert max(silence) <= ANSWERED and kept.epochs() <= 1
            first.redis.start()
            first.sentinel.start()
            wait_for(lambda: first.redis.ask("ROLE")[0] == b"slave", "the machine is back as a replica")
