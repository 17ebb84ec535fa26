"""Bytes to a message and back. Any bytes at all become a message or one RemoteProtocolError, and nothing else.

Decoding is in two steps, the envelope and then the payload by the type that it names: so an unknown type can be told
from a bad payload, and a reply can carry the request's id even where the payload is wrong.
"""

from typing import Any, Final, NamedTuple, cast

import msgspec

from hangd.protocol.errors import LocalProtocolError, RemoteProtocolError
from hangd.protocol.messages import CLIENT_TYPES, SERVER_TYPES, ClientMessage, RequestId, ServerMessage, _Action
from hangd.protocol.model import FRAME_BYTES_MAX
from hangd.protocol.wording import located

__all__ = ["ClientFrame", "ServerFrame", "decode_client", "decode_server", "encode_client", "encode_server"]

# A server's snapshot of a room of a thousand fits; more than that is not a server of ours.
_SERVER_BYTES_MAX: Final = 4 * 1024 * 1024

# A path names nothing that a peer chose (keys of ours and indexes), but a reason may quote what it sent.
_PATH_MAX: Final = 200
_REASON_MAX: Final = 200


class _Envelope(msgspec.Struct, frozen=True):
    type: str
    payload: msgspec.Raw = msgspec.Raw(b"{}")
    id: RequestId | None = None
    re: RequestId | None = None


class ClientFrame(NamedTuple):
    """A client's message with its mark."""

    message: ClientMessage
    id: RequestId | None


class ServerFrame(NamedTuple):
    """A server's message, and the mark of the request that it answers."""

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
    """Decode one frame of a client's.

    Raises:
        RemoteProtocolError: TooLarge, UnknownType, or InvalidMessage with the path of what is wrong.
    """
    message, envelope = _decode(data, _client, FRAME_BYTES_MAX)
    return ClientFrame(cast(ClientMessage, message), envelope.id)


def decode_server(data: bytes | str) -> ServerFrame:
    """Decode one frame of a server's. Raises RemoteProtocolError as `decode_client` does."""
    message, envelope = _decode(data, _server, _SERVER_BYTES_MAX)
    return ServerFrame(cast(ServerMessage, message), envelope.re)


def encode_client(message: ClientMessage, id: RequestId | None = None) -> bytes:
    """Encode a client's message as one text frame."""
    return _encode(message, CLIENT_TYPES, "id", id)


def encode_server(message: ServerMessage, re: RequestId | None = None) -> bytes:
    """Encode a server's message as one text frame."""
    return _encode(message, SERVER_TYPES, "re", re)


def _decode(data: bytes | str, decoders: dict[str, msgspec.json.Decoder[Any]], limit: int) -> tuple[object, _Envelope]:
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
        # Raw skips over a value without looking at the text inside: decode it whole once, so that what the payload's
        # struct ignores is still valid JSON.
        _anything.decode(envelope.payload)
        return decoder.decode(envelope.payload), envelope
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _invalid(error, "$.payload", envelope.id) from None


def _invalid(error: Exception, root: str, request_id: RequestId | None) -> RemoteProtocolError:
    below, why = located(str(error))
    path, why = (root + below)[:_PATH_MAX], why[:_REASON_MAX]
    subject = "the message" if path == "$" else path
    return RemoteProtocolError("InvalidMessage", f"{subject} {why}", path=path, request_id=request_id)


def _encode(message: object, types: dict[str, object], key: str, mark: RequestId | None) -> bytes:
    name = "SyncCommand" if isinstance(message, _Action) else type(message).__name__
    if name not in types:
        raise LocalProtocolError(f"{name} is not a message of this side")
    envelope: dict[str, object] = {"type": name, "payload": message}
    if mark is not None:
        envelope[key] = mark
    return _encoder.encode(envelope)
