"""Decode bytes to messages and encode messages to bytes.

Decoding never raises anything but RemoteProtocolError, whatever the bytes are. It has two steps: the envelope, and then
the payload as the type that the envelope names. So an unknown type is distinguished from a wrong payload, and an error
can carry the request id although the payload is wrong.
"""

from typing import Any, Final

import msgspec

from hangd.protocol.errors import LocalProtocolError, RemoteProtocolError
from hangd.protocol.messages import CLIENT_TYPES, SERVER_TYPES, Action, ClientMessage, RequestId, ServerMessage
from hangd.protocol.model import FRAME_BYTES_MAX
from hangd.protocol.validation import explain

SERVER_BYTES_MAX: Final = 4 * 1024 * 1024
"""Longest message that a client accepts. The state of a room of a thousand members fits."""

_QUOTED_MAX: Final = 200
"""Characters of a path or of a reason in an error. A reason may quote text that the peer sent."""


class _Envelope(msgspec.Struct, frozen=True):
    type: str
    payload: msgspec.Raw = msgspec.Raw(b"{}")
    id: RequestId | None = None
    re: RequestId | None = None


class ClientFrame(msgspec.Struct, frozen=True):
    """A client's message and its request id."""

    message: ClientMessage
    id: RequestId | None


class ServerFrame(msgspec.Struct, frozen=True):
    """A server's message and the id of the request that it answers."""

    message: ServerMessage
    re: RequestId | None


_envelope: Final = msgspec.json.Decoder(_Envelope)
_anything: Final = msgspec.json.Decoder()
_client: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    name: msgspec.json.Decoder(kind) for name, kind in CLIENT_TYPES.items()
}
_server: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    name: msgspec.json.Decoder(kind) for name, kind in SERVER_TYPES.items()
}
_encoder: Final = msgspec.json.Encoder()


def decode_client(data: bytes | str) -> ClientFrame:
    """Decode one frame from a client.

    Raises:
        RemoteProtocolError: TooLarge, UnknownType, or InvalidMessage with the path of the wrong value.
    """
    message, envelope = _decode(data, _client, FRAME_BYTES_MAX)
    return ClientFrame(message, envelope.id)


def decode_server(data: bytes | str) -> ServerFrame:
    """Decode one frame from a server. Raises RemoteProtocolError as `decode_client` does."""
    message, envelope = _decode(data, _server, SERVER_BYTES_MAX)
    return ServerFrame(message, envelope.re)


def encode_client(message: ClientMessage, id: RequestId | None = None) -> bytes:
    """Encode a message of a client as the text of one frame."""
    name = "SyncCommand" if isinstance(message, Action) else type(message).__name__
    return _encode(name, message, CLIENT_TYPES, "id", id)


def encode_server(message: ServerMessage, re: RequestId | None = None) -> bytes:
    """Encode a message of a server as the text of one frame."""
    return _encode(type(message).__name__, message, SERVER_TYPES, "re", re)


def _decode(data: bytes | str, decoders: dict[str, msgspec.json.Decoder[Any]], limit: int) -> tuple[Any, _Envelope]:
    if isinstance(data, str):
        try:
            data = data.encode()
        except UnicodeError as error:
            raise _invalid(error, "$", None) from None
    if len(data) > limit:
        raise RemoteProtocolError("TooLarge", f"the message is {len(data)} bytes long, and at most {limit} are taken")
    try:
        envelope = _envelope.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _invalid(error, "$", None) from None
    decoder = decoders.get(envelope.type)
    if decoder is None:
        raise RemoteProtocolError(
            "UnknownType", f"there is no message type {envelope.type[:40]!r}", path="$.type", request_id=envelope.id
        )
    try:
        # msgspec.Raw does not validate what it skips, and a struct ignores unknown fields. Decode all of it once, so
        # that a frame with invalid JSON in an unknown field is still refused.
        _anything.decode(envelope.payload)
        return decoder.decode(envelope.payload), envelope
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _invalid(error, "$.payload", envelope.id) from None


def _invalid(error: Exception, root: str, request_id: RequestId | None) -> RemoteProtocolError:
    below, why = explain(error)
    path, why = (root + below)[:_QUOTED_MAX], why[:_QUOTED_MAX]
    subject = "the message" if path == "$" else path
    return RemoteProtocolError("InvalidMessage", f"{subject} {why}", path=path, request_id=request_id)


def _encode(name: str, message: object, types: dict[str, object], key: str, request_id: RequestId | None) -> bytes:
    if name not in types:
        raise LocalProtocolError(f"{name} is not a message of this side")
    envelope: dict[str, object] = {"type": name, "payload": message}
    if request_id is not None:
        envelope[key] = request_id
    return _encoder.encode(envelope)
