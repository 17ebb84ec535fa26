"""Start a daemon if none is running: through the user's systemd socket if that is enabled, else in the background.

If several hangctl run at once, only one starts the daemon: each takes a lock file beside the socket, then tries to
connect again before it starts anything. A daemon in the background is detached from the terminal, inherits the
environment (DISPLAY, WAYLAND_DISPLAY), and writes its log to ``hangd.paths.log_file()``.
"""

import fcntl
import math
import os
import subprocess
import sys
import time
from contextlib import suppress
from typing import BinaryIO

from hangctl.client import Connection, ControlError, Exit, NoDaemon, TimedOut
from hangctl.options import Settings
from hangd.paths import log_file, runtime_dir

_UNIT = "hangd.socket"
_SESSION_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_CURRENT_DESKTOP")
"""What systemd's user manager does not know if it was started before the desktop."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.2
"""Seconds between two attempts to reach the daemon that was started. The system does not tell when it listens."""

_LOG_LINES = 5
"""How many lines of the log an error message quotes."""


class DaemonFailed(ControlError):
    exit_code = Exit.NO_DAEMON


def ensure_daemon(settings: Settings) -> Connection:
    """Return a connection to the daemon, which is started if there is none.

    Raises:
        DaemonFailed: It could not be started, or ended at once.
        TimedOut: It was started but does not answer.
    """
    path = settings.socket_path()
    with suppress(NoDaemon):
        return settings.connect()
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(
            os.open(f"{path}.start", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600), "rb"
        ) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # closing the file releases it
            return _start(settings, path)
    except OSError as error:
        place = "" if error.filename is None else f"{error.filename}: "
        raise DaemonFailed(f"cannot start a daemon: {place}{error.strerror or error}") from None


def _start(settings: Settings, path: str) -> Connection:
    with suppress(NoDaemon):
        return settings.connect()  # another hangctl started it while this one waited for the lock
    if _start_by_systemd(path):
        return _wait_for_answer(settings, None, None)
    with _open_log() as stream:
        log_size = os.fstat(stream.fileno()).st_size if stream.name != os.devnull else None
        process = subprocess.Popen(
            [*_hangd(), "run", "--socket", path],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            cwd="/",
            start_new_session=True,
        )
    return _wait_for_answer(settings, process, log_size)


def _open_log() -> BinaryIO:
    """Open the daemon's log, to append to it; where that is not possible, tell the user so and open `os.devnull`."""
    log = log_file()
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In append mode, so that the lines of two daemons that write to the same log stay whole.
        return open(log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600))
    except OSError as error:
        from hangctl.output import note

        note(f"note: the daemon has no log: {log} cannot be written: {error.strerror}")
        return open(os.devnull, "ab")


def _hangd() -> list[str]:
    """Return the command that runs this installation's hangd: the script beside hangctl, or else the module."""
    for script in (sys.argv[0], os.path.realpath(sys.argv[0])):
        beside = os.path.join(os.path.dirname(os.path.abspath(script)), "hangd")
        if os.path.isfile(beside) and os.access(beside, os.X_OK):
            return [beside]
    return [sys.executable, "-m", "hangd"]


def _start_by_systemd(path: str) -> bool:
    """Start the socket unit, if systemd runs for this user, the unit is enabled, and ``path`` is its socket."""
    runtime = runtime_dir() or ""
    if path != os.path.join(runtime, "hang", "hangd.sock") or not os.path.isdir(os.path.join(runtime, "systemd")):
        return False
    variables = [name for name in _SESSION_VARIABLES if name in os.environ]
    return (
        _systemctl(runtime, "is-enabled", "--quiet", _UNIT)
        and (not variables or _systemctl(runtime, "import-environment", *variables))
        and _systemctl(runtime, "start", _UNIT)
    )


def _systemctl(runtime: str, *arguments: str) -> bool:
    """Run systemctl for this user, whose manager it finds in ``runtime``. Returns whether it succeeded."""
    try:
        environment = os.environ | {"XDG_RUNTIME_DIR": runtime}
        done = subprocess.run(
            ["systemctl", "--user", *arguments], env=environment, capture_output=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _wait_for_answer(settings: Settings, process: "subprocess.Popen[bytes] | None", log_size: int | None) -> Connection:
    """Return a connection on which the daemon answers. ``process`` is the daemon, if this process started it.

    ``log_size`` is the size of its log before that, in bytes; None: it has none.
    """
    deadline = time.monotonic() + (settings.answer_timeout() or math.inf)
    pause = _FIRST_PAUSE
    while True:
        # Checked before connecting: the process may have ended because another daemon was there already, and then the
        # connection succeeds.
        ended = process is not None and process.poll() is not None
        try:
            connection = settings.connect()
            connection.request(["get_property", "hang-version"], action="start the daemon")
            return connection
        except NoDaemon:
            if process is not None and ended:
                last = "" if log_size is None else _end_of_log(log_size)
                raise DaemonFailed(f"the daemon ended at once (status {process.returncode}){last}") from None
        if time.monotonic() > deadline:
            raise TimedOut("the daemon does not answer yet", "`hangctl daemon log` shows what it is doing")
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _end_of_log(start: int) -> str:
    """Return the last lines that the daemon wrote after byte ``start`` of its log, for an error message."""
    with open(log_file(), "rb") as stream:
        stream.seek(start)
        lines = stream.read().decode(errors="replace").splitlines()[-_LOG_LINES:]
    return "".join(f"; {line.strip()}" for line in lines if line.strip())
