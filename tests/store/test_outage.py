"""A real server whose PostgreSQL goes away while people watch, and comes back."""

import asyncio
import signal

import pytest

from hangd.server.settings import ServerSettings
from hangd.store.opening import open_postgres
from tests.support.daemons.control import until
from tests.support.servers import server
from tests.support.servers.postgres import PostgresServer

pytestmark = pytest.mark.real


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_rooms_go_on_without_postgresql_and_are_kept_afterwards(
    how: signal.Signals, postgres: PostgresServer
) -> None:
    database = postgres.empty_database()
    url = postgres.url(database)
    with server.process(ServerSettings(database=url)) as running:
        async with await server.typist(running.url) as ada, await server.typist(running.url) as bob:
            await ada.hello("Ada")
            await bob.hello("Bob")
            await ada.create(name="friday")
            await bob.join("friday")
            await asyncio.to_thread(postgres.stop, how)
            try:
                for position in (1.0, 2.0):
                    await ada.say("SyncCommand", action="Seek", timestamp=position)
                    while (await bob.hear("SyncBroadcast"))["timeline"]["position"] != position:
                        pass
                await until(lambda: "rooms cannot be kept for now: postgresql://hang@" in running.log())
            finally:
                await asyncio.to_thread(postgres.start)
            await ada.say("SyncCommand", action="Seek", timestamp=3.0)
            await bob.hear("SyncBroadcast")
            await until(lambda: '"position":3.0' in str(postgres.ask(database, "SELECT data FROM rooms")))
            log = running.log()
            assert log.count("rooms cannot be kept") == 1, log
            assert "Traceback" not in log and postgres.password not in log
        running.child.kill()
        await running.wait()
    store = await asyncio.to_thread(open_postgres, url)
    (kept,) = store.load()
    assert kept.room.timeline.position == 3.0
    store.close()
