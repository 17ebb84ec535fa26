"""The contract of all stores: the same answers from memory, a file, and a real PostgreSQL."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hangd.protocol.model import Queue
from hangd.store.base import Account, KeptRoom, LoginSession, NameInUse, ServerBan, SigningKey, Store, Watched
from hangd.store.opening import open_file, open_memory, open_postgres
from tests.store.samples import account, ban, everything, kept, key, login, watched
from tests.support.rooms.strategies import values
from tests.support.servers.postgres import PostgresServer

Reopen = Callable[[], Store]


def test_a_new_store_is_empty(store: Store) -> None:
    assert store.load() == []
    assert not any([store.accounts(), store.logins(), store.bans(), store.keys(), store.watched()])
    assert not any([store.account("account 1"), store.account_named("Ada"), store.login("x")])
    assert store.login_by_refresh(b"digest") is None
    assert store.revision() == 0


# ---- rooms ----------------------------------------------------------------------------------------------------------


def test_written_rooms_are_loaded_again(reopen: Reopen) -> None:
    store = reopen()
    store.write([kept("b"), kept("a", 1)], [])
    store.write([kept("a", 2), kept("c")], ["b", "never was"])
    assert store.load() == reopen().load() == [kept("a", 2), kept("c")]


def test_an_empty_write_is_valid(store: Store) -> None:
    store.write([], [])
    assert store.load() == []


def test_of_a_room_that_is_written_twice_the_last_counts(store: Store) -> None:
    store.write([kept("a", 1, queue=1), kept("a", 2, queue=2)], [])
    assert store.load() == [kept("a", 2, queue=2)]
    store.write([kept("a", 3, queue=3)], ["a"])
    assert store.load() == []


def test_rooms_come_in_the_order_of_their_ids(store: Store) -> None:
    ids = ["Z", "a", "B", "_", "é", "z", "1"]
    store.write([kept(room_id) for room_id in ids], [])
    assert [one.room.room_id for one in store.load()] == sorted(ids)


def test_a_queue_is_kept_through_all_its_changes(reopen: Reopen) -> None:
    steps = [kept("a"), kept("a", 1, queue=3), kept("a", 2, queue=3), kept("a", 3, queue=1), kept("a", 4)]
    for before, after in pairwise([*steps, *reversed(steps)]):
        store = reopen()
        store.write([before], [])
        store.write([after], [])
        assert store.load() == [after]
        assert reopen().load() == [after]
        reopen().write([before], [])  # a new process, which does not know what is there
        assert reopen().load() == [before]


def test_a_room_of_an_id_that_another_one_had_does_not_get_its_queue(reopen: Reopen) -> None:
    store = reopen()
    store.write([kept("a", 1, queue=3)], [])
    store.write([], ["a"])
    store.write([kept("a", 2)], [])
    assert reopen().load() == [kept("a", 2)]


# ---- accounts and logins --------------------------------------------------------------------------------------------


def test_accounts_are_found_by_id_and_by_what_names_look_like(reopen: Reopen) -> None:
    reopen().add_account(account(1, "Ada"))
    reopen().add_account(account(2, "Bob"))
    store = reopen()
    assert store.account("account 1") == account(1, "Ada")
    assert store.account_named("ADA") == store.account_named("ada") == store.account_named("Ａda") == account(1, "Ada")
    assert store.account_named("cleo") is store.account("account 3") is None
    assert store.accounts() == [account(1, "Ada"), account(2, "Bob")]


@pytest.mark.parametrize("name", ["Ada", "ADA", "ada", "Ａda", "A\u00addа".replace("а", "a")])
def test_a_name_is_given_once(name: str, store: Store) -> None:
    store.add_account(account(1, "Ada"))
    with pytest.raises(NameInUse, match="called"):
        store.add_account(account(2, name))
    assert store.accounts() == [account(1, "Ada")]


def test_an_account_changes_and_keeps_its_id(reopen: Reopen) -> None:
    store = reopen()
    store.add_account(account(1, "Ada"))
    store.add_account(account(2, "Bob"))
    changed = replace(account(1, "Adele"), password_hash="another")
    store.change_account(changed)
    assert reopen().accounts() == [changed, account(2, "Bob")]
    store = reopen()
    assert store.account_named("ada") is None
    with pytest.raises(NameInUse):
        store.change_account(replace(changed, name="BOB"))
    assert store.account("account 1") == changed
    store.change_account(replace(changed, name="ADELE"))
    store.add_account(account(3, "Ada"))


def test_a_removed_account_stays_away_with_its_logins(reopen: Reopen) -> None:
    store = reopen()
    store.add_account(account(1))
    store.add_account(account(2))
    for number, of in ((1, 1), (2, 1), (3, 2)):
        store.put_login(login(number, of))
    store.remove_account("account 1")
    store.change_account(account(1))
    assert store.accounts() == [account(2)]
    assert reopen().logins() == [login(3, 2)]
    assert reopen().login_by_refresh(b"digest 1") is None


def test_logins_are_replaced_and_listed_by_account(reopen: Reopen) -> None:
    store = reopen()
    for number, of in ((2, 1), (1, 1), (3, 2)):
        store.put_login(login(number, of))
    changed = replace(login(2, 1), settled=True, used_at=5.0)
    store.put_login(changed)
    store = reopen()
    assert store.logins("account 1") == [login(1, 1), changed]
    assert store.logins() == [login(1, 1), changed, login(3, 2)]
    assert store.login("login 2") == changed
    assert store.logins("nobody") == []


def test_a_login_is_found_by_each_of_its_refresh_tokens(reopen: Reopen) -> None:
    store = reopen()
    one = replace(login(1), previous_digest=b"before", other_digests=(b"lost",), spent_digests=(b"old", b"older"))
    store.put_login(one)
    store.put_login(login(2))
    store = reopen()
    for digest in (b"digest 1", b"before", b"lost", b"old", b"older"):
        assert store.login_by_refresh(digest) == one
    assert store.login_by_refresh(b"digest") is None
    newer = replace(
        one, refresh_digest=b"newest", previous_digest=b"digest 1", other_digests=(), spent_digests=(b"before",)
    )
    store.put_login(newer)
    assert store.login_by_refresh(b"newest") == store.login_by_refresh(b"before") == newer
    assert store.login_by_refresh(b"older") is None


def test_logins_that_nobody_uses_are_forgotten(reopen: Reopen) -> None:
    store = reopen()
    for number in range(4):
        store.put_login(login(number, used_at=float(number)))
    store.forget_logins(2.0)
    assert [one.session_id for one in reopen().logins()] == ["login 2", "login 3"]
    assert reopen().login_by_refresh(b"digest 1") is None


# ---- bans, keys, history --------------------------------------------------------------------------------------------


def test_bans_and_keys_are_put_replaced_and_removed(reopen: Reopen) -> None:
    store = reopen()
    for number in (2, 1, 3):
        store.put_ban(ban(number))
        store.put_key(key(number))
    store.put_ban(replace(ban(2), reason=None, until=7.5))
    store.put_key(replace(key(2), retired_at=7.5))
    store.remove_ban("ban 3")
    store.remove_key("key 3")
    store.remove_ban("no such ban")
    store = reopen()
    assert store.bans() == [ban(1), replace(ban(2), reason=None, until=7.5)]
    assert store.keys() == [key(1), replace(key(2), retired_at=7.5)]


def test_history_is_told_oldest_first_and_forgotten(reopen: Reopen) -> None:
    store = reopen()
    store.add_watched([watched(1, 20.0), watched(2, 10.0)])
    store.add_watched([watched(3, 20.0)])
    store.add_watched([])
    store = reopen()
    assert store.watched() == [watched(2, 10.0), watched(1, 20.0), watched(3, 20.0)]
    assert store.watched(20.0) == [watched(1, 20.0), watched(3, 20.0)]
    assert store.watched(20.5) == []
    assert store.forget_watched(20.0, most=2) == 2
    assert reopen().watched() == [watched(1, 20.0), watched(3, 20.0)]


def test_what_was_kept_first_goes_where_there_is_too_much_history(reopen: Reopen) -> None:
    store = reopen()
    store.add_watched([watched(number, 100.0 - number) for number in range(10)])
    assert store.forget_watched(0.0, most=10) == 10
    assert store.forget_watched(0.0, most=3) == 3
    assert store.watched() == [watched(9, 91.0), watched(8, 92.0), watched(7, 93.0)]
    store.add_watched([watched(1, 1000.0)])
    assert store.forget_watched(0.0, most=2) == 2
    assert reopen().watched() == [watched(9, 91.0), watched(1, 1000.0)]


# ---- the revision ---------------------------------------------------------------------------------------------------


CHANGES: dict[str, Callable[[Store], object]] = {
    "add_account": lambda store: store.add_account(account(7)),
    "change_account": lambda store: store.change_account(account(1, "New")),
    "remove_account": lambda store: store.remove_account("account 1"),
    "put_login": lambda store: store.put_login(login(7)),
    "forget_logins": lambda store: store.forget_logins(1e9),
    "put_ban": lambda store: store.put_ban(ban(7)),
    "remove_ban": lambda store: store.remove_ban("ban 1"),
    "put_key": lambda store: store.put_key(key(7)),
    "remove_key": lambda store: store.remove_key("key 1"),
}
OTHERS: dict[str, Callable[[Store], object]] = {
    "write": lambda store: store.write([kept("a")], ["b"]),
    "load": lambda store: store.load(),
    "add_watched": lambda store: store.add_watched([watched(1, 1.0)]),
    "forget_watched": lambda store: store.forget_watched(1e9, 1),
    "forget no logins": lambda store: store.forget_logins(-1.0),
    "accounts": lambda store: store.accounts(),
    "dump": lambda store: list(store.dump()),
}


@pytest.mark.parametrize("change", [*CHANGES, *OTHERS])
def test_the_revision_rises_with_what_a_running_server_must_learn(change: str, reopen: Reopen) -> None:
    store = reopen()
    store.add_account(account(1))
    store.put_login(login(1, 1))
    store.put_ban(ban(1))
    store.put_key(key(1))
    before = store.revision()
    (CHANGES | OTHERS)[change](store)
    after = store.revision()
    assert (after > before) == (change in CHANGES)
    assert reopen().revision() == after


def test_a_name_in_use_changes_nothing(store: Store) -> None:
    store.add_account(account(1, "Ada"))
    before = store.revision()
    with pytest.raises(NameInUse):
        store.add_account(account(2, "ada"))
    assert store.revision() == before


# ---- anything -------------------------------------------------------------------------------------------------------

FEW = st.sampled_from(["a", "b", "c"])
NAMES = st.sampled_from(["Ada", "ada", "Bob", "Zoë", "🎬"])
DIGESTS = st.sampled_from([b"1", b"2", b"3", b"4"])
TIMES = st.sampled_from([0.0, 1.5, 1e9, 1796029402.7473767])


def changed(made: st.SearchStrategy[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of another one, with these fields drawn from few."""
    return st.builds(lambda one, some: replace(one, **some), made, st.fixed_dictionaries(fields))


rooms = st.builds(
    lambda one, room_id, queue: replace(one, room=replace(one.room, room_id=room_id, queue=queue)),
    values(KeptRoom),
    FEW,
    st.just(Queue()) | values(Queue),
)
accounts = changed(values(Account), account_id=FEW, name=NAMES)
logins = st.builds(
    lambda one, session_id, account_id, digests, used_at: replace(
        one,
        session_id=session_id,
        account_id=account_id,
        used_at=used_at,
        refresh_digest=session_id.encode() + digests[0],
        previous_digest=session_id.encode() + digests[1],
        other_digests=(),
        spent_digests=tuple(session_id.encode() + digest for digest in digests[2:]),
    ),
    values(LoginSession),
    FEW,
    FEW,
    st.lists(DIGESTS, min_size=2, unique=True),
    TIMES,
)
bans = changed(values(ServerBan), ban_id=FEW)
keys = changed(values(SigningKey), kid=FEW)
history = st.lists(changed(values(Watched), started_at=TIMES), max_size=3)


def call(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, tuple[object, ...]]]:
    return st.tuples(st.just(name), st.tuples(*arguments))


calls = st.lists(
    st.one_of(
        call("write", st.lists(rooms, max_size=3), st.lists(FEW, max_size=2)),
        call("add_account", accounts),
        call("change_account", accounts),
        call("remove_account", FEW),
        call("put_login", logins),
        call("forget_logins", TIMES),
        call("put_ban", bans),
        call("remove_ban", FEW),
        call("put_key", keys),
        call("remove_key", FEW),
        call("add_watched", history),
        call("forget_watched", TIMES, st.integers(0, 4)),
        call("revision"),
        call("account_named", NAMES),
        call("logins", FEW),
        call("watched", TIMES),
        call("load"),
    ),
    max_size=12,
)


def answer(store: Store, name: str, arguments: tuple[object, ...]) -> object:
    try:
        return getattr(store, name)(*arguments)
    except NameInUse as error:
        return str(error)


def by_digest(store: Store) -> object:
    return [store.login_by_refresh(f"{session_id}{digest}".encode()) for session_id in "abc" for digest in "1234"]


@pytest.fixture
def fresh(postgres: PostgresServer, tmp_path: Path) -> Iterator[Callable[[], dict[str, Store]]]:
    """Return a function that makes an empty store of each kind."""
    with ExitStack() as cleanup:
        numbers = itertools.count()

        def make() -> dict[str, Store]:
            cleanup.close()
            made: dict[str, Store] = {
                "memory": open_memory(),
                "file": open_file(tmp_path / str(next(numbers)) / "rooms.db"),
                "postgres": open_postgres(postgres.url(postgres.empty_database())),
            }
            for one in made.values():
                cleanup.callback(one.close)
            return made

        yield make


@pytest.mark.timeout(400)
@given(calls)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_all_stores_give_the_same_answers_and_restore_each_others_backups(
    fresh: Callable[[], dict[str, Store]], calls: list[tuple[str, tuple[object, ...]]]
) -> None:
    stores = fresh()
    for name, arguments in calls:
        first, *others = [answer(store, name, arguments) for store in stores.values()]
        assert others == [first, first], name
    whole, *same = [(everything(store), by_digest(store)) for store in stores.values()]
    assert same == [whole, whole]
    backups = {kind: list(store.dump()) for kind, store in stores.items()}
    for (kind, backup), empty in zip(backups.items(), reversed(fresh().values()), strict=True):
        assert empty.restore(backup) == len(backup) - 2, kind
        assert (everything(empty), by_digest(empty)) == whole
