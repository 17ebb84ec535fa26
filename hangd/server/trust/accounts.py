"""Requests about accounts: registering, logging in and out, new tokens, pair codes. `TrustService.ask` calls it."""

import ipaddress
import logging
from typing import Final, assert_never

from msgspec.structs import replace

from hangd.log import LimitLog
from hangd.protocol import accounts as requests
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import Done
from hangd.protocol.names import member_key
from hangd.rooms.edge.journal import origin
from hangd.rooms.trust import Answered, Ended, Visitor
from hangd.server.passwords import Passwords
from hangd.server.settings import ServerSettings
from hangd.server.trust import guesses, logins, rotation
from hangd.server.trust.guesses import Guesses
from hangd.server.trust.ledger import Ledger, beaten, ends
from hangd.server.trust.pairing import CODE_SECONDS, PairCodes, Pairing
from hangd.server.trust.tags import network_of
from hangd.server.trust.tokens import Access, BadToken
from hangd.store.base import Account, LoginSession, Store

_log = logging.getLogger(__name__)

_WRONG_LOGIN: Final = "the name or the password is wrong"
_BAD_LOGIN: Final = "this login is not known here, or not any more: log in again"
_NOT_LOGGED_IN: Final = "you are not logged in here: log in first"
_WRONG_CODE: Final = "there is no such code, or not any more: ask for a new one on the other machine"
_REGISTER_CLOSED: Final = "on this server only the admin makes accounts: ask for one"
_NEED_INVITE: Final = "to register here you need an invite of the admin: ask for one"
_NAME_TAKEN: Final = "there is an account of this name, or of one that looks like it: choose another one"
_LOGGED_OUT: Final = "you have logged out: log in again where you want to go on"


class Accounts:
    """See the module's docstring. ``encrypted``: nobody can read on the way what clients send."""

    def __init__(
        self, settings: ServerSettings, ledger: Ledger, passwords: Passwords, wrong_secrets: Guesses, *, encrypted: bool
    ) -> None:
        self._register_by = settings.register
        self._ledger = ledger
        self._passwords = passwords
        self._encrypted = encrypted
        self._advised = False
        self.pairing: PairCodes = Pairing()
        self._wrong_secrets = wrong_secrets
        self._by_network = Guesses(guesses.LOGIN_BY_NETWORK, guesses.TOO_MANY)
        self._by_name = Guesses(guesses.LOGIN_BY_NAME, "too many wrong passwords for this name")
        self._codes = Guesses(guesses.CODE_BY_NETWORK, guesses.TOO_MANY)
        self._all_codes = Guesses(guesses.CODE_BY_ALL, guesses.TOO_MANY)
        self._new = Guesses(guesses.REGISTER_BY_NETWORK, "too many new accounts from your network", "registrations")
        self._all_new = Guesses(guesses.REGISTER_BY_ALL, "too many new accounts now", "registrations")
        self._limits = LimitLog(_log)

    def guesses(self) -> dict[str, Guesses]:
        """Return all limits, by names."""
        return {
            "logins": self._by_network,
            "logins-by-name": self._by_name,
            "codes": self._codes,
            "all-codes": self._all_codes,
            "registrations": self._new,
            "all-registrations": self._all_new,
        }

    async def ask(self, visitor: Visitor, message: requests.AccountRequest, now: float) -> Answered:
        """Do what is asked. Raises RequestRefused."""
        match message:
            case requests.Login():
                return await self._login(visitor, message, now)
            case requests.Register():
                return await self._register(visitor, message, now)
            case requests.LoginByCode():
                return await self._login_by_code(visitor, message, now)
            case requests.Refresh():
                return await self._refresh(visitor, message, now)
            case requests.Authenticate():
                learning = self._ledger.learning
                if learning is not None and self._ledger.lacks(message.token):
                    await learning.wait()
                return self._authenticate(visitor, message, now)
            case requests.Logout():
                return await self._logout(visitor, message)
            case requests.CreatePairCode():
                if visitor.account_id is None or visitor.session_id is None:
                    raise RequestRefused("Unauthorized", _NOT_LOGGED_IN)
                code = await self.pairing.create(visitor.account_id, visitor.session_id, now)
                return Answered(requests.PairCode(code, CODE_SECONDS), visitor)
            case _:
                assert_never(message)

    async def _login(self, visitor: Visitor, message: requests.Login, now: float) -> Answered:
        self._advise(visitor)
        network, name = network_of(visitor.address), member_key(message.name)
        if visitor.address:
            self._by_network.take(network, now)
        try:
            self._by_name.take(name, now)
        except RequestRefused:
            self._by_network.give_back(network, now)  # It was no guess: nothing is compared.
            raise
        account = await self._ledger.call(lambda store: store.account_named(message.name))
        password_hash = None if account is None else account.password_hash
        if not await self._passwords.matches(message.password, password_hash, network) or account is None:
            # What is typed as a name may be a password.
            known = "of no account" if account is None else account.name
            self._limits.warn(network, "a login failed, from %s: the name is %s", origin(network), known)
            raise RequestRefused("Unauthorized", _WRONG_LOGIN)
        self._by_network.give_back(network, now)
        self._by_name.give_back(name, now)
        self._ledger.check_account(account)

        def begin(store: Store) -> logins.NewLogin | None:
            # Meanwhile the admin may have removed the account, or changed its password.
            now_kept = store.account(account.account_id)
            if now_kept is None or now_kept.password_hash != account.password_hash:
                return None
            return logins.begin(store, account.account_id, visitor.client, self._ledger.wall())

        new = await self._ledger.change(begin)
        if new is None:
            raise RequestRefused("Unauthorized", _WRONG_LOGIN)
        return self._tokens(visitor, account, new, "logged in")

    async def _register(self, visitor: Visitor, message: requests.Register, now: float) -> Answered:
        self._advise(visitor)
        invite_id, uses = None, None
        match self._register_by:
            case "closed":
                raise RequestRefused("Forbidden", _REGISTER_CLOSED)
            case "invited":
                if message.invite is None:
                    raise RequestRefused("InvalidInvite", _NEED_INVITE)
                try:
                    invite = self._ledger.known.signer.open_register(message.invite)
                except BadToken as error:
                    raise RequestRefused("InvalidInvite", f"this invite {error}") from None
                invite_id, uses = invite.invite_id, invite.uses
            case "open":
                pass
        network = network_of(visitor.address)
        if visitor.address:
            self._new.take(network, now)
        self._all_new.take("", now)

        def check(store: Store) -> None:
            if store.account_named(message.name) is not None:
                raise RequestRefused("NameTaken", _NAME_TAKEN)
            if invite_id is not None and uses is not None and logins.count_uses(store, invite_id) >= uses:
                raise RequestRefused("InvalidInvite", "this invite is used up: ask for a new one")

        await self._ledger.call(check)
        password_hash = await self._passwords.hash(message.password, network)
        account = logins.new_account(message.name, password_hash, self._ledger.wall(), invite_id)

        def add(store: Store) -> logins.NewLogin:
            check(store)
            store.add_account(account)
            return logins.begin(store, account.account_id, visitor.client, self._ledger.wall())

        new = await self._ledger.change(add)
        return self._tokens(visitor, account, new, "registered")

    async def _login_by_code(self, visitor: Visitor, message: requests.LoginByCode, now: float) -> Answered:
        self._advise(visitor)
        network = network_of(visitor.address)
        if visitor.address:
            self._codes.take(network, now)
        self._all_codes.take("", now)
        paired = await self.pairing.use(message.code, now)
        learning = self._ledger.learning
        if paired is not None and learning is not None and paired.session_id not in self._ledger.known.logins:
            await learning.wait()  # The login that made the code has begun at another server.
        session = None if paired is None else self._ledger.known.logins.get(paired.session_id)
        account = None if paired is None else self._ledger.known.accounts.get(paired.account_id)
        if session is None or session.revoked is not None or account is None:
            self._limits.warn(network, "a login failed, from %s: there is no such code", origin(network))
            raise RequestRefused("Unauthorized", _WRONG_CODE)
        self._codes.give_back(network, now)
        self._all_codes.give_back("", now)
        self._ledger.check_account(account)

        def begin(store: Store) -> logins.NewLogin | None:
            # Meanwhile the admin may have ended the login that the code is of, or removed the account.
            now_kept = store.login(session.session_id)
            if now_kept is None or now_kept.revoked is not None:
                return None
            return logins.begin(store, account.account_id, visitor.client, self._ledger.wall())

        new = await self._ledger.change(begin)
        if new is None:
            raise RequestRefused("Unauthorized", _WRONG_CODE)
        return self._tokens(visitor, account, new, "logged in by a code")

    async def _refresh(self, visitor: Visitor, message: requests.Refresh, now: float) -> Answered:
        network = network_of(visitor.address)
        if visitor.address:
            self._wrong_secrets.check(network, now)
        refreshed = await self._ledger.change(lambda store: logins.refresh(store, message.refresh, self._ledger.wall()))
        before = refreshed.before
        if before is None:
            if visitor.address:
                self._wrong_secrets.take(network, now)
            raise RequestRefused("Unauthorized", _BAD_LOGIN)
        match refreshed.outcome:
            case rotation.Granted(session=session):
                self._ledger.known.logins[session.session_id] = session
                account = self._ledger.known.accounts.get(session.account_id)
                if account is None:
                    raise RequestRefused("Unauthorized", _BAD_LOGIN)
                self._ledger.check_account(account)
                new = logins.NewLogin(session, refreshed.refresh)
                return self._tokens(visitor, account, new, None, beaten(before, session))
            case rotation.Stolen(session=session):
                sentence = "%s: an old token was used, from %s, so that login has ended"
                _log.warning(sentence, self._name(session), origin(network))
                self._ledger.remember([session])
                self._ledger.end_soon(ends([session]))
                raise RequestRefused("Unauthorized", rotation.STOLEN)
            case rotation.Late(seconds=seconds):
                raise RequestRefused.rate_limited(
                    "this login was renewed only just now", round(seconds, 3), limit="renewals"
                )
            case rotation.Ended(why=why):
                raise RequestRefused("Unauthorized", why)
        raise AssertionError(refreshed)

    def _authenticate(self, visitor: Visitor, message: requests.Authenticate, now: float) -> Answered:
        try:
            found = self._ledger.open(message.token, visitor.address, now)
        except BadToken as error:
            raise RequestRefused("Unauthorized", f"this token {error}") from None
        if found is None:
            raise RequestRefused("Unauthorized", "this token is good no more: ask for a new one")
        account, access = found
        self._ledger.check_account(account)
        visitor = self._ledger.logged_in(visitor, account, access.session_id, access.mark)
        return Answered(requests.Authenticated(account.name), visitor)

    async def _logout(self, visitor: Visitor, message: requests.Logout) -> Answered:
        def end(store: Store) -> tuple[LoginSession, ...]:
            session_id, account_id = visitor.session_id, visitor.account_id
            if message.refresh is not None:
                session = store.login_by_refresh(rotation.digest_of(message.refresh))
                session_id, account_id = (None, None) if session is None else (session.session_id, session.account_id)
            if account_id is not None and message.everywhere:
                return logins.end_all(store, account_id, _LOGGED_OUT)
            return () if session_id is None else logins.end_one(store, session_id, _LOGGED_OUT)

        ended = await self._ledger.change(end)
        self._ledger.remember(ended)
        if ended:
            everywhere = " everywhere" if message.everywhere else ""
            came_from = origin(network_of(visitor.address))
            _log.info("%s: logged out%s, from %s", self._name(ended[0]), everywhere, came_from)
        if visitor.session_id is None or any(session.session_id == visitor.session_id for session in ended):
            visitor = self._ledger.identified(replace(visitor, account_id=None, account=None, session_id=None))
        return Answered(Done(), visitor, ends(ended))

    def _tokens(
        self,
        visitor: Visitor,
        account: Account,
        new: logins.NewLogin,
        event: str | None,
        ended: tuple[Ended, ...] = (),
    ) -> Answered:
        """Return the answer with new tokens."""
        self._ledger.remember((new.session, *new.ended))
        self._ledger.known.accounts[account.account_id] = account
        if event is not None:
            _log.info("%s: %s, from %s", account.name, event, origin(network_of(visitor.address)))
        session, mark = new.session, rotation.mark_of(new.session.refresh_digest)
        access = self._ledger.known.signer.access(
            Access(account.account_id, session.session_id, mark), self._ledger.wall()
        )
        tokens = requests.Tokens(account.name, access.token, new.refresh, access.seconds)
        visitor = self._ledger.logged_in(visitor, account, session.session_id, mark)
        return Answered(tokens, visitor, (*ended, *ends(new.ended)))

    def _name(self, session: LoginSession) -> str:
        account = self._ledger.known.accounts.get(session.account_id)
        return "an account that is gone" if account is None else account.name

    def _advise(self, visitor: Visitor) -> None:
        """Tell the admin once that passwords come without encryption."""
        if self._encrypted or self._advised or not visitor.address:
            return
        try:
            is_here = ipaddress.ip_address(visitor.address.partition("%")[0]).is_loopback
        except ValueError:
            is_here = False
        if not is_here:
            self._advised = True
            _log.warning(
                "passwords of accounts come over the network without encryption: "
                "use --tls-cert, or a proxy that speaks TLS and --trusted-proxy"
            )
