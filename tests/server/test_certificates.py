"""The server's certificate is read again when its files change, however they are exchanged."""

import asyncio
import logging
import os
import shutil
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hangd.server.certificates import Certificate
from hangd.server.listening import tls_context
from tests.support.servers.certificates import Authority, Pair
from tests.support.servers.server import PATIENCE

Change = Callable[[Path, Path], None]


class Served:
    """A TLS server, and what watches its certificate."""

    def __init__(self, port: int, certificate: Certificate) -> None:
        self.port = port
        self.certificate = certificate

    async def shown(self) -> str:
        """Return the certificate that a new connection gets (PEM)."""
        return await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", self.port), timeout=PATIENCE)

    async def comes_to_show(self, pair: Pair) -> None:
        expected = leaf(pair)
        async with asyncio.timeout(PATIENCE):
            while await self.shown() != expected:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


def leaf(pair: Pair) -> str:
    return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(pair.certificate.read_text()))


@asynccontextmanager
async def serving(certificate: Path, key: Path) -> AsyncIterator[Served]:
    context = tls_context(str(certificate), str(key))
    assert context is not None
    watched = Certificate(context, str(certificate), str(key))
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    watched.start(0.02, 0.02)
    try:
        yield Served(server.sockets[0].getsockname()[1], watched)
    finally:
        await watched.aclose()
        server.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


def overwritten(old: Path, new: Path) -> None:
    old.write_bytes(new.read_bytes())


def renamed(old: Path, new: Path) -> None:
    shutil.copy(new, old.with_suffix(".new"))
    old.with_suffix(".new").replace(old)


@pytest.mark.parametrize("change", [overwritten, renamed])
async def test_files_that_are_exchanged(authority: Authority, tmp_path: Path, change: Change) -> None:
    used, renewed = authority.issue("localhost"), authority.issue("localhost", file="renewed")
    async with serving(*used) as served:
        assert await served.shown() == leaf(used)
        for old, new in zip(used, renewed, strict=True):
            change(old, new)
        await served.comes_to_show(renewed)


async def test_links_that_lead_elsewhere(authority: Authority, tmp_path: Path) -> None:
    """As certbot does it: each file is a link into an archive, and the links are exchanged one after the other."""
    pairs = [authority.issue("localhost", file=f"number{number}") for number in range(3)]
    certificate, key = tmp_path / "fullchain.pem", tmp_path / "privkey.pem"
    certificate.symlink_to(pairs[0].certificate)
    key.symlink_to(pairs[0].key)
    async with serving(certificate, key) as served:
        for pair in pairs[1:]:
            for link, target in ((certificate, pair.certificate), (key, pair.key)):
                link.unlink()
                link.symlink_to(target)
            await served.comes_to_show(pair)


async def test_a_folder_that_is_exchanged(authority: Authority, tmp_path: Path) -> None:
    """As Kubernetes does it: the files are links into ``..data``, which is a link to a folder that is new each time."""
    pairs = [authority.issue("localhost", file=f"number{number}") for number in range(2)]
    for number, pair in enumerate(pairs):
        (tmp_path / f"..{number}").mkdir()
        shutil.copy(pair.certificate, tmp_path / f"..{number}" / "tls.crt")
        shutil.copy(pair.key, tmp_path / f"..{number}" / "tls.key")
    (tmp_path / "..data").symlink_to("..0")
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).symlink_to(Path("..data") / name)
    async with serving(tmp_path / "tls.crt", tmp_path / "tls.key") as served:
        (tmp_path / "..tmp").symlink_to("..1")
        (tmp_path / "..tmp").replace(tmp_path / "..data")
        await served.comes_to_show(pairs[1])


async def test_a_broken_pair_is_reported_once_and_the_old_one_stays(
    authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    used, renewed = authority.issue("localhost"), authority.issue("localhost", file="renewed")
    first = leaf(used)
    with caplog.at_level(logging.INFO, "hangd.server.certificates"):
        async with serving(*used) as served:
            overwritten(used.certificate, renewed.certificate)  # and the key is still the old one
            async with asyncio.timeout(PATIENCE):
                while not caplog.messages:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            said = (
                f"the old certificate stays: the private key in {used.key} (--tls-key) belongs to another certificate"
            )
            assert caplog.messages == [said]
            assert await served.shown() == first
            used.certificate.unlink()
            async with asyncio.timeout(PATIENCE):
                while len(caplog.messages) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert "No such file" in caplog.messages[1]
            assert await served.shown() == first
            overwritten(used.certificate, renewed.certificate)
            overwritten(used.key, renewed.key)
            await served.comes_to_show(renewed)
            assert caplog.messages[2:] == ["new connections get the certificate that is there now"]


async def test_files_that_stay_are_not_read_again(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    used = authority.issue("localhost")
    with caplog.at_level(logging.INFO, "hangd.server.certificates"):
        async with serving(*used):
            os.utime(used.certificate, ns=(0, 0))
            async with asyncio.timeout(PATIENCE):
                while not caplog.messages:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
    assert caplog.messages == ["new connections get the certificate that is there now"]
