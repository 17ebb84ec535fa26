"""Ledger: the store of a running server, as far as it is about accounts and bans, and a copy of it in memory.

Whoever connects is judged by the copy. Own changes go into both; `Ledger.follow` notices those of other processes.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from hangd.engine.room.admission.identity import Identity
from hangd.log import FailureLog
from hangd.protocol.errors import RequestRefused
from hangd.rooms.trust import Ended, Visitor, login_tag
from hangd.server.trust import guesses, logins, rotation
from hangd.server.trust.bans import refusal
from hangd.server.trust.guesses import Guesses
from hangd.server.trust.known import Change, Known, ended_between
from hangd.server.trust.learning import Learning
from hangd.server.trust.tags import account_tag, mark_tag, network_of, tags_of
from hangd.server.trust.tokens import Access, BadToken
from hangd.store.base import Account, LoginSession, NameInUse, Store, StoreFailed
from hangd.store.thread import StoreThread
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_POLL_SECONDS: Final = 2.0
_DAY: Final = 86400.0
_LOGGED_MOST: Final = 20

_STORE: Final = "the server cannot use its store now: try again later"
_NAME_TAKEN: Final = "there is an account of this name, or of one that looks like it"

_Result = TypeVar("_Result")


class _Change(NamedTuple, Generic[_Result]):
    """The result of a change, and the store's revisions before and after it."""

    result: _Result
    before: int
    after: int


class Opened(NamedTuple):
    """Whose access token it is."""

    account: Account
    access: Access


class Ledger:
    """See the module's docstring. ``wall`` returns Unix time. Call `aclose` before the store is closed.

    `end` and `visitors` are the hub's, and set when it is there.
    """

    def __init__(self, store: StoreThread, known: Known, *, wall: Callable[[], float] = time.time) -> None:
        self.known = known
        self.wall = wall
        self.end: Callable[[Ended], None] = lambda ended: None
        self.visitors: Callable[[], Iterable[Visitor]] = lambda: ()
        self._store = store
        self._bad_tokens = Guesses(guesses.TOKEN_BY_NETWORK, "too many tokens that are not good")
        self.learning: Learning | None = None
        """None: no other server changes this store."""
        self._bring_keys_together: Callable[[], Awaitable[None]] | None = None
        self._tell: Callable[[], None] = lambda: None
        self._tasks = Tasks()
        self._log = FailureLog(
            _log,
            "accounts and bans cannot be read or written for now",
            "accounts and bans can be read and written again",
        )

    async def aclose(self) -> None:
        await self._tasks.cancel()

    # ---- who is who -------------------------------------------------------------------------------------------------

    def open(self, token: str, address: str, now: float) -> Opened | None:
        """Return whose access token this is, and note its use. None: it is good no more.

        Raises:
            BadToken: it never was good, or has expired.
            RequestRefused: RateLimited, after too many bad ones from this address. The token was not looked at.
        """
        network = network_of(address)
        if address:
            self._bad_tokens.check(network, now)
        try:
            access = self.known.signer.open_access(token)
        except BadToken:
            if address:
                self._bad_tokens.take(network, now)
            raise
        session, account = self.known.logins.get(access.session_id), self.known.accounts.get(access.account_id)
        if session is None or account is None or session.account_id != account.account_id:
            return None
        if not rotation.is_good(session, access.mark):
            return None
        wall = self.wall()
        used = rotation.use_access(session, access.mark, wall)
        if used is not session:
            self.remember([used])
            # At once, so that the store carries this out before whatever it is asked next.
            noting = self._run(lambda store: logins.note_use(store, access.session_id, access.mark, wall))
            self._tasks.start(self._noted(noting), name="note that a token was used")
        return Opened(account, access)

    def identified(self, visitor: Visitor) -> Visitor:
        """Return the visitor with the tags that follow from the rest of it."""
        return replace(visitor, identity=Identity(tags_of(visitor, self.known.keys.tag_secret), visitor.account))

    def logged_in(self, visitor: Visitor, account: Account, session_id: str, mark: str) -> Visitor:
        """Return the visitor as that account's, by an access token with this mark."""
        visitor = replace(visitor, account_id=account.account_id, account=account.name, session_id=session_id)
        known = self.identified(visitor)
        tags = (*known.identity.tags, mark_tag(session_id, mark))
        return replace(known, identity=Identity(tags, account.name))

    def check_account(self, account: Account) -> None:
        """Raises RequestRefused: it is banned."""
        self.check_tags([account_tag(account.account_id)])

    def check_tags(self, tags: Sequence[str]) -> None:
        """Raises RequestRefused: who has these tags is banned."""
        ban = self.known.bans.of_tags(tags, self.wall())
        if ban is not None:
            raise refusal(ban)

    # ---- the store --------------------------------------------------------------------------------------------------

    async def call(self, work: Callable[[Store], _Result]) -> _Result:
        """Call the store. Raises RequestRefused where it fails, and what ``work`` raises."""
        return await self._answer(self._store.run(work))

    async def change(self, work: Callable[[Store], _Result]) -> _Result:
        """Call the store with what changes it, as `call` does. The caller puts the same change into ``known``.

        Whatever waits for the store goes on in the order in which it was called. So ``known`` is as the store is, if
        the caller waits for nothing else in between.
        """
        return self._changed(await self._answer(self._run(work)))

    def _run(self, work: Callable[[Store], _Result]) -> "asyncio.Future[_Change[_Result]]":
        def change(store: Store) -> _Change[_Result]:
            # What has ended meanwhile by the admin's command must not be written back as it was.
            with store.together() as before:
                return _Change(work(store), before, store.revision())

        return self._store.run(change)

    def _changed(self, change: "_Change[_Result]") -> _Result:
        # If another process had changed something before, `_follow` reads it all.
        if self.known.revision == change.before:
            self.known.revision = change.after
        if change.after != change.before:
            self._tell()
        return change.result

    async def _answer(self, asked: "asyncio.Future[_Result]") -> _Result:
        try:
            result = await asked
        except NameInUse:
            raise RequestRefused("NameTaken", _NAME_TAKEN) from None
        except StoreFailed as error:
            self._log.failed(error, expected=StoreFailed)
            raise RequestRefused("Internal", _STORE) from error
        self._log.worked()
        return result

    def remember(self, sessions: Iterable[LoginSession]) -> None:
        for session in sessions:
            self.known.logins[session.session_id] = session

    def end_soon(self, ended: Iterable[Ended]) -> None:
        """End these when the current turn of the hub is over."""
        for one in ended:
            asyncio.get_running_loop().call_soon(self.end, one)

    def share(self, bring_keys_together: Callable[[], Awaitable[None]] | None, tell: Callable[[], None]) -> None:
        """As `hangd.server.trust.service.TrustService.share`."""
        self._bring_keys_together, self._tell = bring_keys_together, tell
        self.learning = Learning(self._learn, self._tasks)

    def lacks(self, access_token: str) -> bool:
        """Tell whether an access token may be good by what another server has changed."""
        signer = self.known.signer
        try:
            access = signer.open_access(access_token)
        except BadToken:
            return not signer.knows(access_token)
        session = self.known.logins.get(access.session_id)
        return session is None or not rotation.is_good(session, access.mark)

    async def _learn(self) -> None:
        if self._bring_keys_together is not None:
            await self._bring_keys_together()
        with contextlib.suppress(RequestRefused):  # It is logged.
            await self._look()

    def follow(self) -> None:
        """Notice from now on what other processes change, and once a day what time has changed."""
        self._tasks.start(self._follow(), name="follow changes of accounts and bans")

    async def _noted(self, noting: "asyncio.Future[_Change[tuple[LoginSession, LoginSession] | None]]") -> None:
        try:
            noted = self._changed(await self._answer(noting))
        except RequestRefused:
            return  # It is logged. The token before stays good for longer, which does no harm.
        if noted is not None:
            before, after = noted
            self.remember([after])
            for one in beaten(before, after):
                self.end(one)

    async def _follow(self) -> None:
        tidied_at = time.monotonic() - _DAY
        while True:
            try:
                if time.monotonic() - tidied_at >= _DAY:
                    await self.call(lambda store: store.forget_logins(self.wall() - logins.IDLE_SECONDS))
                    await self._reload()
                    tidied_at = time.monotonic()
                elif await self._look():
                    self._tell()  # A command has changed it. The others look at other times.
            except RequestRefused:
                pass  # It is logged, and tried again.
            except Exception:
                _log.exception("changes of accounts and bans could not be followed")
            await asyncio.sleep(_POLL_SECONDS)

    async def _look(self) -> bool:
        """Take over what others have changed. Returns whether they have. Raises RequestRefused: the store fails."""
        if await self.call(lambda store: store.revision()) == self.known.revision:
            return False
        await self._reload()
        return True

    async def _reload(self) -> None:
        after = await self.call(lambda store: Known.read(store, self.wall()))
        before, self.known = self.known, after
        ended = ended_between(before, after)
        if after.ban_list != before.ban_list:
            ended += self._banned_networks()
        for change in ended[:_LOGGED_MOST]:
            _log.info("%s: %s", change.who, "banned" if change.ended.code == "Banned" else "a login has ended")
        if len(ended) > _LOGGED_MOST:
            _log.info("and %d more logins and bans", len(ended) - _LOGGED_MOST)
        for change in ended:
            self.end(change.ended)

    def _banned_networks(self) -> list[Change]:
        """Return the networks of those who are here and are banned by their address."""
        ended = {}
        for visitor in self.visitors():
            ban = self.known.bans.of_address(visitor.address, self.wall())
            if ban is not None:
                for tag in visitor.identity.tags:
                    if tag.startswith("net:"):
                        ended[tag] = Change(Ended(tag, "Banned", refusal(ban).message), ban.name)
        return list(ended.values())


def ends(sessions: Iterable[LoginSession]) -> tuple[Ended, ...]:
    """Return what ends with these logins, which are revoked."""
    return tuple(Ended(login_tag(one.session_id), "Unauthorized", one.revoked or "") for one in sessions)


def beaten(before: LoginSession, after: LoginSession) -> tuple[Ended, ...]:
    """Return the connections that came by a token which another one has beaten between these two states of a login."""
    return tuple(
        Ended(mark_tag(before.session_id, mark), "Unauthorized", rotation.STOLEN)
        for mark in sorted(rotation.lost(before, after))
    )
