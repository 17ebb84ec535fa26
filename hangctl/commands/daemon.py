"""The subcommands daemon start, daemon stop and daemon log."""

import os
import select
import signal
import sys
import time

import click

from hangctl.client import ControlError, TimedOut
from hangctl.options import Settings, subcommand
from hangd.paths import log_file

_LOG_PERIOD = 0.25
"""Seconds between two looks for new lines in a log that is followed."""
_LOG_LINES = 50
"""How many lines ``daemon log`` prints."""


@subcommand("start")
@click.pass_obj
def start(settings: Settings) -> None:
    """Start the daemon, if there is none."""
    from hangctl.autostart import ensure_daemon

    with ensure_daemon(settings) as connection:
        # One that was there already may hang.
        connection.request(["client_name"], action="start the daemon")


@subcommand("stop")
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop the daemon, and wait until it has ended."""
    with settings.connect() as connection:
        pid = connection.request(["get_property", "pid"], action="stop the daemon")[0]
        if not isinstance(pid, int) or pid <= 1:
            raise ControlError("cannot stop the daemon: it does not tell its process")
        try:
            # A process descriptor tells when the process ends. Where Python has no pidfd_open, wait until the daemon
            # closes the connection, which it does last.
            process = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            return
        except PermissionError:
            raise ControlError(f"cannot stop the daemon: process {pid} is another user's") from None
        if process is None:
            connection.wait_until_closed()
            return
    if not select.select([process], [], [], settings.answer_timeout())[0]:
        raise TimedOut(f"the daemon (process {pid}) is still there", "its log tells why: `hangctl daemon log`")


@subcommand("log")
@click.option("-f", "--follow", is_flag=True, help="Also print new lines, until interrupted.")
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
        sys.stdout.writelines(stream.readlines()[-_LOG_LINES:])
        sys.stdout.flush()
        while follow:
            if line := stream.readline():
                sys.stdout.write(line)
                sys.stdout.flush()
            else:
                time.sleep(_LOG_PERIOD)


daemon = click.Group("daemon", commands=[start, stop, log], help="Start the daemon, stop it, or read its log.")
