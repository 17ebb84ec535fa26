"""The device's key: what a server knows this installation by, and cannot compare with what another server knows.

The key is made once, and kept in a file that only its owner may read. All daemons of one user share it.
"""

import base64
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from hangd.client.private_file import make_private, open_private
from hangd.urls import address_of

_BYTES: Final = 32


class DeviceKeyUnusable(Exception):
    """There is no key. ``str()`` says why, and what to do."""


def device_for(key: bytes, server: str) -> str:
    """Return what this server is told: 32 bytes in base64url.

    Args:
        server: the server's URL in its normal form. Only its host and port count.
    """
    digest = hmac.digest(key, address_of(server).encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def device_key(path: Path) -> bytes:
    """Return the key in this file; make one where there is no file. Uses the disk.

    Raises DeviceKeyUnusable.
    """
    try:
        if not os.path.lexists(path):
            make_private(path, secrets.token_bytes(_BYTES))
        key, is_seen = open_private(path)
    except OSError as error:
        raise DeviceKeyUnusable(f"{path}: {error.strerror or error}") from error
    if is_seen:
        raise DeviceKeyUnusable(f"{path} can be read by others: remove it, and a new one is made")
    if len(key) != _BYTES:
        raise DeviceKeyUnusable(f"{path} holds no key: remove it, and a new one is made")
    return key
