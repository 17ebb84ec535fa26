"""Ask a running server something by its administrator's socket."""

import socket
from pathlib import Path
from typing import Final

import msgspec

from hangd.server.admin.requests import Answered, Request, answer_decoder

_PATIENCE: Final = 15.0


class NotAnswered(Exception):
    """No server answers there. ``str()`` is a sentence for the administrator."""


def ask(path: Path, request: Request) -> Answered:
    """Send a request, and return the answer. Raises NotAnswered."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(_PATIENCE)
            sock.connect(str(path))
            sock.sendall(msgspec.json.encode(request) + b"\n")
            with sock.makefile("rb") as answer:
                return answer_decoder.decode(answer.readline())
    except (FileNotFoundError, ConnectionRefusedError):
        raise NotAnswered(f"no server answers at {path}: start it, or name its --data-dir or --admin-socket") from None
    except PermissionError:
        raise NotAnswered(f"{path} is for the server's user and root alone: use sudo") from None
    except (OSError, ValueError) as error:
        raise NotAnswered(f"the server at {path} did not answer: {error}") from None
