"""Where things are: the control socket, the lock, config, state and cache. Imports no more than it must.

Everything follows platformdirs; ``HANG_SOCKET`` and ``--socket`` override the socket's place.
"""

import os
from pathlib import Path

import platformdirs

__all__ = ["cache_dir", "config_file", "log_file", "runtime_socket", "state_dir"]

_APP = "hang"


def runtime_socket(given: str | None = None) -> Path:
    """Return where the control socket is: ``given`` > $HANG_SOCKET > $XDG_RUNTIME_DIR/hang/hangd.sock > state dir."""
    if given:
        return Path(given).absolute()
    if named := os.environ.get("HANG_SOCKET"):
        return Path(named).absolute()
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / _APP / "hangd.sock"
    return state_dir() / "hangd.sock"


def config_file() -> Path:
    return Path(platformdirs.user_config_dir(_APP)) / "config.toml"


def state_dir() -> Path:
    return Path(platformdirs.user_state_dir(_APP))


def cache_dir() -> Path:
    return Path(platformdirs.user_cache_dir(_APP))


def log_file() -> Path:
    """Where a daemon that hangctl started in the background writes its log."""
    return state_dir() / "hangd.log"
