"""BusConnection: a connection to a message bus that is made anew when it is lost."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from dbus_fast.aio import MessageBus
from dbus_fast.constants import MessageType
from dbus_fast.errors import DBusError, DBusFastError
from dbus_fast.message import Message

from hangd.log import escape
from hangd.paths import runtime_dir
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

Use = Callable[[MessageBus], Coroutine[Any, Any, None]]
"""Runs while a connection lasts, and is cancelled at its end. Called anew for the next one."""

BUS_ERRORS: Final = (DBusFastError, OSError, EOFError)
"""What calls raise when the other side refuses, is not there, or when the connection breaks."""
ANSWER_ERRORS: Final = (*BUS_ERRORS, LookupError, TypeError, ValueError)
"""The same, and what using an answer raises that is not what was asked for."""

_CONNECT_SECONDS: Final = 10.0
_AGAIN_SECONDS: Final = 1.0
_AGAIN_SECONDS_MAX: Final = 60.0
"""How long to wait after a try that failed. It doubles each time: most computers without a bus never get one."""
_LASTING_SECONDS: Final = 10.0
"""A connection that was shorter than this counts as a try that failed."""


def session_address() -> str | None:
    """Return the address of this user's session bus; None if there is none now."""
    if named := os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return named
    runtime = runtime_dir()
    if runtime is None or not os.path.exists(path := os.path.join(runtime, "bus")):
        return None
    return f"unix:path={_in_address(path)}"


def system_address() -> str:
    """Return the address of the computer's bus."""
    return os.environ.get("DBUS_SYSTEM_BUS_ADDRESS") or "unix:path=/run/dbus/system_bus_socket"


def _in_address(path: str) -> str:
    """Return the path as an address has it: all bytes but a few escaped."""
    plain = b"-/_.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "".join(chr(byte) if byte in plain else f"%{byte:02x}" for byte in os.fsencode(path))


def in_words(error: Exception) -> str:
    """Return an error for the log: its text comes from a service, or there is none."""
    return escape(str(error) or repr(error))


async def call(
    bus: MessageBus, name: str, path: str, interface: str, member: str, signature: str = "", body: Sequence[Any] = ()
) -> Message:
    """Call a method of the service ``name`` and return its reply. Raises one of BUS_ERRORS.

    A service that hangs is waited for, as long as the connection lasts: what it promises in a late answer has to be
    taken back some time.
    """
    message = Message(
        destination=name, path=path, interface=interface, member=member, signature=signature, body=list(body)
    )
    reply: Message = await bus.call(message)
    if reply.message_type is MessageType.ERROR:
        raise DBusError(reply.error_name or "", str(reply.body[0]) if reply.body else "", reply)
    return reply


async def bus_call(bus: MessageBus, member: str, signature: str = "", body: Sequence[Any] = ()) -> Message:
    """Call a method of the bus itself."""
    return await call(
        bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", member, signature, body
    )


async def watch_service(bus: MessageBus, name: str, changed: Callable[[], None]) -> None:
    """Call ``changed`` each time when the service ``name`` comes, goes, or is another process."""

    def heard(message: Message) -> None:
        if message.member == "NameOwnerChanged" and message.body[:1] == [name]:
            changed()

    bus.add_message_handler(heard)
    rule = f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{name}'"
    await bus_call(bus, "AddMatch", "s", [rule])


class BusConnection:
    """See the module's docstring.

    Args:
        name: what the bus is called in the log.
        address: returns the address to connect to; None: there is no bus now.
        uses: what the connection is for.
        passes_files: whether services may hand open files over, which not every way to a bus allows.
    """

    def __init__(
        self, name: str, address: Callable[[], str | None], uses: Sequence[Use], *, passes_files: bool = False
    ) -> None:
        self._name = name
        self._address = address
        self._uses = uses
        self._passes_files = passes_files

    async def keep(self) -> None:
        """Connect, and again after each loss, until cancelled. Says once that the bus is gone, and that it is back."""
        loop = asyncio.get_running_loop()
        delay, lost = _AGAIN_SECONDS, False
        while True:
            began = loop.time()
            try:
                bus = await self._connect()
            except (*BUS_ERRORS, ValueError, TypeError) as error:
                _log.debug("there is no connection to the %s: %s", self._name, in_words(error))
            else:
                if bus is not None:
                    if lost:
                        _log.info("the %s is back", self._name)
                    await self._use(bus)
                    if not lost or loop.time() - began > _LASTING_SECONDS:
                        _log.warning("the %s is gone: hang tries to reach it again", self._name)
                        delay = _AGAIN_SECONDS
                    lost = True
            await asyncio.sleep(delay)
            delay = min(2 * delay, _AGAIN_SECONDS_MAX)

    async def _connect(self) -> MessageBus | None:
        address = self._address()
        if address is None:
            return None
        bus = MessageBus(bus_address=address, negotiate_unix_fd=self._passes_files)
        async with asyncio.timeout(_CONNECT_SECONDS):
            await bus.connect()
        return bus

    async def _use(self, bus: MessageBus) -> None:
        """Let the uses run until the connection is lost."""
        tasks = Tasks()
        try:
            for use in self._uses:
                tasks.start(self._run(use, bus), name=f"{self._name}: {use.__qualname__}")
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
        except BUS_ERRORS as error:
            _log.debug("the %s: %s", self._name, in_words(error))
        finally:
            await tasks.cancel()
            bus.disconnect()

    async def _run(self, use: Use, bus: MessageBus) -> None:
        try:
            await use(bus)
        except BUS_ERRORS as error:
            if bus.connected:
                _log.warning("the %s refuses what hang asks: %s", self._name, in_words(error))
