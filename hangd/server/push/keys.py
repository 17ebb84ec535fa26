"""The server's key for push (VAPID, RFC 8292): ``hangd server push init`` makes it, the server reads it."""

import base64
import os
from pathlib import Path
from typing import Final, NamedTuple

_FILE: Final = "push-key.pem"


class KeyUnusable(Exception):
    """There is a key, or one was asked for, and something is wrong with it. ``str()`` is a sentence for an operator."""


class PushKey(NamedTuple):
    """The key in this file, and its public half in base64url, which browsers get."""

    path: Path
    public: str


def create_key(folder: Path) -> PushKey:
    """Make a new key in this folder, for its owner's eyes only, and return it.

    Raises:
        KeyUnusable: there is one already, which all subscriptions were made for; or the folder cannot be written to.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / _FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(text)
    except FileExistsError:
        raise KeyUnusable(f"there is a key in {path} already") from None
    except OSError as error:
        raise KeyUnusable(f"{error.filename or path}: {error.strerror or error}") from error
    return PushKey(path, _public(key.public_key()))


def has_key(folder: Path) -> bool:
    """Tell whether ``hangd server push init`` has made a key here. Raises KeyUnusable: this user may not look."""
    path = folder / _FILE
    try:
        os.stat(path)
    except PermissionError as error:
        raise KeyUnusable(f"{path}: {error.strerror}") from error
    except OSError:
        return False
    return True


def load_key(folder: Path) -> PushKey:
    """Read the key in this folder. Raises KeyUnusable."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    path = folder / _FILE
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise KeyUnusable(f"{path}: {error.strerror or error}") from error
    except (ValueError, TypeError) as error:
        raise KeyUnusable(f"{path} is not a private key in PEM format") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyUnusable(f"{path} is not a key on the curve P-256")
    return PushKey(path, _public(key.public_key()))


def _public(key: object) -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    assert isinstance(key, ec.EllipticCurvePublicKey)
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
