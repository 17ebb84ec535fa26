"""Look at files that a user names, within the time that --timeout allows, and name them to the daemon.

A disk that does not answer (a network share that is gone) blocks whoever opens a file on it, and no signal ends that
before the disk answers. So everything that touches such a file runs in a process of its own, which is left behind when
the time is over.

Names of files are bytes, whatever the locale says of them. On the control socket they are UTF-8, with surrogates for
the bytes that are not (PEP 383).
"""

import json
import os
import select
import signal
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from hangctl.client import ControlError, TimedOut
from hangd.discs import disc_folder
from hangd.file_names import NOT_HERE, path_of

_LINE_MAX = 4096
"""Bytes of a line that a file is to hold, such as a password."""


class LocalFile(NamedTuple):
    """A file that the daemon is to open. ``path`` is absolute, because the daemon has another working directory."""

    path: str
    size: int


def local_files(files: Sequence[str], timeout: float | None) -> list[LocalFile]:
    """Check that these are regular files that can be read, and return them as the daemon is to be told of them.

    A file is named by its path or by a file URL, as on the control socket.

    Raises:
        ControlError: one of them is none.
        TimedOut: a disk has not answered within ``timeout`` seconds. None: there is no limit.
    """
    many = f"'{files[0]}'" if len(files) == 1 else f"these {len(files)} files"
    paths = list(map(_for_daemon, files))
    looks = apart(lambda: list(map(_look, paths)), timeout, f"read {many}")
    for file, (_, problem) in zip(files, looks, strict=True):
        if problem is not None:
            raise ControlError(f"cannot read '{file}': {problem}")
    return [LocalFile(path, size) for path, (size, _) in zip(paths, looks, strict=True)]


def first_line(file: str, timeout: float | None, doing: str) -> bytes:
    """Return the first line of a file, which may be a pipe. Raises ControlError and TimedOut, as `local_files`."""

    def read() -> str:
        with open(file, "rb") as stream:
            return stream.readline(_LINE_MAX + 1).decode("latin-1")  # each byte is one letter

    line: bytes = apart(read, timeout, doing).encode("latin-1")
    if len(line) > _LINE_MAX:
        raise ControlError(f"cannot {doing}: its first line is longer than {_LINE_MAX} bytes")
    return line.rstrip(b"\r\n")


def is_file(name: str, timeout: float | None) -> bool:
    """Return whether there is a regular file of this name, as far as the disk tells within ``timeout`` seconds."""
    with suppress(ControlError):
        return bool(apart(lambda: os.path.isfile(name), timeout, f"look at '{name}'"))
    return False


def apart(work: Callable[[], Any], timeout: float | None, doing: str) -> Any:
    """Run ``work``, which touches a disk, in a process of its own, and return its result, which is data for JSON.

    Args:
        doing: completes the error "cannot ...".

    Raises:
        ControlError: ``work`` raised OSError.
        TimedOut: it did not end within ``timeout`` seconds.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            # Who waits for the end of our output is not to wait for a process that is left behind.
            for output in (1, 2):
                os.dup2(writer, output)
            answer = _outcome(work)
            while answer:
                answer = answer[os.write(writer, answer) :]
        finally:
            os._exit(0)
    os.close(writer)
    try:
        outcome = _read_all(reader, timeout)
    finally:
        os.close(reader)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    if outcome is None:
        raise TimedOut(f"cannot {doing}: it did not answer within {timeout:g} s", "--timeout SECONDS waits longer")
    os.waitpid(child, 0)
    result, problem, mistake = json.loads(outcome)
    if mistake is not None:
        raise RuntimeError(mistake)
    if problem is not None:
        raise ControlError(f"cannot {doing}: {problem}")
    return result


def _outcome(work: Callable[[], Any]) -> bytes:
    """Return, as JSON, the result of ``work``, or why it failed, or which mistake of ours it found."""
    result = problem = mistake = None
    try:
        result = work()
    except OSError as error:
        problem = _in_words(error)
    except BaseException as error:
        mistake = f"{type(error).__name__}: {error}"
    return json.dumps([result, problem, mistake]).encode()


def _read_all(reader: int, timeout: float | None) -> bytes | None:
    """Return everything up to the end of the pipe; None if the end does not come in time."""
    deadline = None if timeout is None else time.monotonic() + timeout
    data = b""
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([reader], [], [], left)[0]:
            return None
        piece = os.read(reader, 65536)
        if not piece:
            return data
        data += piece


def _look(path: str) -> tuple[int, str | None]:
    """Return the size of a regular file that can be read, or 0 and why it is none. ``path``: as `_for_daemon` says."""
    file = os.fsdecode(path.encode("utf-8", "surrogateescape"))
    try:
        # Looked at before it is opened: opening a pipe waits for a writer, and opening a device can do something.
        status = os.stat(file)
        if stat.S_ISDIR(status.st_mode):
            return 0, disc_folder(file) or "is a directory"
        if not stat.S_ISREG(status.st_mode):
            return 0, "is not a regular file"
        with open(file, "rb", buffering=0) as stream:
            if status.st_size:  # files of /proc have none, and reading them may block
                stream.read(1)
    except OSError as error:
        return 0, _in_words(error)
    return status.st_size, None


def _in_words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _for_daemon(file: str) -> str:
    """Return the path of a file, as it is named on the control socket. Raises ControlError for another URL."""
    name, folder = (os.fsencode(text).decode("utf-8", "surrogateescape") for text in (file, os.getcwd()))
    path = path_of(name, folder)
    if path is None:
        raise ControlError(f"'{file}' {NOT_HERE}")
    return path
