"""What tests of forged tokens share: each connection comes from another network, so that no limit is met."""

import itertools
from typing import Any, Final

import pytest
from websockets.asyncio.client import connect

_NUMBERS: Final = itertools.count()


@pytest.fixture
def other_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each `typist` come from another network, by way of a proxy that the server trusts at 127.0.0.1."""

    def proxied(url: str, **options: Any) -> Any:
        number = next(_NUMBERS)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return connect(url, additional_headers={"X-Forwarded-For": address}, **options)

    monkeypatch.setattr("tests.support.servers.server.connect", proxied)
