"""Paths of the control socket, and of config, state and cache. The daemon, the server and hangctl use it.

Directories are those of platformdirs. Modules that are slow to import are imported in the functions that need them: a
key press starts hangctl, which needs neither pathlib nor platformdirs if $XDG_RUNTIME_DIR is set.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from platformdirs import PlatformDirs

_APP = "hang"


def runtime_socket(given: str | None = None) -> str:
    """Return the control socket: ``given``, else $HANG_SOCKET, else $XDG_RUNTIME_DIR/hang/hangd.sock, else in
    `state_dir`."""
    if given:
        return os.path.abspath(given)
    if named := os.environ.get("HANG_SOCKET"):
        return os.path.abspath(named)
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return os.path.join(runtime, _APP, "hangd.sock")
    return str(state_dir() / "hangd.sock")


def _dirs() -> "PlatformDirs":
    from platformdirs import PlatformDirs

    return PlatformDirs(_APP)


def config_file() -> "Path":
    return _dirs().user_config_path / "config.toml"


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


def log_file() -> "Path":
    """Return the log file of a daemon that hangctl started in the background."""
    return state_dir() / "hangd.log"
