"""The file of subscriptions: JSON, so that people can read it, and written anew as a whole."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from hangd.server.push.book import Subscription

_log = logging.getLogger(__name__)

_FILE: Final = "push-subscriptions.json"


def load_book(folder: Path) -> list[Subscription]:
    """Return the subscriptions from before. A file that cannot be read is logged, set aside, and begun anew."""
    path = folder / _FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Subscription])
    except FileNotFoundError:
        return []
    except OSError as error:
        _log.error("%s: %s: nobody is invited by push until they come again", path, error.strerror or error)
    except msgspec.DecodeError as error:
        _log.error("%s is damaged (%s), and is set aside", path, error)
        os.replace(path, path.with_suffix(".damaged"))
    return []


def remove_book(folder: Path) -> None:
    """Delete the file, if there is one. Raises OSError: it cannot be deleted."""
    (folder / _FILE).unlink(missing_ok=True)


def write_book(folder: Path, subscriptions: Sequence[Subscription]) -> None:
    """Replace the file. Only its owner may read it: who knows an address and its keys can send to that browser.

    Raises:
        OSError: it cannot be written. The file from before is still there then.
    """
    path, beside = folder / _FILE, folder / f"{_FILE}.new"
    text = msgspec.json.format(msgspec.json.encode(subscriptions), indent=1)
    beside.unlink(missing_ok=True)  # Left by a server that was killed. A link that is there is not followed.
    with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
