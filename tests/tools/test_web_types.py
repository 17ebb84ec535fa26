"""The page's types of the protocol are those of docs/protocol.schema.json."""

from pathlib import Path

import pytest

from tools.web_types import modules

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", modules())
def test_the_committed_module_is_the_one_that_is_made(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == modules()[path], "run: python -m tools.web_types"


def test_what_a_client_sends_may_leave_out_what_a_server_never_does() -> None:
    types = modules()["hangd/web/protocol/types.js"]
    assert "@property {boolean} [clear]" in types
    assert "@property {boolean} apart\n" in types


def test_defaults_are_found_within_other_types() -> None:
    defaults = modules()["hangd/web/protocol/defaults.js"]
    assert (
        'Policy: { start: "anyone", stall: "go-on", leave: "go-on", loop: "off", access: "anyone", history: true },'
        in defaults
    )
    assert 'MemberChanged: { member: "Member" },' in defaults
