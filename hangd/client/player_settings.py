"""`apply`: bring the settings of the player to the player, at first and when they are read anew."""

from collections.abc import Callable

from hangd.client.control.port import ViewerPort
from hangd.client.settings import ClientSettings
from hangd.client.tracks.languages import words
from hangd.engine.player_messages import SetAudioDevice, SetSubtitleEncoding


def apply(viewer: ViewerPort, settings: ClientSettings, before: ClientSettings | None) -> None:
    """Go by the settings of the player, but not where a control client has changed one and they have not.

    ``before``: what they were; None: they are the first ones.
    """
    rows: tuple[tuple[Callable[[ClientSettings], object], Callable[[], None]], ...] = (
        (lambda s: s.sub_codepage, lambda: viewer.play_command(SetSubtitleEncoding(settings.sub_codepage))),
        (lambda s: s.video_offset_ms, lambda: viewer.set_offset("video", settings.video_offset_ms / 1000)),
        (lambda s: s.audio_offset_ms, lambda: viewer.set_offset("audio", settings.audio_offset_ms / 1000)),
        (lambda s: s.subtitle_look(), lambda: viewer.play_command(settings.subtitle_look())),
        (lambda s: s.alang, lambda: viewer.prefer_languages("audio", words(settings.alang))),
        (lambda s: s.slang, lambda: viewer.prefer_languages("subtitle", words(settings.slang))),
        (lambda s: s.audio_device, lambda: viewer.play_command(SetAudioDevice(settings.audio_device))),
    )
    for read, tell in rows:
        if before is None or read(before) != read(settings):
            tell()
