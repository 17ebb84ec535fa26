"""Things to keep."""

from hangd.engine.room.saved import SavedRoom, SavedTimeline
from hangd.protocol.model import FileInfo, Policy, Queue, QueueEntry
from hangd.store.base import Account, ClockMark, KeptRoom, LoginSession, ServerBan, SigningKey, Store, Watched

__all__ = ["account", "ban", "everything", "kept", "key", "login", "watched"]


def kept(room_id: str, rev: int = 0, *, queue: int = 0) -> KeptRoom:
    """Return a room, with so many entries in its queue."""
    entries = tuple(QueueEntry(f"e{number}", FileInfo(name=f"{number}.mkv", size=1)) for number in range(queue))
    room = SavedRoom(
        room_id=room_id,
        host_digest=b"digest",
        file_hash="ab" * 32,
        file=None,
        policy=Policy(),
        members=(),
        timeline=SavedTimeline("epoch", rev, False, 0.0, 1.0, 0.0),
        queue=Queue(rev=queue, entries=entries),
    )
    return KeptRoom(room, {"ann": b"proof"}, ClockMark("clock", 1.0, 2.0, "boot"))


def account(number: int, name: str | None = None) -> Account:
    return Account(f"account {number}", name or f"Name {number}", "$argon2id$", 1000.0 + number)


def login(number: int, of: int = 0, *, newest: bytes = b"", used_at: float = 0.0) -> LoginSession:
    digest = newest or b"digest %d" % number
    return LoginSession(f"login {number}", f"account {of}", "hangd 1", 1000.0 + number, used_at, digest)


def ban(number: int) -> ServerBan:
    return ServerBan(f"ban {number}", f"acc:{number}", "eve", 1000.0 + number, until=None, reason="a bad joke")


def key(number: int) -> SigningKey:
    return SigningKey(f"key {number}", "ed25519", bytes([number, 0, 255]), 1000.0 + number)


def watched(number: int, started_at: float) -> Watched:
    return Watched(f"room {number}", "friday", "a film.mkv", 5400.5, started_at, 60.25, 2, 3, 0.004, 0.0125)


def everything(store: Store) -> object:
    """Return all that is in a store."""
    kinds = (store.load, store.accounts, store.logins, store.bans, store.keys, store.watched)
    return [kind() for kind in kinds]
