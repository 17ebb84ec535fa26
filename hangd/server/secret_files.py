"""Read a password that is the first line of a file of its own."""

import logging
import os
import stat
from pathlib import Path
from typing import Final

from hangd.server.listening import WrongSetting

_log = logging.getLogger(__name__)

_LENGTH_MAX: Final = 256
"""Of a password in the protocol. Longer ones elsewhere are mistakes, too: the file is another one."""


def read_password(path: Path, option: str) -> str:
    """Return the password in the file that this option names. Log a warning if everybody can read it.

    Raises:
        WrongSetting: the file cannot be read, or has no password.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            line = file.readline()
    except OSError as error:
        raise WrongSetting(f"cannot read {path} ({option}): {error.strerror}") from error
    try:
        password = line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise WrongSetting(f"{path} ({option}) must be text in UTF-8") from None
    if not password:
        raise WrongSetting(f"the first line of {path} ({option}) is empty: write the password there")
    if len(password) > _LENGTH_MAX:
        raise WrongSetting(f"the password in {path} ({option}) is longer than {_LENGTH_MAX} characters")
    if mode & stat.S_IROTH and stat.S_ISREG(mode):
        _log.warning("every user of this machine can read %s (%s): `chmod o-r` it", path, option)
    return password
