"""A push service and browsers that have subscribed at it: real TLS, real encryption (RFC 8291), real signatures."""

import asyncio
import base64
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import http_ece
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

__all__ = ["Browser", "Message", "PushServer", "push_server", "signed_claims"]


@dataclass(frozen=True)
class Message:
    """What the push service was given."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class PushServer:
    """A push service on this machine. ``answers`` has the status for a path; others get 201."""

    port: int
    certificate: Path
    messages: list[Message] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    async def wait(self, number: int, seconds: float = 30.0) -> list[Message]:
        """Wait until so many messages have come, and return them."""
        return await asyncio.to_thread(self._wait, number, seconds)

    def _wait(self, number: int, seconds: float) -> list[Message]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.messages) >= number, seconds), self.messages
            return list(self.messages)


class Browser:
    """A browser with a subscription at a push service."""

    def __init__(self, host: str, path: str = "/send/1") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = b"0123456789abcdef"
        self.endpoint = f"https://{host}{path}"

    @property
    def keys(self) -> dict[str, str]:
        return {"p256dh": _base64(_point(self._key.public_key())), "auth": _base64(self._auth)}

    def read(self, message: Message) -> dict[str, Any]:
        """Decrypt what the push service was given for this browser."""
        text = http_ece.decrypt(message.body, private_key=self._key, auth_secret=self._auth, version="aes128gcm")
        decoded = json.loads(text)
        assert isinstance(decoded, dict)
        return decoded


def signed_claims(message: Message, public_key: str) -> dict[str, Any]:
    """Return what the server says of itself, after its signature was checked with the key that browsers were given."""
    scheme, _, words = message.headers["authorization"].partition(" ")
    parameters = dict(word.strip().split("=", 1) for word in words.split(","))
    assert scheme == "vapid"
    assert parameters["k"] == public_key
    signed, _, signature = parameters["t"].rpartition(".")
    raw = _bytes(signature)
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(public_key))
    key.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims = json.loads(_bytes(signed.partition(".")[2]))
    assert isinstance(claims, dict)
    return claims


@contextmanager
def push_server(folder: Path) -> Iterator[PushServer]:
    """Run a push service. Its certificate is its own authority: ``REQUESTS_CA_BUNDLE`` has to name it."""
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost", "-keyout", "push.key", "-out", "push.pem"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "push.pem", folder / "push.key")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            # Before the answer: who has it may look at the messages at once.
            with service.arrived:
                service.messages.append(Message(self.path, headers, body))
                service.arrived.notify_all()
            status = service.answers.get(self.path, 201)
            self.send_response(status)
            if status in (301, 302, 307, 308):
                self.send_header("Location", f"https://{service.host}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    service = PushServer(server.server_address[1], folder / "push.pem")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
