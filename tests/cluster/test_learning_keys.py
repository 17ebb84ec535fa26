"""A key that is new at another node is looked for when an invite names it."""

import time

import jwt
import pytest

from hangd.engine.room.admission.identity import BadInvite, GivenInvite
from hangd.server.clustered.keys import SharedKeys
from hangd.server.settings import ServerSettings
from hangd.server.trust.keys import prepare_keys
from hangd.server.trust.pairing import Pairing
from tests.server.trust.served import Served, looked, served
from tests.support.servers.postgres import postgres, postgres_url
from tests.support.servers.redis_server import RedisServer

__all__ = ["postgres", "postgres_url"]


@pytest.fixture(autouse=True)
def _looks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers look at what others have changed at their start, and then only when there is a reason."""
    monkeypatch.setattr("hangd.server.trust.ledger._POLL_SECONDS", 3600.0)


@pytest.mark.real
async def test_by_redis(redis_server: RedisServer) -> None:
    async with served() as first, served() as second:
        shared = [SharedKeys(ServerSettings(cluster=redis_server.url), one.thread) for one in (first, second)]
        for keys, one in zip(shared, (first, second), strict=True):
            await keys.start()
            one.trust.share(keys.bring_together, lambda: None, Pairing())
        try:
            await _is_learned(first, second)
        finally:
            for keys in shared:
                await keys.aclose()


@pytest.mark.real
async def test_with_one_database(postgres_url: str) -> None:
    async with served(url=postgres_url, serving=False) as first, served(url=postgres_url, serving=False) as second:
        for one in (first, second):
            one.trust.share(None, lambda: None, Pairing())
        await _is_learned(first, second)


async def test_a_server_alone_looks_for_no_keys() -> None:
    async with served() as one:
        assert one.trust.learn_invite(_by_nobodys_key()) is None


async def _is_learned(first: Served, second: Served) -> None:
    for one in (first, second):
        await looked(one)
    await _learn(first, _by_nobodys_key())
    await _learn(second, _by_nobodys_key())
    assert isinstance(second.trust.open_invite(_sign(first)), GivenInvite)

    await first.thread.run(lambda store: prepare_keys(store, time.time(), rotate=True))
    await _learn(first, _by_nobodys_key())
    token = _sign(first)
    assert isinstance(second.trust.open_invite(token), BadInvite)
    await _learn(second, token)
    assert isinstance(second.trust.open_invite(token), GivenInvite)
    assert second.trust.learn_invite(token) is None, "it is known"
    assert second.trust.learn_invite("x.y.z") is None, "no key is named"


async def _learn(one: Served, token: str) -> None:
    learning = one.trust.learn_invite(token)
    assert learning is not None
    await learning


def _sign(one: Served) -> str:
    return one.trust.sign_invite("i", room_id="r", role="viewer", issuer="ann", seconds=60.0)


def _by_nobodys_key() -> str:
    return jwt.encode({}, "x" * 32, "HS256", {"kid": "nobody's"})
