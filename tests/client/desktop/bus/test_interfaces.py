"""MPRIS's interfaces, as the specification 2.2 has them."""

from pathlib import Path

from dbus_fast.service import ServiceInterface

from hangd.client.control.server.sockets import ControlServer
from hangd.client.desktop.bus.controls import Controls
from hangd.client.desktop.bus.interfaces import Player, Root
from hangd.client.settings import ClientSettings
from tests.support.daemons.recording_viewer import RecordingViewer

_ROOT = """
method Quit ()
method Raise ()
property CanQuit b read
property CanRaise b read
property CanSetFullscreen b read
property DesktopEntry s read
property Fullscreen b readwrite
property HasTrackList b read
property Identity s read
property SupportedMimeTypes as read
property SupportedUriSchemes as read
"""
_PLAYER = """
method Next ()
method OpenUri (Uri s)
method Pause ()
method Play ()
method PlayPause ()
method Previous ()
method Seek (Offset x)
method SetPosition (TrackId o, Position x)
method Stop ()
property CanControl b read silent
property CanGoNext b read
property CanGoPrevious b read
property CanPause b read
property CanPlay b read
property CanSeek b read
property LoopStatus s readwrite
property MaximumRate d read
property Metadata a{sv} read
property MinimumRate d read
property PlaybackStatus s read
property Position x read silent
property Rate d readwrite
property Shuffle b readwrite
property Volume d readwrite
signal Seeked x
"""


def _described(interface: ServiceInterface) -> list[str]:
    """Return a line for each method, property and signal."""
    described = interface.introspect()
    lines = [
        f"method {method.name} ({', '.join(f'{each.name} {each.signature}' for each in method.in_args)})"
        for method in described.methods
    ]
    for each in described.properties:
        silent = " silent" if "false" in each.annotations.values() else ""
        lines.append(f"property {each.name} {each.signature} {each.access.value}{silent}")
    lines += [f"signal {signal.name} {signal.signature}" for signal in described.signals]
    return sorted(lines)


def test_the_interfaces_are_those_of_the_specification(tmp_path: Path) -> None:
    viewer = RecordingViewer()
    control = ControlServer(viewer, tmp_path / "unused.sock")
    controls = Controls(viewer, control.request, control.read, ClientSettings)
    assert _described(Root(controls)) == _ROOT.split("\n")[1:-1]
    assert _described(Player(controls)) == _PLAYER.split("\n")[1:-1]
