"""ClientSettings: the options of ``hangd run``. Filled in by `hangd.config` from command line, environment and file."""

import getpass
import ipaddress
import re
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from hangd.engine.player_messages import SetSubtitleLook
from hangd.player.subtitles import AUTO, check_encoding, parse_color
from hangd.protocol.model import Name
from hangd.protocol.names import NAME_MAX, member_name
from hangd.transport.proxy import parse_proxy
from hangd.urls import server_url

SERVER_URL: Final = "ws://127.0.0.1:3005/ws"

_Color = Annotated[str, Meta(extra={"check": parse_color})]
_Languages = Annotated[str, Meta(extra={"list": True})]
_Milliseconds = Annotated[float, Meta(ge=-60_000, le=60_000)]


OsdKind = Literal["playback", "ready", "films", "rules", "chat", "members", "corrections", "none"]
NotificationKind = Literal["members", "chat", "playback", "none"]


def default_name() -> str:
    """Return this user's login name, cut to the length of a member's name; "viewer" for a user without one."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a uid without an entry and no $USER: containers, systemd's dynamic users
        name = ""
    return "".join(letter for letter in name if letter.isprintable())[:NAME_MAX].strip() or "viewer"


def loopback(place: str) -> tuple[str, int]:
    """Return the host and port of ``127.0.0.1:PORT`` or ``[::1]:PORT``.

    Names are refused: what a name resolves to is decided outside of this machine's control.

    Raises:
        ValueError: ``str()`` is the end of a sentence that begins with the option's name.
    """
    found = re.fullmatch(r"(?:\[(?P<six>[0-9a-fA-F:]+)\]|(?P<four>[0-9.]+)):(?P<port>[0-9]{1,5})", place)
    try:
        if found is None or not (host := ipaddress.ip_address(found["six"] or found["four"])).is_loopback:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"must be an address of this machine alone, 127.0.0.1:PORT or [::1]:PORT, not {place!r}"
        ) from None
    if (port := int(found["port"])) > 65535:
        raise ValueError(f"must have a port of at most 65535, not {port}")
    return str(host), port


def proxy_url(url: str) -> None:
    """Check the setting ``proxy``.

    Raises:
        ValueError: ``str()`` is the end of a sentence that begins with the option's name.
    """
    if url != "none":
        parse_proxy(url)


class ClientSettings(Struct, frozen=True, kw_only=True):
    """The options of ``hangd run``."""

    socket: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """Where to listen for control clients. None: hang/hangd.sock in $XDG_RUNTIME_DIR."""
    control_tcp: Annotated[str, Meta(extra={"check": loopback})] | None = None
    """An address of this machine, 127.0.0.1:PORT or [::1]:PORT, for control clients that connect by TCP and know the
    token. Port 0 takes a free one. None: they cannot connect by TCP."""
    server: Annotated[str, Meta(extra={"normal": server_url})] = SERVER_URL
    """URL of the room server, until a control client names another one."""
    tls_ca: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """A PEM file with certificates of authorities that are trusted beside the system's."""
    proxy: Annotated[str, Meta(min_length=1, extra={"check": proxy_url})] | None = None
    """The URL of the proxy on the way to the server, or "none". None: what the environment says."""
    name: Annotated[Name, Meta(extra={"normal": member_name})] = field(default_factory=default_name)
    """This member's name, as the others see it."""
    player: Literal["vlc", "simulated"] = "vlc"
    """What plays the film. "simulated" shows nothing and only keeps time like a player, for tests."""
    vlc_options: tuple[str, ...] = ()
    """Options for libVLC itself, as on vlc's command line."""
    video_offset_ms: _Milliseconds = 0.0
    """Milliseconds by which this machine's picture is shown earlier, for a slow screen; negative: later."""
    audio_offset_ms: _Milliseconds = 0.0
    """Milliseconds by which this machine's sound is heard earlier; negative: later."""
    alang: _Languages = ""
    """Preferred languages of audio tracks, best first: "ja,de" or ["ja", "de"]. "": the film's default track."""
    slang: _Languages = ""
    """Preferred languages of subtitles, best first. "": the film's default."""
    remember_tracks: bool = True
    """Whether the tracks that are chosen in a film are chosen in the next of the playlist and of the folder too."""
    audio_device: Annotated[str, Meta(min_length=1)] = "auto"
    """The device that plays the sound, by a name from ``hangctl audio device``, or "auto". Where it is not there, the
    system's default one does."""
    media_dirs: tuple[Annotated[str, Meta(min_length=1, extra={"path": True})], ...] = ()
    """Folders in which copies of a room's films are looked for, with their subfolders."""
    screenshot_dir: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """Folder for screenshots, made if it is missing. None: the user's folder for pictures."""
    sub_codepage: Annotated[str, Meta(extra={"check": check_encoding})] = AUTO
    """The encoding of subtitle files that are not UTF-8, until a control client sets another one. "auto": guess it."""
    sub_font: str = SetSubtitleLook().font
    """The font of subtitles that are plain text, as fontconfig names it."""
    sub_font_size: Annotated[float, Meta(ge=4.5, le=225)] = SetSubtitleLook().font_size
    """The size of subtitles, in a picture of 720 lines."""
    sub_bold: bool = False
    """Whether subtitles that are plain text are bold."""
    sub_color: _Color = f"#{SetSubtitleLook().color:08X}"
    """The colour of subtitles that are plain text: "#RRGGBB" or, with how opaque it is, "#AARRGGBB"."""
    sub_border_color: _Color = f"#{SetSubtitleLook().border_color:08X}"
    """The colour of the border around their letters."""
    sub_border_size: Annotated[float, Meta(ge=0, le=22.5)] = SetSubtitleLook().border_size
    """The width of that border, in a picture of 720 lines."""
    sub_back_color: _Color = f"#{SetSubtitleLook().back_color:08X}"
    """The colour behind their text. With 00 for how opaque it is, there is none."""
    sub_pos: Annotated[int, Meta(ge=0, le=100)] = 100
    """How far down subtitles stand, in per cent; 100: where they usually do."""
    osd: tuple[OsdKind, ...] = ("playback", "ready", "films", "chat", "members", "corrections")
    """What is drawn on the picture when another member does it: pause, play, seek, speed and stop; who is ready and
    what a start waits for; another film and changes of the queue; changes of the room's rules; chat; who joins and
    leaves; and that this machine's picture had to jump or wait to be where the room is. "none": nothing."""
    osd_size: Annotated[float, Meta(ge=25, le=400)] = 100.0
    """Size of what is written in the film's window, in percent."""
    osd_seconds: Annotated[float, Meta(ge=0.5, le=60)] = 3.0
    """How many seconds a short message stays in the film's window. Longer ones stay longer."""
    window_close: Literal["auto", "pause", "hide"] = "auto"
    """What closing the window does: pause the film, in a room for everybody, or hide it only, and the sound goes on.
    "auto": hide it in a room, where the others go on, and pause otherwise."""
    mpris: Literal["auto", "yes", "no"] = "auto"
    """Whether media keys and players' controls work, over D-Bus. "auto": where the library for it is installed."""
    mpris_stop: Literal["pause", "stop", "ignore"] = "pause"
    """What the Stop of MPRIS does. Headsets send it when they are taken off."""
    input_conf: Annotated[str, Meta(min_length=1, extra={"path": True})] | None = None
    """The file of key bindings. None: input.conf beside the usual config file, if there is one."""
    input_default_bindings: bool = True
    """Whether keys do what they do by default, where the file of key bindings does not say otherwise."""
    notifications: tuple[NotificationKind, ...] = ()
    """What the desktop shows a note of, over D-Bus, while the film's window is not looked at: who comes and goes; what
    is said; what others do to playback. "none": nothing."""
    inhibit: bool = True
    """Whether the screen saver and suspend are held off while a film plays."""
    share_file_name: bool = True
    """Whether the other members may see this machine's file name."""
    rejoin: Annotated[float, Meta(ge=0, le=86_400)] = 600.0
    """A daemon that ended in a room goes back there if it is started again within this many seconds; 0: never."""
    history: bool = True
    """Whether this machine keeps what was watched on it."""
    allow_quit: bool = False
    """Whether a control client's ``quit`` ends the daemon."""

    def subtitle_look(self) -> SetSubtitleLook:
        """Return how subtitles are drawn until a control client changes it."""
        return SetSubtitleLook(
            font=self.sub_font,
            font_size=self.sub_font_size,
            bold=self.sub_bold,
            color=parse_color(self.sub_color),
            border_color=parse_color(self.sub_border_color),
            border_size=self.sub_border_size,
            back_color=parse_color(self.sub_back_color),
            position=self.sub_pos,
        )
