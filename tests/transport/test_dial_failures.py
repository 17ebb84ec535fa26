"""Each way in which TLS fails, and each answer of something else than a hang server: what a viewer is told."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hangd.server.settings import ServerSettings
from hangd.transport import dialing
from hangd.transport.dial_failures import Answer, DialFailed, read_answer
from tests.support.daemons.party import free_port
from tests.support.network.dialed import DialedClient
from tests.support.servers.certificates import Authority, Pair, self_signed
from tests.support.servers.programs import listening, program
from tests.support.servers.server import PATIENCE, running

DAY = datetime.timedelta(days=1)
Certificates = Callable[[Authority, Path], Pair]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


async def failure(url: str, trusted: Path | None = None, timeout: float = PATIENCE) -> DialFailed:
    with pytest.raises(DialFailed) as caught:
        await DialedClient.dial(url, timeout=timeout, tls_ca=None if trusted is None else str(trusted))
    assert str(caught.value).isprintable()
    return caught.value


def served_by(pair: Pair) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*pair)
    return context


@asynccontextmanager
async def answering(answer: bytes, tls: ssl.SSLContext | None = None, *, close: bool = True) -> AsyncIterator[int]:
    """A server that answers each request with these bytes, and then closes or waits."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            if not close:
                await reader.read()
        except (asyncio.IncompleteReadError, OSError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


# ---- certificates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (
            lambda authority, folder: authority.issue("localhost", begins=-3 * DAY, ends=-DAY),
            "its certificate has expired: whoever runs the server has to renew it (this machine's clock says 20",
        ),
        (
            lambda authority, folder: authority.issue("localhost", begins=DAY),
            "its certificate is not valid yet: is the time right? This machine's clock says 20",
        ),
        (
            lambda authority, folder: authority.issue("films.example.org"),
            "its certificate is for another name than 'localhost': use the name that its operator told you, or, if "
            "this network has a login page, open it in a browser",
        ),
        (
            lambda authority, folder: self_signed(folder, "localhost"),
            "nobody but the server itself has signed its certificate. If it is yours, name the file of that "
            "certificate as tls_ca under [client] in /my/config.toml, and then run `hangctl daemon stop`; if this",
        ),
        (
            lambda authority, folder: Authority(folder, "stranger").issue("localhost"),
            "its certificate is signed by an authority that this machine does not know, or the server does not send "
            "the whole chain (fullchain.pem). If the authority is yours, name the file of its certificate as tls_ca",
        ),
        (
            lambda authority, folder: Authority(folder, "between", authority).issue("localhost", chain=False),
            "does not send the whole chain (fullchain.pem)",
        ),
    ],
    ids=["expired", "not yet valid", "wrong name", "self-signed", "unknown authority", "no chain"],
)
async def test_certificates_that_are_not_trusted(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Certificates, why: str
) -> None:
    monkeypatch.setenv("HANG_CONFIG", "/my/config.toml")
    async with answering(b"", served_by(make(authority, tmp_path))) as port:
        error = await failure(f"wss://localhost:{port}/ws", authority.path)
    assert str(error).startswith(f"the server at localhost:{port} cannot be trusted: ")
    assert why in str(error)
    assert (error.kind, error.retry_after) == ("tls", 60.0)


async def test_an_address_that_the_certificate_does_not_name(authority: Authority) -> None:
    async with answering(b"", served_by(authority.issue("localhost"))) as port:
        error = await failure(f"wss://127.0.0.1:{port}/ws", authority.path)
    assert "its certificate is for another name than '127.0.0.1'" in str(error)


async def test_a_chain_that_is_whole(authority: Authority, tmp_path: Path) -> None:
    pair = Authority(tmp_path, "between", authority).issue("localhost")
    async with running(ServerSettings(tls_cert=str(pair.certificate), tls_key=str(pair.key))) as url:
        client = await DialedClient.dial(
            url.replace("127.0.0.1", "localhost"), timeout=PATIENCE, tls_ca=str(authority.path)
        )
        client.abort()


# ---- TLS where there is none, and the other way round ---------------------------------------------------------------


async def test_a_plain_server_where_tls_is_asked_for() -> None:
    async with running() as url:
        error = await failure(url.replace("ws:", "wss:"))
    assert (error.kind, error.retry_after) == ("tls", None)
    assert str(error).endswith(f"perhaps it speaks no TLS: {url}")


async def test_tls_where_a_plain_server_is_asked_for(authority: Authority) -> None:
    pair = authority.issue("localhost")
    async with running(ServerSettings(tls_cert=str(pair.certificate), tls_key=str(pair.key))) as url:
        error = await failure(url.replace("wss:", "ws:"))
    assert error.kind == "not-a-server"
    assert str(error).endswith(f"(perhaps it speaks TLS: {url})")


# ---- others that answer ---------------------------------------------------------------------------------------------

HTML = b"Content-Type: text/html\r\nContent-Length: 20\r\n\r\n<html>Log in!</html>"


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (
            b"200 OK\r\n" + HTML,
            "not-a-server",
            "what answers at {at}/ws is a web page and not a hang server (HTTP 200): "
            "if this network has a login page, open it in a browser; otherwise the address is wrong, or a proxy there "
            "does not pass on WebSockets",
        ),
        (
            b"302 Found\r\nLocation: http://portal.example/login?from=\x1b[31mx\r\n\r\n",
            "not-a-server",
            "what answers at {at}/ws is not a hang server, and sends everybody on to http://portal.example/login?from=",
        ),
        (
            b"307 Go\r\nLocation: /login\r\n\r\n",
            "not-a-server",
            "and sends everybody on to /login: if this network has a",
        ),
        (
            b"302 Found\r\nLocation: http://[bad\r\n\r\n",
            "not-a-server",
            "and sends everybody on to http://[bad: if this",
        ),
        (
            b"301 Moved\r\nLocation: https://127.0.0.1/ws\r\n\r\n",
            "not-a-server",
            "the server at {at}/ws wants TLS: its address is wss://127.0.0.1/ws",
        ),
        (
            b"308 Moved\r\nLocation: https://127.0.0.1:8443/hang/ws\r\n\r\n",
            "not-a-server",
            "the server at {at}/ws wants TLS: its address is wss://127.0.0.1:8443/hang/ws",
        ),
        (b"301 Moved\r\n\r\n", "not-a-server", "there is no hang server at {at}/ws: HTTP 301"),
        (b"400 Bad\r\n\r\n", "not-a-server", "HTTP 400 (perhaps it speaks TLS: wss://{at}/ws)"),
        (b"401 No\r\n\r\n", "not-a-server", "there is no hang server at {at}/ws: HTTP 401 (a proxy there does not let"),
        (b"404 No\r\n\r\n", "not-a-server", "there is no hang server at {at}/ws: HTTP 404 (is the path right?)"),
        (
            b"426 Upgrade\r\n\r\n",
            "not-a-server",
            "the proxy in front of the server at {at}/ws does not pass on WebSockets "
            "(HTTP 426): whoever runs it has to let it forward the fields Upgrade and Connection (man 8 hangd-server)",
        ),
        (
            b"429 Many\r\nRetry-After: 7\r\n\r\n",
            "full",
            "the server at {at} takes no more connections now: try again in a minute",
        ),
        (
            b"502 Bad\r\n\r\n",
            "not-a-server",
            "the proxy at {at} answers, but the hang server behind it does not (HTTP 502): "
            "whoever runs it has to start it, or to correct its address in the proxy",
        ),
        (b"503 Busy\r\nRetry-After: Mon, 30 Nov 2026 10:00:00 GMT\r\n\r\n", "not-a-server", "(HTTP 503)"),
        (
            b"511 Login\r\n\r\n",
            "not-a-server",
            "{at} cannot be reached: this network asks for a login first: open any web",
        ),
        (b"500 Oh\r\n\r\n", "not-a-server", "there is no hang server at {at}/ws: HTTP 500"),
    ],
)
@pytest.mark.parametrize("close", [True, False], ids=["closes", "waits"])
async def test_answers_of_http(answer: bytes, kind: str, said: str, *, close: bool) -> None:
    """Also of those who never end their answer: it is understood at once."""
    async with answering(b"HTTP/1.1 " + answer, close=close) as port:
        error = await failure(f"ws://127.0.0.1:{port}/ws")
    assert error.kind == kind
    assert said.replace("{at}", f"127.0.0.1:{port}") in str(error)
    assert error.retry_after == (7.0 if b"Retry-After: 7" in answer else None)


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"", None),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n", None),
        (b"SSH-2.0-OpenSSH\r\n\r\n", None),
        (b"HTTP/1.1\r\n\r\n", None),
        (b"HTTP/1.1 two\r\n\r\n", None),
        (b"HTTP/1.0 200\r\n\r\nbody", Answer(200, {})),
        (b"HTTP/1.1 101 Up\r\nUPGRADE:  websocket \r\n\r\n\x81", Answer(101, {"upgrade": "websocket"})),
        (b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", Answer(200, {})),
        (b"HTTP/1.1 200 OK\r\nA: \xff\xfe\r\n\r\n", Answer(200, {"a": "��"})),
        (b"HTTP/1.1 200 OK\r\nA: " + b"a" * 20000 + b"\r\n\r\n", None),
    ],
)
def test_the_head_of_an_answer(data: bytes, answer: Answer | None) -> None:
    assert read_answer(data) == answer


# ---- real proxies ---------------------------------------------------------------------------------------------------


@asynccontextmanager
async def nginx(folder: Path, *sites: str) -> AsyncIterator[None]:
    """Run nginx with these "server" blocks. The first one listens on the port that its text begins with."""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    blocks = "\n".join(f"server {{ {site} }}" for site in sites)
    (folder / "nginx.conf").write_text(
        f"user root; daemon off; pid {folder}/pid; error_log {folder}/log; worker_processes 1; events {{}}"
        f"http {{ access_log off; {temporary} {blocks} }}\n"
    )
    port = int(sites[0].split("listen 127.0.0.1:")[1].split(";")[0].split(" ")[0])
    with listening(port, program("nginx"), "-p", folder, "-c", folder / "nginx.conf"):
        yield


async def refused_by_nginx(folder: Path, inside: str, path: str = "/ws") -> str:
    port = free_port()
    async with nginx(folder, f"listen 127.0.0.1:{port}; {inside}"):
        return str(await failure(f"ws://127.0.0.1:{port}{path}")).replace(f"127.0.0.1:{port}", "HERE")


@pytest.mark.real
async def test_nginx_that_does_not_upgrade(tmp_path: Path) -> None:
    async with running() as url:
        behind = url.replace("ws://", "http://").removesuffix("/ws")
        said = await refused_by_nginx(tmp_path, f"location / {{ proxy_pass {behind}; }}")
    assert said.startswith("the proxy in front of the server at HERE/ws does not pass on WebSockets (HTTP 426)")


@pytest.mark.real
async def test_nginx_with_nothing_behind_it(tmp_path: Path) -> None:
    said = await refused_by_nginx(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{free_port()}; }}")
    assert said.startswith("the proxy at HERE answers, but the hang server behind it does not (HTTP 502)")


@pytest.mark.real
async def test_nginx_with_a_site_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "ws").write_text("<html></html>")
    assert "is a web page and not a hang server (HTTP 200)" in await refused_by_nginx(tmp_path, f"root {tmp_path};")
    said = await refused_by_nginx(tmp_path, f"root {tmp_path};", "/other")
    assert said == "there is no hang server at HERE/other: HTTP 404 (is the path right?)"


@pytest.mark.real
async def test_nginx_that_wants_tls(authority: Authority, tmp_path: Path) -> None:
    pair = authority.issue("127.0.0.1")
    tls = f"ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};"
    said = await refused_by_nginx(tmp_path, "return 301 https://$host:4430$request_uri;")
    assert said == "the server at HERE/ws wants TLS: its address is wss://127.0.0.1:4430/ws"
    port = free_port()
    async with nginx(tmp_path, f"listen 127.0.0.1:{port} ssl; {tls}"):
        error = await failure(f"ws://127.0.0.1:{port}/ws")
        assert str(error).endswith(f"HTTP 400 (perhaps it speaks TLS: wss://127.0.0.1:{port}/ws)")


@pytest.mark.real
async def test_nginx_with_only_old_versions_of_tls(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Version 1.2 counts as old here: OpenSSL itself no longer offers what is."""

    def only_newest(tls_ca: str | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=tls_ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        return context

    monkeypatch.setattr(dialing, "trust", only_newest)
    port, pair = free_port(), authority.issue("localhost")
    tls = f"ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key}; ssl_protocols TLSv1.2;"
    async with nginx(tmp_path, f"listen 127.0.0.1:{port} ssl; {tls}"):
        error = await failure(f"wss://localhost:{port}/ws", authority.path)
    assert "it speaks only versions of TLS that are no longer safe" in str(error)
    assert (error.kind, error.retry_after) == ("tls", 60.0)


@asynccontextmanager
async def caddy(folder: Path, port: int, text: str) -> AsyncIterator[None]:
    (folder / "Caddyfile").write_text(
        f"{{\n\tadmin off\n\tstorage file_system {folder}\n\tskip_install_trust\n}}\n{text}"
    )
    with listening(port, program("caddy"), "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"):
        yield


@pytest.mark.real
async def test_caddy_that_does_not_upgrade_or_has_nothing_behind_it(tmp_path: Path) -> None:
    port = free_port()
    async with running() as url:
        behind = url.removeprefix("ws://").removesuffix("/ws")
        text = f"""http://127.0.0.1:{port} {{
            handle /ws {{
                reverse_proxy {behind} {{
                    header_up -Upgrade
                }}
            }}
            handle /down {{
                reverse_proxy 127.0.0.1:{free_port()}
            }}
        }}"""
        async with caddy(tmp_path, port, text):
            said = str(await failure(f"ws://127.0.0.1:{port}/ws"))
            assert "does not pass on WebSockets (HTTP 426)" in said
            said = str(await failure(f"ws://127.0.0.1:{port}/down"))
            assert "the hang server behind it does not (HTTP 502)" in said


@pytest.mark.real
async def test_caddy_without_a_certificate_for_the_name(authority: Authority, tmp_path: Path) -> None:
    port, pair = free_port(), authority.issue("films.example.org")
    text = f"https://films.example.org:{port} {{\n\ttls {pair.certificate} {pair.key}\n\trespond hello\n}}\n"
    async with caddy(tmp_path, port, text):
        error = await failure(f"wss://localhost:{port}/ws", authority.path)
        assert error.kind == "tls" and error.retry_after == 60.0
        said = "it has no certificate for the name 'localhost': is the name right?"
        assert str(error) == f"no encrypted connection to localhost:{port}: {said}"
        error = await failure(f"ws://localhost:{port}/ws")
        assert "perhaps it speaks TLS" in str(error)
