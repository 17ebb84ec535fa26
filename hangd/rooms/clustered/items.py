"""What travels on a link, as bytes: inputs to a room, what a room orders, and who is at an edge.

All of it comes from other nodes of the same cluster, which are trusted as this one is. A node of another version may
send what this one does not know (docs/cluster.md, "Upgrading"): fields are passed over, and of what cannot be passed
over Unreadable is raised.
"""

from typing import Any, Final

import msgspec
from msgspec import Struct

from hangd.engine.room import effects, inputs
from hangd.engine.room.admission.identity import BadInvite, GivenInvite, Identity
from hangd.protocol.codec import decode_client, decode_server, encode_client, encode_server
from hangd.protocol.errors import HangProtocolError, RemoteProtocolError, RequestRefused
from hangd.protocol.messages import SERVER_TYPES, CreateRoom, Error, JoinRoom, RequestId, ServerMessage
from hangd.rooms.clustered.unreadable import Unreadable
from hangd.rooms.edge.outbox import state_key

SAID_AGAIN: Final = 30.0
"""Seconds after which a line of chat is not said again any more. Edges without an owner give up earlier."""


class Says(Struct, frozen=True, array_like=True, omit_defaults=True):
    """`hangd.engine.room.effects.SendTo`, its message encoded as all clients get it."""

    payload: bytes
    kind: str
    """The name of the message's type."""
    audience: effects.Audience
    ids: tuple[str, ...] = ()
    """Who these are, if ``audience`` says "these"."""
    but: str | None = None
    re: RequestId | None = None
    key: tuple[str, ...] | str | None = None
    """As in `hangd.rooms.edge.outbox.Outbox.put`."""
    line: str | None = None
    """Of a line of chat that may be said again after a fault: a random id, by which edges know that they had it."""
    at: float = 0.0
    """Server time at which that line was said: it is said again to those who were there before."""


class Charges(Struct, frozen=True, array_like=True):
    """What a client's message has made the room send to everybody costs its connection so much."""

    client_id: str
    cost: float


class Stands(Struct, frozen=True, array_like=True):
    """Where the room's timeline is now: for Pong."""

    epoch: str
    rev: int


class Shown(Struct, frozen=True, array_like=True):
    """What an edge has to know of the room, beside what its members are told."""

    alias: str | None
    host: str | None
    """The id of the client that is host, if it is connected anywhere."""
    film: str | None
    """The name of the film, if the room shows it to strangers."""


Order = Says | Charges | Stands | Shown | effects.LetIn | effects.ClientOrder


class Attending(Struct, frozen=True, array_like=True):
    """A client that is in the room, as its edge knows it."""

    client_id: str
    full: bool
    identity: Identity
    is_member: bool
    """False: it has asked to come in, and has had no answer."""
    since: float | None = None
    """As `hangd.rooms.edge.clients.Client.since`. None: its node is of a version that does not tell."""


def says(order: effects.SendTo) -> Says:
    """Return what is said, without the ids of an audience that has a name."""
    message = order.message
    return Says(
        encode_server(message, order.re),
        type(message).__name__,
        order.audience,
        order.members if order.audience == "these" else (),
        order.but,
        order.re,
        state_key(message, order.re),  # type: ignore[arg-type]  # what it returns is one of these
    )


class _Message(Struct, frozen=True, array_like=True):
    """MessageReceived, its message as a client's frame."""

    client_id: str
    frame: bytes
    request_id: RequestId | None


class _Create(Struct, frozen=True, array_like=True):
    """CreateRequested, its message as a client's frame."""

    client_id: str
    name: str
    full: bool
    host_secret: str
    frame: bytes
    request_id: RequestId | None
    return_secret: str | None
    identity: Identity


class _Join(Struct, frozen=True, array_like=True):
    """JoinRequested, its message as a client's frame, and a refusal as the frame of an Error."""

    client_id: str
    name: str
    full: bool
    frame: bytes
    request_id: RequestId | None
    return_secret: str | None
    identity: Identity
    given: GivenInvite | None
    bad: str | None
    limited: bytes | None


class _Checked(Struct, frozen=True, array_like=True):
    """PasswordChecked."""

    client_id: str
    matches: bool
    refused: bytes | None


_ORDERS: Final[dict[str, Any]] = {
    kind.__name__: msgspec.msgpack.Decoder(kind)
    for kind in (
        Says,
        Charges,
        Stands,
        Shown,
        effects.LetIn,
        effects.CheckPassword,
        effects.HashPassword,
        effects.SignInvite,
        effects.CountGuess,
        effects.ForgetMember,
        effects.ShowRoom,
    )
}
_INPUTS: Final[dict[str, Any]] = {
    kind.__name__: msgspec.msgpack.Decoder(kind)
    for kind in (
        _Message,
        _Create,
        _Join,
        _Checked,
        inputs.PasswordHashed,
        inputs.ConnectionLost,
        inputs.ConnectionResumed,
        inputs.IdentityChanged,
        inputs.AccountEnded,
        inputs.AdminRemoved,
        inputs.LatencyMeasured,
    )
}


class _Wire(Struct, frozen=True, array_like=True):
    kind: str
    data: msgspec.Raw


_encoder: Final = msgspec.msgpack.Encoder()
_wire: Final = msgspec.msgpack.Decoder(_Wire)
_who: Final = msgspec.msgpack.Decoder(tuple[Attending, ...])


def encode_order(order: Order) -> bytes:
    return _encoder.encode((type(order).__name__, order))


def decode_order(data: bytes) -> Order:
    """Return the order that `encode_order` was given. Raises Unreadable."""
    return _decode(data, _ORDERS)  # type: ignore[no-any-return]


def encode_input(input: inputs.RoomInput) -> bytes:
    plain: object
    match input:
        case inputs.MessageReceived(client_id=client_id, message=message, request_id=re):
            plain = _Message(client_id, encode_client(message), re)
        case inputs.CreateRequested():
            plain = _Create(
                input.client_id,
                input.name,
                input.full,
                input.host_secret,
                encode_client(input.message),
                input.request_id,
                input.return_secret,
                input.identity,
            )
        case inputs.JoinRequested():
            plain = _Join(
                input.client_id,
                input.name,
                input.full,
                encode_client(input.message),
                input.request_id,
                input.return_secret,
                input.identity,
                input.invite if isinstance(input.invite, GivenInvite) else None,
                input.invite.why if isinstance(input.invite, BadInvite) else None,
                None if input.limited is None else encode_server(Error.of(input.limited)),
            )
        case inputs.PasswordChecked(client_id=client_id, matches=matches):
            refused = encode_server(Error.of(matches)) if isinstance(matches, RequestRefused) else None
            plain = _Checked(client_id, matches is True, refused)
        case _:
            plain = input
    return _encoder.encode((type(plain).__name__, plain))


def decode_input(data: bytes) -> inputs.RoomInput:
    """Return the input that `encode_input` was given. Raises Unreadable."""
    plain = _decode(data, _INPUTS)
    try:
        match plain:
            case _Message(client_id=client_id, frame=frame, request_id=re):
                return inputs.MessageReceived(client_id, decode_client(frame).message, re)
            case _Create():
                creating = decode_client(plain.frame).message
                assert isinstance(creating, CreateRoom)
                return inputs.CreateRequested(
                    plain.client_id,
                    plain.name,
                    plain.full,
                    plain.host_secret,
                    creating,
                    plain.request_id,
                    plain.return_secret,
                    plain.identity,
                )
            case _Join():
                joining = decode_client(plain.frame).message
                assert isinstance(joining, JoinRoom)
                return inputs.JoinRequested(
                    plain.client_id,
                    plain.name,
                    plain.full,
                    joining,
                    plain.request_id,
                    plain.return_secret,
                    plain.identity,
                    plain.given if plain.bad is None else BadInvite(plain.bad),
                    None if plain.limited is None else _refused(plain.limited),
                )
            case _Checked(client_id=client_id, matches=matches, refused=refused):
                return inputs.PasswordChecked(client_id, matches if refused is None else _refused(refused))
            case _:
                return plain  # type: ignore[no-any-return]
    except RemoteProtocolError as error:
        if isinstance(plain, _Message | _Join):
            raise Unreadable.request(plain.client_id, plain.request_id, error) from error
        raise Unreadable(f"a message of a client: {error}") from error
    except (HangProtocolError, AssertionError) as error:
        raise Unreadable(f"a message of a client: {error}") from error


def encode_who(who: tuple[Attending, ...]) -> bytes:
    return _encoder.encode(who)


def decode_who(data: bytes) -> tuple[Attending, ...]:
    """Return who is at an edge. Raises Unreadable."""
    try:
        return _who.decode(data)
    except msgspec.MsgspecError as error:
        raise Unreadable(f"who is at an edge: {error}") from error


def kind_of(order: Says) -> type[ServerMessage] | None:
    """Return the type of what is said. None: this version does not know it, as clients of this version will not."""
    return SERVER_TYPES.get(order.kind)  # type: ignore[return-value]


def said(order: Says) -> ServerMessage:
    """Return the message itself."""
    return decode_server(order.payload).message


def _decode(data: bytes, kinds: dict[str, Any]) -> Any:
    try:
        wire = _wire.decode(data)
        return kinds[wire.kind].decode(wire.data)
    except KeyError as error:
        raise Unreadable(f"an item of the kind {error}") from error
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from error


def _refused(frame: bytes) -> RequestRefused:
    error = decode_server(frame).message
    assert isinstance(error, Error)
    return RequestRefused(error.code, error.message, details=error.details)
