"""Open the two connections to Redis, both to one server: one for commands, one for the node's inbox."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Final

import hiredis
from msgspec import Struct

from hangd.cluster.base import ClusterFailed
from hangd.cluster.redis.script_texts import texts
from hangd.cluster.redis.wire import Wire
from hangd.redis_url import RedisPlace

_log = logging.getLogger(__name__)

_SECONDS: Final = 2.0
"""How long connecting may take, and so may each part of greeting."""
_SENTINEL_SECONDS: Final = 1.0
_OLDEST: Final = (7, 0)
"""The oldest version of Redis whose scripts fail as here, with the words with which a command fails, and in which
``min-replicas-to-write`` holds for them."""
_NEEDED: Final = "hang needs Redis 7.0 or later, or Valkey"

_Published = Callable[[bytes, bytes, float], None]


class Dialed(Struct, frozen=True):
    """Both connections, greeted: scripts are loaded, channels are subscribed to."""

    commands: Wire
    inbox: Wire

    def close(self) -> None:
        self.commands.close()
        self.inbox.close()


class Dialer:
    """Opens connections to where ``place`` says.

    Args:
        name: by which Redis lists the connections (CLIENT LIST).
        probe: a key that is never set.
        channels: to subscribe to.

    Raises:
        ClusterFailed: the files with certificates cannot be read.
    """

    def __init__(
        self, place: RedisPlace, name: str, channels: tuple[str, ...], published: _Published, *, probe: str
    ) -> None:
        self._place = place
        self._name = name
        self._probe = probe
        self._channels = channels
        self._published = published
        self._tls = _context(place) if place.is_tls else None
        self._warned = False

    async def dial(self, *, changes: bool) -> Dialed:
        """Return both connections.

        Args:
            changes: whether to try first whether Redis takes changes now.

        Raises:
            ClusterFailed: there is no Redis that can be used.
        """
        opened: list[Wire] = []
        where = self._place.shown
        try:
            host, port = await self._master() if self._place.service else self._first()
            if self._place.service:
                where = f"{host}:{port}, which {self._place.shown} names"
            inbox = await self._open(host, port, opened, self._published)
            commands = await self._open(host, port, opened)
            async with asyncio.timeout(_SECONDS):
                run = [await self._greet(wire) for wire in (inbox, commands)]
                if run[0] != run[1]:
                    raise ConnectionError("it led to two servers, of which one at most is the right one")
                if changes:
                    # It is refused as any change, and changes nothing: there is no such key.
                    await commands.ask("SET", self._probe, "", "XX")
                await asyncio.gather(*(inbox.ask("SUBSCRIBE", channel) for channel in self._channels))
                await asyncio.gather(*(commands.ask("SCRIPT", "LOAD", text) for text in texts().values()))
                await self._look_at_memory(commands)
            if not (inbox.is_open and commands.is_open):
                raise ConnectionError("it has closed the connection")
        except (OSError, TimeoutError, hiredis.HiredisError) as error:
            for wire in opened:
                wire.close()
            raise ClusterFailed(f"Redis at {where} cannot be used: {_sentence(error)}") from error
        except BaseException:
            for wire in opened:
                wire.close()
            raise
        return Dialed(commands, inbox)

    def _first(self) -> tuple[str, int]:
        return self._place.hosts[0] if self._place.hosts else ("", 0)

    async def _open(self, host: str, port: int, opened: list[Wire], published: _Published | None = None) -> Wire:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_SECONDS):
            if self._place.path:
                _, wire = await loop.create_unix_connection(lambda: Wire(published), self._place.path)
            else:
                _, wire = await loop.create_connection(lambda: Wire(published), host, port, ssl=self._tls)
        opened.append(wire)
        return wire

    async def _greet(self, wire: Wire) -> str:
        """Log in, and return the id of the running server."""
        await _log_in(wire, self._place.username, self._place.password)
        if self._place.database:
            await wire.ask("SELECT", self._place.database)
        await wire.ask("CLIENT", "SETNAME", self._name)
        role = await wire.ask("ROLE")
        if role[0] != b"master":
            raise ConnectionError(f"it is a {role[0].decode()}, which takes no changes")
        facts = _facts(await wire.ask("INFO", "server"))
        told = facts.get("redis_version")  # Valkey says here which Redis it is like.
        if told is None:
            raise ConnectionError(f"it does not say its version: {_NEEDED}")
        if tuple(int(part) for part in told.split(".")[:2] if part.isdigit()) < _OLDEST:
            raise ConnectionError(f"it is Redis {told}, which is too old: {_NEEDED}")
        return facts.get("run_id", "")

    async def _master(self) -> tuple[str, int]:
        """Return where the sentinels say that Redis is."""
        why: list[str] = []
        for host, port in self._place.hosts:
            opened: list[Wire] = []
            try:
                async with asyncio.timeout(_SENTINEL_SECONDS):
                    wire = await self._open(host, port, opened)
                    await _log_in(wire, self._place.sentinel_username, self._place.sentinel_password)
                    found = await wire.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._place.service)
                if found is not None:
                    return found[0].decode(), int(found[1])
                why.append(f"the sentinel {host}:{port} knows no {self._place.service!r}")
            except (OSError, TimeoutError, hiredis.HiredisError) as error:
                why.append(f"the sentinel {host}:{port}: {_sentence(error)}")
            finally:
                for wire in opened:
                    wire.close()
        raise ConnectionError("; ".join(why))

    async def _look_at_memory(self, wire: Wire) -> None:
        """Warn once of a Redis that drops what it was given when its memory is full."""
        facts = _facts(await wire.ask("INFO", "memory"))
        policy = facts.get("maxmemory_policy", "noeviction")
        if policy != "noeviction" and not self._warned:
            self._warned = True
            _log.warning(
                "Redis may drop rooms when its memory is full: set maxmemory-policy noeviction, not %s", policy
            )


async def _log_in(wire: Wire, username: str | None, password: str | None) -> None:
    if password is not None:
        await wire.ask("AUTH", *(() if username is None else (username,)), password)


def _facts(text: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in text.decode(errors="replace").splitlines())
    return {name: value for name, colon, value in lines if colon}


def _context(place: RedisPlace) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=place.authority)
        if place.certificate is not None:
            context.load_cert_chain(place.certificate, place.key)
    except OSError as error:
        files = ", ".join(filter(None, (place.authority, place.certificate, place.key)))
        raise ClusterFailed(f"the certificates for Redis cannot be read ({files}): {_sentence(error)}") from error
    return context


def _sentence(error: BaseException) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return f"it has not answered for {_SECONDS:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good: {error.verify_message}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
