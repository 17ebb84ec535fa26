"""Hundreds of requests with the answers of mpv 0.35.1, byte for byte, recorded with ``--idle --pause --keep-open``.

A record in which hang's answer differs on purpose has that answer and the reason as well.
"""

import json
from pathlib import Path

import pytest

from tests.support.daemons.control import ControlClient, control_server
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer

GOLDEN = Path(__file__).parents[2] / "golden" / "mpv-ipc.jsonl"


def scenes() -> list[tuple[str, list[dict[str, list[str]]]]]:
    found: list[tuple[str, list[dict[str, list[str]]]]] = []
    for line in GOLDEN.read_text().splitlines():
        record = json.loads(line)
        if "scene" in record:
            found.append((record["scene"], []))
        else:
            found[-1][1].append(record)
    return found


@pytest.mark.parametrize(("scene", "records"), scenes())
async def test_answers_are_those_of_mpv(scene: str, records: list[dict[str, list[str]]], tmp_path: Path) -> None:
    assert records
    async with control_server(tmp_path, RecordingViewer(CLIP if scene == "loaded" else None)):
        client = await ControlClient.connect(tmp_path / "hangd.sock")
        # An answer too many is taken for that to the next request, and fails the test there.
        for record in records:
            client.send(str(record["ask"]).encode("latin-1"))
            for expected in record.get("hang", record["mpv"]):
                line = await client.line()
                while line.startswith(b'{"event":'):
                    line = await client.line()
                assert line.decode("latin-1") == expected + "\n", record["ask"]
        client.send(b'{"command":["client_name"]}')
        line = await client.line()
        while line.startswith(b'{"event":'):
            line = await client.line()
        assert line == b'{"data":"ipc_0","request_id":0,"error":"success"}\n'
        await client.close()
