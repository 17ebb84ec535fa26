"""Requests: what this client has asked the server and that has no answer yet."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct

from hangd.protocol import messages
from hangd.protocol.errors import Details, ErrorCode
from hangd.protocol.messages import ClientMessage, RequestId, ServerMessage

_Answer = TypeVar("_Answer")


class _Request(Struct, eq=False):
    answer: type
    arrived: Callable[[Any, float], None] | None
    future: asyncio.Future[Any]


class NotConnected(Exception):
    """There is no connection to send over, or it ended before the answer came. ``str()`` says why."""


class ServerRefused(Exception):
    """The server answered with an Error."""

    def __init__(self, error: messages.Error) -> None:
        super().__init__(error.message)
        self.code: ErrorCode = error.code
        self.message = error.message
        self.retry = error.retry
        self.details: Details = error.details or {}


class WrongAnswer(Exception):
    """The server does not speak the protocol. ``str()`` says what it did."""


class Requests:
    """See the module's docstring. ``send`` sends a message with its id; what it raises, `ask` raises."""

    def __init__(self, send: Callable[[ClientMessage, RequestId], None]) -> None:
        self._send = send
        self._waiting: dict[RequestId, _Request] = {}
        self._made = 0

    async def ask(
        self,
        message: ClientMessage,
        answer: type[_Answer],
        arrived: Callable[[_Answer, float], None] | None,
        timeout: float,
    ) -> _Answer:
        """Send a message and wait for its answer. Arguments and errors as for `Connection.request`."""
        self._made += 1
        request_id = f"r{self._made}"
        future: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        self._send(message, request_id)
        self._waiting[request_id] = _Request(answer, arrived, future)
        try:
            async with asyncio.timeout(timeout):
                return await future
        finally:
            self._waiting.pop(request_id, None)

    def received(self, message: ServerMessage, re: RequestId | None, at: float) -> None:
        """Give a request its answer, if this is one.

        Raises:
            WrongAnswer: this message is none to this request. The request has been told.
        """
        request = self._waiting.pop(re, None) if re is not None else None
        if request is None or request.future.done():
            return
        if isinstance(message, messages.Error):
            request.future.set_exception(ServerRefused(message))
        elif isinstance(message, request.answer):
            try:
                if request.arrived is not None:
                    request.arrived(message, at)
            except Exception:
                request.future.set_exception(NotConnected("the server's answer could not be handled"))
                raise
            request.future.set_result(message)
        else:
            why = f"the server answered with a {type(message).__name__} where a {request.answer.__name__} is due"
            request.future.set_exception(NotConnected(why))
            raise WrongAnswer(why)

    def end(self, why: str) -> None:
        """The connection has ended: tell those that wait."""
        waiting, self._waiting = self._waiting, {}
        for request in waiting.values():
            if not request.future.done():
                request.future.set_exception(NotConnected(why))
