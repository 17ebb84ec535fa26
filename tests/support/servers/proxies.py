"""nginx and Caddy, run with the very files that contrib offers."""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.support.servers.certificates import Pair
from tests.support.servers.programs import listening, program

__all__ = ["Proxy", "Running", "balancer", "caddy", "nginx", "nginx_with"]

_CONTRIB = Path(__file__).parents[3] / "contrib"
_FILES: Final = 40_000
"""That nginx may have open: two for each client."""


class Running(NamedTuple):
    """A proxy that runs, and its folder."""

    folder: Path
    name: str

    def reload(self) -> None:
        """Let it read its files again, as an administrator does after a certificate was renewed."""
        if self.name == "nginx":
            os.kill(int((self.folder / "pid").read_text()), signal.SIGHUP)
            return
        words = ["reload", "--force", "--adapter", "caddyfile", "--config", str(self.folder / "Caddyfile")]
        words += ["--address", f"unix/{self.folder}/admin"]
        subprocess.run([program("caddy"), *words], check=True, capture_output=True)


Proxy = Callable[[Path, int, str, str], AbstractContextManager[Running | None]]
"""Runs a proxy with a folder of its own, a port, the server's URL, and the path under which it serves that."""


@contextmanager
def nginx(folder: Path, port: int, server: str, path: str, pair: Pair | None = None) -> Iterator[Running]:
    """Run nginx before the server at this URL, with TLS if there is a certificate."""
    location = (_CONTRIB / "proxies" / "nginx.conf").read_text()
    location = _exchanged(location, "http://127.0.0.1:3005/;", f"{server}/;")
    location = _exchanged(location, "\nlocation / {", f"\nlocation {path} {{")
    listen = f"listen 127.0.0.1:{port};"
    if pair is not None:
        listen = f"listen 127.0.0.1:{port} ssl; ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};"
    with nginx_with(folder, port, f"server {{ {listen}\n{location}\n}}"):
        yield Running(folder, "nginx")


@contextmanager
def balancer(folder: Path, port: int, nodes: Sequence[int]) -> Iterator[Running]:
    """Run nginx before the nodes of a cluster at these ports, as contrib/cluster/nginx.conf has it, but without TLS."""
    site = (_CONTRIB / "cluster" / "nginx.conf").read_text()
    lines = re.findall(r"^    server (?:10\.0\.0\.\d):3005( .*;)\n", site, re.MULTILINE)
    assert len(lines) == 2 and len({*lines}) == 1, lines
    places = "".join(f"    server 127.0.0.1:{node}{lines[0]}\n" for node in nodes)
    site = re.sub(r"(?:^    server 10\.0\.0\.\d:3005 .*;\n)+", places, site, flags=re.MULTILINE)
    site = _exchanged(site, "listen 443 ssl;", f"listen 127.0.0.1:{port};")
    site = re.sub(r"^    ssl_.*;\n", "", site, flags=re.MULTILINE)
    with nginx_with(folder, port, site):
        yield Running(folder, "nginx")


@contextmanager
def nginx_with(folder: Path, port: int, sites: str) -> Iterator[None]:
    """Run nginx with this text within "http", until the block is left."""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; user root; pid {folder}/pid; error_log {folder}/log; worker_processes 1;"
        f"worker_rlimit_nofile {_FILES}; events {{ worker_connections {_FILES // 2}; }}\n"
        f"http {{ access_log off; {temporary}\n{sites}\n}}\n"
    )
    with listening(port, program("nginx"), "-p", folder, "-c", folder / "nginx.conf"):
        yield


@contextmanager
def caddy(folder: Path, port: int, server: str, path: str, pair: Pair | None = None) -> Iterator[Running]:
    """The same with Caddy."""
    site = (_CONTRIB / "proxies" / "Caddyfile").read_text()
    if pair is None:
        site = _exchanged(site, "films.example.org {", f"http://127.0.0.1:{port} {{")
    else:
        begin = f"https://localhost:{port}, https://127.0.0.1:{port} {{\n\ttls {pair.certificate} {pair.key}"
        site = _exchanged(site, "films.example.org {", begin)
    site = _exchanged(site, "reverse_proxy 127.0.0.1:3005", f"reverse_proxy {server.removeprefix('http://')}")
    if path != "/":
        site = _exchanged(site, "\thandle {", f"\tredir {path.rstrip('/')} {path}\n\thandle_path {path}* {{")
    (folder / "Caddyfile").write_text(
        f"{{\n\tadmin unix/{folder}/admin\n\tauto_https disable_redirects\n\tskip_install_trust\n"
        f"\tstorage file_system {folder}\n}}\n{site}"
    )
    with listening(port, program("caddy"), "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"):
        yield Running(folder, "caddy")


def _exchanged(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)
