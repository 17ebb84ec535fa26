"""Logins: real room servers and viewers in this process, each viewer with a simulated player."""

import json
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from hangd.client.account import account as module
from hangd.client.account import credentials
from hangd.client.control.port import CommandRefused
from hangd.client.private_file import write_private
from hangd.client.server.requests import NotConnected
from hangd.engine.link.link import LinkState
from hangd.protocol import accounts, messages
from hangd.protocol.codec import decode_server
from hangd.server.settings import ServerSettings
from hangd.server.trust import rotation, tokens
from hangd.tasks import Tasks
from tests.support.daemons.control import until
from tests.support.daemons.viewers import Watcher
from tests.support.servers.logins import SECRET, Person
from tests.support.servers.server import running


@pytest.fixture
def bob(stack: AsyncExitStack, tmp_path: Path, url: str) -> Person:
    return Person(stack, tmp_path, "bob", url)


def name(watcher: Watcher) -> Any:
    return watcher.viewer.hang_property("server/account")


def sent(watcher: Watcher, *kinds: type) -> list[Any]:
    """Note what is sent of these kinds from now on."""
    send, noted = watcher.viewer.connection.send, []

    def note(message: Any, request_id: Any = None) -> None:
        if isinstance(message, kinds):
            noted.append(message)
        send(message, request_id)

    watcher.viewer.connection.send = note  # type: ignore[method-assign]
    return noted


async def redials(watcher: Watcher) -> None:
    """Break the connection, and wait for the next one."""
    connection = watcher.viewer.connection
    attempt = connection._link.attempt
    connection._transport.abort()  # type: ignore[union-attr]
    await watcher.until(lambda: connection.is_up and connection._link.attempt > attempt)
    await watcher.viewer.account.settled()


def expire(watcher: Watcher, server: str) -> None:
    """Let the access token that is known, and kept, be an old one."""
    path = watcher.viewer.account.file.path
    assert path is not None
    whole = json.loads(path.read_bytes())
    whole["servers"][server]["login"] |= {"expires": 1.0, "access": "an.old.one"}
    path.write_text(json.dumps(whole))


async def test_a_login_is_kept_for_the_next_daemon_and_its_token_is_shown_at_once(ada: Person, url: str) -> None:
    first = await ada.registers()
    assert name(first) == "ada"
    kept = ada.kept()["login"]
    assert kept["account"] == "ada" and SECRET not in ada.credentials.read_text()
    await first.viewer.close()
    second = ada.daemon()
    second.viewer.begin()
    await second.until(lambda: name(second) == "ada")
    assert not second.viewer.connection.is_up, "what is kept is known before there is a connection"
    refreshes = sent(second, accounts.Refresh)
    await second.viewer.room("server-connect", {"url": url})
    assert name(second) == "ada" and not refreshes
    await second.viewer.room("room-create", {"file": second.film("film")})
    (own,) = second.viewer.hang_property("room/members")
    assert own["account"] == "ada"


async def test_features_are_those_of_the_server(ada: Person, url: str) -> None:
    daemon = ada.daemon()
    assert daemon.viewer.hang_property("server/features") is None and name(daemon) is None
    await daemon.viewer.room("server-connect", {"url": url})
    assert "accounts" in daemon.viewer.hang_property("server/features") and name(daemon) is None


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        ({"name": "ada", "password": "wrong"}, "Unauthorized", "the name or the password is wrong"),
        ({"name": "nobody", "password": SECRET}, "Unauthorized", "the name or the password is wrong"),
        ({"code": "BCDF-GHJK"}, "Unauthorized", "no such code"),
        ({"code": "1234"}, "InvalidMessage", "code must be eight letters"),
        ({"name": "ada"}, "InvalidMessage", "a name and a password, or a code"),
        ({}, "InvalidMessage", "a name and a password, or a code"),
        ({"name": "ada", "password": SECRET, "code": "BCDF-GHJK"}, "InvalidMessage", "a code stands for"),
        ({"name": "ada", "password": SECRET, "url": "nonsense://x"}, "InvalidMessage", "url must be"),
    ],
)
async def test_a_login_that_is_refused_changes_nothing(
    ada: Person, arguments: dict[str, str], code: str, why: str
) -> None:
    first = await ada.registers()
    kept = ada.kept()
    with pytest.raises(CommandRefused, match=why) as refused:
        await first.viewer.room("server-login", arguments)
    assert refused.value.code == code and ada.kept() == kept and name(first) == "ada"


@pytest.mark.parametrize(
    "server",
    [
        "ws://films.test:3005/ws",
        "ws://192.168.1.5/ws",
        "ws://0.0.0.0/ws",
        "ws://127.evil.test/ws",
        "ws://x.localhost/ws",
    ],
)
@pytest.mark.parametrize("command", ["server-login", "server-register"])
async def test_nobody_logs_in_where_others_can_read_it(
    ada: Person, server: str, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = ada.daemon()
    dialed: list[str] = []
    monkeypatch.setattr(daemon.viewer.connection, "want", dialed.append)
    with pytest.raises(CommandRefused, match="everybody on the way to") as refused:
        await daemon.viewer.room(command, {"name": "ada", "password": SECRET, "url": server})
    assert refused.value.code == "NotPrivate" and not dialed and SECRET not in str(refused.value)
    assert not ada.credentials.exists()


async def test_a_token_is_never_shown_where_others_can_read_it(ada: Person) -> None:
    """Not even where somebody has written one into the file."""
    plain = "ws://192.168.1.5/ws"
    login = credentials.Login("ada", "an.access.token", "refresh-token-" * 2, 9e9, 900.0)
    daemon = ada.daemon()
    async with daemon.viewer.account.file.held():
        for server in (plain, "wss://films.test/ws"):
            await daemon.viewer.account.file.write(server, credentials.Credentials(login))
            await daemon.viewer.account.prepare(server)
    assert daemon.viewer.account.hello(plain).token is None
    assert daemon.viewer.account.hello("wss://films.test/ws").token == "an.access.token"


async def test_each_server_is_told_of_another_device(ada: Person) -> None:
    one, other = ada.daemon(), ada.daemon()
    for daemon in (one, other):
        for server in ("wss://a.test/ws", "wss://b.test/ws"):
            await daemon.viewer.account.prepare(server)
    told = {one.viewer.account.hello(server).device for server in ("wss://a.test/ws", "wss://b.test/ws")}
    assert len(told) == 2 and None not in told
    assert other.viewer.account.hello("wss://a.test/ws").device in told, "daemons of one user are one device"


async def test_without_a_key_there_is_one_warning_and_no_device(ada: Person, caplog: pytest.LogCaptureFixture) -> None:
    daemon = ada.daemon()
    (ada.credentials.parent / "device-key").mkdir()
    for _ in range(3):
        await daemon.viewer.account.prepare("wss://a.test/ws")
    assert daemon.viewer.account.hello("wss://a.test/ws").device is None
    assert caplog.text.count("servers will not recognise this device") == 1


# ---- renewing -------------------------------------------------------------------------------------------------------


async def test_an_expired_login_is_renewed_before_it_is_needed(ada: Person, bob: Person, url: str) -> None:
    host = await bob.registers()
    await host.viewer.room("room-create", {"file": host.film("film"), "name": "friday"})
    await host.viewer.room("room-set", {"key": "access", "value": "accounts"})
    first = await ada.registers()
    await first.viewer.close()
    expire(first, url)
    second = ada.daemon()
    refreshes = sent(second, accounts.Refresh, accounts.Authenticate)
    await second.viewer.room("room-join", {"room": "friday", "file": second.film("film")})
    assert name(second) == "ada" and len(refreshes) == 1
    assert ada.kept()["login"]["access"] != "an.old.one"


async def test_a_room_for_people_with_an_account_lets_them_back_in(ada: Person, bob: Person, url: str) -> None:
    """The server has not kept the place, and the token has expired meanwhile."""
    host, guest = await bob.registers(), await ada.registers()
    await host.viewer.room("room-create", {"file": host.film("film"), "name": "friday"})
    await guest.viewer.room("room-join", {"room": "friday", "file": guest.film("film")})
    await host.viewer.room("room-set", {"key": "access", "value": "accounts"})
    expire(guest, url)
    guest.viewer.connection._resume = None
    guest.viewer.room_view.return_secret = None  # type: ignore[union-attr]
    asked = sent(guest, accounts.Refresh, messages.JoinRoom)
    await redials(guest)
    await guest.until(lambda: len(asked) == 2)
    assert [type(message).__name__ for message in asked] == ["Refresh", "JoinRoom"]
    await guest.until(lambda: guest.viewer.connection.client_id in guest.viewer.room_view.members)  # type: ignore[union-attr]
    assert not any(event["event"] == "room-left" for event in guest.events)


async def test_a_login_is_renewed_before_its_token_expires(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.3)
    monkeypatch.setattr(tokens, "ACCESS_SECONDS", 1.0)
    daemon = await ada.registers()
    refreshes = sent(daemon, accounts.Refresh)
    await until(lambda: len(refreshes) >= 2)
    assert name(daemon) == "ada" and len({each.refresh for each in refreshes}) == len(refreshes)
    await daemon.until(lambda: daemon.viewer.account.known(ada._server).login.expires > 0)  # type: ignore[union-attr]
    assert not any(event["event"] == "logged-out" for event in daemon.events)


def lose_next_answer(watcher: Watcher) -> list[Any]:
    """Let the connection break as the next Tokens arrive, which are not read. Returns them once it has happened."""
    connection = watcher.viewer.connection
    lost: list[Any] = []
    received = connection.frame_received

    def receive(data: str | bytes, at: float, attempt: int) -> None:
        message = decode_server(data if isinstance(data, bytes) else data.encode()).message
        if isinstance(message, accounts.Tokens) and not lost:
            lost.append(message)
            connection._transport.abort()  # type: ignore[union-attr]
            return
        received(data, at, attempt)

    connection.frame_received = receive  # type: ignore[method-assign]
    return lost


async def test_a_lost_answer_costs_nothing(ada: Person, url: str) -> None:
    daemon = await ada.registers()
    expire(daemon, url)
    refreshes, lost = sent(daemon, accounts.Refresh), lose_next_answer(daemon)
    await redials(daemon)
    await daemon.until(lambda: len(refreshes) == 2 and name(daemon) == "ada")
    await daemon.viewer.account.settled()
    assert refreshes[0] == refreshes[1] and len(lost) == 1
    assert ada.kept()["login"]["refresh"] not in (refreshes[0].refresh, lost[0].refresh)
    for _ in range(3):  # What is kept is good, and is used.
        expire(daemon, url)
        await redials(daemon)
        assert name(daemon) == "ada"
    assert not any(event["event"] == "logged-out" for event in daemon.events)


async def test_tokens_that_could_not_be_kept_are_not_used(
    ada: Person, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk is full for a while, and the daemon is killed then: the next one has the old refresh token only."""
    daemon = await ada.registers()
    expire(daemon, url)
    old = ada.kept()["login"]["refresh"]

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(credentials, "write_private", full)
    await redials(daemon)
    assert name(daemon) == "ada", "this connection is the account's"
    assert ada.kept()["login"]["refresh"] == old and "No space left" in caplog.text
    await redials(daemon)
    assert name(daemon) == "ada"
    monkeypatch.undo()
    await daemon.viewer.close()
    second = ada.daemon()
    await second.viewer.room("server-connect", {"url": url})
    assert name(second) == "ada" and ada.kept()["login"]["refresh"] != old
    assert not any(event["event"] == "logged-out" for event in second.events)


async def test_a_login_that_cannot_be_kept_is_refused_and_ended(
    ada: Person, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = await ada.registers()
    await daemon.viewer.room("server-logout", {})
    writes: list[bytes] = []

    def sometimes(path: Path, content: bytes) -> None:
        writes.append(content)
        if len(writes) == 2:
            raise OSError(28, "No space left on device")
        write_private(path, content)

    monkeypatch.setattr(credentials, "write_private", sometimes)
    with pytest.raises(CommandRefused, match="No space left") as refused:
        await daemon.viewer.room("server-login", {"name": "ada", "password": SECRET})
    assert refused.value.code == "FileUnusable" and name(daemon) is None and "login" not in ada.kept()
    with pytest.raises(CommandRefused, match="not logged in"):
        await daemon.viewer.room("server-pair", {})


async def test_daemons_of_one_user_renew_one_login_and_never_use_a_token_twice(ada: Person, url: str) -> None:
    daemons = [await ada.registers(), *(ada.daemon() for _ in range(3))]
    refreshes = [sent(daemon, accounts.Refresh) for daemon in daemons]
    for daemon in daemons[1:]:
        await daemon.viewer.room("server-connect", {"url": url})
    for _ in range(4):
        expire(daemons[0], url)
        for daemon in daemons:
            daemon.viewer.connection._transport.abort()  # type: ignore[union-attr]
        for daemon in daemons:
            await daemon.until(lambda daemon=daemon: not daemon.viewer.connection.is_up)  # type: ignore[misc]
        for daemon in daemons:
            await daemon.until(lambda daemon=daemon: name(daemon) == "ada" and daemon.viewer.connection.is_up)  # type: ignore[misc]
            await daemon.viewer.account.settled()
            assert name(daemon) == "ada"
    used = [message.refresh for each in refreshes for message in each]
    assert len(used) == len(set(used)) == 4, "one of them renewed it each time, and the others took that over"
    assert not any(event["event"] == "logged-out" for daemon in daemons for event in daemon.events)


async def test_a_secret_is_never_sent_to_the_server_that_the_viewer_has_gone_to(
    ada: Person, url: str, stack: AsyncExitStack
) -> None:
    """The lock of the file is waited for, and meanwhile the viewer goes to another server."""
    other = await stack.enter_async_context(running(ServerSettings(register="open")))
    daemon = await ada.registers()
    expire(daemon, url)
    asked = sent(daemon, accounts.Refresh, accounts.Authenticate, accounts.Login, accounts.Logout)
    holder = credentials.CredentialsFile(ada.credentials)
    async with holder.held():
        connection = daemon.viewer.connection
        attempt = connection._link.attempt
        connection._transport.abort()  # type: ignore[union-attr]
        await daemon.until(lambda: connection.is_up and connection._link.attempt > attempt)
        tasks = Tasks()
        login = {"name": "ada", "password": SECRET}
        # What waits for the login to be renewed, and then for the file.
        waiting = tasks.start(daemon.viewer.account.log_in(url, accounts.Login(**login)), name="log in")
        connection.want(other)
        await daemon.until(lambda: connection.is_up and connection.url == other)
    with pytest.raises(NotConnected):
        await waiting
    await until(lambda: daemon.viewer.account.is_settled)
    await daemon.viewer.account._renew(url)
    assert not asked and name(daemon) is None and ada.kept()["login"]["access"] == "an.old.one"


# ---- the end of a login ---------------------------------------------------------------------------------------------


async def test_a_login_that_was_ended_elsewhere_is_told_once_and_forgotten(
    ada: Person, bob: Person, url: str, tmp_path: Path, stack: AsyncExitStack
) -> None:
    host, guest = await bob.registers(), await ada.registers()
    await host.viewer.room("room-create", {"file": host.film("film"), "name": "friday"})
    await guest.viewer.room("room-join", {"room": "friday", "file": guest.film("film")})
    elsewhere = Person(stack, tmp_path, "ada-elsewhere", url).daemon()
    await elsewhere.viewer.room("server-login", {"name": "ada", "password": SECRET})
    await elsewhere.viewer.room("server-logout", {"everywhere": "yes"})
    await guest.until(lambda: guest.viewer.connection.state is LinkState.DOWN)
    connection = guest.viewer.connection
    assert guest.viewer.room_view is None and name(guest) is None
    left = guest.viewer.hang_property("room/left")
    assert left["reason"] == "lost" and left["detail"].startswith("the server has ended the connection: ")
    assert left["detail"].endswith("to come again: hangctl login; then: hangctl join friday")
    (told,) = [event for event in guest.events if event["event"] == "logged-out"]
    assert told["account"] == "ada" and told["server"] == url
    assert told["detail"].startswith("you are not logged in as ada any more: ")
    await until(lambda: "login" not in ada.kept())
    await guest.viewer.room("server-connect", {"url": url})
    assert connection.is_up and name(guest) is None
    assert len([event for event in guest.events if event["event"] == "logged-out"]) == 1


async def test_a_login_that_ended_while_nobody_was_connected_is_told_once(ada: Person, url: str) -> None:
    first = await ada.registers()
    login = ada.kept()["login"]
    await first.viewer.room("server-logout", {"everywhere": "yes"})
    await first.viewer.close()
    second = ada.daemon()
    async with second.viewer.account.file.held():
        kept = credentials.Credentials(credentials.Login(**login))
        await second.viewer.account.file.write(url, kept)
    for _ in range(2):
        await second.viewer.room("server-connect", {"url": url})
        assert second.viewer.connection.is_up and name(second) is None
        await second.viewer.room("server-disconnect", {})
    (told,) = [event for event in second.events if event["event"] == "logged-out"]
    assert "log in again" in told["detail"] and "login" not in ada.kept()


async def test_a_copied_token_ends_the_login_for_the_thief_and_the_owner(
    ada: Person, url: str, tmp_path: Path, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "DELAY_SECONDS", 0.0)
    owner = await ada.registers()
    thief = Person(stack, tmp_path, "thief", url)
    thief.credentials.write_bytes(ada.credentials.read_bytes())
    expire(owner, url)
    await redials(owner)
    await redials(owner)  # The new access token is used.
    copied = thief.daemon()
    expire(copied, url)
    await copied.viewer.room("server-connect", {"url": url})
    assert name(copied) is None
    await owner.until(lambda: any(event["event"] == "logged-out" for event in owner.events))
    (told,) = [event for event in owner.events if event["event"] == "logged-out"]
    assert "somebody used an old login of yours" in told["detail"] and name(owner) is None


async def test_logging_out(ada: Person, url: str) -> None:
    daemon = await ada.registers()
    assert await daemon.viewer.room("server-logout", {}) == {"account": "ada", "server": url}
    assert name(daemon) is None and "login" not in ada.kept() and daemon.viewer.connection.is_up
    with pytest.raises(CommandRefused, match="you are not logged in at ws://") as refused:
        await daemon.viewer.room("server-logout", {})
    assert refused.value.code == "NotLoggedIn"
    with pytest.raises(CommandRefused) as refused:
        await daemon.viewer.room("server-pair", {})
    assert refused.value.code == "NotLoggedIn"
    assert not any(event["event"] == "logged-out" for event in daemon.events), "it was the viewer's own wish"


@pytest.mark.parametrize("everywhere", ["no", "yes"])
async def test_logging_out_at_a_server_that_is_gone(ada: Person, everywhere: str, stack: AsyncExitStack) -> None:
    async with running(ServerSettings(register="open")) as url:
        daemon = ada.daemon(server=url)
        await daemon.viewer.room("server-register", {"name": "ada", "password": SECRET})
        await daemon.viewer.room("server-disconnect", {})
    with pytest.raises(CommandRefused) as refused:
        await daemon.viewer.room("server-logout", {"everywhere": everywhere})
    kept = json.loads(ada.credentials.read_bytes())["servers"]
    if everywhere == "yes":
        assert refused.value.code == "NoServer" and url in kept
    else:
        assert refused.value.code == "NotConnected" and "you are logged out on this machine" in str(refused.value)
        assert url not in kept and name(daemon) is None


async def test_pairing(ada: Person, url: str, tmp_path: Path, stack: AsyncExitStack) -> None:
    daemon = await ada.registers()
    code = await daemon.viewer.room("server-pair", {})
    assert code["expires_in"] > 60 and len(code["code"]) == 9
    other = Person(stack, tmp_path, "ada-at-work", url).daemon()
    answer = await other.viewer.room("server-login", {"code": code["code"].lower().replace("-", " ")})
    assert answer == {"account": "ada", "server": url} and name(other) == "ada"
    with pytest.raises(CommandRefused, match="no such code"):
        await other.viewer.room("server-login", {"code": code["code"]})
    await other.viewer.room("server-logout", {})
    assert name(daemon) == "ada", "each machine has a login of its own"


# ---- servers for people with an account only ------------------------------------------------------------------------


@pytest.fixture
async def closed(stack: AsyncExitStack) -> str:
    return await stack.enter_async_context(running(ServerSettings(register="open", require_token=True)))


async def test_where_everybody_needs_an_account(ada: Person, closed: str) -> None:
    daemon = ada.daemon(server=closed)
    film = daemon.film("film")
    for command, arguments in (("room-create", {"file": film}), ("room-join", {"room": "x"}), ("room-list", {})):
        with pytest.raises(CommandRefused, match="log in") as refused:
            await daemon.viewer.room(command, arguments)  # type: ignore[arg-type]
        assert refused.value.code == "Unauthorized"
    await daemon.viewer.room("server-register", {"name": "ada", "password": SECRET})
    await daemon.viewer.room("room-create", {"file": film, "name": "friday"})


@pytest.mark.parametrize("resumes", [True, False])
async def test_who_has_an_account_is_back_though_the_token_has_expired(ada: Person, closed: str, resumes: bool) -> None:
    daemon = ada.daemon(server=closed)
    await daemon.viewer.room("server-register", {"name": "ada", "password": SECRET})
    await daemon.viewer.room("room-create", {"file": daemon.film("film"), "name": "friday"})
    daemon.viewer.set_paused(False)
    await daemon.viewer.settle("playing")
    expire(daemon, closed)
    if not resumes:
        daemon.viewer.connection._resume = None
    daemon.events.clear()
    refused: list[Any] = []
    received = daemon.viewer.connection.listener.received

    def receive(message: messages.ServerMessage, re: Any, now: float) -> None:
        if isinstance(message, messages.Error):
            refused.append(message)
        received(message, re, now)

    daemon.viewer.connection.listener.received = receive  # type: ignore[method-assign]
    await redials(daemon)
    assert name(daemon) == "ada"
    await daemon.until(lambda: daemon.viewer.room_view is not None and daemon.viewer.membership.reaches_room)
    await daemon.viewer.settle("synced")
    assert daemon.viewer.hang_property("room/role") == "host" and not refused
    assert not any(event["event"] in ("room-left", "logged-out") for event in daemon.events)


# ---- the server's password ------------------------------------------------------------------------------------------


@pytest.fixture
async def private(stack: AsyncExitStack, tmp_path: Path) -> str:
    path = tmp_path / "password"
    path.write_text("sesame\n")
    path.chmod(0o600)
    return await stack.enter_async_context(running(ServerSettings(server_password_file=str(path))))


async def test_the_servers_password_is_asked_for_and_kept(ada: Person, private: str) -> None:
    daemon = ada.daemon(server=private)
    for arguments in ({}, {"password": "wrong"}):
        with pytest.raises(CommandRefused) as refused:
            await daemon.viewer.room("server-connect", {"url": private, **arguments})
        assert refused.value.code == "Unauthorized" and refused.value.more["need"] == "password"
        assert daemon.viewer.connection.state is LinkState.DOWN
    with pytest.raises(CommandRefused) as refused:
        await daemon.viewer.room("room-create", {"file": daemon.film("film")})
    assert refused.value.more["need"] == "password"
    await daemon.viewer.room("server-connect", {"url": private, "password": "sesame"})
    await until(lambda: ada.credentials.exists() and "sesame" in ada.credentials.read_text())
    await daemon.viewer.close()
    second = ada.daemon(server=private)
    await second.viewer.room("room-create", {"file": second.film("film")})


async def test_a_kept_password_that_has_become_wrong_is_forgotten(ada: Person, private: str) -> None:
    daemon = ada.daemon(server=private)
    async with daemon.viewer.account.file.held():
        await daemon.viewer.account.file.write(private, credentials.Credentials(password="of last year"))
    with pytest.raises(CommandRefused) as refused:
        await daemon.viewer.room("server-connect", {"url": private})
    assert refused.value.more["need"] == "password"
    await until(lambda: "last year" not in ada.credentials.read_text())


async def test_who_was_not_let_in_for_a_while_joins_its_room_again(ada: Person, url: str) -> None:
    """The server, which has kept the place, does not take the viewer for a member any more."""
    daemon = ada.daemon()
    daemon.viewer.begin()
    film = daemon.film("film")
    await daemon.viewer.room("room-create", {"file": film, "name": "friday"})
    daemon.viewer.connection._end(4501, "the server's password has changed")
    await daemon.until(lambda: daemon.viewer.room_view is None)
    assert daemon.viewer.connection.state is LinkState.DOWN
    await daemon.viewer.room("room-join", {"room": "friday", "file": film})
    assert daemon.viewer.hang_property("room/role") == "host"
    assert [one["name"] for one in daemon.viewer.hang_property("room/members")] == ["ada"]


# ---- what must not be told ------------------------------------------------------------------------------------------


async def test_secrets_are_told_to_nobody(
    ada: Person, bob: Person, private: str, url: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets: set[str] = {SECRET, "bob's own password", "not the password", "wrong sesame", "an.old.one"}
    answers: list[Any] = []

    async def ask(watcher: Watcher, command: Any, **arguments: str) -> None:
        try:
            await watcher.viewer.room(command, arguments)
        except CommandRefused as refused:
            answers.append((str(refused), refused.code, dict(refused.more)))

    daemon = await ada.registers()
    secrets |= {ada.kept()["login"][key] for key in ("access", "refresh")}
    await ask(daemon, "server-login", name="ada", password="not the password")
    await ask(daemon, "server-login", name="ada", password=SECRET)
    await ask(daemon, "server-login", name="ada", password="x" * 300 + SECRET)
    await ask(daemon, "server-login", name="ada\n", password=SECRET)
    await ask(daemon, "server-register", name="ada", password=SECRET, invite="an.old.one")
    await ask(daemon, "server-register", name="ada", password=SECRET, invite="an.old.one%%")
    secrets |= {ada.kept()["login"][key] for key in ("access", "refresh")}
    expire(daemon, url)
    await redials(daemon)
    secrets |= {ada.kept()["login"][key] for key in ("access", "refresh")}
    other = bob.daemon()
    await ask(other, "server-register", name="bob", password="bob's own password")
    await ask(other, "room-create", file=other.film("film"), name="friday", password=SECRET)
    await ask(daemon, "room-join", room="friday", password="not the password", invite="an.old.one")
    await ask(daemon, "room-join", room="friday", invite="an.old.one" * 200)
    await ask(daemon, "server-connect", url=private, password="wrong sesame")
    trace = await daemon.viewer.debug_dump()
    told = [
        caplog.text,
        repr(answers),
        repr(daemon.events),
        repr(other.events),
        Path(trace).read_bytes().decode("latin"),  # noqa: ASYNC240
    ]
    properties = ("server/account", "server/features", "server/url", "room/left", "room", "room/policy")
    told += [repr(each.viewer.hang_property(word)) for each in (daemon, other) for word in properties]
    found: Callable[[str], list[str]] = lambda text: [secret for secret in secrets if secret in text]  # noqa: E731
    assert [found(text) for text in told] == [[]] * len(told) and len(answers) >= 6
