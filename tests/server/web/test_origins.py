"""Which pages may have a WebSocket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from hangd.config import ConfigError, Given, load
from hangd.server.settings import ServerSettings
from hangd.server.web.origins import Origins, parse_origin
from tests.support.servers.server import PATIENCE, running, typist


def refusal(
    origin: str | None, host: str = "films.example.org", *, given: tuple[str, ...] = (), same_host: bool = True,
    proxied: bool = False, forwarded: str | None = None,
) -> str | None:  # fmt: skip
    fields = {"Host": [host]} | ({} if origin is None else {"Origin": [origin]})
    if forwarded is not None:
        fields["X-Forwarded-Host"] = [forwarded]
    return Origins(given, same_host=same_host).refusal(lambda name: fields.get(name, []), proxied=proxied)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "films.example.org"),
        ("https://films.example.org", "films.example.org"),
        ("https://FILMS.example.org", "films.Example.org"),
        ("https://films.example.org", "films.example.org:443"),
        ("http://films.example.org", "films.example.org:80"),
        ("http://127.0.0.1:3005", "127.0.0.1:3005"),
        ("http://[::1]:3005", "[::1]:3005"),
        ("https://films.example.org:8443", "films.example.org:8443"),
    ],
)
def test_the_servers_own_page_is_let_in_and_whoever_is_no_page(origin: str | None, host: str) -> None:
    assert refusal(origin, host) is None


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "films.example.org"),
        ("null", "films.example.org"),
        ("", "films.example.org"),
        ("https://films.example.org:8443", "films.example.org"),
        ("https://films.example.org", "films.example.org:80"),
        ("https://films.example.org.evil.example", "films.example.org"),
        ("https://evil.example/films.example.org", "films.example.org"),
        ("https://films.example.org@evil.example", "films.example.org"),
        ("https://films.example.org https://evil.example", "films.example.org"),
        ("file://", "films.example.org"),
        ("https://films.example.org", "films.example.org, evil.example"),
    ],
)
def test_the_pages_of_others_are_refused_in_a_sentence(origin: str, host: str) -> None:
    assert (refusal(origin, host) or "").endswith(".")


def test_more_than_one_origin_is_refused() -> None:
    fields = {"Host": ["h"], "Origin": ["http://h", "http://h"]}
    assert Origins((), same_host=True).refusal(lambda name: fields.get(name, []), proxied=False)


def test_a_trusted_proxy_says_for_which_host_it_was_asked() -> None:
    asked = "https://films.example.org"
    assert refusal(asked, "127.0.0.1:3005", forwarded="films.example.org")
    assert refusal(asked, "127.0.0.1:3005", forwarded="films.example.org", proxied=True) is None
    assert refusal(asked, "127.0.0.1:3005", forwarded="a.example, films.example.org", proxied=True) is None
    assert refusal(asked, "films.example.org", forwarded="a.example", proxied=True) is None
    assert refusal("https://evil.example", "127.0.0.1:3005", forwarded="films.example.org", proxied=True)


def test_origins_that_are_named_are_let_in() -> None:
    given = (parse_origin("https://Other.example:443"),)
    assert refusal("https://other.example", given=given) is None
    assert refusal("http://other.example", given=given)
    assert refusal("https://films.example.org", given=given) is None
    assert refusal("https://films.example.org", given=given, same_host=False)
    assert refusal(None, given=given, same_host=False) is None


hosts = st.sampled_from(["h", "H", "h:80", "h:443", "h:8443", "evil.example", "h.evil.example", "h, evil.example", ""])


@given(
    st.sampled_from(["http://", "https://", "", "ws://"]), st.text(max_size=30) | hosts, st.text(max_size=30) | hosts
)
def test_no_page_of_another_host_gets_in(scheme: str, place: str, host: str) -> None:
    """A browser writes into Origin the place that its page is really of."""

    def plain(text: str) -> str:
        return text.lower().removesuffix(":80").removesuffix(":443")

    if refusal(f"{scheme}{place}", host) is None:
        assert scheme in ("http://", "https://")
        assert plain(place) == plain(host) != ""


def test_the_setting() -> None:
    flags = {"web_origins": Given("--web-origin", ("https://A.example:443", "http://b:8080"))}
    assert load(environment={}, flags=flags).server.web_origins == ("https://a.example", "http://b:8080")
    environment = {"HANG_WEB_ORIGINS": "https://a.example http://[::1]:8080", "HANG_WEB": "no"}
    found = load(environment=environment).server
    assert (found.web_origins, found.web) == (("https://a.example", "http://[::1]:8080"), False)
    for wrong in ("a.example", "https://a.example/", "wss://a.example", "*", "null", "https://a.example:0", ""):
        with pytest.raises(ConfigError, match=r"^--web-origin must be an origin"):
            load(environment={}, flags={"web_origins": Given("--web-origin", (wrong,))})


async def open_as(url: str, origin: str | None) -> int:
    """Return the status with which a page of this origin gets a WebSocket, or not."""
    headers = {} if origin is None else {"Origin": origin}
    try:
        async with connect(url, proxy=None, additional_headers=headers, open_timeout=PATIENCE):
            return 101
    except InvalidStatus as error:
        assert error.response.body and error.response.body.endswith(b".\n")
        return error.response.status_code


async def test_a_server_with_its_page() -> None:
    async with running(ServerSettings(web_origins=("https://other.example",))) as url:
        own = url.replace("ws:", "http:").removesuffix("/ws")
        assert [await open_as(url, origin) for origin in (None, own, "https://other.example")] == [101, 101, 101]
        assert [await open_as(url, origin) for origin in ("https://evil.example", "null")] == [403, 403]
        assert "web" in (await (await typist(url)).hello("Anna"))["features"]


async def test_a_server_without_it() -> None:
    async with running(ServerSettings(web=False, web_origins=("https://other.example",))) as url:
        own = url.replace("ws:", "http:").removesuffix("/ws")
        assert [await open_as(url, origin) for origin in (None, own, "https://other.example")] == [101, 403, 101]
        assert "web" not in (await (await typist(url)).hello("Anna"))["features"]
