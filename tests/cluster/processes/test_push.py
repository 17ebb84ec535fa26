"""Invitations by push, which one node is asked for, and for which a browser has subscribed at another one."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from hangd.protocol.messages import Done
from hangd.protocol.push import PushInvite, PushKeys, PushSubscribe, PushUnsubscribe
from hangd.server.push.keys import create_key
from tests.support.crowds.fan import FILM
from tests.support.crowds.fans import fans, refused
from tests.support.servers.cluster_processes import built
from tests.support.servers.push_service import Browser, push_server

pytestmark = pytest.mark.real


async def test_an_invitation_reaches_who_has_subscribed_at_another_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when that node is gone. The room runs at a third one, and the invitation names its film."""
    with push_server(tmp_path) as pushes:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pushes.certificate))
        options = ("--push-contact", "mailto:me@example.org", "--push-service", pushes.host)
        with built(tmp_path, *options, nodes=3) as cluster:
            key = create_key(cluster.nodes[0].log_path.parent / "data").path
            for node in cluster.nodes[1:]:
                folder = node.log_path.parent / "data"
                folder.mkdir(mode=0o700)
                (folder / key.name).write_bytes(key.read_bytes())
            await cluster.start()
            first, second, third = cluster.nodes
            async with fans() as people:
                ann = await people.at(first.url, "ann")
                room_id = (await ann.create(name="friday")).room_id
                assert cluster.owner(room_id) is first
                browser, secret = Browser(pushes.host), "a secret nobody guesses"
                phone = await people.at(second.url, "bob")
                subscribing = PushSubscribe("bob", browser.endpoint, PushKeys(**browser.keys), secret)
                await phone.ask(subscribing, Done)
                greeting = (await pushes.wait(1))[0]
                assert browser.read(greeting)["body"] == "You get invitations as bob."
                cem = await people.at(third.url, "cem")
                await cem.join(room_id)
                await refused(cem, replace(subscribing, secret="a secret of somebody else"), "NameTaken")
                await cem.ask(PushInvite("Bob"), Done)
                invitation = (await pushes.wait(2))[1]
                assert browser.read(invitation)["body"] == f"{FILM.name}, in the room friday"
                second.kill()
                await cem.ask(PushInvite("bob"), Done)
                assert browser.read((await pushes.wait(3))[2])["room"] == "friday"
                await cem.ask(PushUnsubscribe("bob", secret), Done)
                await cluster.until(lambda: cluster.redis.ask("KEYS", "hang:e:push:*") == [], "the end of it")
                await ann.ask(subscribing, Done)
                assert browser.read((await pushes.wait(4))[3])["body"] == "You get invitations as bob."
                assert cluster.problems() == []
        assert cluster.errors() == []
