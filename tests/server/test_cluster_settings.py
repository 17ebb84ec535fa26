"""What a server must be told to be a node of a cluster, and what it keeps where."""

import importlib.util
import socket
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

from hangd.config import ConfigError, Given, load
from hangd.server.checking import problems
from hangd.server.clustered.node import check_cluster, node_name, redis_place
from hangd.server.listening import WrongSetting
from hangd.server.settings import ServerSettings
from hangd.server.storage import load_rooms, open_existing, open_store, room_ttl
from hangd.store.base import StoreFailed

REDIS = "redis://127.0.0.1:6379/0"


def settings(**given: Any) -> ServerSettings:
    return ServerSettings(**{"cluster": REDIS, **given})


@pytest.fixture
def extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """hiredis seems to be installed."""
    _finds(monkeypatch, ModuleSpec("hiredis", None))


def _finds(monkeypatch: pytest.MonkeyPatch, found: ModuleSpec | None) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: found if name == "hiredis" else find(name, *more)
    )


@pytest.mark.parametrize("name", ["a", "node-1.example.org", "A" * 40, "1"])
def test_names_that_a_node_can_have(name: str) -> None:
    assert load(flags={"node": Given("--node", name)}, environment={}).server.node == name


@pytest.mark.parametrize("name", ["", "-a", ".a", "a b", "a:b", "a_b", "é", "A" * 41, "a\n"])
def test_names_that_a_node_cannot_have(name: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        load(flags={"node": Given("--node", name)}, environment={})
    (problem,) = wrong.value.problems
    assert problem.startswith("--node must have 1 to 40 letters, digits, dots and hyphens, ")


@pytest.mark.parametrize(
    ("host", "node"),
    [("server-1", "server-1"), ("my_server", "my-server"), ("x" * 64, "x" * 40), ("-.", "node"), ("ü", "node")],
)
def test_a_node_without_a_name_is_called_as_its_host(host: str, node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    assert node_name(settings()) == node
    assert load(flags={"node": Given("--node", node)}, environment={}).server.node == node
    assert node_name(settings(node="given")) == "given"


def test_the_url_is_checked_and_its_password_is_not_shown() -> None:
    for source in (
        {"flags": {"cluster": Given("--cluster", "redis://h:x")}, "environment": {}},
        {"environment": {"HANG_CLUSTER": "redis://h:x"}},
    ):
        with pytest.raises(ConfigError, match=r"(--cluster|HANG_CLUSTER) must have a port from 1 to 65535"):
            load(**source)
    for url in ("redis://:hunter2@h/0", "redis+sentinel://u:hunter2@h,i/s", "unix:///r?password=hunter2"):
        shown = load(flags={"cluster": Given("--cluster", url)}, environment={}).show()
        assert "hunter2" not in shown and "cluster = " in shown


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"cluster": None, "node": "a"}, "--node is for one of several servers: name their Redis, too (--cluster)"),
        ({"cluster": None, "cluster_password_file": "x"}, "--cluster-password-file is for one of several servers"),
        (
            {"database": "sqlite:///rooms.db"},
            "--database sqlite:// would be this node's alone: a cluster has postgresql",
        ),
        ({"require_token": True}, "--require-token in a cluster needs a database that all nodes share: --database pos"),
        ({"register": "open"}, "--register open in a cluster needs a database that all nodes share"),
    ],
)
@pytest.mark.usefixtures("extra")
def test_settings_that_are_no_node(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(WrongSetting) as wrong:
        check_cluster(settings(**given))
    assert str(wrong.value).startswith(sentence)
    assert str(wrong.value) in problems(settings(**given)), "`hangd config check` says the same"


@pytest.mark.usefixtures("extra")
def test_settings_that_are_a_node() -> None:
    check_cluster(ServerSettings())
    check_cluster(settings(node="a"))
    check_cluster(settings(database="postgresql://h/n", require_token=True, register="open"))


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    _finds(monkeypatch, None)
    with pytest.raises(WrongSetting, match=r"--cluster needs hiredis: install hang-sync\[cluster\]"):
        check_cluster(settings())
    check_cluster(ServerSettings())


def test_the_password_of_redis_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "redis-password"
    file.write_text("hunter2\n")
    file.chmod(0o600)
    assert redis_place(settings(cluster_password_file=str(file))).password == "hunter2"
    assert "hunter2" not in redis_place(settings(cluster_password_file=str(file))).shown
    with pytest.raises(WrongSetting, match="may be in one") as wrong:
        redis_place(settings(cluster="redis://:other@h", cluster_password_file=str(file)))
    assert "other" not in str(wrong.value)
    file.write_text("")
    with pytest.raises(WrongSetting, match=r"the first line of .* \(--cluster-password-file\) is empty"):
        redis_place(settings(cluster_password_file=str(file)))
    file.unlink()
    with pytest.raises(WrongSetting, match=r"cannot read .* \(--cluster-password-file\): No such file"):
        redis_place(settings(cluster_password_file=str(file)))


def test_a_node_makes_no_file_and_keeps_empty_rooms_for_a_day(tmp_path: Path) -> None:
    node = settings(data_dir=str(tmp_path))
    store = open_store(node)
    assert not store.lasting and load_rooms(node, store) == [] and room_ttl(node, store) == 86400.0
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_commands_beside_a_node_without_a_database_say_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="only where --database says so"):
        open_existing(settings(data_dir=str(tmp_path)))


def test_a_single_server_imports_no_redis() -> None:
    code = "import sys, hangd.server.app; print({'redis', 'hiredis'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"
