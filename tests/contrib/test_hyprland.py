"""contrib/hyprland has the keys of contrib/sway, in the grammar that Hyprland documents: Debian 12 has no Hyprland."""

import re
from pathlib import Path
from typing import Final

CONTRIB: Final = Path(__file__).parent.parent.parent / "contrib"

Keys = dict[str, str]
"""What is run, by key: "Shift XF86AudioNext"."""


def lines(name: str) -> list[str]:
    """Return the lines of a file that are no comments."""
    text = (CONTRIB / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith(("#", "--"))]


def of_window_manager(name: str) -> Keys:
    found = (re.fullmatch(r"bindsym (?:--locked )?(\S+) exec (?:--no-startup-id )?(.*)", line) for line in lines(name))
    return {one[1].replace("+", " "): one[2] for one in found if one is not None}


def of_conf() -> Keys:
    found = (re.fullmatch(r"bindl = (\w*), (\w+), exec, (.*)", line) for line in lines("hyprland/hang.conf"))
    return {f"{one[1].capitalize()} {one[2]}".strip(): one[3] for one in found if one is not None}


def of_lua() -> Keys:
    pattern = r'hl\.bind\("(?:(\w+) \+ )?(\w+)", hl\.dsp\.exec_cmd\("([^"]*)"\), \{ locked = true \}\)'
    found = (re.fullmatch(pattern, line) for line in lines("hyprland/hang.lua"))
    return {f"{(one[1] or '').capitalize()} {one[2]}".strip(): one[3] for one in found if one is not None}


def test_all_window_managers_have_the_same_keys() -> None:
    keys = of_window_manager("sway/hang.conf")
    assert len(keys) == 9
    assert of_window_manager("i3/hang.conf") == of_conf() == of_lua() == keys


def test_what_is_no_key_is_one_rule() -> None:
    assert [line for line in lines("hyprland/hang.conf") if not line.startswith("bindl = ")] == [
        "windowrule = match:class hang, idle_inhibit focus"
    ]
    assert [line for line in lines("hyprland/hang.lua") if not line.startswith("hl.bind(")] == [
        'hl.window_rule({ match = { class = "hang" }, idle_inhibit = "focus" })'
    ]
