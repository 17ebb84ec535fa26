"""The daemon itself: what it answers like, what it knows, where it runs."""

import os
import sys
import time
from typing import Final

from hangd.client.control.language.kinds import Flag, Integer, Node, Switch, Text
from hangd.client.control.tables.common import fixed, untold
from hangd.client.control.tables.property import Property, PropertyTable

__all__ = ["PROPERTIES"]

_PLATFORMS: Final = {"win32": "windows"}
"""Where mpv has another word for it than Python."""


def _working_directory(properties: PropertyTable) -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


def _version(properties: PropertyTable) -> str:
    return f"mpv 0.38.0 (hang {properties.viewer.hang_property('hang-version')})"


def _options(properties: PropertyTable) -> list[str]:
    return [row.name for row in properties.rows.values() if row.option]


PROPERTIES: Final = (
    Property("mpv-version", "the mpv that hangd answers like", Text(), _version),
    untold("mpv-configuration", "how mpv was built", Text(), "there is no mpv here"),
    untold("ffmpeg-version", "the version of FFmpeg", Text(), "VLC does not tell which decoders it was built with"),
    untold("libass-version", "the version of libass", Integer(), "VLC does not tell what draws its subtitles"),
    Property("platform", "the system it runs on", Text(), lambda _: _PLATFORMS.get(sys.platform, sys.platform)),
    Property("pid", "the daemon's process", Integer(), lambda _: os.getpid()),
    Property("working-directory", "the daemon's working directory", Text(), _working_directory),
    Property("clock", "what time it is here: 20:15", Text(), lambda _: time.strftime("%H:%M")),
    Property("protocol-list", "where films can be opened from", Node(), lambda _: ["file"]),
    Property("property-list", "the names of all properties", Node(), lambda p: list(p.rows)),
    Property("command-list", "all commands, with what they take", Node(), lambda p: p.command_list),
    Property("options", "the properties that are options in mpv: options/NAME is the same as NAME", Node(), _options),
    Property("file-local-options", "the same as options", Node(), _options),
    Property("input-bindings", "keys and what they do: hang has none", Node(), lambda _: []),
    Property("input-key-list", "the keys there are: hang has none", Node(), lambda _: []),
    fixed("idle", "whether the daemon goes on without a film: it does", Flag(), True),
    fixed("keep-open", "whether the last film stays open at its end: it does", Switch(), True),
    fixed("terminal", "whether the daemon writes to a terminal as mpv does: no", Flag(), False),
    fixed("input-terminal", "whether the daemon takes keys from a terminal: no", Flag(), False),
    fixed("ytdl", "whether films are looked for on the web: no", Flag(), False),
)
