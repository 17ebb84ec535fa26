"""Which proxy is used, and connections through real ones: tinyproxy and microsocks."""

import os
import socket
from collections.abc import Awaitable, Iterator
from typing import Any

import pytest

from hangd.transport.dial_failures import DialFailed
from hangd.transport.proxy import Proxy, ProxyFailed, choose, parse_proxy
from tests.support.daemons.party import PATIENCE, free_port
from tests.support.network.dialed import DialedClient
from tests.support.servers.programs import listening, program
from tests.support.servers.server import running

SERVER = "films.example.org"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)


def chosen(
    environment: dict[str, str], *, given: str | None = None, host: str = SERVER, secure: bool = True
) -> str | None:
    proxy = choose(given, host, 3005, secure=secure, environment=environment)
    return None if proxy is None else str(proxy)


@pytest.mark.parametrize(
    ("environment", "secure", "insecure"),
    [
        ({}, None, None),
        ({"HTTPS_PROXY": "http://a:1"}, "http://a:1", None),
        ({"HTTP_PROXY": "http://a:1"}, None, "http://a:1"),
        ({"ALL_PROXY": "socks5h://a"}, "socks5h://a:1080", "socks5h://a:1080"),
        ({"ALL_PROXY": "b:2", "https_proxy": "a"}, "http://a:80", "http://b:2"),
        ({"https_proxy": "a:1", "HTTPS_PROXY": "b:2"}, "http://a:1", None),
        ({"HTTPS_PROXY": ""}, None, None),
    ],
)
def test_the_environment_names_a_proxy(environment: dict[str, str], secure: str | None, insecure: str | None) -> None:
    assert (chosen(environment), chosen(environment, secure=False)) == (secure, insecure)


def test_the_setting_precedes_the_environment() -> None:
    assert chosen({"HTTPS_PROXY": "a:1"}, given="socks4://b") == "socks4://b:1080"
    assert chosen({"HTTPS_PROXY": "a:1"}, given="none") is None


@pytest.mark.parametrize("host", ["localhost", "films.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_is_never_reached_through_a_proxy(host: str) -> None:
    assert chosen({"ALL_PROXY": "a:1"}, given="http://b:1", host=host) is None


@pytest.mark.parametrize(
    ("rules", "host", "listed"),
    [
        ("*", SERVER, True),
        (SERVER, SERVER, True),
        ("example.org", SERVER, True),
        (".example.org, other", SERVER, True),
        ("*.example.org", SERVER, True),
        ("EXAMPLE.org", SERVER, True),
        ("xample.org", SERVER, False),
        (f"{SERVER}:3005", SERVER, True),
        (f"{SERVER}:443", SERVER, False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("fe80::/10", "fe80::1%eth0", True),
        ("2001:db8::1", "2001:db8::1", True),
        ("2001:db8::/32 x", "2001:db9::1", False),
        (",", SERVER, False),
    ],
)
def test_no_proxy(rules: str, host: str, listed: bool) -> None:
    assert (chosen({"ALL_PROXY": "a:1", "NO_PROXY": rules}, host=host) is None) is listed


def test_a_password_is_read_and_never_shown() -> None:
    proxy = parse_proxy("socks5://ada:p%40ss@[2001:db8::1]:1081")
    assert proxy == Proxy("socks5", "2001:db8::1", 1081, "ada", "p@ss")
    assert str(proxy) == "socks5://[2001:db8::1]:1081"


@pytest.mark.parametrize(
    "url", ["", "ftp://a", "https://a", "http://", "http://a:x", "http://a:99999", "http://a/path", "http://[a"]
)
def test_a_wrong_url_says_what_would_be_right(url: str) -> None:
    with pytest.raises(ValueError, match="must be the URL of a proxy, http://"):
        parse_proxy(url)


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(ProxyFailed, match=r"^ALL_PROXY must be the URL"):
        chosen({"ALL_PROXY": "gopher://a"})


# ---- real proxies ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tinyproxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An HTTP proxy that wants a password."""
    port, folder = free_port(), tmp_path_factory.mktemp("tinyproxy")
    lines = [f"Port {port}", "Listen 127.0.0.1", "BasicAuth ada s3cret", f'LogFile "{folder}/log"']
    (folder / "conf").write_text("\n".join(lines) + "\n")
    with listening(port, program("tinyproxy"), "-d", "-c", folder / "conf"):
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="module")
def microsocks() -> Iterator[str]:
    """A SOCKS 5 proxy that wants a password."""
    port = free_port()
    with listening(port, program("microsocks"), "-i", "127.0.0.1", "-p", str(port), "-u", "ada", "-P", "s3cret"):
        yield f"127.0.0.1:{port}"


async def failure(attempt: Awaitable[Any]) -> str:
    with pytest.raises(DialFailed) as caught:
        await attempt
    assert caught.value.kind == "proxy" and str(caught.value).isprintable()
    return str(caught.value)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine count as another one: tests have no other."""
    monkeypatch.setattr("hangd.transport.proxy._is_loopback", lambda host: False)


@pytest.mark.real
@pytest.mark.usefixtures("outside")
async def test_through_an_http_proxy(tinyproxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as url:
        monkeypatch.setenv("HTTP_PROXY", f"http://ada:s3cret@{tinyproxy}")
        client = await DialedClient.dial(url, timeout=PATIENCE)
        client.write(b'{"type":"Hello","payload":{"protocol":1,"name":"Ada","client":"test"}}')
        async for data, _ in client:
            assert '"Welcome"' in str(data)
            break
        client.abort()
        monkeypatch.setenv("HTTP_PROXY", f"http://ada:wrong@{tinyproxy}")
        said = await failure(DialedClient.dial(url, timeout=PATIENCE))
        assert said.startswith(f"the proxy http://{tinyproxy} wants another user name and password")
        assert "wrong" not in said
        monkeypatch.setenv("HTTP_PROXY", f"http://ada:s3cret@{tinyproxy}")
        said = await failure(DialedClient.dial(f"ws://127.0.0.1:{free_port()}/ws", timeout=PATIENCE))
        assert said.startswith(f"the proxy http://{tinyproxy} does not connect to 127.0.0.1:")


@pytest.mark.real
@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_through_a_socks_proxy(microsocks: str, scheme: str) -> None:
    async with running() as url:
        here = url.replace("127.0.0.1", "localhost")
        client = await DialedClient.dial(here, timeout=PATIENCE, proxy=f"{scheme}://ada:s3cret@{microsocks}")
        client.abort()
        said = await failure(DialedClient.dial(url, timeout=PATIENCE, proxy=f"{scheme}://ada:wrong@{microsocks}"))
        assert said.startswith(f"the proxy {scheme}://{microsocks} wants another user name and password")
        said = await failure(
            DialedClient.dial(
                f"ws://127.0.0.1:{free_port()}/", timeout=PATIENCE, proxy=f"{scheme}://ada:s3cret@{microsocks}"
            )
        )
        assert said.startswith(f"the proxy {scheme}://{microsocks} does not connect to 127.0.0.1:")


@pytest.mark.usefixtures("outside")
async def test_a_proxy_that_is_not_there() -> None:
    place = f"127.0.0.1:{free_port()}"
    said = await failure(DialedClient.dial("ws://127.0.0.1:1/ws", timeout=PATIENCE, proxy=f"http://{place}"))
    assert said == f"the proxy http://{place} cannot be reached: Connection refused"


@pytest.mark.usefixtures("outside")
async def test_a_proxy_that_does_not_answer() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(DialFailed, match="through the proxy") as caught,
    ):
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        await DialedClient.dial("ws://127.0.0.1:1/ws", timeout=2.0, proxy=f"http://{place}")
    assert caught.value.kind == "timeout"
