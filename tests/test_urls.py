"""URLs of servers, and invites: what is understood, and that an invite leads to the server that it was made for."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.uri import parse_uri

from hangd.protocol.names import room_name
from hangd.urls import Invited, is_local, is_private, make_invite, page_link, parse_invite, server_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("ws://127.0.0.1:3005/ws", "ws://127.0.0.1:3005/ws"),
        ("wss://films.example.org", "wss://films.example.org/ws"),
        ("wss://films.example.org/ws", "wss://films.example.org/ws"),
        ("wss://films.example.org:443/ws", "wss://films.example.org/ws"),
        ("WSS://Films.Example.ORG./ws", "wss://films.example.org/ws"),
        ("ws://films.example.org:443", "ws://films.example.org:443/ws"),
        ("ws://h:3005/", "ws://h:3005/"),
        ("wss://h/hang/ws?a=b&c", "wss://h/hang/ws?a=b&c"),
        ("wss://h/ü%20$(b);&?a;b", "wss://h/%C3%BC%20%24%28b%29%3B%26?a%3Bb"),
        ("ws://[::1]", "ws://[::1]/ws"),
        ("ws://[FE80:0::1%25eth0]:3005/ws", "ws://[fe80::1%25eth0]:3005/ws"),
        ("ws://[fe80::1%eth0]:3005/ws", "ws://[fe80::1%25eth0]:3005/ws"),
        ("wss://filme.bücher.example/ws", "wss://filme.xn--bcher-kva.example/ws"),
        ("http://films.example.org:8080/ws", "ws://films.example.org:8080/ws"),
        ("http://films.example.org", "ws://films.example.org/ws"),
        ("https://films.example.org/", "wss://films.example.org/ws"),
        ("https://films.example.org/hang/", "wss://films.example.org/hang/ws"),
        ("http://films.example.org/hang", "ws://films.example.org/hang/ws"),
        ("http://films.example.org/hang?a=b", "ws://films.example.org/hang/ws?a=b"),
        ("ws://films.example.org/hang", "ws://films.example.org/hang"),
        ("hang://films.example.org", "ws://films.example.org:3005/ws"),
        ("hang://films.example.org/", "ws://films.example.org:3005/ws"),
        ("hangs://films.example.org", "wss://films.example.org/ws"),
        ("hangs://films.example.org:3005", "wss://films.example.org:3005/ws"),
        # Without a scheme.
        ("127.0.0.1:3005", "ws://127.0.0.1:3005/ws"),
        ("127.0.0.1", "ws://127.0.0.1:3005/ws"),
        ("192.168.1.5", "ws://192.168.1.5:3005/ws"),
        ("[::1]:3005", "ws://[::1]:3005/ws"),
        ("localhost", "ws://localhost:3005/ws"),
        ("nas", "ws://nas:3005/ws"),
        ("nas.local", "ws://nas.local:3005/ws"),
        ("films.example.org", "wss://films.example.org/ws"),
        ("films.example.org/", "wss://films.example.org/ws"),
        ("films.example.org/hang", "wss://films.example.org/hang/ws"),
        ("films.example.org/hang/ws", "wss://films.example.org/hang/ws"),
        ("films.example.org:443", "wss://films.example.org/ws"),
        ("films.example.org:3005", "ws://films.example.org:3005/ws"),
        ("films.example.org:3005/hang/ws", "ws://films.example.org:3005/hang/ws"),
    ],
)
def test_what_is_plainly_meant_is_a_server_s_url(text: str, url: str) -> None:
    assert server_url(text) == url
    assert server_url(url) == url


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "ws://",
            "ws:///ws",
            "ftp://host",
            "://host",
            "ws://host:",
            "ws://host:0/ws",
            "ws://host:65536",
            "host:port",
        ),
        *(
            "ws://a b/",
            "ws://host/\x1b",
            " ws://host",
            "ws://host\n",
            "ws://host/a b",
            "ws://host\\ws",
            "ws://ho\u200dst",
        ),
        *("ws://user@host", "ws://user:secret@host/ws", "ws://host/ws#room", "hang://host:3005/friday", "::1", "[::1"),
        *(
            "ws://[::1]x:3005",
            "ws://[fe80::1%25]",
            "ws://[host]",
            "ws://1.2.3",
            "ws://1.2.3.256",
            "ws://a..b",
            "ws://-a",
        ),
        "wss://h/" + 2048 * "a",
    ],
)
def test_a_wrong_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must "):
        server_url(text)


@pytest.mark.parametrize(
    ("url", "room", "invite"),
    [
        ("wss://films.example.org/ws", "friday", "hangs://films.example.org:443/friday"),
        ("ws://films.example.org/ws", "friday", "hang://films.example.org:80/friday"),
        ("ws://127.0.0.1:3005/ws", "friday", "hang://127.0.0.1:3005/friday"),
        ("wss://h/hang/ws", "friday", "hangs://h:443/hang/ws/friday"),
        ("ws://h:3005/", "friday", "hang://h:3005//friday"),
        ("ws://h:3005/?a=/b&%41", "Fri day ün", "hang://h:3005//Fri%20day%20%C3%BCn?a=/b%26%2541"),
        ("ws://[fe80::1%25eth0]:3005/ws", "50% ?#", "hang://[fe80::1%25eth0]:3005/50%25%20%3F%23"),
    ],
)
def test_an_invite_names_the_port_and_the_path(url: str, room: str, invite: str) -> None:
    assert make_invite(url, room) == invite
    assert parse_invite(invite) == (room, url, None)


@pytest.mark.parametrize(
    ("url", "room", "link"),
    [
        ("wss://films.example.org/ws", "friday", "https://films.example.org/#friday"),
        ("wss://films.example.org/hang/ws", "friday", "https://films.example.org/hang/#friday"),
        ("ws://127.0.0.1:3005/ws", "Fri day ün", "http://127.0.0.1:3005/#Fri%20day%20%C3%BCn"),
        ("wss://h:8443/a/b/ws?a=b&c", "50% ?#", "https://h:8443/a/b/?a=b&c#50%25%20%3F%23"),
        ("ws://[::1]:3005/ws", "friday", "http://[::1]:3005/#friday"),
        ("ws://h:3005/", "friday", "http://h:3005/#friday"),
        ("ws://h/rooms", "friday", None),
        ("ws://[fe80::1%25eth0]:3005/ws", "friday", None),
    ],
)
def test_the_link_for_browsers_is_beside_the_rooms(url: str, room: str, link: str | None) -> None:
    assert page_link(url, room) == link
    if link is not None:
        assert parse_invite(link) == (room, url if url.partition("?")[0].endswith("/ws") else f"{url}ws", None)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("https://films.example.org#Fri day", ("Fri day", "wss://films.example.org/ws")),
        ("HTTPS://Films.Example.org/hang/#fri%20day", ("fri day", "wss://films.example.org/hang/ws")),
        ("http://192.168.1.4:3005/#friday", ("friday", "ws://192.168.1.4:3005/ws")),
    ],
)
def test_a_link_may_be_typed(typed: str, found: tuple[str, str]) -> None:
    assert parse_invite(typed) == (*found, None)


labels = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9_-]{0,8}[a-zA-Z0-9])?", fullmatch=True)
names = st.lists(labels, min_size=1, max_size=4).map(".".join) | st.text("aÄßж.-", min_size=1, max_size=9)
zones = st.from_regex(r"(%(25)?[a-z0-9.]{1,6})?", fullmatch=True)
sixes = st.tuples(st.ip_addresses(v=6).map(str), zones).map(lambda parts: f"[{parts[0]}{parts[1]}]")
hosts = names | st.ip_addresses(v=4).map(str) | sixes
ports = st.just("") | st.integers(1, 65535).map(lambda port: f":{port}") | st.sampled_from([":80", ":443", ":3005"])
paths = st.sampled_from(["", "/", "//", "/ws", "/ws/", "/hang/ws"]) | st.text("/a%2Fü?=&:@;$'(!*", max_size=12).map(
    "/{}".format
)
schemes = st.sampled_from(["", "ws://", "wss://", "http://", "https://", "hang://", "hangs://", "WS://"])
typed = st.tuples(schemes, hosts, ports, paths).map("".join)

signs = st.sampled_from(["#invite=a.b.c", "&invite=a.b.c", "#", "?", "&", "invite=", "%26invite%3D", "a", " "])
rooms = st.uuids().map(str) | st.text(min_size=1, max_size=64) | st.lists(signs, min_size=1, max_size=4).map("".join)
tokens = st.none() | st.from_regex(r"[A-Za-z0-9._-]{1,1024}", fullmatch=True)


@given(typed, rooms, tokens)
def test_an_invite_leads_back_for_every_url_that_server_takes(text: str, room: str, token: str | None) -> None:
    try:
        url, room = server_url(text), room_name(room)
    except ValueError as error:
        assert str(error).startswith("must ")
        return
    invite = make_invite(url, room, token)
    assert parse_invite(invite) == Invited(room, url, token)
    assert invite == make_invite(url, room) + ("" if token is None else f"#invite={token}")
    assert server_url(url) == url
    assert url.isascii()
    assert not set(invite) & set("&;|<>$`'\"()*! ^{}\\")  # which mean something to a shell
    dialed = parse_uri(url)  # what the client does with it
    assert dialed.resource_name == "/" + url.split("/", 3)[3]


@given(typed, rooms, tokens)
def test_a_link_leads_back_for_every_url_that_server_takes(text: str, room: str, token: str | None) -> None:
    try:
        url, room = server_url(text), room_name(room)
    except ValueError:
        return
    link = page_link(url, room, token)
    path, mark, query = url.partition("?")
    if link is None:
        assert "%25" in url or path.rpartition("/")[2] not in ("", "ws")
        return
    assert parse_invite(link) == (room, url if path.endswith("/ws") else f"{path}ws{mark}{query}", token)
    assert page_link(parse_invite(link).server or "", room, token) == link
    assert link.isascii()


@given(rooms)
def test_a_room_may_be_typed_as_it_is_called(room: str) -> None:
    try:
        room_name(room)
    except ValueError:
        return
    if "?" in room or "%" in room or "invite=" in room:  # Before letters and digits these have a meaning in an invite.
        return
    assert parse_invite(f"hang://127.0.0.1:4105/{room}") == (room, "ws://127.0.0.1:4105/ws", None)
    assert parse_invite(f"hang://127.0.0.1:4105/{room}#invite=a.b") == (room, "ws://127.0.0.1:4105/ws", "a.b")
    assert parse_invite(f"http://127.0.0.1:4105/#{room}&invite=a.b") == (room, "ws://127.0.0.1:4105/ws", "a.b")


@given(st.text(max_size=40) | typed)
def test_any_text_is_a_url_or_refused(text: str) -> None:
    for read in (server_url, parse_invite):
        try:
            read(text)
        except ValueError as error:
            assert type(error) is ValueError


@pytest.mark.parametrize(
    ("text", "room", "server"),
    [
        ("friday", "friday", None),
        ("Fri day: ün?", "Fri day: ün?", None),
        ("hang://films.example/friday", "friday", "ws://films.example:3005/ws"),
        ("hang://films.example:4000/friday/", "friday", "ws://films.example:4000/ws"),
        ("hangs://films.example/friday", "friday", "wss://films.example/ws"),
        ("hang://films.example/a/b", "b", "ws://films.example:3005/a"),
        ("https://films.example/#friday", "friday", "wss://films.example/ws"),
        ("https://films.example#friday", "friday", "wss://films.example/ws"),
        ("http://films.example:3005/#Fri%20day", "Fri day", "ws://films.example:3005/ws"),
        ("https://films.example/hang/#friday", "friday", "wss://films.example/hang/ws"),
        ("https://films.example/hang#friday", "friday", "wss://films.example/hang/ws"),
        ("https://films.example/#a b?", "a b?", "wss://films.example/ws"),
        ("hang://films.example/a b", "a b", "ws://films.example:3005/ws"),
        ("hang://films.example/what?", "what?", "ws://films.example:3005/ws"),
        ("hang://films.example/who? me", "who? me", "ws://films.example:3005/ws"),
        ("hang://films.example/#1 fans", "#1 fans", "ws://films.example:3005/ws"),
        ("hang://films.example/50% off", "50% off", "ws://films.example:3005/ws"),
        ("hang://films.example/a\u3000b", "a\u3000b", "ws://films.example:3005/ws"),
    ],
)
def test_what_people_type_is_an_invite(text: str, room: str, server: str | None) -> None:
    assert parse_invite(text) == (room, server, None)


LINKS = [json.loads(line) for line in (Path(__file__).parent / "golden" / "links.jsonl").read_text().splitlines()]
"""Links and what they say. The page reads the same list: what is a link here is one there."""


@pytest.mark.parametrize("link", LINKS, ids=lambda link: str(link["text"]))
def test_links_say_what_they_always_said(link: dict[str, str]) -> None:
    invited = Invited(link["room"], link["server"], link.get("token"))
    assert parse_invite(link["text"]) == invited
    match link.get("made_by"):
        case "make_invite":
            assert make_invite(link["server"], link["room"], link.get("token")) == link["text"]
        case "page_link":
            assert page_link(link["server"], link["room"], link.get("token")) == link["text"]


@pytest.mark.parametrize(
    "text",
    [
        "https://films.example/friday",
        "https://films.example/#",
        "hang://films.example#friday",
        "ws://films.example/friday",
        "hang://films.example/#invite=a.b.c",
        "https://films.example/#&invite=a.b.c",
        "https://films.example/#friday&invite=" + 1025 * "a",
        "hang://films.example/friday#invite=" + 1025 * "a",
    ],
)
def test_other_urls_are_no_invites(text: str) -> None:
    with pytest.raises(ValueError, match="is no invite: "):
        parse_invite(text)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        *(("localhost", True), ("127.0.0.1", True), ("127.9.9.9:1", True), ("[::1]", True), ("0.0.0.0", True)),
        *(("a.localhost", True), ("192.168.1.5", False), ("films.example.org", False), ("127.example.org", False)),
    ],
)
def test_which_servers_only_this_machine_reaches(text: str, local: bool) -> None:
    assert is_local(server_url(text)) is local


@pytest.mark.parametrize(
    ("server", "private"),
    [
        ("wss://films.test/ws", True),
        ("ws://127.0.0.1:3005/ws", True),
        ("ws://127.1.2.3/ws", True),
        ("ws://localhost/ws", True),
        ("ws://[::1]:3005/ws", True),
        ("ws://[::2]:3005/ws", False),
        ("ws://localhost.test/ws", False),
        ("ws://128.0.0.1/ws", False),
        ("ws://127.films.test1/ws", False),
        ("ws://127.0.0.1.films4/ws", False),
    ],
)
def test_which_servers_are_private(server: str, private: bool) -> None:
    assert is_private(server) is private


def test_quoting_keeps_what_is_quoted() -> None:
    assert server_url("ws://h/" + quote("ü /%")) == "ws://h/%C3%BC%20/%25"
