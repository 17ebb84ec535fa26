"""sd_notify, the watchdog and socket activation, with real sockets."""

import json
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from hangd.notify import listen_sockets, notify, watchdog_interval

ROOT = Path(__file__).parent.parent


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The service manager's end, at a path."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(10)
        yield receiver


def test_assignments_go_as_one_datagram(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    notify("READY=1", "STATUS=3 rooms, 11 clients")
    assert manager.recv(1000) == b"READY=1\nSTATUS=3 rooms, 11 clients"


def test_a_value_cannot_add_an_assignment(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    notify("STATUS=in friday\nMAINPID=1 \ud800")
    assert manager.recv(1000) == b"STATUS=in friday MAINPID=1 ?"


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_an_abstract_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0hang-test-{os.getpid()}")
        receiver.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@hang-test-{os.getpid()}")
        notify("WATCHDOG=1")
        assert receiver.recv(1000) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", [None, "", "relative", "vsock:2:1", "/nowhere/at/all"])
def test_notify_without_a_service_manager_does_nothing(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify("READY=1")


def test_notify_does_not_wait_for_the_service_manager(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    for _ in range(2000):  # many times what the kernel queues
        notify("WATCHDOG=1")


@pytest.mark.parametrize(
    ("allowed", "process", "interval"),
    [
        (None, None, None),
        ("30000000", None, 15.0),
        ("30000000", "own", 15.0),
        ("30000000", "1", None),
        ("0", None, None),
        ("soon", None, None),
        ("-5", None, None),
    ],
)
def test_the_watchdog_interval_is_half_of_the_timeout(
    allowed: str | None, process: str | None, interval: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WATCHDOG_USEC", allowed), ("WATCHDOG_PID", process)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, str(os.getpid()) if value == "own" else value)
    assert watchdog_interval() == interval


CHILD = """
    import json, os, socket, sys
    for target, descriptor in enumerate(map(int, sys.argv[2:]), 3):
        os.dup2(descriptor, target)
    os.environ.update(json.loads(sys.argv[1].replace("OWN", str(os.getpid()))))
    from hangd.notify import listen_sockets
    found = listen_sockets()
    print(json.dumps({
        "found": [one.getsockname() for one in found],
        "inheritable": [one.get_inheritable() for one in found],
        "left": [name for name in os.environ if name.startswith("LISTEN_")],
        "again": listen_sockets(),
    }))
"""


def handed_over(environment: dict[str, str], *descriptors: int) -> dict[str, object]:
    """Pass these to a child as systemd does, from descriptor 3 on. Return what it prints."""
    # Numbers that the child's own 3, 4, ... can not overwrite before they are copied.
    high = [os.dup2(descriptor, 100 + index) for index, descriptor in enumerate(descriptors)]
    try:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(CHILD), json.dumps(environment), *map(str, high)],
            pass_fds=high,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    finally:
        for descriptor in high:
            os.close(descriptor)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_sockets_are_returned_in_their_order(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one, socket.create_server(("127.0.0.1", 0)) as two:
        one.bind(str(tmp_path / "s"))
        seen = handed_over(
            {"LISTEN_FDS": "2", "LISTEN_PID": "OWN", "LISTEN_FDNAMES": "control:ws"}, one.fileno(), two.fileno()
        )
        assert seen["found"] == [str(tmp_path / "s"), list(two.getsockname())]
    assert seen["inheritable"] == [False, False]
    assert (seen["left"], seen["again"]) == ([], [])


def test_sockets_need_no_names() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        seen = handed_over({"LISTEN_FDS": "1", "LISTEN_PID": "OWN"}, one.fileno())
        assert seen["found"] == [list(one.getsockname())]


def test_a_descriptor_that_is_not_a_socket_is_skipped() -> None:
    with open(os.devnull) as nothing, socket.create_server(("127.0.0.1", 0)) as one:
        seen = handed_over(
            {"LISTEN_FDS": "2", "LISTEN_PID": "OWN", "LISTEN_FDNAMES": "a:b"}, nothing.fileno(), one.fileno()
        )
        assert seen["found"] == [list(one.getsockname())]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_FDS": "1", "LISTEN_PID": "1"},
        {"LISTEN_FDS": "none", "LISTEN_PID": str(os.getpid())},
        {"LISTEN_FDS": "0", "LISTEN_PID": str(os.getpid())},
    ],
)
def test_sockets_for_another_process_are_not_touched(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert listen_sockets() == []
    assert not any(name.startswith("LISTEN_") for name in os.environ)
