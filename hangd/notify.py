"""The protocols between systemd and a service: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3).

systemd asks for them with environment variables. Without it, nothing happens.
"""

import logging
import os
import socket
from typing import Final

_log = logging.getLogger(__name__)

_FIRST_FD: Final = 3


def notify(*assignments: str) -> None:
    """Send assignments to the service manager: ``notify("READY=1", "STATUS=3 rooms")``. Never waits or raises.

    A newline would begin another assignment, so it is replaced by a space.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # An abstract socket address.
        address = "\0" + address[1:]
    text = "\n".join(assignment.replace("\n", " ") for assignment in assignments)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(text.encode(errors="replace"), address)
    except OSError as error:
        _log.debug("the service manager does not listen: %s", error)


def watchdog_interval() -> float | None:
    """Return the interval of ``notify("WATCHDOG=1")`` in seconds. None: the service manager does not ask for it.

    It is half of what the service manager allows, as sd_watchdog_enabled(3) recommends.
    """
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    allowed = os.environ.get("WATCHDOG_USEC", "")
    if not allowed.isdecimal() or int(allowed) == 0:
        return None
    return int(allowed) / 2_000_000


def listen_sockets() -> list[socket.socket]:
    """Return the sockets that a socket unit opened for this process. Close them when done.

    This removes the environment variables and makes the descriptors not inheritable, so that no child process uses
    them. So a second call returns nothing.
    """
    count = os.environ.pop("LISTEN_FDS", "")
    process = os.environ.pop("LISTEN_PID", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    sockets: list[socket.socket] = []
    if process != str(os.getpid()) or not count.isdecimal():
        return sockets
    for descriptor in range(_FIRST_FD, _FIRST_FD + int(count)):
        try:
            os.set_inheritable(descriptor, False)
            sockets.append(socket.socket(fileno=descriptor))
        except OSError as error:
            _log.warning("file descriptor %d from the service manager is not a socket: %s", descriptor, error)
    return sockets
