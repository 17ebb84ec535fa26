"""Bans: what a banned member is known by, for how long it is kept out, and who is not."""

from typing import Any

import msgspec
import pytest

from hangd.engine.room.admission.identity import Identity
from hangd.engine.room.inputs import AccountEnded, ConnectionResumed, IdentityChanged
from hangd.engine.room.room import Room
from hangd.engine.room.saved import SavedRoom
from hangd.engine.room.state import RoomSettings
from hangd.protocol.invites import Ban, Bans, GetBans, Unban
from hangd.protocol.messages import Kick, LeaveRoom, MemberLeft, RoomLeft, SetRole
from tests.support.rooms.stage import SECRET, Stage

DAY = 86400.0


def who(*, account: str | None = None, device: str | None = None, network: str | None = None) -> Identity:
    tags = [("acc:", account), ("dev:", device), ("net:", network)]
    return Identity(tuple(kind + tag for kind, tag in tags if tag is not None), account)


EVE = who(account="eve", device="laptop", network="home")
MAL = who(device="phone", network="cafe")
BASIL = who(network="school")


def room(*guests: tuple[str, Identity]) -> Stage:
    """A room of ann's with these guests."""
    stage = Stage(ttl=10 * DAY)
    stage.create("ann", identity=who(account="ann", device="tower", network="flat"))
    for name, identity in guests:
        stage.join(name, identity=identity, secret=f"the-return-secret-of-{name}")
    stage.goes_on()
    return stage


def banned(name: str, identity: Identity) -> Stage:
    """A room from which ann has banned this guest."""
    stage = room((name, identity))
    stage.says("ann", Kick(name, ban=True, reason="rude"))
    stage.goes_on()
    return stage


def comes_in(stage: Stage, identity: Identity, **fields: Any) -> bool:
    """Let somebody try to come in, as a new client, and leave again."""
    stage.join("again", name="somebody", identity=identity, **fields)
    if "again" not in stage.ids:
        assert stage.error("again").code == "Banned"
        return False
    stage.says("again", LeaveRoom())
    stage.goes_on()
    return True


def bans(stage: Stage, by: str = "ann") -> tuple[Ban, ...]:
    stage.goes_on()
    stage.says(by, GetBans(), re=1)
    ((answer, re),) = stage.answers(by)
    assert isinstance(answer, Bans) and re == 1
    return answer.bans


def restarted(stage: Stage, clock: float = 0.0) -> Stage:
    """The same room after a restart of its server, whose clock shows ``clock`` seconds more."""
    saved = msgspec.json.decode(msgspec.json.encode(stage.room.saved()), type=SavedRoom)
    stage.now += clock
    stage.room = Room.restored(saved.moved(clock), epoch="epoch-2", settings=RoomSettings(ttl=10 * DAY), now=stage.now)
    stage.room.check()
    return stage


# ---- by what somebody is kept out -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tried", "let_in"),
    [
        (EVE, False),
        (who(account="eve"), False),
        (who(account="eve", device="new", network="elsewhere"), False),
        (who(device="laptop"), False),
        (who(account="another", device="laptop"), False),
        (who(network="home"), True),  # She had an account, so her household may come in.
        (who(device="new", network="home"), True),
        (who(), True),
    ],
)
def test_who_had_an_account_is_kept_out_by_it_and_by_its_device(tried: Identity, let_in: bool) -> None:
    assert comes_in(banned("eve", EVE), tried) is let_in


@pytest.mark.parametrize(
    ("tried", "let_in"),
    [
        (MAL, False),
        (who(device="phone", network="elsewhere"), False),
        (who(device="new", network="cafe"), False),
        (who(network="cafe"), False),
        (who(account="bea", device="new", network="cafe"), True),  # Another person of that network.
        (who(account="bea", device="phone", network="cafe"), False),
        (who(device="new", network="elsewhere"), True),
    ],
)
def test_who_had_no_account_is_kept_out_by_its_device_and_its_network(tried: Identity, let_in: bool) -> None:
    assert comes_in(banned("mal", MAL), tried) is let_in


def test_a_basic_client_is_kept_out_by_its_network_alone() -> None:
    stage = room()
    stage.join("basil", full=False, identity=BASIL)
    stage.says("ann", Kick("basil", ban=True))
    assert [ban.kinds for ban in bans(stage)] == [("network",)]
    assert not comes_in(stage, who(network="school", device="any"))


def test_a_network_is_kept_out_for_a_day() -> None:
    stage = banned("mal", MAL)
    stage.passes(DAY - 1)
    assert not comes_in(stage, who(network="cafe"))
    stage.passes(2)
    assert comes_in(stage, who(network="cafe"))
    assert not comes_in(stage, who(device="phone"))
    assert bans(stage)[0].kinds == ("device",)


def test_a_ban_of_a_network_alone_is_gone_after_a_day() -> None:
    stage = banned("basil", BASIL)
    assert len(bans(stage)) == 1
    stage.passes(DAY)
    assert bans(stage) == ()


def test_who_is_known_by_nothing_stays_out_for_as_long_as_it_is_connected() -> None:
    stage = banned("bob", who())
    stage.join("bob")
    assert stage.error("bob").code == "Banned"
    stage.join("bob-anew", name="bob")
    assert "bob-anew" in stage.ids


def test_a_network_that_is_banned_does_not_matter_to_a_former_member() -> None:
    stage = room(("mal", MAL), ("mum", who(device="tv", network="cafe")))
    stage.says("mum", LeaveRoom())
    stage.says("ann", Kick("mal", ban=True))
    stage.goes_on()
    assert not comes_in(stage, who(device="tv", network="cafe"))
    assert comes_in(stage, who(device="tv", network="cafe"), return_secret="the-return-secret-of-mum")
    assert not comes_in(stage, MAL, return_secret="the-return-secret-of-mal"), "who is banned has nothing to return by"


def test_nothing_keeps_out_the_owner() -> None:
    stage = banned("eve", EVE)
    assert comes_in(stage, EVE, host_secret=SECRET)


# ---- the same person twice ------------------------------------------------------------------------------------------


def test_all_that_the_same_person_is_in_the_room_goes() -> None:
    stage = room(("eve", EVE), ("eve-2", who(account="eve", device="phone")), ("bob", who(device="his")))
    stage.says("ann", Kick("eve", ban=True), re=7)
    assert stage.ids == ["ann", "bob"]
    assert [message.reason for message in stage.heard("eve-2") if isinstance(message, RoomLeft)] == ["banned"]
    answers = [(type(message), re) for message, re in stage.answers("ann")]
    assert answers == [(MemberLeft, None), (MemberLeft, 7)]


def test_nobody_bans_a_device_or_account_of_its_own() -> None:
    stage = room(("ann-2", who(account="ann", device="phone")))
    stage.says("ann", Kick("ann-2", ban=True))
    error = stage.error("ann")
    assert (error.code, "without a ban" in error.message) == ("Forbidden", True)
    stage.says("ann", Kick("ann-2"))
    assert stage.ids == ["ann"]


def test_the_host_may_ban_a_neighbour_of_the_same_network() -> None:
    stage = room(("mal", who(device="phone", network="flat")))
    stage.says("ann", Kick("mal", ban=True))
    assert stage.ids == ["ann"]
    stage.join("ann-2", identity=who(account="ann", network="flat"))
    assert "ann-2" in stage.ids


def test_logging_out_is_no_way_past_a_ban() -> None:
    stage = room(("eve", EVE))
    stage.feed(IdentityChanged("eve", who(device="laptop", network="home")))
    assert stage.member("eve").account is None
    stage.says("ann", Kick("eve", ban=True))
    assert not comes_in(stage, who(account="eve", device="new"))


def test_many_devices_push_no_account_out_of_a_ban() -> None:
    stage = room(("eve", EVE))
    for number in range(9):
        stage.loses("eve")
        stage.feed(ConnectionResumed("eve", who(account="eve", device=f"new-{number}", network="home")))
    stage.feed(IdentityChanged("eve", who(device="new-8", network="home")))
    stage.says("ann", Kick("eve", ban=True))
    assert not comes_in(stage, who(account="eve", device="another"))


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("restart", [False, True])
def test_going_and_coming_back_as_nobody_is_no_way_past_a_ban(*, away: bool, restart: bool) -> None:
    stage = room(("eve", EVE))
    if away:
        stage.loses("eve")
    else:
        stage.says("eve", LeaveRoom())
    if restart:
        restarted(stage)
        stage.resumes("ann")
    stage.join("eve-2", identity=who(device="new"), return_secret="the-return-secret-of-eve")
    stage.goes_on()
    stage.says("ann", Kick("eve-2", ban=True))
    assert not comes_in(stage, who(account="eve", device="another"))


def test_who_has_left_does_not_come_back_by_its_secret_when_it_was_banned_as_another_member() -> None:
    stage = room(("eve", EVE), ("eve-2", who(device="laptop")))
    stage.says("eve", LeaveRoom())
    stage.says("ann", Kick("eve-2", ban=True))
    assert not comes_in(stage, who(device="new"), return_secret="the-return-secret-of-eve")
    stage.says("ann", Unban(bans(stage)[0].id))
    assert comes_in(stage, who(device="new"), return_secret="the-return-secret-of-eve")


def test_who_turns_out_to_be_banned_goes() -> None:
    """It came in without its account, from another device, and logs in."""
    stage = banned("eve", EVE)
    stage.join("new", identity=who(device="new"))
    stage.goes_on()
    stage.feed(IdentityChanged("new", who(account="eve", device="new")))
    (left,) = stage.heard("new")
    assert isinstance(left, RoomLeft) and left.reason == "banned"
    assert stage.ids == ["ann"]


def test_who_resumes_as_somebody_banned_goes() -> None:
    stage = banned("eve", EVE)
    stage.join("new", identity=who(device="new"))
    stage.loses("new")
    stage.goes_on()
    stage.feed(ConnectionResumed("new", who(account="eve", device="new")))
    assert stage.ids == ["ann"]


def test_a_host_that_bans_an_owner_keeps_it_out_no_longer_than_it_shows_its_secret() -> None:
    stage = room(("bob", who(device="his")))
    stage.says("ann", SetRole("bob", "host"))
    stage.says("bob", Kick("ann", ban=True))
    assert stage.ids == ["bob"]
    assert not comes_in(stage, who(account="ann"))
    stage.join("ann-2", identity=who(account="ann"), host_secret=SECRET)
    assert stage.member("ann-2").role == "host"


# ---- lists and lifting ----------------------------------------------------------------------------------------------


def test_the_host_sees_who_is_banned_and_by_what() -> None:
    stage = room(("eve", EVE), ("mal", MAL))
    stage.says("ann", Kick("eve", ban=True, reason="rude"))
    stage.says("ann", Kick("mal", ban=True))
    stage.passes(100.0)
    eve, mal = bans(stage)
    assert (eve.name, eve.by, eve.kinds, eve.reason, eve.network_until) == (
        "eve",
        "ann",
        ("account", "device"),
        "rude",
        None,
    )
    assert (mal.name, mal.kinds, mal.reason, mal.network_until) == ("mal", ("device", "network"), None, DAY - 100.0)
    assert eve.id != mal.id


def test_a_ban_that_is_lifted_keeps_nobody_out() -> None:
    stage = banned("eve", EVE)
    (ban,) = bans(stage)
    stage.says("ann", Unban(ban.id), re=2)
    assert stage.answers("ann") == [(Bans(()), 2)]
    assert comes_in(stage, EVE)


def test_lifting_a_ban_that_is_not_there_says_so() -> None:
    stage = banned("eve", EVE)
    stage.says("ann", Unban("b9-other"))
    error = stage.error("ann")
    assert (error.code, error.message.startswith("$.payload.id is no ban of this room")) == ("InvalidMessage", True)
    assert len(bans(stage)) == 1


@pytest.mark.parametrize("message", [GetBans(), Unban("b1-epoch-1"), Kick("ann", ban=True)])
def test_bans_are_the_hosts(message: Any) -> None:
    stage = banned("eve", EVE)
    stage.join("bob")
    stage.goes_on()
    stage.says("bob", message)
    assert stage.error("bob").code == "Forbidden"


def test_there_are_not_more_bans_than_are_kept() -> None:
    stage = room()
    for number in range(257):
        stage.join(f"m{number}", identity=who(device=f"d{number}"))
        stage.says("ann", Kick(f"m{number}", ban=True))
    assert len(bans(stage)) == 256
    assert stage.ids == ["ann", "m256"]
    stage.says("ann", Unban(bans(stage)[0].id))
    stage.says("ann", Kick("m256", ban=True))
    assert stage.ids == ["ann"]


# ---- restarts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clock", [0.0, -50_000.0, 50_000.0])
def test_a_ban_outlives_the_server(clock: float) -> None:
    stage = banned("mal", MAL)
    stage.passes(3600.0)
    restarted(stage, clock)
    stage.resumes("ann")
    assert not comes_in(stage, who(device="phone"))
    assert not comes_in(stage, who(network="cafe"))
    assert bans(stage)[0].network_until == pytest.approx(DAY - 3600.0)
    stage.passes(DAY - 3600.0)
    assert comes_in(stage, who(network="cafe"))


def test_a_ban_made_after_a_restart_has_an_id_of_its_own() -> None:
    stage = restarted(banned("mal", MAL))
    stage.resumes("ann")
    stage.join("eve", identity=EVE)
    stage.says("ann", Kick("eve", ban=True))
    assert len({ban.id for ban in bans(stage)}) == 2


def test_a_member_that_is_away_since_a_restart_can_be_banned() -> None:
    stage = restarted(room(("eve", EVE)))
    stage.join("ann-2", name="ann", host_secret=SECRET)
    stage.says("ann-2", Kick("eve", ban=True))
    assert not comes_in(stage, who(account="eve"))


def test_a_room_that_was_saved_when_bans_named_connections_is_restored() -> None:
    stage = room(("eve", EVE))
    old = msgspec.json.decode(msgspec.json.encode(stage.room.saved()))
    old["banned"] = ["6f9619ff-8b86-4d01-b42d-00cf4fc964ff"]
    for field in ("bans", "invites", "revoked", "invite_age", "invites_from"):
        old.pop(field, None)
    saved = msgspec.json.decode(msgspec.json.encode(old), type=SavedRoom)
    stage.room = Room.restored(saved, epoch="epoch-2", settings=RoomSettings(), now=stage.now)
    stage.room.check()
    stage.join("ann-2", name="ann", host_secret=SECRET)
    assert bans(stage, "ann-2") == ()


# ---- the server's own bans ------------------------------------------------------------------------------------------


def test_members_of_an_account_that_has_ended_go_also_those_that_are_away() -> None:
    stage = room(("eve", EVE), ("eve-2", who(account="eve")), ("bob", who(account="bob")))
    stage.loses("eve-2")
    stage.goes_on()
    stage.feed(AccountEnded("acc:eve", "ended", "you are banned from this server"))
    assert stage.ids == ["ann", "bob"]
    assert stage.heard("eve") == [RoomLeft("room-1", "ended", "you are banned from this server")]
    assert [message.client_id for message in stage.heard("bob") if isinstance(message, MemberLeft)] == ["eve", "eve-2"]


# ---- logins ---------------------------------------------------------------------------------------------------------


def logged_in(name: str, *, device: str | None = None, network: str | None = None) -> Identity:
    """Who this account is by its login."""
    identity = who(account=name, device=device, network=network)
    return Identity((*identity.tags, f"log:{name}"), identity.account)


def test_who_resumes_without_its_token_still_ends_with_its_login() -> None:
    stage = room(("eve", logged_in("eve")))
    stage.loses("eve")
    stage.feed(ConnectionResumed("eve", who(network="home")))
    assert stage.member("eve").account is None
    assert stage.room.knows("log:eve")
    stage.feed(AccountEnded("log:eve", "ended", "your login has ended: log in again"))
    assert stage.ids == ["ann"]


def test_who_comes_back_by_its_secret_without_its_token_still_ends_with_its_login() -> None:
    stage = room(("eve", logged_in("eve")))
    stage.loses("eve")
    stage.join("eve-2", identity=who(network="home"), return_secret="the-return-secret-of-eve")
    assert stage.room.knows("log:eve")


def test_who_has_logged_out_or_in_again_does_not_end_with_its_old_login() -> None:
    stage = room(("eve", logged_in("eve")), ("bob", logged_in("bob")))
    stage.feed(IdentityChanged("eve", who(network="home")))
    stage.loses("bob")
    stage.feed(ConnectionResumed("bob", Identity(("acc:bob", "log:another"), "bob")))
    for login in ("log:eve", "log:bob"):
        assert not stage.room.knows(login)
        stage.feed(AccountEnded(login, "ended", "your login has ended: log in again"))
    assert stage.ids == ["ann", "eve", "bob"]


def test_where_an_account_is_needed_nobody_comes_back_without_one_twice() -> None:
    stage = Stage(needs_account=True)
    stage.create("ann", identity=logged_in("ann"))
    stage.join("eve", identity=logged_in("eve"), secret="the-return-secret-of-eve")
    for _ in range(2):
        stage.loses("eve")
        stage.feed(ConnectionResumed("eve", who(network="home")))
        assert "eve" in stage.ids
        stage.feed(IdentityChanged("eve", logged_in("eve")))
    stage.loses("eve")
    stage.feed(ConnectionResumed("eve", who(network="home")))
    stage.loses("eve")
    stage.goes_on()
    stage.feed(ConnectionResumed("eve", who(network="home")))
    assert stage.ids == ["ann"]
    (left,) = stage.heard("eve")
    assert isinstance(left, RoomLeft) and left.reason == "left" and "log in first" in (left.detail or "")
