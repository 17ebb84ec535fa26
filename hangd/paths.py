"""Where things are: the control socket, the lock, config, state and cache. Imports no more than it must.

Everything follows platformdirs; ``HANG_SOCKET`` and ``--socket`` override the socket's place. What costs time to import
is imported where it is used: a key press that finds $XDG_RUNTIME_DIR waits for neither pathlib nor platformdirs.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "cache_dir",
    "config_file",
    "log_file",
    "pictures_dir",
    "runtime_socket",
    "runtime_socket_path",
    "server_dir",
    "state_dir",
]

_APP = "hang"


def runtime_socket(given: str | None = None) -> "Path":
    """Return where the control socket is: ``given`` > $HANG_SOCKET > $XDG_RUNTIME_DIR/hang/hangd.sock > state dir."""
    from pathlib import Path

    return Path(runtime_socket_path(given))


def runtime_socket_path(given: str | None = None) -> str:
    """Return ``runtime_socket`` as the text that connect() takes."""
    if given:
        return os.path.abspath(given)
    if named := os.environ.get("HANG_SOCKET"):
        return os.path.abspath(named)
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return os.path.join(runtime, _APP, "hangd.sock")
    return str(state_dir() / "hangd.sock")


def config_file() -> "Path":
    from platformdirs import user_config_path

    return user_config_path(_APP) / "config.toml"


def state_dir() -> "Path":
    from platformdirs import user_state_path

    return user_state_path(_APP)


def server_dir() -> "Path":
    """Return where a room server keeps its rooms: $STATE_DIRECTORY (systemd's; the first of several) > state dir."""
    from pathlib import Path

    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.partition(os.pathsep)[0])
    return state_dir()


def cache_dir() -> "Path":
    from platformdirs import user_cache_path

    return user_cache_path(_APP)


def pictures_dir() -> "Path":
    """Where screenshots go, unless the settings say otherwise."""
    from platformdirs import user_pictures_path

    return user_pictures_path() / _APP


def log_file() -> "Path":
    """Where a daemon that hangctl started in the background writes its log."""
    return state_dir() / "hangd.log"
