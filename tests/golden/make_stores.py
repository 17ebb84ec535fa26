"""The golden stores: databases as each version of the tables made them. They have to open for ever.

``python -m tests.golden.make_stores`` writes those of the newest version, into tests/golden/stores. Those of older
versions stay as they are: the code that made them is gone. Version 1 (a file with rooms alone) was made from the same
rooms, without what they have learned since, and with ``banned`` as it was then.
"""

import subprocess
from pathlib import Path
from typing import Final

from hangd.engine.room.saved import BannedMember, FormerMember, KeptInvite, SavedMember, SavedRoom, SavedTimeline
from hangd.protocol.model import FileInfo, Policy, Queue, QueueEntry
from hangd.store.base import (
    Account,
    ClockMark,
    KeptRoom,
    LoginSession,
    ServerBan,
    SigningKey,
    Store,
    Watched,
)
from hangd.store.migrations import VERSION
from hangd.store.opening import open_file, open_postgres
from tests.support.servers.postgres import postgres_server

__all__ = ["STORES", "fill", "make", "rooms"]

STORES: Final = Path(__file__).parent / "stores"


def rooms() -> list[KeptRoom]:
    """Return two rooms: one that plays, with members, and one that is empty, with a password."""
    film = FileInfo(size=734003200, duration=5400.5, name="Der Räuber.mkv")
    members = (
        SavedMember(
            "c1",
            "Zoë",
            "host",
            ready=True,
            file_hash="ab" * 32,
            file=film,
            return_digest=b"z" * 32,
            tags=("acc:a1", "dev:zoe"),
            account="Zoë",
            owner=True,
        ),
        SavedMember("c2", "bob", "viewer", file_hash="ab" * 32, file=film, return_digest=b"b" * 32),
    )
    queue = Queue(
        rev=4,
        entries=tuple(QueueEntry(f"e{number}", FileInfo(size=number, name=f"part {number}.mkv")) for number in (1, 2)),
        current="e1",
    )
    friday = SavedRoom(
        room_id="11111111-1111-4111-8111-111111111111",
        host_digest=b"h" * 32,
        file_hash="ab" * 32,
        file=film,
        policy=Policy(locked=True),
        members=members,
        timeline=SavedTimeline("0a1b2c3d", 17, True, 61.25, 1.0, 1000.5),
        name="friday 🎬",
        queue=queue,
        former=(FormerMember(b"f" * 32, "cleo", "controller"),),
        bans=(BannedMember("b9", "eve", "Zoë", ("dev:eve", "net:0123"), 87400.0, "spoilers"),),
        invites=(KeptInvite("i1", "controller", "Zoë", "acc:a1", 4600.0, uses=2),),
        revoked={"by:dev:eve": 5000.0},
    )
    empty = SavedRoom(
        room_id="22222222-2222-4222-8222-222222222222",
        host_digest=b"H" * 32,
        file_hash="cd" * 32,
        file=None,
        policy=Policy(),
        members=(),
        timeline=SavedTimeline("4e5f6071", 3, False, 12.0, 1.0, 900.0),
        password_hash="$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g",
        empty_since=950.0,
    )
    mark = ClockMark("clock", 1001.0, 1796029402.75, "a boot")
    return [KeptRoom(friday, {"c1": b"p" * 32, "c2": b"q" * 32}, mark), KeptRoom(empty, {}, mark)]


def fill(store: Store) -> None:
    """Put one of everything into an empty store."""
    store.write(rooms(), [])
    store.add_account(Account("a1", "Zoë", "$argon2id$hash", 1796000000.5))
    store.add_account(Account("a2", "bob", "$argon2id$hash", 1796000001.5))
    store.put_login(
        LoginSession(
            "s1",
            "a1",
            "hangd 1.0",
            1796000002.5,
            1796000003.5,
            b"n" * 32,
            previous_digest=b"o" * 32,
            spent_digests=(b"x" * 32, b"y" * 32),
        )
    )
    store.put_login(LoginSession("s2", "a2", "page", 1796000002.5, 1796000003.5, b"m" * 32, revoked="stolen"))
    store.put_ban(ServerBan("b1", "acc:a2", "bob", 1796000004.5, reason="spoilers"))
    store.put_ban(ServerBan("b2", "net:0123", "192.0.2.0/24", 1796000005.5, until=1796090000.5))
    store.put_key(SigningKey("k1", "ed25519", bytes(range(32)), 1796000006.5, retired_at=1796000007.5))
    store.put_key(SigningKey("k2", "hmac", bytes(range(32, 64)), 1796000006.5))
    friday, empty = (kept.room.room_id for kept in rooms())
    film = Watched(friday, "friday 🎬", "Der Räuber.mkv", 5400.5, 1796000000.0, 5000.25, 2, 3, 0.004, 0.0125)
    store.add_watched([film, Watched(empty, None, None, None, 1796000100.0, 60.0, 1, 0, None, None)])


def make() -> None:
    """Write the stores of the newest version."""
    path = STORES / f"{VERSION}.db"
    path.unlink(missing_ok=True)
    store = open_file(path)
    fill(store)
    (STORES / f"{VERSION}.jsonl").write_bytes(b"".join(store.dump()))
    store.close()
    path.with_name(f"{path.name}.lock").unlink()
    with postgres_server() as server:
        database = server.new_database()
        kept = open_postgres(server.url(database))
        fill(kept)
        kept.close()
        words: list[str | Path] = [
            server.program("pg_dump"),
            "--no-owner",
            "--inserts",
            f"--dbname={server.socket_url(database)}",
        ]
        text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    # psql's own commands, and what names the versions of the programs.
    lines = [line for line in text.splitlines() if line and not line.startswith(("\\", "--"))]
    (STORES / f"{VERSION}.sql").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    STORES.mkdir(exist_ok=True)
    make()
