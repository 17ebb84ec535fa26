"""A daemon where there is none: the user's systemd socket if that is enabled, else ``hangd run`` in the background.

Two hangctl at once start one: whoever holds the lock beside the socket looks again, then starts it. A daemon in the
background is detached from this terminal, inherits the environment (DISPLAY, WAYLAND_DISPLAY) and writes its log to
hangd.paths.log_file().
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hangctl.client import Connection, ControlError, Exit, NoDaemon, TimedOut
from hangctl.options import Settings
from hangd.paths import log_file

__all__ = ["ensure_daemon"]

_UNIT = "hangd.socket"
_SESSION = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_CURRENT_DESKTOP")
"""What a service manager that was started before the desktop does not know of it."""

_FIRST_LOOK, _LONGEST_WAIT = 0.02, 0.2
"""Seconds between looks at whether the daemon answers: nothing tells when a socket of another process appears."""

_LAST_LINES = 5


class DaemonFailed(ControlError):
    exit_code = Exit.NO_DAEMON


def ensure_daemon(settings: Settings) -> Connection:
    """Return a connection to the daemon, which is started if need be. Raises ControlError where it does not start."""
    try:
        return settings.connect()
    except NoDaemon:
        path = settings.path()
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with _lock(f"{path}.start"):
            return _started(settings, path)
    except OSError as error:
        raise DaemonFailed(f"cannot start a daemon: {error}") from None


@contextmanager
def _lock(path: str) -> Iterator[None]:
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _started(settings: Settings, path: str) -> Connection:
    try:
        return settings.connect()  # somebody else was faster, and had the lock until now
    except NoDaemon:
        pass
    if _start_by_systemd(path):
        return _answering(settings, None, 0)
    log = log_file()
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Opened, not shared: a second hangctl appends to the same file, and both daemons' lines stay whole.
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as stream:
        before = os.fstat(stream.fileno()).st_size
        process = subprocess.Popen(
            [*_hangd(), "run", "--socket", path],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            cwd="/",
            start_new_session=True,
        )
    return _answering(settings, process, before)


def _hangd() -> list[str]:
    """Return the command that runs the daemon of this installation: the script beside this one, or the module."""
    for script in (sys.argv[0], os.path.realpath(sys.argv[0])):
        beside = os.path.join(os.path.dirname(os.path.abspath(script)), "hangd")
        if os.path.isfile(beside) and os.access(beside, os.X_OK):
            return [beside]
    return [sys.executable, "-m", "hangd"]


def _start_by_systemd(path: str) -> bool:
    """Have the user's service manager listen, where it is there, wants to, and means this socket."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if path != os.path.join(runtime, "hang", "hangd.sock") or not os.path.isdir(os.path.join(runtime, "systemd")):
        return False
    session = [name for name in _SESSION if name in os.environ]
    return (
        _systemctl("is-enabled", "--quiet", _UNIT)
        and (not session or _systemctl("import-environment", *session))
        and _systemctl("start", _UNIT)
    )


def _systemctl(*arguments: str) -> bool:
    try:
        done = subprocess.run(["systemctl", "--user", *arguments], capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _answering(settings: Settings, process: "subprocess.Popen[bytes] | None", before: int) -> Connection:
    """Wait until the daemon answers, and return the connection on which it did.

    ``before`` is how long its log was, in bytes, before it started.
    """
    patience = settings.patience()
    deadline = None if patience is None else time.monotonic() + patience
    pause = _FIRST_LOOK
    while True:
        # Looked at first: one that ended because another daemon was there already leaves that one to talk to.
        ended = process is not None and process.poll() is not None
        try:
            connection = settings.connect()
            connection.ask(["get_property", "hang-version"], doing="start the daemon")
            return connection
        except NoDaemon:
            if process is not None and ended:
                raise DaemonFailed(
                    f"the daemon ended at once (status {process.returncode}){_last_words(before)}"
                ) from None
        if deadline is not None and time.monotonic() > deadline:
            raise TimedOut("the daemon does not answer yet", "`hangctl daemon log` shows what it is doing")
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_WAIT)


def _last_words(before: int) -> str:
    with open(log_file(), "rb") as stream:
        stream.seek(before)
        lines = stream.read().decode(errors="replace").splitlines()[-_LAST_LINES:]
    return "".join(f"; {line.strip()}" for line in lines if line.strip())
