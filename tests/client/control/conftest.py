from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hangd.client.control.server.sockets import ControlServer
from tests.support.conductor import CLIP, RecordingConductor
from tests.support.control import ControlClient, control_server


@pytest.fixture
def conductor() -> RecordingConductor:
    return RecordingConductor(CLIP)


@pytest.fixture
async def server(tmp_path: Path, conductor: RecordingConductor) -> AsyncIterator[ControlServer]:
    async with control_server(tmp_path, conductor) as server:
        yield server


@pytest.fixture
async def client(tmp_path: Path, server: ControlServer) -> AsyncIterator[ControlClient]:
    client = await ControlClient.connect(tmp_path / "hangd.sock")
    yield client
    await client.close()
