"""Signed invites: who makes them, whom they let in, how often, and how they are revoked. And who may come in at all."""

from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from hangd.engine.room.admission.identity import BadInvite, GivenInvite, Identity
from hangd.engine.room.effects import CheckPassword, CountGuess, ForgetMember, SignInvite
from hangd.engine.room.inputs import IdentityChanged, PasswordChecked
from hangd.engine.room.room import Room
from hangd.engine.room.saved import KeptInvite, SavedRoom
from hangd.engine.room.state import RoomSettings
from hangd.protocol.codec import decode_client
from hangd.protocol.errors import RemoteProtocolError, RequestRefused
from hangd.protocol.invites import CreateInvite, GetInvites, Invites, RevokeInvites
from hangd.protocol.messages import Done, Error, Kick, LeaveRoom, RoomJoined, SetPolicy, SetRole
from hangd.protocol.model import PolicyChange
from tests.support.rooms.stage import HASH, OTHER_HASH, SECRET, Stage

ADA = Identity(("acc:ada",), "ada")


class Inviting(Stage):
    """A room of ann's whose invites are signed: its server has them and accounts."""

    def __init__(self, password_hash: str | None = None, **policy: Any) -> None:
        super().__init__(password_hash=password_hash, accounts=True, invites=True, ttl=1e6)
        self.create("ann", policy=PolicyChange(**policy))
        self.goes_on()

    def invites(self, by: str = "ann", **fields: Any) -> GivenInvite:
        """Let a member make an invite, and return what a client that has it would show."""
        self.goes_on()
        self.says(by, CreateInvite(**fields), re="i")
        (order,) = self.ordered()
        assert isinstance(order, SignInvite) and order.client_id == by and order.re == "i"
        invite = order.invite
        return GivenInvite(invite.id, self.room.room_id, invite.role, order.issuer)

    def comes_in(self, given: GivenInvite | BadInvite | None, name: str = "guest", **fields: Any) -> str:
        """Let somebody new join by this invite. Returns its role, or the code of the refusal."""
        self.goes_on()
        self.tries = getattr(self, "tries", 0) + 1
        client = f"{name}-{self.tries}"
        self.join(client, name=client, given=given, **fields)
        for order in self.ordered():
            if isinstance(order, CheckPassword):
                self.feed(PasswordChecked(client, order.password == "sesame"))
        (answer,) = [one for one in self.heard(client) if isinstance(one, Error | RoomJoined)]
        if isinstance(answer, Error):
            self.refusal = answer.message
            return answer.code
        return self.member(client).role

    def knows(self, by: str = "ann") -> list[str]:
        """Return the ids of the invites of which a member is told."""
        self.goes_on()
        self.says(by, GetInvites())
        (answer,) = self.heard(by)
        assert isinstance(answer, Invites)
        return [invite.id for invite in answer.invites]

    def revokes(self, by: str = "ann", **fields: Any) -> str:
        """Returns "Done", or the code of the refusal."""
        self.goes_on()
        self.says(by, RevokeInvites(**fields))
        (answer,) = self.heard(by)
        return answer.code if isinstance(answer, Error) else type(answer).__name__

    def restarts(self) -> None:
        saved = msgspec.json.decode(msgspec.json.encode(self.room.saved()), type=SavedRoom)
        settings = RoomSettings(accounts=True, invites=True, ttl=1e6)
        self.room = Room.restored(saved, epoch=f"after-{self.room.timeline.epoch}", settings=settings, now=self.now)
        self.resumes("ann")
        self.goes_on()


@pytest.fixture
def private() -> Inviting:
    """A room that takes only those who are invited."""
    return Inviting(access="invited")


# ---- who is let in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["viewer", "controller"])
def test_an_invite_lets_in_and_gives_its_role(private: Inviting, role: Any) -> None:
    assert private.comes_in(private.invites(role=role)) == role


def test_an_invite_stands_in_for_the_password() -> None:
    stage = Inviting("hash-1")
    assert stage.comes_in(stage.invites()) == "viewer"
    assert stage.comes_in(None) == "WrongPassword"


@pytest.mark.parametrize(
    ("access", "identity", "expected"),
    [
        ("anyone", Identity(), "viewer"),
        ("accounts", Identity(), "Unauthorized"),
        ("accounts", ADA, "viewer"),
        ("invited", Identity(), "InvalidInvite"),
        ("invited", ADA, "InvalidInvite"),
    ],
)
def test_who_may_come_in_without_an_invite(access: Any, identity: Identity, expected: str) -> None:
    stage = Inviting(access=access)
    assert stage.comes_in(None, identity=identity) == expected


@pytest.mark.parametrize("access", ["accounts", "invited"])
def test_the_owner_and_former_members_need_no_invite(access: Any) -> None:
    stage = Inviting()
    stage.join("bob", secret="the-return-secret-of-bob")
    stage.says("bob", LeaveRoom())
    stage.says("ann", SetPolicy(access=access))
    stage.goes_on()
    assert stage.comes_in(None, return_secret="the-return-secret-of-bob") == "viewer"
    assert stage.comes_in(None, host_secret=SECRET) == "host"


def test_an_account_does_not_stand_in_for_the_password() -> None:
    stage = Inviting("hash-1", access="accounts")
    assert stage.comes_in(None, identity=ADA) == "WrongPassword"
    assert stage.comes_in(None, identity=ADA, password="sesame") == "viewer"


def test_an_invite_opens_no_lock(private: Inviting) -> None:
    given = private.invites(uses=1)
    private.says("ann", SetPolicy(locked=True))
    assert private.comes_in(given) == "RoomLocked"
    private.says("ann", SetPolicy(locked=False))
    assert private.comes_in(given) == "viewer", "being refused used it not"


def test_an_invite_lifts_no_ban(private: Inviting) -> None:
    given = private.invites()
    eve = Identity(("dev:eve",))
    assert private.comes_in(given, "eve", identity=eve) == "viewer"
    private.says("ann", Kick(private.ids[-1], ban=True))
    assert private.comes_in(given, "eve", identity=eve) == "Banned"


def test_nobody_is_made_host_by_an_invite(private: Inviting) -> None:
    given = private.invites(role="controller")
    private.says("ann", LeaveRoom())
    assert private.comes_in(given) == "host", "the only member of a room is its host"
    assert private.comes_in(given) == "controller"


# ---- bad invites ----------------------------------------------------------------------------------------------------

FORGED = BadInvite("this invite is not one of this server: ask for a new one")


def test_a_bad_invite_says_why_where_one_is_needed(private: Inviting) -> None:
    assert private.comes_in(FORGED) == "InvalidInvite"
    assert private.refusal == FORGED.why


def test_the_invite_to_another_room_is_bad(private: Inviting) -> None:
    given = msgspec.structs.replace(private.invites(), room_id="room-2")
    assert private.comes_in(given) == "InvalidInvite"
    assert "for another room" in private.refusal


def test_a_bad_invite_does_not_matter_where_anybody_may_come_in() -> None:
    assert Inviting().comes_in(FORGED) == "viewer"


def test_with_a_bad_invite_the_password_still_counts() -> None:
    stage = Inviting("hash-1")
    assert stage.comes_in(FORGED) == "InvalidInvite"
    assert stage.comes_in(FORGED, password="sesame") == "viewer"
    assert stage.comes_in(FORGED, password="simsim") == "WrongPassword"


def test_a_network_that_guessed_too_often_has_to_wait_with_bad_invites_and_passwords() -> None:
    limited = RequestRefused.rate_limited("too many wrong guesses from your network")
    private, guarded = Inviting(access="invited"), Inviting("hash-1")
    assert private.comes_in(FORGED, limited=limited) == "RateLimited"
    assert private.comes_in(private.invites(), limited=limited) == "viewer", "a good one is no guess"
    assert guarded.comes_in(FORGED, limited=limited) == "RateLimited"
    assert guarded.comes_in(None, limited=limited, password="sesame") == "RateLimited"
    assert guarded.comes_in(None, limited=limited, host_secret=SECRET) == "host"


# ---- uses -----------------------------------------------------------------------------------------------------------


def test_an_invite_lets_in_as_often_as_it_says(private: Inviting) -> None:
    given = private.invites(uses=2)
    assert [private.comes_in(given) for _ in range(3)] == ["viewer", "viewer", "InvalidInvite"]
    assert "used up" in private.refusal


def test_an_invite_without_a_limit_lets_in_anybody(private: Inviting) -> None:
    given = private.invites()
    assert {private.comes_in(given) for _ in range(20)} == {"viewer"}


def test_being_refused_for_another_reason_uses_no_invite(private: Inviting) -> None:
    given = private.invites(uses=1)
    private.says("ann", SetPolicy(capacity=1))
    assert private.comes_in(given) == "RoomFull"
    private.says("ann", SetPolicy(capacity=9))
    assert private.comes_in(given, file_hash=OTHER_HASH) == "FileHashMismatch"
    assert private.comes_in(given, file_hash=HASH) == "viewer"
    assert private.comes_in(given) == "InvalidInvite"


def test_who_comes_back_uses_no_invite(private: Inviting) -> None:
    given = private.invites(uses=1)
    secret = "the-return-secret-of-bob"
    assert private.comes_in(given, secret=secret) == "viewer"
    private.says(private.ids[-1], LeaveRoom())
    assert private.comes_in(given, return_secret=secret) == "viewer"
    other = private.invites(uses=1)
    private.says(private.ids[-1], LeaveRoom())
    assert private.comes_in(other, return_secret=secret) == "viewer"
    assert private.comes_in(other) == "viewer", "it was not used"


@pytest.mark.parametrize("restarted", [False, True])
def test_who_came_in_by_an_invite_comes_back_without_the_password(restarted: bool) -> None:
    stage = Inviting("hash-1")
    given, secret = stage.invites(uses=1), "the-return-secret-of-bob"
    assert stage.comes_in(given, secret=secret) == "viewer"
    for _ in range(2):
        stage.says(stage.ids[-1], LeaveRoom())
        if restarted:
            stage.restarts()
        assert stage.comes_in(None, return_secret=secret) == "viewer"
    assert stage.comes_in(None, return_secret="another-secret-of-bob") == "WrongPassword"


def test_who_came_in_by_the_password_needs_it_again() -> None:
    """It may have been changed meanwhile."""
    stage = Inviting("hash-1")
    assert stage.comes_in(None, password="sesame", secret="the-return-secret-of-bob") == "viewer"
    stage.says(stage.ids[-1], LeaveRoom())
    assert stage.comes_in(None, return_secret="the-return-secret-of-bob") == "WrongPassword"


def test_uses_outlive_the_server(private: Inviting) -> None:
    given = private.invites(uses=2)
    assert private.comes_in(given) == "viewer"
    private.restarts()
    assert private.comes_in(given) == "viewer"
    assert private.comes_in(given) == "InvalidInvite"


def test_a_limited_invite_of_which_a_restart_knows_nothing_lets_nobody_in(private: Inviting) -> None:
    """The server was killed before it had saved the room: it cannot know how often it was used."""
    saved = private.room.saved()
    limited, free = private.invites(uses=5), private.invites()
    private.room = Room.restored(saved, epoch="e", settings=RoomSettings(accounts=True, invites=True), now=private.now)
    assert private.comes_in(limited) == "InvalidInvite"
    assert private.comes_in(free) == "viewer"


# ---- who makes them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "role", "expected"),
    [
        ("everyone", "viewer", True),
        ("controllers", "viewer", False),
        ("host", "viewer", False),
        ("everyone", "controller", True),
        ("controllers", "controller", True),
        ("host", "controller", False),
        ("host", "host", True),
    ],
)
def test_who_may_control_the_room_invites_viewers(control: Any, role: Any, expected: bool) -> None:
    stage = Inviting(control=control)
    stage.join("bob")
    stage.says("ann", SetRole("bob", role))
    stage.goes_on()
    if expected:
        assert stage.invites("bob").role == "viewer"
    else:
        stage.says("bob", CreateInvite())
        assert stage.error("bob").code == "Forbidden"


def test_only_the_host_invites_controllers() -> None:
    stage = Inviting()
    stage.join("bob")
    stage.says("ann", SetRole("bob", "controller"))
    stage.goes_on()
    stage.says("bob", CreateInvite(role="controller"))
    error = stage.error("bob")
    assert (error.code, error.message) == ("Forbidden", "only this room's host may invite controllers: ask ann")


def test_without_signed_invites_none_is_made_and_no_room_asks_for_one() -> None:
    stage = Stage()
    stage.create("ann")
    stage.goes_on()
    stage.says("ann", CreateInvite())
    assert stage.error("ann").code == "Forbidden"
    for access in ("invited", "accounts"):
        stage.says("ann", SetPolicy(access=access))
        assert stage.error("ann").code == "Forbidden"
    assert stage.room.view().policy.access == "anyone"
    other = Stage()
    other.create("ann", policy=PolicyChange(access="invited"))
    assert other.error("ann").code == "Forbidden"
    assert other.ordered() == [ForgetMember("ann", "refused")]


def test_invites_are_listed_newest_first_and_others_see_their_own(private: Inviting) -> None:
    first = private.invites(expires_in=3600.0, uses=3)
    private.comes_in(private.invites(role="controller"), "bob")
    bob = private.ids[-1]
    third = private.invites(bob, expires_in=60.0)
    assert private.knows()[0] == third.id
    assert private.knows()[-1] == first.id
    assert private.knows(bob) == [third.id]
    private.says("ann", GetInvites(), re=4)
    ((answer, re),) = private.answers("ann")
    assert re == 4 and isinstance(answer, Invites)
    assert (answer.invites[-1].uses, answer.invites[-1].by, answer.invites[-1].expires_in) == (3, "ann", 3600.0)
    private.passes(60.0)
    assert private.knows(bob) == []


def test_a_room_remembers_a_hundred_invites_and_each_limited_one(private: Inviting) -> None:
    limited = private.invites(uses=1)
    free = [private.invites() for _ in range(150)]
    assert len(private.knows()) == 100
    assert private.comes_in(free[0]) == "viewer", "it is good though the room does not remember it"
    assert private.comes_in(limited) == "viewer"
    for _ in range(100):
        private.invites(uses=1)
    private.says("ann", CreateInvite(uses=1))
    assert private.error("ann").code == "TooLarge"
    assert private.revokes(everybodys=True) == "Done"
    assert private.comes_in(private.invites(uses=1)) == "viewer"


# ---- revoking -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uses", [None, 5])
def test_one_invite_is_revoked(private: Inviting, uses: int | None) -> None:
    given, other = private.invites(uses=uses), private.invites(uses=uses)
    assert private.revokes(id=given.id) == "Done"
    assert private.comes_in(given) == "InvalidInvite"
    assert "revoked" in private.refusal
    assert private.comes_in(other) == "viewer"
    assert private.knows() != []


def test_who_came_in_stays_when_the_invite_is_revoked(private: Inviting) -> None:
    given = private.invites()
    private.comes_in(given)
    private.revokes(id=given.id)
    assert len(private.ids) == 2


def test_a_member_revokes_all_of_its_own(private: Inviting) -> None:
    anns = private.invites()
    private.comes_in(private.invites(role="controller"), "bob")
    bob = private.ids[-1]
    bobs = [private.invites(bob), private.invites(bob, uses=2)]
    assert private.revokes(bob) == "Done"
    assert [private.comes_in(given) for given in bobs] == ["InvalidInvite", "InvalidInvite"]
    assert private.comes_in(anns) == "viewer"
    assert private.comes_in(private.invites(bob)) == "viewer", "a newer one is good"


def test_others_are_the_hosts_to_revoke(private: Inviting) -> None:
    anns = private.invites()
    private.comes_in(private.invites(role="controller"), "bob")
    bob = private.ids[-1]
    assert private.revokes(bob, id=anns.id) == "Forbidden"
    assert private.revokes(bob, everybodys=True) == "Forbidden"
    bobs = private.invites(bob)
    assert private.revokes(id=bobs.id) == "Done"
    assert private.comes_in(bobs) == "InvalidInvite"
    assert private.comes_in(anns) == "viewer"


def test_the_host_revokes_everybodys(private: Inviting) -> None:
    private.comes_in(private.invites(role="controller"), "bob")
    old = [private.invites(), private.invites(private.ids[-1]), private.invites(uses=3)]
    assert private.revokes(everybodys=True) == "Done"
    assert {private.comes_in(given) for given in old} == {"InvalidInvite"}
    assert private.knows() == []
    assert private.comes_in(private.invites()) == "viewer"


@pytest.mark.parametrize(
    "invite_id", ["", "nonsense", "0-x:ISSUER", "0:ISSUER", "0-i1-a:ISSUER", "-i1-a", "٣-i1-a", "0-x1-a", "0-i1-a\n"]
)
def test_what_cannot_be_the_id_of_an_invite_is_no_message(invite_id: str) -> None:
    frame = {"type": "RevokeInvites", "payload": {"id": invite_id}}
    with pytest.raises(RemoteProtocolError) as caught:
        decode_client(msgspec.json.encode(frame).decode())
    assert caught.value.code == "InvalidMessage" and caught.value.message.startswith("$.payload.id must be")
    given = GivenInvite(invite_id, "room-1", "viewer", "ISSUER")
    assert Inviting(access="invited").comes_in(given) == "InvalidInvite", "even if it were signed"


@drawn(st.dictionaries(st.text("0123:-xiu٣²\n", max_size=30) | st.text(max_size=30), st.just(1e9), max_size=5))
def test_no_mark_that_is_stored_keeps_an_invite_from_being_judged(revoked: dict[str, float]) -> None:
    private = Inviting(access="invited")
    given = private.invites()
    saved = msgspec.structs.replace(private.room.saved(), revoked=revoked)
    private.room = Room.restored(saved, epoch="e", settings=RoomSettings(accounts=True, invites=True), now=private.now)
    private.resumes("ann")
    for issuer in {given.issuer, *(mark.partition(":")[2] for mark in revoked)}:
        assert private.comes_in(msgspec.structs.replace(given, issuer=issuer)) in ("viewer", "InvalidInvite")
    assert private.revokes() == "Done"
    assert private.comes_in(given) == "InvalidInvite"
    assert private.comes_in(private.invites()) == "viewer"


def test_a_stored_invite_whose_id_is_none_is_forgotten() -> None:
    private = Inviting()
    kept = KeptInvite("i1", "viewer", "ann", "somebody", 1e9)
    saved = msgspec.structs.replace(private.room.saved(), invites=(kept,))
    private.room = Room.restored(saved, epoch="e", settings=RoomSettings(accounts=True, invites=True), now=private.now)
    private.resumes("ann")
    assert private.knows() == []
    assert private.revokes() == "Done"


def test_an_invite_that_the_room_has_forgotten_can_be_revoked_by_the_host(private: Inviting) -> None:
    first = private.invites()
    for _ in range(100):
        private.invites()
    assert first.id not in private.knows()
    assert private.revokes(id=first.id) == "Done"
    assert private.comes_in(first) == "InvalidInvite"


def test_revocations_outlive_the_server(private: Inviting) -> None:
    one, all_of_mine, other = private.invites(), None, None
    private.revokes(id=one.id)
    all_of_mine = private.invites()
    private.revokes()
    other = private.invites()
    private.restarts()
    assert private.comes_in(one) == "InvalidInvite"
    assert private.comes_in(all_of_mine) == "InvalidInvite"
    assert private.comes_in(other) == "viewer"
    private.revokes(everybodys=True)
    private.restarts()
    assert private.comes_in(other) == "InvalidInvite"


def test_what_a_restart_has_forgotten_is_still_older_than_a_later_revocation(private: Inviting) -> None:
    """The room could not be saved for a while, and the server was killed."""
    saved = private.room.saved()
    private.revokes(everybodys=True)
    private.revokes(everybodys=True)
    lost = private.invites()
    private.room = Room.restored(saved, epoch="e", settings=RoomSettings(accounts=True, invites=True), now=private.now)
    private.resumes("ann")
    assert private.comes_in(lost) == "viewer"
    private.revokes(everybodys=True)
    assert private.comes_in(lost) == "InvalidInvite"


def test_the_invites_of_who_is_banned_are_revoked(private: Inviting) -> None:
    private.comes_in(private.invites(role="controller"), "bob")
    bobs = private.invites(private.ids[-1])
    private.says("ann", Kick(private.ids[-1]))
    assert private.comes_in(bobs, "friend") == "viewer", "sending somebody away does not"
    private.comes_in(private.invites(role="controller"), "cy")
    cys = private.invites(private.ids[-1])
    private.says("ann", Kick(private.ids[-1], ban=True))
    assert private.comes_in(cys) == "InvalidInvite"


def revoke_many(stage: Inviting, by: str, number: int) -> None:
    """Let a member make so many invites, and revoke them one by one."""
    for _ in range(number):
        assert stage.revokes(by, id=stage.invites(by).id) == "Done"


@pytest.mark.parametrize("identity", [Identity(), ADA], ids=["nobody", "account"])
def test_nobody_uses_up_the_revocations_by_revoking_its_own(identity: Identity) -> None:
    stage = Inviting(access="invited", control="host")
    given = stage.invites()
    stage.comes_in(given, "eve", identity=identity)
    for _ in range(300):
        assert stage.revokes(stage.ids[-1]) == "Done"
    assert len(stage.room.saved().revoked) <= 1
    assert stage.comes_in(given) == "viewer"
    assert stage.revokes(id=given.id) == "Done"
    assert stage.comes_in(given) == "InvalidInvite"


def test_others_leave_the_host_a_place_for_its_revocations() -> None:
    stage = Inviting(access="invited")
    leaked = stage.invites()
    for number in range(300):
        name = f"eve-{number}"
        stage.join(name, identity=Identity((f"acc:{name}",), name))
        stage.revokes(name)
        stage.says(name, LeaveRoom())
    assert stage.revokes(id=leaked.id) == "Done"
    assert stage.comes_in(leaked) == "InvalidInvite"
    kept = stage.invites()
    stage.join("mal")
    stage.says("ann", Kick("mal", ban=True))
    assert stage.comes_in(kept) == "viewer", "to ban somebody revokes nobody else's"


def test_a_room_that_was_stored_full_of_marks_of_one_issuer_has_place_again() -> None:
    stage = Inviting(access="invited")
    given = stage.invites()
    revoked = {f"{age}:eve": stage.now + 86400.0 for age in range(256)}
    saved = msgspec.structs.replace(stage.room.saved(), revoked=revoked, invite_age=256)
    stage.room = Room.restored(saved, epoch="e", settings=RoomSettings(accounts=True, invites=True), now=stage.now)
    stage.resumes("ann")
    eves = GivenInvite("200-i1-a", stage.room.room_id, "viewer", "eve")
    assert stage.comes_in(eves) == "InvalidInvite"
    assert stage.revokes(id=given.id) == "Done"
    assert stage.comes_in(given) == stage.comes_in(eves) == "InvalidInvite"
    assert len(stage.room.saved().revoked) == 2


EVE = Identity(("dev:eve", "net:home"))


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_ban_revokes_what_the_same_person_has_invited_as_another_member(*, left: bool, restarted: bool) -> None:
    stage = Inviting(access="invited")
    way_in = stage.invites()
    stage.comes_in(way_in, "eve", identity=EVE, secret="the-return-secret-of-eve")
    first = stage.ids[-1]
    given = stage.invites(first)
    if left:
        stage.says(first, LeaveRoom())
    stage.comes_in(way_in, "mal", identity=EVE, secret="the-return-secret-of-mal")
    second = stage.ids[-1]
    if restarted:
        stage.restarts()
    stage.says("ann", Kick(second, ban=True))
    assert stage.ids == ["ann"]
    assert stage.comes_in(given, "new") == "InvalidInvite"
    assert stage.comes_in(way_in, "new") == "viewer"


def test_who_turns_out_to_be_banned_has_invited_nobody() -> None:
    stage = Inviting(access="invited")
    stage.comes_in(stage.invites(), "eve", identity=ADA)
    stage.says("ann", Kick(stage.ids[-1], ban=True))
    stage.comes_in(stage.invites(), "eve")
    given = stage.invites(stage.ids[-1])
    stage.feed(IdentityChanged(stage.ids[-1], ADA))
    assert stage.ids == ["ann"]
    assert stage.comes_in(given, "new") == "InvalidInvite"


def test_many_memberships_of_one_person_do_not_make_a_ban_revoke_everybodys() -> None:
    stage = Inviting(access="invited", control="host")
    kept = stage.invites()
    for number in range(100):
        stage.comes_in(kept, "eve", identity=EVE, secret=f"a-return-secret-of-eve-{number}")
        stage.says(stage.ids[-1], LeaveRoom())
    revoke_many(stage, "ann", 200)
    stage.comes_in(kept, "eve", identity=EVE, secret="the-return-secret-of-eve")
    stage.says("ann", Kick(stage.ids[-1], ban=True))
    assert stage.comes_in(kept) == "viewer"


def test_an_invite_of_who_came_back_is_still_its_own() -> None:
    """It made it with its account, and has come back as nobody."""
    stage = Inviting(access="invited")
    stage.comes_in(stage.invites(), "ada", identity=ADA, secret="the-return-secret-of-ada")
    given = stage.invites(stage.ids[-1])
    stage.says(stage.ids[-1], LeaveRoom())
    stage.comes_in(None, "ada", return_secret="the-return-secret-of-ada")
    assert stage.knows(stage.ids[-1]) == [given.id]
    assert stage.revokes(stage.ids[-1]) == "Done"
    assert stage.comes_in(given) == "InvalidInvite"


def test_a_ban_holds_also_where_no_more_revocations_are_kept(private: Inviting) -> None:
    private.comes_in(private.invites(role="controller"), "mal")
    mal = private.ids[-1]
    revoke_many(private, mal, 128)
    assert private.revokes(mal, id=private.invites(mal).id) == "TooLarge"
    revoke_many(private, "ann", 128)
    assert private.revokes(id=private.invites().id) == "TooLarge"
    last = private.invites(mal)
    private.says("ann", Kick(mal, ban=True))
    assert mal not in private.ids
    assert private.comes_in(last) == "InvalidInvite"


def test_a_member_that_has_logged_in_since_still_owns_its_invites(private: Inviting) -> None:
    private.comes_in(private.invites(), "bob", secret="the-return-secret-of-bob")
    bob = private.ids[-1]
    given = private.invites(bob)
    private.feed(IdentityChanged(bob, Identity(("acc:bob",), "bob")))
    assert private.knows(bob) == [given.id]
    assert private.revokes(bob) == "Done"
    assert private.comes_in(given) == "InvalidInvite"


# ---- secrets that prove nothing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "counted"),
    [
        ({}, False),
        ({"host_secret": SECRET}, False),
        ({"return_secret": "the-return-secret-of-bob"}, False),
        ({"host_secret": "the-secret-of-another-room"}, True),
        ({"return_secret": "a-secret-that-nobody-has"}, True),
    ],
)
def test_a_secret_that_nobody_has_is_a_wrong_guess(fields: dict[str, Any], counted: bool) -> None:
    stage = Inviting()
    stage.join("bob", secret="the-return-secret-of-bob")
    stage.goes_on()
    stage.join("new", **fields)
    assert (CountGuess("new") in stage.ordered()) is counted
    assert "new" in stage.ids
    assert not any(isinstance(message, Done) for message in stage.heard("new"))


def test_a_ban_revokes_its_members_invites_alone_where_the_revocations_are_old() -> None:
    stage = Inviting()
    stage.join("bob", name="bob", secret="the secret of bob")
    for _ in range(256):
        stage.says("ann", RevokeInvites(id=stage.invites().id))
    stage.passes(2 * 86400.0)
    kept = stage.invites(expires_in=30 * 86400)
    stage.passes(29.5 * 86400.0)
    stage.says("ann", Kick("bob", ban=True))
    assert stage.comes_in(kept) == "viewer"
