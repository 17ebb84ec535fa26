"""The server's own password, from a file (``--password-file``)."""

import hashlib
import hmac
import logging
from pathlib import Path

from hangd.protocol.errors import RequestRefused
from hangd.server.listening import WrongSetting
from hangd.server.secret_files import read_password

_log = logging.getLogger(__name__)


class ServerPassword:
    """Without which nobody is let in. Raises WrongSetting: the file cannot be read, or has no password."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = _read(path)

    def reload(self) -> None:
        """Read the file again. If that fails, the password stays as it is, and the log says so."""
        try:
            self._digest = _read(self._path)
        except WrongSetting as error:
            _log.error("the server's password stays as it is: %s", error)
        else:
            _log.info("new connections need the server's password that is in the file now")

    def check(self, given: str | None) -> bool:
        """Tell whether this is the password. Raises RequestRefused (Unauthorized): none is given."""
        if given is None:
            raise wrong("this server has a password: connect with it")
        return hmac.compare_digest(_digest(given), self._digest)


def wrong(sentence: str) -> RequestRefused:
    """Return the refusal of somebody who has not given the server's password."""
    return RequestRefused("Unauthorized", sentence, details={"need": "password"})


def _read(path: Path) -> bytes:
    return _digest(read_password(path, "--password-file"))


def _digest(password: str) -> bytes:
    # Equal lengths, for a comparison in constant time.
    return hashlib.sha256(password.encode()).digest()
