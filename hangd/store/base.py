"""Store: the port for what outlives a server, and the data that is kept.

All methods block. They are called by one thread at a time, but not always by the same one (`hangd.store.thread`). What
fails raises StoreFailed, and nothing was done then. Wall-clock times are Unix times, in seconds.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from hangd.engine.room.saved import SavedRoom
from hangd.protocol.model import AccountName


class ClockMark(Struct, frozen=True):
    """Readings of a server's clocks at one moment, in seconds."""

    clock_id: str
    """The id by which clients know the monotonic clock."""
    monotonic: float
    """Server time."""
    wall: float
    """Unix time."""
    boot: str | None = None
    """The id of the machine's current boot, if the system tells it."""


class KeptRoom(Struct, frozen=True):
    """One room: its state, the proofs of its members, and the clock of its times."""

    room: SavedRoom
    proofs: dict[str, bytes]
    """SHA-256 of each member's resume secret, by client id."""
    mark: ClockMark


class Account(Struct, frozen=True):
    """A person who has a password here."""

    account_id: str
    """Random. It is never given to another account, so a ban of it is for good."""
    name: AccountName
    """Unique by `hangd.protocol.names.member_key`."""
    password_hash: str
    """Argon2id."""
    created_at: float
    invite_id: str | None = None
    """By which invite of the admin it was made. Uses of an invite are counted by it."""


class LoginSession(Struct, frozen=True):
    """One login: a family of refresh tokens, each made for the one before it."""

    session_id: str
    account_id: str
    client: str
    """The program that logged in, for the list of logins."""
    created_at: float
    used_at: float
    refresh_digest: bytes
    """SHA-256 of the newest refresh token."""
    previous_digest: bytes | None = None
    """Of the one before it, which is good until the newest, or the access token made with it, is used."""
    settled: bool = False
    """Whether the newest one, or its access token, was used: the previous one proves theft from then on."""
    other_digests: tuple[bytes, ...] = ()
    """Of further ones that were made for the previous one, newest first, because an answer may have been lost. The
    first that is used becomes the newest, and the others are spent."""
    spent_digests: tuple[bytes, ...] = ()
    """Of the older ones, newest first, as many as are kept: any of them proves theft."""
    revoked: str | None = None
    """Why its tokens are good no more. None: they are."""


class ServerBan(Struct, frozen=True):
    """Who may not come to this server at all."""

    ban_id: str
    tag: str
    """"acc:" and an account's id (`hangd.engine.room.admission.identity`), or "ip:" and a network in CIDR notation."""
    name: str
    """What the admin called it: a name, an address."""
    created_at: float
    until: float | None = None
    reason: str | None = None

    def holds(self, wall: float) -> bool:
        """Tell whether it is not over at this Unix time."""
        return self.until is None or wall < self.until


class SigningKey(Struct, frozen=True):
    """A secret of the server: a key for tokens ("ed25519"), or for the tags of networks ("hmac")."""

    kid: str
    kind: str
    secret: bytes
    created_at: float
    retired_at: float | None = None
    """Since when nothing new is signed with it. What was signed before stays good."""


class Watched(Struct, frozen=True):
    """One film that a room watched, from when it was shown until another one was, or the room was empty."""

    room_id: str
    room: str | None
    """The room's name. None: it has none."""
    film: str | None
    """None: its members do not share names."""
    duration: float | None
    started_at: float
    """When it first played."""
    seconds: float
    """How long it played, in all."""
    members: int
    """The most that had the film at one time."""
    corrections: int
    """How often one of their players had to seek or wait."""
    skew_p50: float | None
    """Of the errors that their players reported, as absolute values in seconds. None: there were too few."""
    skew_p95: float | None


class Checked(Struct, frozen=True):
    """What `Store.check` has found."""

    version: int
    """Of the tables."""
    counts: dict[str, int]
    """How many of each kind there are, by what they are called."""
    problems: tuple[str, ...]
    """A sentence for each thing that is wrong."""


class StoreFailed(Exception):
    """The store cannot do this now. ``str()`` says why, to be put after a colon."""


class StoreBusy(StoreFailed):
    """Another server uses this store."""


class StoreTooNew(StoreFailed):
    """A newer version of hang has changed the store so that this one cannot use it."""


class NameInUse(StoreFailed):
    """There is an account of this name, or of one that looks alike."""


class RoomStore(Protocol):
    """Rooms by id: the part of a store that a hub needs."""

    lasting: bool
    """Whether what is written is still there after this process."""

    def load(self) -> list[KeptRoom]:
        """Return all rooms, in the order of their ids.

        A room that cannot be decoded (damaged, or of another version) stays in the store and is not returned.
        """

    def write(self, rooms: Sequence[KeptRoom], gone: Sequence[str]) -> None:
        """Insert or replace these rooms, and delete those with the ids in ``gone``.

        All of that is done or nothing. When this returns, it survives the end of the process.
        """

    def hurry(self, seconds: float) -> None:
        """The process is ending: wait for nothing after so many seconds. Calls fail instead (StoreFailed).

        It may be called from any thread, also during another call.
        """

    def close(self) -> None:
        """Release the store. No other method may be called afterwards."""


class Store(RoomStore, Protocol):
    """What outlives a server. A server has it for itself until `close` is called; hangd's commands share it with it."""

    where: str
    """Which store it is, for people: a path, or a URL without its password."""

    # ---- accounts and logins ----------------------------------------------------------------------------------------

    def add_account(self, account: Account) -> None:
        """Raises NameInUse."""

    def account(self, account_id: str) -> Account | None: ...

    def account_named(self, name: str) -> Account | None:
        """Return the account of this name, as `hangd.protocol.names.member_key` compares names."""

    def accounts(self) -> list[Account]:
        """Return all accounts, by name."""

    def change_account(self, account: Account) -> None:
        """Replace the account with this id. One that is not there any more stays away. Raises NameInUse."""

    def remove_account(self, account_id: str) -> None:
        """Remove it and its logins."""

    def put_login(self, session: LoginSession) -> None:
        """Insert or replace a login."""

    def login(self, session_id: str) -> LoginSession | None: ...

    def login_by_refresh(self, digest: bytes) -> LoginSession | None:
        """Return the login to which this refresh token belongs or once belonged."""

    def logins(self, account_id: str | None = None) -> list[LoginSession]:
        """Return the logins of one account, or of all."""

    def forget_logins(self, used_before: float) -> None:
        """Remove logins that nobody has used since then."""

    # ---- bans, keys -------------------------------------------------------------------------------------------------

    def bans(self) -> list[ServerBan]: ...

    def put_ban(self, ban: ServerBan) -> None: ...

    def remove_ban(self, ban_id: str) -> None: ...

    def keys(self) -> list[SigningKey]: ...

    def put_key(self, key: SigningKey) -> None: ...

    def remove_key(self, kid: str) -> None: ...

    # ---- history ----------------------------------------------------------------------------------------------------

    def add_watched(self, watched: Sequence[Watched]) -> None: ...

    def watched(self, since: float = 0.0) -> list[Watched]:
        """Return what began to play since then, oldest first."""

    def forget_watched(self, before: float, most: int) -> int:
        """Remove what began to play before this time, and what was kept first if there is more than ``most`` of it.

        Returns how much is left.
        """

    # ---- all of it --------------------------------------------------------------------------------------------------

    def together(self) -> AbstractContextManager[int]:
        """Begin a block in which nothing of another process comes in between what is read and what is changed.

        It is for accounts, logins, bans and keys. The block is given the `revision` at its begin. If it ends by an
        exception, nothing in it was changed.
        """

    def revision(self) -> int:
        """Return a number that rises by one whenever accounts, logins, bans or keys are changed, by whatever process.

        It is cheap: a running server asks for it every two seconds.
        """

    def check(self) -> Checked:
        """Read everything, and let the engine look for damage. Changes nothing."""

    def dump(self) -> Iterator[bytes]:
        """Yield everything that is kept, as lines of JSON, as it is at one moment. The first line names the schema.

        Call nothing else before the last line, or before the iterator is closed.
        """

    def restore(self, lines: Iterable[bytes]) -> int:
        """Put in what `dump` has yielded, of this schema or an older one. Returns the number of rows.

        Raises StoreFailed: the store is not empty, or the lines are not complete. Nothing was put in then.
        """
