"""Why there is no connection to a server: `DialFailed`, and the sentences about TLS and about answers of others.

Each sentence names the server, what is wrong, and what would help. A retry soon is of use where a server or a proxy is
being restarted, and of none where a certificate is wrong: `DialFailed.retry_after`.
"""

import email.parser
import email.policy
import os
import ssl
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, Literal, NamedTuple
from urllib.parse import urljoin, urlsplit

from hangd.log import escape
from hangd.paths import config_file
from hangd.urls import place as place_of

DialFailure = Literal[
    "bad-url", "no-address", "unreachable", "refused", "timeout", "full", "tls", "not-a-server", "proxy"
]

_CERTIFICATE_PAUSE: Final = 60.0
"""Seconds before a server is dialed again whose certificate is wrong. Somebody has to renew it, or to set a clock."""
_RETRY_AFTER_MAX: Final = 300.0
"""The most seconds that are believed of the field Retry-After."""
_HEAD_MAX: Final = 16 * 1024
_SHOWN_MAX: Final = 200
"""Characters of what the other side said that are shown."""

# OpenSSL's verification errors (X509_V_ERR_..., in openssl/x509_vfy.h).
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_SELF_SIGNED: Final = 18
_UNKNOWN_AUTHORITY: Final = (19, 20, 21)
_WRONG_NAME: Final = (62, 64)

# OpenSSL's reasons of other errors.
_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF_WHILE_READING", "HTTP_REQUEST")
_OLD_TLS: Final = ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "SSLV3_ALERT_HANDSHAKE_FAILURE")
_NO_SUCH_NAME: Final = ("TLSV1_UNRECOGNIZED_NAME", "TLSV1_ALERT_INTERNAL_ERROR")

_PORTAL: Final = "if this network has a login page, open it in a browser"
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_NOTHING_BEHIND: Final = (502, 503, 504)


class DialFailed(Exception):
    """There is no connection. ``str()`` is a sentence for a user; ``kind`` is the same for a program.

    With "unreachable", "refused" and "timeout", nothing has answered at the server's address. ``retry_after``: the
    least number of seconds after which dialing again may be of use; None: at any time.
    """

    def __init__(self, kind: DialFailure, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.kind: DialFailure = kind
        self.retry_after = retry_after


class Target(NamedTuple):
    """What was dialed, for the sentences. ``place`` is HOST:PORT, and through which proxy."""

    place: str
    host: str
    port: int
    resource: str
    secure: bool

    @property
    def other_url(self) -> str:
        """The server's URL with TLS if this one is without, and the other way round."""
        return f"{'ws' if self.secure else 'wss'}://{place_of(self.host, self.port)}{self.resource}"

    @property
    def perhaps_tls(self) -> str:
        """The end of a sentence about what does not speak WebSocket; "" if TLS was spoken with it."""
        return "" if self.secure else f" (perhaps it speaks TLS: {self.other_url})"


# ---- TLS ------------------------------------------------------------------------------------------------------------


def untrusted(target: Target, error: ssl.SSLCertVerificationError) -> DialFailed:
    """Say what is wrong with the server's certificate."""
    code = error.verify_code
    clock = f"this machine's clock says {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    settings = os.environ.get("HANG_CONFIG") or config_file()
    own = f"as tls_ca under [client] in {settings}, and then run `hangctl daemon stop`"
    if code == _EXPIRED:
        reason = f"its certificate has expired: whoever runs the server has to renew it ({clock})"
    elif code == _NOT_YET_VALID:
        reason = f"its certificate is not valid yet: is the time right? {clock[0].upper()}{clock[1:]}"
    elif code in _WRONG_NAME:
        reason = (
            f"its certificate is for another name than {target.host!r}: use the name that its operator told you, or, "
            f"{_PORTAL}"
        )
    elif code == _SELF_SIGNED:
        reason = (
            "nobody but the server itself has signed its certificate. If it is yours, name the file of that "
            f"certificate {own}; {_PORTAL}"
        )
    elif code in _UNKNOWN_AUTHORITY:
        reason = (
            "its certificate is signed by an authority that this machine does not know, or the server does not send "
            f"the whole chain (fullchain.pem). If the authority is yours, name the file of its certificate {own}; "
            f"{_PORTAL}"
        )
    else:
        reason = error.verify_message
    return DialFailed("tls", f"the server at {target.place} cannot be trusted: {reason}", _CERTIFICATE_PAUSE)


def without_tls(target: Target, error: OSError) -> DialFailed:
    """Say why TLS failed before there was a certificate."""
    name = error.reason if isinstance(error, ssl.SSLError) else None
    retry_after = None
    if name in _NO_TLS or not isinstance(error, ssl.SSLError):
        reason = f"perhaps it speaks no TLS: {target.other_url}"
    elif name in _OLD_TLS:
        reason = "it speaks only versions of TLS that are no longer safe, or has no certificate that can be used"
        retry_after = _CERTIFICATE_PAUSE
    elif name in _NO_SUCH_NAME:
        reason = f"it has no certificate for the name {target.host!r}: is the name right?"
        retry_after = _CERTIFICATE_PAUSE
    else:
        reason = (name or "TLS failed").replace("_", " ").lower()
    return DialFailed("tls", f"no encrypted connection to {target.place}: {reason}", retry_after)


# ---- HTTP -----------------------------------------------------------------------------------------------------------


class Answer(NamedTuple):
    """The head of an answer of HTTP. The names of ``fields`` are in lower case."""

    status: int
    fields: dict[str, str]


def read_answer(data: bytes) -> Answer | None:
    """Return the answer of HTTP that these first bytes of a connection are; None: not yet, or it is none."""
    head, end, _ = data[:_HEAD_MAX].partition(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    words = first.split(b" ", 2)
    if not end or len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        return None
    parsed = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(rest)
    return Answer(int(words[1][:3]), {name.lower(): str(value).strip() for name, value in parsed.items()})


class AnsweredOtherwise(Exception):
    """The other side did not upgrade the connection to a WebSocket."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


def not_upgraded(target: Target, answer: Answer) -> DialFailed:
    """Say what an answer of HTTP means, where a WebSocket was asked for."""
    status = answer.status
    at = f"{target.place}{urlsplit(target.resource).path}"
    if status in _REDIRECTS and "location" in answer.fields:
        return _sent_on(target, at, answer.fields["location"])
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        sentence = f"the server at {target.place} takes no more connections now: try again in a minute"
        return DialFailed("full", sentence, _asked_for(answer))
    if status in _NOTHING_BEHIND:
        sentence = (
            f"the proxy at {target.place} answers, but the hang server behind it does not (HTTP {status}): whoever "
            "runs it has to start it, or to correct its address in the proxy"
        )
        return DialFailed("not-a-server", sentence, _asked_for(answer))
    if status == HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED:
        reason = "this network asks for a login first: open any web page in a browser"
        return DialFailed("not-a-server", f"{target.place} cannot be reached: {reason}")
    if status == HTTPStatus.UPGRADE_REQUIRED:
        reason = "whoever runs it has to let it forward the fields Upgrade and Connection (man 8 hangd-server)"
        sentence = f"the proxy in front of the server at {at} does not pass on WebSockets (HTTP {status}): {reason}"
        return DialFailed("not-a-server", sentence)
    if status < 300:
        reason = f"{_PORTAL}; otherwise the address is wrong, or a proxy there does not pass on WebSockets"
        sentence = f"what answers at {at} is a web page and not a hang server (HTTP {status}): {reason}"
        return DialFailed("not-a-server", sentence)
    hint = target.perhaps_tls if status == HTTPStatus.BAD_REQUEST else ""
    if status == HTTPStatus.NOT_FOUND:
        hint = " (is the path right?)"
    elif status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        hint = " (a proxy there does not let hang in)"
    return DialFailed("not-a-server", f"there is no hang server at {at}: HTTP {status}{hint}")


def _sent_on(target: Target, at: str, location: str) -> DialFailed:
    here = f"{'https' if target.secure else 'http'}://{place_of(target.host, target.port)}{target.resource}"
    try:
        there = urlsplit(urljoin(here, location))
        host, port = there.hostname, there.port
    except ValueError:
        host = port = None
        there = urlsplit("")
    if host == target.host.lower() and there.scheme == "https" and not target.secure:
        where = place_of(host, port) if port is not None else (f"[{host}]" if ":" in host else host)
        told = _shown(f"wss://{where}{there.path or '/'}")
        return DialFailed("not-a-server", f"the server at {at} wants TLS: its address is {told}")
    reason = f"{_PORTAL}; otherwise the server may have moved there"
    sentence = f"what answers at {at} is not a hang server, and sends everybody on to {_shown(location)}: {reason}"
    return DialFailed("not-a-server", sentence)


def _shown(text: str) -> str:
    return escape(text[:_SHOWN_MAX])


def _asked_for(answer: Answer) -> float | None:
    """Return the seconds of Retry-After, if it has some."""
    text = answer.fields.get("retry-after", "")
    return min(float(text), _RETRY_AFTER_MAX) if text.isascii() and text.isdigit() and len(text) < 10 else None
