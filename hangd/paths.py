"""Paths of the control socket, and of config, state and cache. The daemon, the server and hangctl use it.

Directories are those of platformdirs. Modules that are slow to import are imported in the functions that need them: a
key press starts hangctl, which needs neither pathlib nor platformdirs where there is a runtime directory.
"""

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from platformdirs import PlatformDirs

_APP = "hang"

RUNTIME_DIRS = "/run/user"
"""Where systemd-logind makes the runtime directory of each user who is logged in, named by the user's id."""


def runtime_dir() -> str | None:
    """Return this user's runtime directory: $XDG_RUNTIME_DIR, else what is in `RUNTIME_DIRS`; None if there is none.

    The variable is missing in what cron, acpid and the like start. After su it may name the directory of the user from
    before, so a directory of another user is passed over.
    """
    named = os.environ.get("XDG_RUNTIME_DIR") or None
    if not hasattr(os, "getuid"):
        return named
    if named is not None and _owner_and_mode(named)[0] in (os.getuid(), None):
        return named
    usual = os.path.join(RUNTIME_DIRS, str(os.getuid()))
    return usual if _owner_and_mode(usual) == (os.getuid(), stat.S_IFDIR | 0o700) else None


def _owner_and_mode(path: str) -> tuple[int | None, int | None]:
    """Return who owns what is at ``path``, and its type and permissions; None and None if nothing is there."""
    try:
        status = os.stat(path)
    except OSError:
        return None, None
    return status.st_uid, status.st_mode


def runtime_socket(given: str | None = None) -> str:
    """Return the control socket: ``given``, else $HANG_SOCKET, else hang/hangd.sock in `runtime_dir`, else
    `state_socket`."""
    if given:
        return os.path.abspath(given)
    if named := os.environ.get("HANG_SOCKET"):
        return os.path.abspath(named)
    if runtime := runtime_dir():
        return os.path.join(runtime, _APP, "hangd.sock")
    return state_socket()


def state_socket() -> str:
    """Return the control socket of a daemon that has found no `runtime_dir`, because its user was not logged in."""
    return str(state_dir() / "hangd.sock")


def _dirs() -> "PlatformDirs":
    from platformdirs import PlatformDirs

    return PlatformDirs(_APP)


def config_file() -> "Path":
    return _dirs().user_config_path / "config.toml"


def input_conf() -> "Path":
    """Return the usual path of the user's file of key bindings."""
    return _dirs().user_config_path / "input.conf"


def state_dir() -> "Path":
    return _dirs().user_state_path


def server_dir() -> "Path":
    """Return the folder for a server's rooms: $STATE_DIRECTORY (systemd's; the first of several), else `state_dir`."""
    from pathlib import Path

    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.partition(os.pathsep)[0])
    return state_dir()


def cache_dir() -> "Path":
    return _dirs().user_cache_path


def pictures_dir() -> "Path":
    """Return the default folder for screenshots."""
    return _dirs().user_pictures_path / _APP


def data_home() -> "Path":
    """Return the folder in which this user's programs have their data, also for one another: ~/.local/share."""
    from platformdirs import PlatformDirs

    return PlatformDirs().user_data_path


def log_file() -> "Path":
    """Return the log file of a daemon that hangctl started in the background."""
    return state_dir() / "hangd.log"
