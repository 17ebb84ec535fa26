"""What systemd and a service tell each other: sd_notify, the watchdog, and sockets handed over at start.

All of it is asked for at run time through the environment; where there is no systemd, nothing happens. The protocols
are those of sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3).
"""

import logging
import os
import socket
from typing import Final

__all__ = ["listen_sockets", "notify", "watchdog_interval"]

_log = logging.getLogger(__name__)

_FIRST_FD: Final = 3


def notify(*assignments: str) -> None:
    """Tell the service manager: ``notify("READY=1", "STATUS=3 rooms, 11 clients")``. Never waits, never raises.

    A newline would begin another assignment; it is sent as a space.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # the abstract namespace
        address = "\0" + address[1:]
    text = "\n".join(assignment.replace("\n", " ") for assignment in assignments)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(text.encode(errors="replace"), address)
    except OSError as error:
        _log.debug("the service manager does not listen: %s", error)


def watchdog_interval() -> float | None:
    """Return how often ``notify("WATCHDOG=1")`` is due, in seconds; None where nobody waits for it.

    It is half of what the service manager allows, as sd_watchdog_enabled(3) advises.
    """
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    allowed = os.environ.get("WATCHDOG_USEC", "")
    if not allowed.isdecimal() or int(allowed) == 0:
        return None
    return int(allowed) / 2_000_000


def listen_sockets() -> dict[str, list[socket.socket]]:
    """Return the sockets that a socket unit opened for this process, by their FileDescriptorName.

    The variables are taken away and the descriptors made private, so that no child takes them for its own: call it
    once, early. The sockets are the caller's to close.
    """
    count = os.environ.pop("LISTEN_FDS", "")
    names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
    process = os.environ.pop("LISTEN_PID", "")
    sockets: dict[str, list[socket.socket]] = {}
    if process != str(os.getpid()) or not count.isdecimal():
        return sockets
    for index in range(int(count)):
        descriptor = _FIRST_FD + index
        try:
            os.set_inheritable(descriptor, False)
            opened = socket.socket(fileno=descriptor)
        except OSError as error:
            _log.warning("file descriptor %d from the service manager is not a socket: %s", descriptor, error)
            continue
        name = names[index] if index < len(names) and names[index] else "unknown"
        sockets.setdefault(name, []).append(opened)
    return sockets
