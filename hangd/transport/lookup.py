"""Say why a host's name has no address. The client's and the server's end use it, and the way through a proxy."""

import socket


def why_not_found(error: OSError | UnicodeError, host: str) -> str:
    """Return the reason for an error of getaddrinfo, as a sentence."""
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return f"the name {host!r} could not be looked up: is there a network?"
    return f"there is no host named {host!r}"
