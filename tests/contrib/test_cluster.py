"""The files of contrib/cluster are what their programs understand.

What they do together is in tests/cluster/processes, which starts nginx with the same file.
"""

import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from hangd.cli.main import main
from hangd.config import load
from hangd.server.clustered.node import check_cluster
from tests.support.daemons.party import free_port
from tests.support.servers.programs import listening, program
from tests.support.servers.redis_server import edited, linked
from tests.support.servers.unit_files import exposure, needs_systemd, root_folder, verified

CLUSTER: Final = Path(__file__).parents[2] / "contrib" / "cluster"
UNIT: Final = (CLUSTER / "hangd-node@.service").read_text(encoding="utf-8")


def code(text: str) -> list[str]:
    """Return the lines that are no comments, without what is around them."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


# ---- systemd --------------------------------------------------------------------------------------------------------


@needs_systemd
def test_the_unit_of_a_node_is_valid_and_as_sealed_as_that_of_a_server(tmp_path: Path) -> None:
    units = root_folder(tmp_path, "usr/bin/kill", "usr/bin/hangd")
    (units / "hangd-node@.service").write_text(UNIT)
    assert verified(tmp_path, "hangd-node@3005.service") == ""
    assert exposure(units / "hangd-node@.service") <= 1.5


def test_the_unit_of_a_node_differs_from_that_of_a_server_where_it_must() -> None:
    server = (CLUSTER.parent / "systemd" / "system" / "hang-server.service").read_text(encoding="utf-8")
    differences = {line.partition("=")[0] for line in {*code(server)} ^ {*code(UNIT)}}
    assert differences == {
        *("Description", "StartLimitIntervalSec", "LoadCredential", "ExecStart"),
        *("User", "StateDirectory"),
    }


def test_the_options_of_the_unit_exist() -> None:
    (command,) = re.findall(r"^ExecStart=\S+ server (.*)$", UNIT, re.MULTILINE)
    known = {option for parameter in main.commands["server"].params for option in parameter.opts}
    assert {word for word in command.split() if word.startswith("--")} <= known


def test_the_settings_in_the_units_comment_are_those_of_a_node(tmp_path: Path) -> None:
    example = re.findall(r"^#   (.*)$", UNIT, re.MULTILINE)
    (tmp_path / "config.toml").write_text("\n".join(example))
    settings = load(file=str(tmp_path / "config.toml"), environment={}).server
    check_cluster(settings)
    assert settings.cluster is not None and settings.trusted_proxies == ("10.0.0.0/24",)


# ---- compose --------------------------------------------------------------------------------------------------------


def compose() -> dict[str, Any]:
    found = yaml.safe_load((CLUSTER / "compose.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_the_nodes_of_the_compose_file_have_settings_of_a_cluster() -> None:
    services = compose()["services"]
    nodes = {name: service for name, service in services.items() if "HANG_CLUSTER" in service.get("environment", {})}
    assert len(nodes) == 2
    for name, service in nodes.items():
        settings = load(environment=service["environment"])
        assert settings.warnings == (), "no variable is misspelt"
        check_cluster(settings.server)
        assert settings.server.node == name
        assert settings.server.cluster == "redis://valkey:6379/0" and "valkey" in services
        assert '[cluster,accounts]"' in service["build"]["dockerfile_inline"], "signed invites need accounts"
    others = [
        {name: value for name, value in one["environment"].items() if name != "HANG_NODE"} for one in nodes.values()
    ]
    assert others[0] == others[1], "nodes have the same settings"


def test_nginx_in_the_compose_file_is_that_of_nginx_conf() -> None:
    """Without TLS, and with the names of its nodes."""
    within = [line.replace("$$", "$") for line in code(compose()["configs"]["nginx"]["content"])]
    alone = code((CLUSTER / "nginx.conf").read_text(encoding="utf-8"))
    only = {line.split()[0] for line in {*within} ^ {*alone}}
    assert only == {"server", "listen", "server_name", "ssl_certificate", "ssl_certificate_key"}
    assert sum(line.startswith("server ") and "max_fails=0" in line for line in within) == 2


def test_what_the_compose_file_tells_valkey_is_in_redis_conf() -> None:
    told = compose()["services"]["valkey"]["command"]
    conf = (CLUSTER / "redis.conf").read_text(encoding="utf-8")
    for name in ("appendonly yes", "maxmemory-policy noeviction", "pubsub 64mb 16mb 10"):
        assert name in told.replace('"', "") and name in conf


# ---- Redis ----------------------------------------------------------------------------------------------------------


def asked(port: int, *words: str) -> list[str]:
    done = subprocess.run(
        [program("redis-cli"), "-p", str(port), *words], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.split("\n")


@pytest.mark.real
def test_redis_takes_its_file(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "redis.conf").write_text(edited("redis.conf", {"bind": f"127.0.0.1\nport {port}"}))
    with listening(port, linked(tmp_path), tmp_path / "redis.conf", "--dir", tmp_path):
        assert asked(port, "config", "get", "maxmemory-policy")[1] == "noeviction"
        assert asked(port, "config", "get", "appendonly")[1] == "yes"
        limits = asked(port, "config", "get", "client-output-buffer-limit")[1]
        assert "pubsub 67108864 16777216 10" in limits
        answer = asked(port, "set", "hang:x", "1")[0]
        assert answer.startswith("NOREPLICAS"), "it needs one replica of the three Redis, as the file says"


@pytest.mark.real
def test_sentinel_takes_its_file(tmp_path: Path) -> None:
    port = free_port()
    text = (CLUSTER / "sentinel.conf").read_text(encoding="utf-8")
    (tmp_path / "sentinel.conf").write_text(text.replace("port 26379", f"port {port}\nbind 127.0.0.1"))
    with listening(port, linked(tmp_path), tmp_path / "sentinel.conf", "--sentinel"):
        told = asked(port, "sentinel", "master", "hang")
        assert told[told.index("quorum") + 1] == "2" and told[told.index("down-after-milliseconds") + 1] == "2000"
        assert load(environment={"HANG_CLUSTER": f"redis+sentinel://127.0.0.1:{port}/hang/0"}).server.cluster
