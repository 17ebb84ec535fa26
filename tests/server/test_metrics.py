"""Metrics: a real server is scraped, and Prometheus's own parser reads what it answers."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import InvalidStatus

from hangd.config import ConfigError, Given, load
from hangd.histogram import Histogram
from hangd.server.app import serve
from hangd.server.health import why_not_ready
from hangd.server.listening import StartFailed, WrongSetting
from hangd.server.settings import ServerSettings
from hangd.store.base import Store, StoreFailed
from hangd.store.opening import open_memory
from hangd.store.thread import StoreThread
from tests.rooms.test_hub import Someone, make_hub, until
from tests.support.daemons.party import free_port
from tests.support.servers.server import PATIENCE, process, running, typist

Samples = dict[tuple[str, str], float]


class Scraped:
    """A server, and the place of its metrics."""

    def __init__(self, url: str, port: int) -> None:
        self.url = url
        self.metrics = f"http://127.0.0.1:{port}"
        self.http = url.replace("ws://", "http://").removesuffix("/ws")

    async def samples(self) -> Samples:
        """Return the samples, by name and by the value of the only label, or of the ones that there are."""
        status, _, text = await get(f"{self.metrics}/metrics")
        assert status == 200
        return {
            (one.name, "/".join(one.labels.values())): one.value
            for family in text_string_to_metric_families(text)
            for one in family.samples
        }


@asynccontextmanager
async def scraped(**settings: Any) -> AsyncIterator[Scraped]:
    port = free_port()
    async with running(ServerSettings(metrics=f"127.0.0.1:{port}", **settings)) as url:
        yield Scraped(url, port)


async def get(url: str, method: str = "GET", **fields: str) -> tuple[int, str, str]:
    """Return status, Content-Type and body."""
    request = urllib.request.Request(url, method=method, headers={k.replace("_", "-"): v for k, v in fields.items()})

    def ask() -> tuple[int, str, str]:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read().decode()

    return await asyncio.to_thread(ask)


@pytest.mark.parametrize("kind", ["text/plain", "application/openmetrics-text"])
@pytest.mark.parametrize("version", ["a", "1.a", "", "-1", "9" * 5000, "1.0.0.x", "1.0.0\xff", "2.0.0;escaping=\xff"])
async def test_whatever_a_scraper_accepts_it_gets_the_metrics(kind: str, version: str) -> None:
    async with scraped() as server:
        status, _, text = await get(f"{server.metrics}/metrics", accept=f"{kind};version={version}")
        assert status == 200
        assert "hang_" in text


def difference(before: Samples, after: Samples) -> Samples:
    """Return what has changed, but for what changes by itself."""
    by_itself = ("process_", "hang_event_loop_lag", "hang_store_call", "hang_sent_bytes", "hang_store_waiting")
    return {
        key: value - before[key]
        for key, value in after.items()
        if value != before[key] and not key[0].startswith(by_itself)
    }


async def test_what_two_people_do_is_counted() -> None:
    async with scraped() as server:
        before = await server.samples()
        async with await typist(server.url) as anna, await typist(server.url) as bert:
            await bert.hello("Bert")
            await bert.join((await anna.create())["room_id"])
            await bert.say("SyncCommand", action="Play", timestamp=1.0)
            await anna.hear("SyncBroadcast")
            await bert.say("Ping", t0=1.0)
            await bert.hear("Pong")
            await bert.say("JoinRoom", room_id="elsewhere", file_hash="a" * 64)
            assert (await bert.hear("Error"))["code"] == "AlreadyInRoom"
            during = await server.samples()
            assert during["hang_sent_bytes_total", ""] > 500
            assert difference(before, during) == {
                ("hang_connections", "websocket"): 2,
                ("hang_connections_accepted_total", ""): 2,
                ("hang_clients", "full"): 1,
                ("hang_clients", "basic"): 1,
                ("hang_rooms", "playing"): 1,
                ("hang_members", "present"): 2,
                ("hang_messages_received_total", "Hello"): 1,
                ("hang_messages_received_total", "CreateRoom"): 1,
                ("hang_messages_received_total", "JoinRoom"): 2,
                ("hang_messages_received_total", "SyncCommand"): 1,
                ("hang_messages_received_total", "Ping"): 1,
                ("hang_messages_sent_total", "Welcome"): 1,
                ("hang_messages_sent_total", "RoomCreated"): 1,
                ("hang_messages_sent_total", "RoomJoined"): 1,
                ("hang_messages_sent_total", "SyncBroadcast"): 2,
                ("hang_messages_sent_total", "Pong"): 1,
                ("hang_messages_sent_total", "Error"): 1,
                ("hang_refusals_total", "AlreadyInRoom"): 1,
            }
        async with asyncio.timeout(PATIENCE):
            while (after := await server.samples())["hang_members", "away"] == 0:
                pass
        # Anna, who is a basic client, has left the room; Bert may come back.
        assert (after["hang_rooms", "empty"], after["hang_members", "present"]) == (1, 0)
        assert after["hang_connections_closed_total", "left"] == 2


async def test_no_label_comes_from_a_client() -> None:
    async with scraped() as server:
        before = await server.samples()
        async with await typist(server.url) as mallory:
            await mallory.hello('"} 1 hang_ready{x="')
            for number in range(5):
                await mallory.say(f"Made{number}Up", anything=f"value{number}")
                await mallory.say("JoinRoom", room_id=f"room {number}", file_hash="a" * 64)
            await mallory.create(name="a room", password="of a name")
            for _ in range(2):
                await mallory.say("Login", name=f"name{number}", password="wrong")
                await mallory.hear("Error")
            after = await server.samples()
        assert {key for key in after if key not in before} <= {
            ("hang_account_requests_total", "Login/Forbidden"),
            ("hang_account_requests_total", "Login/RateLimited"),
        }
        assert difference(before, after)["hang_refusals_total", "UnknownType"] == 5
        assert after["hang_password_hashes_total", ""] > before["hang_password_hashes_total", ""]


async def test_who_does_too_much_is_counted() -> None:
    async with scraped(max_per_address=1, lists_per_minute=5) as server:
        before = await server.samples()
        async with await typist(server.url) as flood:
            with pytest.raises(InvalidStatus, match="429"):
                await typist(server.url)
            with contextlib.suppress(ConnectionError):
                for _ in range(50_000):  # 606 at once are enough; what it may say grows while it speaks.
                    await flood.say("ListRooms")
            assert await flood.closed() == 4503
        changed = difference(before, await server.samples())
        assert changed["hang_connections_refused_total", "address"] == 1
        assert changed["hang_connections_closed_total", "4503"] == 1
        assert changed["hang_messages_limited_total", "lists"] >= 1
        assert sum(n for (name, _), n in changed.items() if name == "hang_messages_limited_total") >= 601
        assert changed["hang_refusals_total", "RateLimited"] >= 1
        assert ("hang_connections_closed_total", "left") not in changed


async def test_wrong_passwords_and_foreign_pages_are_counted() -> None:
    async with scraped() as server:
        before = await server.samples()
        async with await typist(server.url) as anna, await typist(server.url) as bert:
            room = await anna.create(password="right")
            await bert.say("JoinRoom", room_id=room["room_id"], file_hash="a" * 64, password="wrong")
            assert (await bert.hear("Error"))["code"] == "WrongPassword"
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Origin": "https://evil.example"}
        assert (await get(f"{server.http}/ws", **upgrade))[0] in (403, 426)
        changed = difference(before, await server.samples())
        assert changed["hang_wrong_secrets_total", ""] == 1
        assert changed["hang_password_hashes_total", ""] == 2
        assert changed["hang_refusals_total", "WrongPassword"] == 1


async def test_the_listener_answers_scrapes_and_health_checks_and_nothing_else() -> None:
    async with scraped() as server:
        status, kind, text = await get(
            f"{server.metrics}/metrics", Accept="application/openmetrics-text; version=1.0.0"
        )
        assert (status, kind.partition(";")[0]) == (200, "application/openmetrics-text")
        assert "hang_build" in {family.name.removesuffix("_info") for family in open_families(text)}  # type: ignore[no-untyped-call]
        assert (await get(f"{server.metrics}/metrics", "HEAD"))[::2] == (200, "")
        assert (await get(f"{server.metrics}/metrics", "POST"))[0] == 405
        for place in (server.metrics, server.http):
            assert (await get(f"{place}/healthz"))[::2] == (200, "ok\n")
            assert (await get(f"{place}/readyz"))[::2] == (200, "ok\n")
        assert (await get(f"{server.metrics}/"))[0] == 404
        assert (await get(f"{server.http}/metrics"))[0] == 404
        with pytest.raises(InvalidStatus, match="404"):
            await typist(server.metrics.replace("http", "ws"))


async def test_many_idle_connections_do_not_take_the_listener_away_for_good() -> None:
    async with scraped() as server:
        port = int(server.metrics.rpartition(":")[2])
        with contextlib.ExitStack() as held:
            for _ in range(16):
                held.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))
            with pytest.raises(OSError):
                await get(f"{server.metrics}/metrics")
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(OSError):
                    await server.samples()
                    break


@pytest.mark.real
async def test_a_server_that_goes_down_is_not_ready_any_more() -> None:
    port = free_port()
    with process(ServerSettings(metrics=f"127.0.0.1:{port}", shutdown_timeout=60)) as server:
        async with await typist(server.url) as anna:
            await anna.hello("Anna")
            anna.connection.transport.pause_reading()  # So it does not answer that the connection is closed.
            server.child.send_signal(signal.SIGTERM)
            answer = (200, "", "ok\n")
            async with asyncio.timeout(PATIENCE):
                while answer[0] == 200:
                    answer = await get(f"http://127.0.0.1:{port}/readyz")
            assert answer[::2] == (503, "not ready: the server is going down\n")
            assert (await get(f"http://127.0.0.1:{port}/healthz"))[0] == 200
            text = (await get(f"http://127.0.0.1:{port}/metrics"))[2]
            assert "\nhang_ready 0.0\n" in text
            assert 'hang_connections_closed_total{code="4001"} 1.0' in text
            anna.connection.transport.resume_reading()
            assert await server.wait() == 0


async def test_a_server_whose_store_fails_is_not_ready() -> None:
    def fail(store: Store) -> None:
        raise StoreFailed("the disk is full")

    class Full:
        def __init__(self, store: Store) -> None:
            self._store = store
            self.is_full = True

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        def write(self, *arguments: Any) -> None:
            if self.is_full:
                fail(self._store)
            self._store.write(*arguments)

    store = Full(open_memory())
    thread = StoreThread(store)
    hub = make_hub(store=thread)
    assert why_not_ready(hub, thread) is None
    Someone(hub).create()
    await until(lambda: hub.store_fails)
    # Reading works, and writing does not: nothing is better.
    await thread.run(lambda store: store.load())
    assert (thread.failing, thread.failures) == (False, 1)
    assert why_not_ready(hub, thread) == "rooms and accounts cannot be kept for now"
    store.is_full = False
    await hub.aclose()
    assert why_not_ready(hub, thread) is None
    with pytest.raises(StoreFailed):
        await thread.run(fail)
    assert why_not_ready(hub, thread) == "rooms and accounts cannot be kept for now"
    hub.go_down(1.0)
    assert why_not_ready(hub, thread) == "the server is going down"
    assert (sum(thread.seconds.counts), thread.waiting) == (4, 0)
    await thread.aclose()


async def test_a_server_that_keeps_nothing_though_it_should_says_so(tmp_path: Path) -> None:
    (tmp_path / "no folder").touch()
    port = free_port()
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    settings = ServerSettings(
        listen=("127.0.0.1:0",), data_dir=str(tmp_path / "no folder"), metrics=f"127.0.0.1:{port}"
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(settings, stop=stop, ready=ready.set_result))
        server = Scraped((await asyncio.wait_for(ready, PATIENCE))[0], port)
        assert (await server.samples())["hang_store_memory_only", ""] == 1
        stop.set()


@pytest.mark.parametrize(
    ("given", "place"),
    [("9464", "127.0.0.1:9464"), ("0.0.0.0:9464", "0.0.0.0:9464"), ("[::1]:0", "[::1]:0"), ("here:1", "here:1")],
)
def test_a_port_alone_is_one_of_this_machine(given: str, place: str) -> None:
    assert load(flags={"metrics": Given("--metrics", given)}, environment={}).server.metrics == place


@pytest.mark.parametrize("given", ["", ":9464", "here", "99999", "localhost:x"])
def test_what_is_no_place_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match=r"--metrics must (be HOST:PORT|have a port)"):
        load(flags={"metrics": Given("--metrics", given)}, environment={})


async def test_a_place_that_is_taken_keeps_the_server_from_starting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = ServerSettings(listen=("127.0.0.1:0",), keep_rooms=False, metrics=place)
        with pytest.raises(StartFailed, match=rf"cannot listen on {place} \(--metrics\): the port is in use"):
            await serve(settings, stop=asyncio.Event(), ready=lambda urls: None)


async def test_without_the_extra_the_server_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    settings = ServerSettings(listen=("127.0.0.1:0",), keep_rooms=False, metrics="127.0.0.1:0")
    with pytest.raises(WrongSetting, match=r"^--metrics needs prometheus-client: install hang-sync\[metrics\]$"):
        await serve(settings, stop=asyncio.Event(), ready=lambda urls: None)


@pytest.mark.real
def test_without_metrics_nothing_of_prometheus_is_loaded() -> None:
    code = "import sys, hangd.server.app; sys.exit('prometheus_client' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE)


def test_a_histogram_counts_by_size() -> None:
    histogram = Histogram((0.1, 1.0))
    for value in (0.0, 0.1, 0.5, 1.0, 1.5):
        histogram.observe(value)
    assert histogram.counts == [2, 2, 1]
    assert histogram.sum == pytest.approx(3.1)
