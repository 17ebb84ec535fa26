"""Which device plays the sound: that of the sound server where hangd plays the sound itself, else of VLC's output.

Owner thread only.
"""

from typing import Any, Final

from hangd.engine.player_facts import AudioDevice
from hangd.engine.player_messages import SoundChanged
from hangd.player.audio.vlc_output import Devices, VlcAudioOutput
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.tracks import texts

AUTO: Final = "auto"
_SERVER: Final = "pulse/"
"""What the names of the sound server's devices begin with, as in mpv."""
_VLC: Final = "vlc/"
_DEVICES_MAX: Final = 200


class SoundDevice:
    """Carries out SetAudioDevice, and emits SoundChanged. ``sound``: hangd's own output; None: VLC plays the sound."""

    def __init__(self, context: PlayerContext, sound: VlcAudioOutput | None) -> None:
        self._context = context
        self._sound = sound
        self._wanted = AUTO
        self._devices: tuple[AudioDevice, ...] = ()
        self._is_known = False
        """Which devices there are is known."""
        self._is_server_gone = False
        self._told: SoundChanged | None = None

    def choose(self, name: str) -> None:
        self._wanted = name
        if self._sound is not None:
            self._sound.use(name.removeprefix(_SERVER) if name.startswith(_SERVER) else None)
        elif name == AUTO:
            self._context.player.audio_output_device_set(None, "")
        else:
            self._apply()
        self._tell()

    def _apply(self) -> None:
        if self._sound is None and self._wanted.startswith(_VLC):
            self._context.player.audio_output_device_set(None, self._wanted.removeprefix(_VLC))

    def changed(self, devices: Devices) -> None:
        """The sound server has these devices now."""
        self._is_known, self._is_server_gone = True, devices is None
        self._devices = tuple(
            AudioDevice(_SERVER + sink.name, texts.line(sink.description) or texts.line(sink.name))
            for sink in devices or ()
        )
        self._tell()

    def started(self) -> None:
        """The film plays: VLC's output knows its devices only now, and has forgotten which one was chosen."""
        if self._sound is None:
            self._apply()
            self._is_known, self._devices = True, tuple(self._of_vlc())
            self._tell()

    def _of_vlc(self) -> list[AudioDevice]:
        first = self._context.player.audio_output_device_enum()
        found: list[AudioDevice] = []
        node: Any = first
        while node and len(found) < _DEVICES_MAX:
            device = node.contents
            name = (device.device or b"").decode(errors="surrogateescape")
            if name:
                found.append(AudioDevice(_VLC + name, texts.line(device.description) or texts.line(name)))
            node = device.next
        if first:
            self._context.vlc.libvlc_audio_output_device_list_release(first)
        return found

    def _tell(self) -> None:
        told = SoundChanged(0, self._devices, self._problem())
        if told != self._told:
            self._told = told
            self._context.emit(told)

    def _problem(self) -> str | None:
        if self._is_server_gone:
            return "nothing can be heard: the sound server is gone"
        if self._is_known and self._sound is not None and not self._devices:
            return "nothing can be heard: there is no audio device"
        if not self._is_known or self._wanted == AUTO or any(d.name == self._wanted for d in self._devices):
            return None
        return f"the audio device {texts.line(self._wanted)} is not there: the default one plays"
