"""Invitations by push: from a client's request, through a real server, to what a browser reads."""

import asyncio
import logging
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hangd.client.control.port import CommandRefused
from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.player.simulated import SimulatedPlayer
from hangd.server.push import sending
from hangd.server.push.files import load_book
from hangd.server.push.keys import KeyUnusable, create_key, load_key
from hangd.server.settings import ServerSettings
from tests.support.daemons.party import CLIP
from tests.support.daemons.viewers import Watcher
from tests.support.servers.push_service import Browser, PushServer, push_server, signed_claims
from tests.support.servers.server import running, typist

pytestmark = pytest.mark.real

SECRET = "a secret that nobody guesses"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushServer]:
    with push_server(tmp_path) as service:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(service.certificate))
        yield service


def settings(folder: Path, service: PushServer, **more: Any) -> ServerSettings:
    given: dict[str, Any] = {"push_contact": "mailto:me@example.org", "push_services": (service.host,)}
    return ServerSettings(data_dir=str(folder), **(given | more))


async def answer(client: Any, type: str, **payload: Any) -> dict[str, Any]:
    """Ask, and return the direct answer."""
    await client.say(type, id="q", **payload)
    while (message := await client.next()).get("re") != "q":
        pass
    assert isinstance(message, dict)
    return message


async def test_an_invitation_arrives_signed_and_is_read_by_its_browser_alone(
    tmp_path: Path, service: PushServer
) -> None:
    key = create_key(tmp_path)
    bob = Browser(service.host)
    async with running(settings(tmp_path, service)) as url, await typist(url) as ann, await typist(url) as phone:
        welcome = await phone.hello("Bob")
        assert "push" in welcome["features"]
        assert welcome["push_key"] == key.public
        subscribe = {"name": "Bob", "endpoint": bob.endpoint, "keys": bob.keys, "secret": SECRET}
        assert (await answer(phone, "PushSubscribe", **subscribe))["type"] == "Done"
        greeting = (await service.wait(1))[0]
        assert bob.read(greeting) == {"title": "hang", "body": "You get invitations as Bob.", "room": ""}
        await ann.hello("Ann")
        await ann.create(name="friday", file={"size": 5, "name": "film.mkv"})
        assert (await answer(ann, "PushInvite", name="bob"))["type"] == "Done"
        invitation = (await service.wait(2))[1]
    assert bob.read(invitation) == {
        "title": "Ann invites you to watch together",
        "body": "film.mkv, in the room friday",
        "room": "friday",
    }
    assert b"friday" not in invitation.body

    assert invitation.headers["ttl"] == "3600"
    claims = signed_claims(invitation, key.public)
    assert claims["sub"] == "mailto:me@example.org"
    assert claims["aud"] == f"https://{service.host}"
    with pytest.raises(Exception, match="Decryption error"):
        Browser(service.host).read(invitation)


async def test_who_invites_learns_nothing_of_who_has_subscribed(tmp_path: Path, service: PushServer) -> None:
    create_key(tmp_path)
    bob = Browser(service.host)
    async with running(settings(tmp_path, service)) as url, await typist(url) as ann:
        await ann.hello("Ann")
        await ann.create()
        subscribe = {"name": "Bob", "endpoint": bob.endpoint, "keys": bob.keys, "secret": SECRET}
        await answer(ann, "PushSubscribe", **subscribe)
        await service.wait(1)
        known = [await answer(ann, "PushInvite", name="Bob") for _ in range(3)]
        unknown = [await answer(ann, "PushInvite", name="Nobody") for _ in range(2)]
        assert known[:2] == unknown  # the third was over Bob's limit, and is answered the same
        assert known[2] == known[0]
        assert (await answer(ann, "PushInvite", name="Nobody"))["payload"]["code"] == "RateLimited"
        await service.wait(3)
    assert len(service.messages) == 3  # the greeting, and two invitations


async def test_an_invitation_carries_an_invite_of_its_own_room(tmp_path: Path, service: PushServer) -> None:
    create_key(tmp_path)
    bob = Browser(service.host)
    async with running(settings(tmp_path, service)) as url, await typist(url) as ann, await typist(url) as eve:
        await ann.hello("Ann")
        subscribe = {"name": "Bob", "endpoint": bob.endpoint, "keys": bob.keys, "secret": SECRET}
        assert (await answer(ann, "PushSubscribe", **subscribe))["type"] == "Done"
        await ann.create(name="friday", policy={"access": "invited"})
        token = (await answer(ann, "CreateInvite"))["payload"]["token"]
        await eve.hello("Eve")
        await eve.create(name="other")
        for client, invite in ((eve, token), (ann, "forged")):
            assert (await answer(client, "PushInvite", name="bob", invite=invite))["payload"]["code"] == "InvalidInvite"
        assert (await answer(ann, "PushInvite", name="bob", invite=token))["type"] == "Done"
        invitation = bob.read((await service.wait(2))[1])
    assert (invitation["room"], invitation["invite"]) == ("friday", token)


async def test_a_daemons_invitation_lets_in_where_the_room_is_for_the_invited(
    tmp_path: Path, service: PushServer
) -> None:
    create_key(tmp_path)
    bob = Browser(service.host)
    async with running(settings(tmp_path, service)) as url, await typist(url) as phone:
        ada = Watcher(tmp_path / "ada", name="ada", server=url, duration=600.0)
        ada.viewer.begin()
        try:
            await ada.viewer.room("room-create", {"file": ada.film("film"), "name": "friday"})
            await phone.hello("Bob")
            subscribe = {"name": "Bob", "endpoint": bob.endpoint, "keys": bob.keys, "secret": SECRET}
            assert (await answer(phone, "PushSubscribe", **subscribe))["type"] == "Done"
            await ada.viewer.room("room-invite", {"name": "Bob"})
            assert "invite" not in bob.read((await service.wait(2))[1]), "everybody may come in"
            await ada.viewer.room("room-set", {"key": "access", "value": "invited"})
            await ada.viewer.room("room-invite", {"name": "Bob"})
            invite = bob.read((await service.wait(3))[2])["invite"]
            assert (await answer(phone, "JoinRoom", room_id="friday"))["payload"]["code"] == "InvalidInvite"
            assert (await answer(phone, "JoinRoom", room_id="friday", invite=invite))["type"] == "RoomJoined"
        finally:
            await ada.viewer.close()


async def test_a_subscription_outlives_the_server_and_ends_where_the_browser_is_gone(
    tmp_path: Path, service: PushServer
) -> None:
    create_key(tmp_path)
    bob = Browser(service.host)
    async with running(settings(tmp_path, service)) as url, await typist(url) as phone:
        await phone.hello("Bob")
        await answer(phone, "PushSubscribe", name="Bob", endpoint=bob.endpoint, keys=bob.keys, secret=SECRET)
        await service.wait(1)
    (kept,) = load_book(tmp_path)
    assert (kept.name, kept.endpoint) == ("Bob", bob.endpoint)
    assert stat.S_IMODE((tmp_path / "push-subscriptions.json").stat().st_mode) == 0o600
    service.answers["/send/1"] = 410
    async with running(settings(tmp_path, service)) as url, await typist(url) as ann:
        await ann.hello("Ann")
        await ann.create()
        await answer(ann, "PushInvite", name="Bob")
        await service.wait(2)
        while load_book(tmp_path):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_redirect_is_not_followed(tmp_path: Path, service: PushServer) -> None:
    key = create_key(tmp_path)
    bob = Browser(service.host)
    service.answers["/send/1"] = 307
    from hangd.server.push.book import Subscription

    subscription = Subscription("Bob", bob.endpoint, bob.keys["p256dh"], bob.keys["auth"], "", 0.0)
    assert await asyncio.to_thread(sending.send, subscription, "{}", key.path, "mailto:me@example.org") == "failed"
    assert [message.path for message in service.messages] == ["/send/1"]


async def test_an_address_that_is_no_push_service_is_refused_and_not_asked(tmp_path: Path, service: PushServer) -> None:
    create_key(tmp_path)
    bob = Browser(service.host)
    async with (
        running(settings(tmp_path, service, push_services=())) as url,
        await typist(url) as phone,
    ):
        await phone.hello("Bob")
        subscribe = {"name": "Bob", "endpoint": bob.endpoint, "keys": bob.keys, "secret": SECRET}
        refused = await answer(phone, "PushSubscribe", **subscribe)
        assert refused["payload"]["code"] == "InvalidMessage"
        assert refused["payload"]["details"] == {"path": "$.payload.endpoint"}
    assert service.messages == []


async def test_a_name_of_somebody_else_is_refused(tmp_path: Path, service: PushServer) -> None:
    create_key(tmp_path)
    bob, eve = Browser(service.host), Browser(service.host, "/send/2")
    async with running(settings(tmp_path, service)) as url, await typist(url) as phone:
        await phone.hello("Bob")
        await answer(phone, "PushSubscribe", name="Bob", endpoint=bob.endpoint, keys=bob.keys, secret=SECRET)
        stolen = {"name": "BOB", "endpoint": eve.endpoint, "keys": eve.keys, "secret": "another secret, also long"}
        assert (await answer(phone, "PushSubscribe", **stolen))["payload"]["code"] == "NameTaken"
        assert (await answer(phone, "PushUnsubscribe", name="Bob", secret=stolen["secret"]))["type"] == "Done"
        assert (await answer(phone, "PushSubscribe", **stolen))["payload"]["code"] == "NameTaken"
        assert (await answer(phone, "PushUnsubscribe", name="Bob", secret=SECRET))["type"] == "Done"
        assert (await answer(phone, "PushSubscribe", **stolen))["type"] == "Done"


async def test_a_member_with_hangd_invites_too(tmp_path: Path, service: PushServer) -> None:
    create_key(tmp_path)
    bob = Browser(service.host)
    async with running(settings(tmp_path, service)) as url, await typist(url) as phone:
        await phone.hello("Bob")
        await answer(phone, "PushSubscribe", name="Bob", endpoint=bob.endpoint, keys=bob.keys, secret=SECRET)
        await service.wait(1)
        viewer = Viewer(
            ClientSettings(name="ada", server=url), SimulatedPlayer, MediaFiles(None), version="0", quit=exit
        )
        try:
            await viewer.room("room-create", {"file": str(CLIP), "name": "friday"})
            assert await viewer.room("room-invite", {"name": "Bob"}) is None
            assert await viewer.room("room-invite", {"name": "Nobody"}) is None
            with pytest.raises(CommandRefused, match="at most 32"):
                await viewer.room("room-invite", {"name": "x" * 33})
        finally:
            await viewer.close()
        invitation = bob.read((await service.wait(2))[1])
    assert invitation["title"] == "ada invites you to watch together"
    assert invitation["room"] == "friday"


@pytest.mark.parametrize("missing", ["key", "contact", "extra"])
async def test_without_all_that_it_needs_the_server_connects_to_nobody(
    missing: str,
    tmp_path: Path,
    service: PushServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    connected: list[object] = []
    if missing != "key":
        create_key(tmp_path)
    if missing == "extra":
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    given = settings(tmp_path, service)
    if missing == "contact":
        given = msgspec.structs.replace(given, push_contact=None)
    bob = Browser(service.host)
    with caplog.at_level(logging.WARNING):
        async with running(given) as url, await typist(url) as ann:
            real = socket.socket.connect

            def connect(self: socket.socket, to: Any) -> None:
                connected.append(to)
                real(self, to)

            monkeypatch.setattr(socket.socket, "connect", connect)
            welcome = await ann.hello("Ann")
            assert "push" not in welcome["features"]
            assert "push_key" not in welcome
            await ann.create()
            subscribe = {"name": "Bob", "endpoint": bob.endpoint, "keys": bob.keys, "secret": SECRET}
            assert (await answer(ann, "PushSubscribe", **subscribe))["payload"]["code"] == "Forbidden"
            assert (await answer(ann, "PushInvite", name="Bob"))["payload"]["code"] == "Forbidden"
    assert connected == []
    assert service.messages == []
    assert "no invitations are sent by push" in caplog.text


def test_the_key_is_its_owners_alone_and_is_made_once(tmp_path: Path) -> None:
    key = create_key(tmp_path / "new")
    assert stat.S_IMODE(key.path.stat().st_mode) == 0o600
    assert load_key(tmp_path / "new") == key
    with pytest.raises(KeyUnusable, match="already"):
        create_key(tmp_path / "new")
    key.path.write_text("something else")
    with pytest.raises(KeyUnusable, match="PEM"):
        load_key(tmp_path / "new")


def test_a_damaged_file_of_subscriptions_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "push-subscriptions.json").write_text("[{")
    assert load_book(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["push-subscriptions.damaged"]
