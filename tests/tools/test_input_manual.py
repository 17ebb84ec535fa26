"""hang-input(5): the file in man/ is up to date, has each default key, and is correct mdoc."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hangd.client.control.properties import Properties
from hangd.client.control.server.key_files import default_bindings
from tests.support.daemons.recording_viewer import RecordingViewer
from tools.input_manual import page
from tools.ipc_manual import escaped

PAGE = Path(__file__).parents[2] / "man" / "hang-input.5"


def test_file_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tools.input_manual > man/hang-input.5"


def test_every_default_key_has_an_item() -> None:
    items = re.findall(r"^\.It Ic (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = {key for item in items for key in item.split(" No or Ic ")}
    bindings = default_bindings(Properties(RecordingViewer()))
    assert {escaped(each.key) for each in bindings if each.command != "ignore"} == named


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_mandoc_reports_nothing() -> None:
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGE], capture_output=True, text=True, check=False)
    assert (lint.stdout, lint.returncode) == ("", 0)
