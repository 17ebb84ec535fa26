"""The scripts of ``scripts/``: what Redis does at once. They are loaded when a connection is made."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

_NAMES: Final = (
    "add",
    "change_entry",
    "claim",
    "clients",
    "commit",
    "commit_whole",
    "create",
    "find",
    "forget",
    "forget_client",
    "keep_client",
    "keep_client_again",
    "lead",
    "leave",
    "nodes",
    "orphans",
    "public",
    "release",
    "renew",
    "rooms",
    "share",
    "silence",
    "take",
    "touch",
)


@cache
def texts() -> dict[str, str]:
    """Return the scripts by name."""
    return {name: (files(__package__) / "scripts" / f"{name}.lua").read_text() for name in _NAMES}


@cache
def digests() -> dict[str, str]:
    """Return by name what EVALSHA calls each script."""
    return {name: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() for name, text in texts().items()}
