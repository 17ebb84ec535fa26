from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hangd.client.control.server.sockets import ControlServer
from tests.support.daemons.control import ControlClient, control_server
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer


@pytest.fixture
def viewer() -> RecordingViewer:
    return RecordingViewer(CLIP)


@pytest.fixture
async def server(tmp_path: Path, viewer: RecordingViewer) -> AsyncIterator[ControlServer]:
    async with control_server(tmp_path, viewer) as server:
        yield server


@pytest.fixture
async def client(tmp_path: Path, server: ControlServer) -> AsyncIterator[ControlClient]:
    client = await ControlClient.connect(tmp_path / "hangd.sock")
    yield client
    await client.close()
