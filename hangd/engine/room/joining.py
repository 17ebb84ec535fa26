"""Door: who comes into a room, under which name, and whose room it is.

A password is hashed and compared elsewhere, for that takes a while (`CheckPassword`). When the answer has come
everything is judged anew: locked, full, or under another password by then counts.
"""

import hashlib
import hmac
import math
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from hangd.engine.room.effects import CheckPassword, CreateRequested, ForgetMember, JoinRequested
from hangd.engine.room.ratelimit import TokenBucket
from hangd.engine.room.refusal import as_error
from hangd.engine.room.requests import Requests
from hangd.engine.room.roster import Occupant
from hangd.engine.room.state import Assembly
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import MemberChanged, MemberJoined, RoomCreated, RoomJoined
from hangd.protocol.model import NAME_MAX

__all__ = ["Door"]

_GUEST_DIGITS: Final = range(5, 27)
"""How many digits of its id a guest whose name is taken gets instead of four; with "guest-" at most 32 characters."""

_WRONG_PASSWORDS_AT_ONCE: Final = 10
_WRONG_PASSWORDS_PER_SECOND: Final = 0.2
"""Whoever guesses, from however many addresses, gets twelve tries a minute: 17,000 a day, of which a password of five
random letters survives two years. While somebody guesses, others wait as well (but for the owner's secret)."""


class _Pending(Struct, frozen=True):
    """A join that waits for its password to be compared with ``password_hash``."""

    request: JoinRequested
    password_hash: str


class Door:
    """Nobody is let in before the room is created, and nobody once the door is ``shut``: the room is forgotten."""

    def __init__(self, assembly: Assembly, requests: Requests, now: float) -> None:
        self.shut = False
        self.host_digest: bytes | None = None
        """SHA-256 of the host's secret: 128 random bits need no salt. None: the room is still to be created."""
        self._room = assembly
        self._requests = requests
        self._pending: dict[str, _Pending] = {}
        self._wrong_passwords = TokenBucket(rate=_WRONG_PASSWORDS_PER_SECOND, burst=_WRONG_PASSWORDS_AT_ONCE, now=now)

    def knock(self, input: CreateRequested | JoinRequested, now: float) -> None:
        """Somebody wants to come in."""
        if input.client_id in self._room.roster or input.client_id in self._pending:
            refused = RequestRefused("AlreadyInRoom", "you are in this room already")
            self._room.send((input.client_id,), as_error(refused), input.request_id)
        elif isinstance(input, CreateRequested):
            self._create(input)
        else:
            self._admit(input, now, proven=None)

    def password_checked(self, client_id: str, now: float, *, matches: bool) -> None:
        pending = self._pending.pop(client_id, None)
        if pending is None:
            return  # it went away in the meantime
        if matches:
            self._admit(pending.request, now, proven=pending.password_hash)
        else:
            self._wrong_passwords.take(now)
            self._refuse(pending.request, RequestRefused("WrongPassword", "wrong password"))

    def turn_away(self, client_id: str) -> None:
        """This one does not wait any longer, if it did."""
        self._pending.pop(client_id, None)

    def check(self) -> None:
        """Assert the invariants."""
        assert not any(client_id in self._room.roster for client_id in self._pending)
        assert not (self.shut and len(self._room.roster))

    # ---- within -----------------------------------------------------------------------------------------------------

    def _create(self, input: CreateRequested) -> None:
        room, message = self._room, input.message
        if self.shut:
            return self._refuse(input, RequestRefused("RoomNotFound", "there is no such room"))
        if self.host_digest is not None:
            return self._refuse(input, RequestRefused("AlreadyInRoom", "this room exists already"))
        self.host_digest = _digest(input.host_secret)
        room.name = message.name
        room.show_first(message.file_hash, message.file)
        if message.policy is not None:
            room.change_policy(message.policy)
            if message.policy.password and room.password_hash is None:
                self._requests.hash_password(input.client_id, message.policy.password, None)
        self._add(input, verifying=False)
        created = RoomCreated(room.room_id, input.client_id, input.host_secret, room.snapshot())
        room.send((input.client_id,), created, input.request_id)

    def _admit(self, input: JoinRequested, now: float, *, proven: str | None) -> None:
        """Let a newcomer in, refuse it, or have its password checked; ``proven`` is the hash that it has matched."""
        room, message = self._room, input.message
        is_owner = self._is_owner(message.host_secret)
        try:
            if self.host_digest is None or self.shut:
                raise RequestRefused("RoomNotFound", "there is no such room")
            if input.client_id in room.banned:
                raise RequestRefused("Banned", "you are banned from this room")
            if room.policy.locked and not is_owner:
                raise RequestRefused("RoomLocked", "this room is locked: nobody else is let in for now")
            if len(room.roster) >= room.policy.capacity:
                raise RequestRefused("RoomFull", f"this room is full: it takes {room.policy.capacity}")
            if room.password_hash is not None and not is_owner and proven != room.password_hash:
                if message.password is None:
                    raise RequestRefused("WrongPassword", "this room has a password")
                if (wait := self._wrong_passwords.wait(now)) > 0:
                    raise RequestRefused("RateLimited", f"too many wrong passwords: wait {math.ceil(wait)} seconds")
                self._pending[input.client_id] = _Pending(input, room.password_hash)
                room.effects.append(CheckPassword(input.client_id, message.password, room.password_hash))
                return
            verifying = room.compare(message.file_hash, message.file)
        except RequestRefused as refused:
            self._refuse(input, refused)
            return
        room.learn_file(message.file_hash, message.file)
        member = self._add(input, verifying=verifying)
        old_host = room.roster.crown(member) if is_owner else None
        joined = RoomJoined(room.room_id, member.client_id, member.role == "host", room.snapshot())
        room.send((member.client_id,), joined, input.request_id)
        room.send(room.roster.full_ids(but=member.client_id), MemberJoined(member.as_member()))
        if old_host is not None:
            room.send(room.roster.full_ids(but=member.client_id), MemberChanged(old_host.as_member()))

    def _add(self, input: CreateRequested | JoinRequested, *, verifying: bool) -> Occupant:
        member = Occupant(
            client_id=input.client_id,
            name=self._name_for(input),
            full=input.full,
            file_hash=input.message.file_hash,
            file=input.message.file,
            verifying=verifying,
        )
        # The first to come into an empty room is its host: somebody must be, and the owner's secret takes it back.
        self._room.roster.add(member)
        return member

    def _name_for(self, input: CreateRequested | JoinRequested) -> str:
        roster = self._room.roster
        if not roster.name_taken(input.name):
            return input.name
        # Two screens of one person's, or two people of one name: let in, and told apart.
        if input.full:
            others: Iterable[str] = (_numbered(input.name, number) for number in range(2, len(roster) + 3))
        else:
            others = (f"guest-{input.client_id[:digits]}" for digits in _GUEST_DIGITS)
        return next((name for name in others if not roster.name_taken(name)), input.name)

    def _is_owner(self, secret: str | None) -> bool:
        # A wrong secret is no error: RoomJoined says who is host, and a client may offer what it kept from long ago.
        if secret is None or self.host_digest is None:
            return False
        return hmac.compare_digest(_digest(secret), self.host_digest)

    def _refuse(self, input: CreateRequested | JoinRequested, refused: RequestRefused) -> None:
        self._room.send((input.client_id,), as_error(refused), input.request_id)
        self._room.effects.append(ForgetMember(input.client_id, "refused"))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _numbered(name: str, number: int) -> str:
    """Return "ann" as "ann-2", within what a name may be long."""
    suffix = f"-{number}"
    return name[: NAME_MAX - len(suffix)].rstrip() + suffix
