"""Plain HTTP/1.1 on the port of the WebSockets: read requests one after the other, and write the answers.

`hangd.transport.accepting` gives every new connection to an `HttpConnection`. What a request is answered with is
decided elsewhere (an `Acceptor`). One that asks for a WebSocket, and may have it, is handed on as the bytes that it
came in, with all that followed; nothing has been answered then.

Layers: ``h11`` provides the protocol without I/O. What a hostile or slow peer can cost is limited:

- Memory: a request's head has at most `_HEAD_MAX` bytes, and a body is refused unread. Nothing more is read from when a
  request has arrived until it is answered. What had arrived with it is kept once, and `_KEPT_MAX` bytes of it at most.
  Bodies of answers are shared, and written in slices of which one at most waits.
- Time: one network's requests are taken up at a pace, beyond which they wait (`Acceptor`). One request is handled in a
  turn of the event loop, of whichever connection (`Turns`), so that a page that is loaded, or a flood of requests,
  delays no room by more than one of them takes, a third of a millisecond. What makes a head costly to take apart is
  looked for before that is done (`_unread`). After `_REQUESTS_MAX` requests a connection is closed.
- A connection: there are deadlines for the head of a request, for the next request, and for taking an answer.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

import h11

_HEAD_MAX: Final = 16 * 1024
_FIELDS_MAX: Final = 100
"""Each field costs the time of a hundred bytes, however short it is. Browsers send 20, and proxies add 20."""
_SEPARATORS_MAX: Final = 256
"""Commas and semicolons, but for those of cookies, which nobody here takes apart. Browsers send 50."""
_KEPT_MAX: Final = 64 * 1024
"""Bytes that have arrived and are not handled. The system may deliver more of them at once."""
_REQUESTS_MAX: Final = 1000
_HEAD_TIMEOUT: Final = 10.0
"""Seconds from connecting to the end of the first request's head; for later ones, from their first byte."""
_IDLE_TIMEOUT: Final = 20.0
"""Seconds until the next request. A page asks for its parts one after the other."""
_TAKE_TIMEOUT: Final = 20.0
"""Seconds in which a peer has to take `_TAKE_BYTES` of an answer."""
_TAKE_BYTES: Final = 4096
_CLOSE_TIMEOUT: Final = 3.0
_SLICE: Final = 64 * 1024
_METHODS: Final = ("GET", "HEAD")
_VERSIONS: Final = (b"1.0", b"1.1")
_END: Final = re.compile(rb"\n\r?\n")
_NEVER: Final = (b"\n ", b"\n\t", b"\0", b"\v", b"\f")
_COOKIES: Final = re.compile(rb"\ncookie:[^\n]*", re.IGNORECASE)

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """What a peer asks for."""

    target: str
    """The path, and perhaps a query, as they were written."""
    fields: Callable[[str], Sequence[str]]
    """Returns the values of the request's header fields of this name."""
    upgrades: bool = False
    """Whether it asks for a WebSocket."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with."""

    status: int
    body: bytes = b""
    fields: Fields = (("Content-Type", "text/plain; charset=utf-8"),)
    """Header fields, beside those of all answers and those that HTTP itself needs."""
    close: bool = False
    """Whether the connection ends with it."""
    without: Set[str] = frozenset()
    """Names of header fields of all answers that this one has not."""

    @classmethod
    def sentence(cls, status: int, text: str, *fields: tuple[str, str], close: bool = False) -> "Answer":
        """Answer with a text for a person."""
        return cls(status, f"{text}\n".encode(), (("Content-Type", "text/plain; charset=utf-8"), *fields), close)


class Turns:
    """Lets connections do their work one after the other, each in a turn of the event loop of its own."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def ask(self, work: Callable[[], None]) -> None:
        """Have ``work`` called soon."""
        self._waiting.append(work)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        try:
            self._waiting[0]()
        finally:
            self._waiting.popleft()
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._next)


class HttpConnection:
    """One connection, until it ends or becomes a WebSocket.

    Args:
        pace: returns for how many seconds a request has to wait, or the refusal that is its answer.
        decide: returns the answer to a request; None: it may have a WebSocket.
        upgrade: called at most once, with the bytes of a request that becomes a WebSocket and all that followed it.
            Nothing else of this object is to be called then, except `stop`.
        fields: are added to every answer.
        turns: shared by all connections.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        *,
        pace: Callable[[Request], float | Answer],
        decide: Callable[[Request], Answer | None],
        upgrade: Callable[[bytes], None],
        fields: Fields,
        turns: Turns,
    ) -> None:
        self._transport = transport
        self._pace = pace
        self._decide = decide
        self._upgrade = upgrade
        self._fields = fields
        self._turns = turns
        self._loop = asyncio.get_running_loop()
        self._http = h11.Connection(h11.SERVER)
        """It gets the head of one request after the other."""
        self._raw = bytearray()
        """What has arrived since the last request ended."""
        self._size = 0
        """How many bytes of this are the head of the request that is being handled."""
        self._searched = 0
        """How many bytes of this need not be searched for the end of a head again."""
        self._overfull = False
        """Whether more has arrived than is kept: nothing that arrives is kept any more."""
        self._left: memoryview = memoryview(b"")
        """What is not written yet of the answer's body."""
        self._busy = False
        """Whether a request waits for its turn, or is being answered."""
        self._writable = True
        self._no_more = False
        """Whether the peer has said that it sends no more."""
        self._closing = False
        self._is_head = False
        self._requests = 0
        self._unsent = 0
        self._timer: asyncio.TimerHandle | None = None
        self._due(_HEAD_TIMEOUT)

    # ---- what happens to the connection ------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """Take bytes that have arrived."""
        if self._closing or self._overfull:
            return
        if not self._raw and not self._busy and self._requests:  # The first request is due since the connection is.
            self._due(_HEAD_TIMEOUT)
        room = _KEPT_MAX - len(self._raw)
        self._overfull = len(data) > room
        self._raw += data[:room]
        if not self._busy:
            self._seek()

    def eof(self) -> bool:
        """The peer sends no more. Return whether something is still to be written to it."""
        self._no_more = True
        return self._busy and not self._closing

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        if self._http.our_state is h11.SEND_BODY and not self._closing:
            self._pour()

    def stop(self) -> None:
        """Do nothing more: the connection is over, or is somebody else's."""
        self._closing = True
        self._left = memoryview(b"")
        self._raw = bytearray()
        if self._timer is not None:
            self._timer.cancel()

    # ---- requests ----------------------------------------------------------------------------------------------------

    def _seek(self) -> None:
        """Have the next request handled if it has arrived, or cannot become one any more. Otherwise read on."""
        end = _END.search(self._raw, self._searched)
        self._searched = max(len(self._raw) - 2, 0)
        self._size = len(self._raw) if end is None else end.end()
        # h11 refuses what begins with a space or a control character (TLS does) before it is whole.
        if end is None and self._size <= _HEAD_MAX and not b"" < self._raw[:1] <= b" ":
            self._busy = False
            self._transport.resume_reading()
        else:
            self._busy = True
            self._transport.pause_reading()
            self._turns.ask(self._next)

    def _next(self) -> None:
        if self._closing:
            return
        self._is_head = False
        head = bytes(self._raw[: self._size])
        if (answer := _unread(head)) is not None:
            self._answer(answer)
            return
        try:
            self._http.receive_data(head)
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            status = HTTPStatus(error.error_status_hint)
            self._answer(Answer.sentence(status, f"This is no request that is understood here: {status.phrase}."))
        else:
            assert isinstance(event, h11.Request)
            self._requested(event)

    def _requested(self, event: h11.Request) -> None:
        self._requests += 1
        values: dict[str, list[str]] = {}
        for name, value in event.headers:
            values.setdefault(name.decode("ascii"), []).append(value.decode("latin-1"))
        has_body = "transfer-encoding" in values or values.get("content-length", ["0"]) != ["0"]
        upgrades = not has_body and event.method == b"GET" and "websocket" in _tokens(values.get("upgrade", ()))
        self._is_head = event.method == b"HEAD"
        request = Request(event.target.decode("ascii"), lambda name: values.get(name.lower(), ()), upgrades)
        if event.http_version not in _VERSIONS:
            status = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
            self._answer(Answer.sentence(status, "Here one speaks HTTP/1.1.", close=True))
        elif event.method.decode("ascii") not in _METHODS:
            allow = ("Allow", ", ".join(_METHODS))
            self._answer(Answer.sentence(405, "Here one can only look: GET or HEAD.", allow, close=has_body))
        elif has_body:
            self._answer(Answer.sentence(413, "A request must not have a body here.", close=True))
        else:
            self._http.next_event()  # the end of the request
            paced = self._pace(request)
            if isinstance(paced, Answer):
                self._answer(paced)
            elif paced > 0.0:
                self._set_timer(paced, lambda: self._turns.ask(lambda: self._waited(request)))
            else:
                self._decided(request)

    def _waited(self, request: Request) -> None:
        if not self._closing:
            self._decided(request)

    def _decided(self, request: Request) -> None:
        """Answer a request, or let it have its WebSocket."""
        answer = self._decide(request)
        if self._closing:  # It was decided to cut the connection off.
            return
        if answer is None and request.upgrades and self._no_more:
            self._close()
        elif answer is None and request.upgrades:
            raw = bytes(self._raw)
            self.stop()
            self._transport.resume_reading()
            self._upgrade(raw)
        else:
            self._answer(answer or _UPGRADE)

    # ---- answers -----------------------------------------------------------------------------------------------------

    def _answer(self, answer: Answer) -> None:
        is_last = answer.close or self._no_more or self._requests >= _REQUESTS_MAX
        # What follows the requests that are kept is lost. The client asks again.
        is_last = is_last or (self._overfull and _END.search(self._raw, self._size) is None)
        # Otherwise it has a body, or asked for the end of the connection, or cannot be read any further.
        is_last = is_last or self._http.their_state in (h11.SEND_BODY, h11.MUST_CLOSE, h11.CLOSED, h11.ERROR)
        has_body = answer.status != HTTPStatus.NOT_MODIFIED
        common = [field for field in self._fields if field[0] not in answer.without]
        fields = [*answer.fields, *common, ("Date", formatdate(usegmt=True))]
        if has_body:
            fields.append(("Content-Length", str(len(answer.body))))
        if is_last:
            fields.append(("Connection", "close"))
        response = h11.Response(status_code=answer.status, headers=fields, reason=HTTPStatus(answer.status).phrase)
        self._left = memoryview(answer.body if has_body and not self._is_head else b"")
        self._pour(self._sent(response))

    def _pour(self, head: bytes = b"") -> None:
        """Write of the answer what the peer takes, and go on when it is written."""
        while head or (self._left and self._writable):
            part, self._left = self._left[:_SLICE], self._left[_SLICE:]
            data = head + (self._sent(h11.Data(data=bytes(part))) if part else b"")
            head = b""
            self._transport.write(data)
        if self._closing:
            return
        if self._left or not self._writable:  # Short answers, too, wait in the transport one at a time.
            self._due(_TAKE_TIMEOUT)
            return
        self._sent(h11.EndOfMessage())
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE and not self._no_more:
            self._http.start_next_cycle()
            del self._raw[: self._size]
            self._searched = 0
            self._due(_IDLE_TIMEOUT)
            self._seek()
        else:
            self._close()

    def _sent(self, event: h11.Event) -> bytes:
        data = self._http.send(event)
        assert data is not None
        return data

    def _close(self) -> None:
        """End the connection so that the peer gets what is written, whatever it is still sending."""
        self.stop()
        if self._transport.can_write_eof() and not self._no_more:
            # Bytes that nobody reads would make the system cut the connection off, and the peer lose the answer.
            self._transport.write_eof()
            self._transport.resume_reading()
        else:
            self._transport.close()
        self._timer = self._loop.call_later(_CLOSE_TIMEOUT, self._transport.abort)

    # ---- deadlines ---------------------------------------------------------------------------------------------------

    def _due(self, seconds: float) -> None:
        """End the connection after this time, unless something happens sooner that sets another deadline."""
        self._unsent = self._transport.get_write_buffer_size()
        self._set_timer(seconds, self._overdue)

    def _set_timer(self, seconds: float, call: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, call)

    def _overdue(self) -> None:
        # The last part of an answer is still being taken while the next request is waited for.
        unsent = self._transport.get_write_buffer_size()
        if unsent and unsent <= self._unsent - _TAKE_BYTES:
            self._due(_TAKE_TIMEOUT)
        else:
            self.stop()
            self._transport.abort()


_UPGRADE: Final = Answer.sentence(
    HTTPStatus.UPGRADE_REQUIRED, "The rooms are here, for WebSocket clients.", ("Upgrade", "websocket")
)


def _tokens(values: Sequence[str]) -> set[str]:
    return {token.strip().lower() for value in values for token in value.split(",")}


def _unread(head: bytes) -> Answer | None:
    """Return the answer to a head that must not be given to h11. None: it may be.

    h11 reads some lines in another way than proxies do: those that end with LF alone, and those that go on in the next
    one. Two that disagree where a request ends may take what one client has written for the request of another.
    Characters that no value has cost it time that grows with the square of the spaces before them: with 16 KiB nearly
    a second. Fields, and parts of their values, cost each some microseconds, here and in all that takes values apart.
    """
    lines = head.count(b"\n")
    if len(head) > _HEAD_MAX or lines - 2 > _FIELDS_MAX or _separators(head) > _SEPARATORS_MAX:
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        return Answer.sentence(status, "This request is too long.", close=True)
    is_clear = lines == head.count(b"\r\n") == head.count(b"\r") and not any(part in head for part in _NEVER)
    if not is_clear:
        return Answer.sentence(400, "Each line of a request has to end with CR LF, and be whole.", close=True)
    return None


def _separators(head: bytes) -> int:
    count = head.count(b",") + head.count(b";")
    return count if count <= _SEPARATORS_MAX else sum(map(_COOKIES.sub(b"", head).count, (b",", b";")))
