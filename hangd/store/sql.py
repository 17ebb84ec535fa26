"""SqlStore: everything that outlives a server, in the tables of a `Database` (`migrations` makes them).

Statements are by hand, and the same for all engines.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hangd.protocol.model import Queue
from hangd.protocol.names import member_key
from hangd.store import rows
from hangd.store.base import Account, Checked, KeptRoom, LoginSession, NameInUse, ServerBan, SigningKey, Watched
from hangd.store.database import Database, Row, Run
from hangd.store.dumping import dump_lines, restore_lines
from hangd.store.migrations import schema_of
from hangd.store.rows import ACCOUNTS, BANS, KEYS, LOGINS, QUEUES, ROOMS, WATCHED

_PUT_ROOM: Final = "INSERT INTO rooms VALUES (?, ?) ON CONFLICT (room_id) DO UPDATE SET data = excluded.data"
_PUT_QUEUE: Final = "INSERT INTO queues VALUES (?, ?) ON CONFLICT (room_id) DO UPDATE SET data = excluded.data"
_PUT_LOGIN: Final = (
    "INSERT INTO logins VALUES (?, ?, ?, ?) ON CONFLICT (session_id) DO UPDATE"
    " SET account_id = excluded.account_id, used_at = excluded.used_at, data = excluded.data"
)
_PUT_DIGEST: Final = (
    "INSERT INTO refresh_digests VALUES (?, ?) ON CONFLICT (digest) DO UPDATE SET session_id = excluded.session_id"
)
_PUT_BAN: Final = "INSERT INTO bans VALUES (?, ?) ON CONFLICT (ban_id) DO UPDATE SET data = excluded.data"
_PUT_KEY: Final = "INSERT INTO signing_keys VALUES (?, ?) ON CONFLICT (kid) DO UPDATE SET data = excluded.data"
_CHANGED: Final = "UPDATE revision SET number = number + 1"
_ALONE: Final = "SELECT number FROM revision {locked}"
"""Who changes accounts, logins, bans or keys waits here until no other process does."""
_FORGET_ABOVE: Final = (
    "DELETE FROM watched WHERE number <= (SELECT number FROM watched ORDER BY number DESC LIMIT 1 OFFSET ?)"
)
"""Where there are no more than so many, the inner query has no row, and nothing is removed."""

_NO_QUEUE: Final = Queue()

_T = TypeVar("_T")


class SqlStore:
    """Implements `hangd.store.base.Store`. ``closed`` is called after the database is closed."""

    def __init__(self, database: Database, closed: Callable[[], None] = lambda: None) -> None:
        self._database = database
        self._closed = closed
        self.lasting = database.lasting
        self.where = database.where
        self._queues: dict[str, Queue] = {}
        """The queues that are known to be in the store as they are here, by the room's id."""

    def hurry(self, seconds: float) -> None:
        self._database.hurry(seconds)

    def close(self) -> None:
        self._database.close()
        self._closed()

    # ---- rooms ------------------------------------------------------------------------------------------------------

    def load(self) -> list[KeptRoom]:
        with self._database.reading() as run:
            found, queued = run(rows.selection(ROOMS)), run(rows.selection(QUEUES))
        queues = {str(key): queue for key, queue in rows.decoded(self._database, QUEUES, queued)}
        rooms = [kept for _, kept in rows.decoded(self._database, ROOMS, found)]
        rooms.sort(key=lambda kept: kept.room.room_id)
        self._queues = queues
        # A room without a row of its own for its queue has none, or has it with the rest, as version 1 wrote it.
        return [
            replace(kept, room=replace(kept.room, queue=queues[room_id])) if room_id in queues else kept
            for kept in rooms
            for room_id in (kept.room.room_id,)
        ]

    def write(self, rooms: Sequence[KeptRoom], gone: Sequence[str]) -> None:
        last = {kept.room.room_id: kept for kept in rooms}
        queues = {room_id: kept.room.queue for room_id, kept in last.items()}
        changed = {room_id: queue for room_id, queue in queues.items() if self._queues.get(room_id) != queue}
        kept_apart = [(room_id, _json(queue)) for room_id, queue in changed.items() if queue != _NO_QUEUE]
        without = [*gone, *(room_id for room_id, queue in changed.items() if queue == _NO_QUEUE)]
        smaller = [(room_id, _json(_without_queue(kept))) for room_id, kept in last.items()]
        for room_id in (*gone, *changed):
            self._queues.pop(room_id, None)  # It is not known whether a commit that failed was done.
        with self._database.writing() as run:
            self._database.many(_PUT_ROOM, smaller)
            self._database.many(_PUT_QUEUE, kept_apart)
            for room_id in gone:
                run("DELETE FROM rooms WHERE room_id = ?", room_id)
            for room_id in without:
                run("DELETE FROM queues WHERE room_id = ?", room_id)
        self._queues.update(changed)
        for room_id in gone:
            self._queues.pop(room_id, None)

    # ---- accounts and logins ----------------------------------------------------------------------------------------

    def add_account(self, account: Account) -> None:
        row = (account.account_id, member_key(account.name), _json(account))
        with self._changing() as run:
            if not run("INSERT INTO accounts VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1", *row):
                raise NameInUse(f"there is an account called {account.name} already")

    def account(self, account_id: str) -> Account | None:
        return _only(rows.read(self._database, ACCOUNTS, "WHERE account_id = ?", account_id))

    def account_named(self, name: str) -> Account | None:
        return _only(rows.read(self._database, ACCOUNTS, "WHERE name_key = ?", member_key(name)))

    def accounts(self) -> list[Account]:
        return sorted(rows.read(self._database, ACCOUNTS), key=lambda account: member_key(account.name))

    def change_account(self, account: Account) -> None:
        key = member_key(account.name)
        with self._changing() as run:
            others = run("SELECT 1 FROM accounts WHERE name_key = ? AND account_id <> ?", key, account.account_id)
            if others:
                raise NameInUse(f"there is another account called {account.name}")
            run(
                "UPDATE accounts SET name_key = ?, data = ? WHERE account_id = ?",
                key,
                _json(account),
                account.account_id,
            )

    def remove_account(self, account_id: str) -> None:
        with self._changing() as run:
            run("DELETE FROM accounts WHERE account_id = ?", account_id)
            for (session_id,) in run("DELETE FROM logins WHERE account_id = ? RETURNING session_id", account_id):
                run("DELETE FROM refresh_digests WHERE session_id = ?", session_id)

    def put_login(self, session: LoginSession) -> None:
        with self._changing() as run:
            session_id = session.session_id
            run(_PUT_LOGIN, session_id, session.account_id, session.used_at, _json(session))
            run("DELETE FROM refresh_digests WHERE session_id = ?", session_id)
            self._database.many(_PUT_DIGEST, [(digest, session_id) for digest in rows.digests(session)])

    def login(self, session_id: str) -> LoginSession | None:
        return _only(rows.read(self._database, LOGINS, "WHERE session_id = ?", session_id))

    def login_by_refresh(self, digest: bytes) -> LoginSession | None:
        clause = "WHERE session_id IN (SELECT session_id FROM refresh_digests WHERE digest = ?)"
        return _only(rows.read(self._database, LOGINS, clause, digest.hex()))

    def logins(self, account_id: str | None = None) -> list[LoginSession]:
        if account_id is None:
            found = rows.read(self._database, LOGINS)
        else:
            found = rows.read(self._database, LOGINS, "WHERE account_id = ?", account_id)
        return sorted(found, key=lambda session: (session.created_at, session.session_id))

    def forget_logins(self, used_before: float) -> None:
        with self._database.writing() as run:
            run(_ALONE)
            forgotten = run("DELETE FROM logins WHERE used_at < ? RETURNING session_id", used_before)
            for (session_id,) in forgotten:
                run("DELETE FROM refresh_digests WHERE session_id = ?", session_id)
            if forgotten:
                run(_CHANGED)

    # ---- bans, keys -------------------------------------------------------------------------------------------------

    def bans(self) -> list[ServerBan]:
        return sorted(rows.read(self._database, BANS), key=lambda ban: (ban.created_at, ban.ban_id))

    def put_ban(self, ban: ServerBan) -> None:
        with self._changing() as run:
            run(_PUT_BAN, ban.ban_id, _json(ban))

    def remove_ban(self, ban_id: str) -> None:
        with self._changing() as run:
            run("DELETE FROM bans WHERE ban_id = ?", ban_id)

    def keys(self) -> list[SigningKey]:
        return sorted(rows.read(self._database, KEYS), key=lambda key: (key.created_at, key.kid))

    def put_key(self, key: SigningKey) -> None:
        with self._changing() as run:
            run(_PUT_KEY, key.kid, _json(key))

    def remove_key(self, kid: str) -> None:
        with self._changing() as run:
            run("DELETE FROM signing_keys WHERE kid = ?", kid)

    # ---- history ----------------------------------------------------------------------------------------------------

    def add_watched(self, watched: Sequence[Watched]) -> None:
        with self._database.writing():
            self._database.many(
                "INSERT INTO watched (started_at, data) VALUES (?, ?)",
                [(one.started_at, _json(one)) for one in watched],
            )

    def watched(self, since: float = 0.0) -> list[Watched]:
        return rows.read(self._database, WATCHED, "WHERE started_at >= ? ORDER BY started_at, number", since)

    def forget_watched(self, before: float, most: int) -> int:
        with self._database.writing() as run:
            run("DELETE FROM watched WHERE started_at < ?", before)
            run(_FORGET_ABOVE, most)
            return _number(run("SELECT count(*) FROM watched"))

    # ---- all of it --------------------------------------------------------------------------------------------------

    @contextmanager
    def together(self) -> Iterator[int]:
        with self._database.writing() as run:
            yield _number(run(_ALONE))

    def revision(self) -> int:
        with self._database.reading() as run:
            return _number(run("SELECT number FROM revision"))

    def check(self) -> Checked:
        version = schema_of(self._database).version
        with self._database.reading() as run:
            found = {table: run(rows.selection(table)) for table in rows.TABLES}
            ((aside,),) = run("SELECT count(*) FROM set_aside")
        problems = self._database.problems()
        for table, some in found.items():
            _, damaged, strange = rows.judged(table, some)
            problems += [f"{len(damaged)} of the {table.rows} are damaged"] * bool(damaged)
            problems += [f"{strange} of the {table.rows} cannot be understood"] * bool(strange)
        if aside:
            problems.append(f"{aside!s} damaged rows were set aside before (in the table set_aside)")
        return Checked(version, {table.rows: len(some) for table, some in found.items()}, tuple(problems))

    def dump(self) -> Iterator[bytes]:
        return dump_lines(self._database)

    def restore(self, lines: Iterable[bytes]) -> int:
        self._queues.clear()
        return restore_lines(self._database, lines)

    @contextmanager
    def _changing(self) -> Iterator[Run]:
        """Begin a transaction that changes accounts, logins, bans or keys."""
        with self._database.writing() as run:
            run(_CHANGED)  # First, so that two processes take their locks in the same order.
            yield run


def _json(value: Struct) -> str:
    return msgspec.json.encode(value).decode()


def _only(found: list[_T]) -> _T | None:
    return found[0] if found else None


def _number(found: list[Row]) -> int:
    ((number,),) = found
    assert isinstance(number, int)
    return number


def _without_queue(kept: KeptRoom) -> KeptRoom:
    return replace(kept, room=replace(kept.room, queue=_NO_QUEUE))
