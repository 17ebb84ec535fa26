"""The daemon itself: start it, stop it, read its log."""

import os
import select
import signal
import sys
import time

import click

from hangctl.client import ControlError, TimedOut
from hangctl.options import Settings, verb
from hangd.paths import log_file

__all__ = ["daemon"]

_READ_AGAIN = 0.25
"""Seconds between looks at a log that is followed."""
_LINES = 50


@click.group("daemon")
def daemon() -> None:
    """Start the daemon, stop it, or read its log."""


@verb("start")
@click.pass_obj
def start(settings: Settings) -> None:
    """Start the daemon, where there is none."""
    from hangctl.autostart import ensure_daemon

    ensure_daemon(settings).close()


@verb("stop")
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop the daemon, and wait until it is gone."""
    with settings.connect() as connection:
        number = connection.ask(["get_property", "pid"], doing="stop the daemon")[0]
        if not isinstance(number, int) or number <= 1:
            raise ControlError("cannot stop the daemon: it does not tell its process")
        try:
            # Without process descriptors the end of the connection has to do: it is the last that a daemon closes.
            process = os.pidfd_open(number) if hasattr(os, "pidfd_open") else None
            os.kill(number, signal.SIGTERM)
        except ProcessLookupError:
            return
        except PermissionError:
            raise ControlError(f"cannot stop the daemon: process {number} is another user's") from None
        if process is None:
            connection.wait_for_end()
            return
    patience = settings.patience()
    if not select.select([process], [], [], patience)[0]:
        raise TimedOut(f"the daemon (process {number}) is still there", "its log tells why: `hangctl daemon log`")


@verb("log")
@click.option("-f", "--follow", is_flag=True, help="Print what comes, until interrupted.")
def log(follow: bool) -> None:
    """Print the end of the daemon's log."""
    path = log_file()
    try:
        stream = open(path, encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise ControlError(
            f"there is no log at {path}", "a daemon under systemd logs to the journal: journalctl --user -u hangd"
        ) from None
    with stream:
        for line in stream.readlines()[-_LINES:]:
            sys.stdout.write(line)
        sys.stdout.flush()
        while follow:
            if line := stream.readline():
                sys.stdout.write(line)
                sys.stdout.flush()
            else:
                time.sleep(_READ_AGAIN)


for _command in (start, stop, log):
    daemon.add_command(_command)
