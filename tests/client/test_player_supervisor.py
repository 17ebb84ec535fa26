"""PlayerSupervisor: late events do not undo newer commands, and a new player becomes all that the dead one was."""

import asyncio
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from hangd.client.desired_player import DesiredPlayer
from hangd.client.notices import Notices
from hangd.client.player_supervisor import PlayerSupervisor
from hangd.engine.player_facts import Track, TrackKind
from hangd.engine.player_messages import (
    AddAudioFile,
    AddSubtitleFile,
    Load,
    Loaded,
    LoadFailed,
    OutputStale,
    PictureChanged,
    PlayerCommand,
    PlayerDied,
    PlayerEvent,
    RaiseSubtitles,
    RemoveTrack,
    SelectTrack,
    SetAspect,
    SetDeinterlace,
    SetDelay,
    SetFullscreen,
    SetMute,
    SetPicture,
    SetSubtitleEncoding,
    SetSubtitleLook,
    Settled,
    SetVolume,
    SetWindowSize,
    TracksChanged,
    Unload,
    VolumeChanged,
    WindowChanged,
)
from hangd.player.base import EventSink
from hangd.tasks import Tasks


class Silent:
    """A player that does as it is told and says nothing of it yet."""

    name: str | None = "silent"

    def __init__(self, sink: EventSink) -> None:
        self.commands: list[PlayerCommand] = []

    def do(self, command: PlayerCommand) -> None:
        self.commands.append(command)

    async def close(self) -> None: ...


async def keeper() -> tuple[PlayerSupervisor, list[Mapping[str, Any]]]:
    told: list[Mapping[str, Any]] = []
    notices = Notices(lambda: {})
    notices.subscribe(told.append, lambda names: None)
    made = PlayerSupervisor(Silent, lambda event: None, notices, Tasks())
    made.open()
    await asyncio.sleep(0)
    return made, told


def loudness(made: PlayerSupervisor) -> tuple[float, bool]:
    return made.desired.wanted(SetVolume).percent, made.desired.wanted(SetMute).mute


async def test_old_news_of_the_volume_is_no_news() -> None:
    made, _ = await keeper()
    made.do(SetVolume(1.0))
    made.do(SetVolume(2.0))
    made.do(SetMute(True))
    for percent, mute in ((1.0, False), (2.0, False), (2.0, True)):
        made.heard(VolumeChanged(1, percent, mute), current=True)
        assert loudness(made) == (2.0, True)
    made.heard(VolumeChanged(1, 30.0, False), current=True)
    assert loudness(made) == (30.0, False), "somebody at the player's own window"


async def test_a_track_is_chosen_as_soon_as_it_is_asked_for() -> None:
    made, _ = await keeper()
    tracks = (Track("audio", 1, "", True), Track("audio", 2, "", False), Track("video", 0, "", True))
    made.heard(TracksChanged(1, tracks), current=True)
    made.do(SelectTrack("audio", 2))
    assert [track.selected for track in made.tracks] == [False, True, True]


async def test_each_film_that_begins_ends_once() -> None:
    made, told = await keeper()
    for number, path in enumerate(("/a", "/b"), 1):
        made.carry_out(Load(path, number, entry=number))
    made.carry_out(Unload())
    made.carry_out(Unload())
    assert [(event["event"], event.get("playlist_entry_id")) for event in told] == [
        ("start-file", 1), ("end-file", 1), ("start-file", 2), ("end-file", 2), ("idle", None), ("idle", None),
    ]  # fmt: skip


# ---- a player that takes another one's place ----------------------------------------------------------------------


TRACKS = (
    Track("video", 0, "", True),
    Track("audio", 1, "", True),
    Track("audio", 2, "", False),
    Track("subtitle", 3, "", False),
)


class Modelled:
    """A player of which is known what it has been made to be. It opens files at once, and forgets all when it dies."""

    name: str | None = "modelled"

    def __init__(self, sink: EventSink) -> None:
        self.state: dict[str, object] = {}
        self.tracks: tuple[Track, ...] = ()
        self.generation = 0
        self._sink = sink

    def do(self, command: PlayerCommand) -> None:
        match command:
            case Load(generation=generation):
                self.generation, self.tracks = generation, TRACKS
                self._sink(Loaded(generation, 60.0, self.tracks))
                self._sink(Settled(generation, 0.0, 0.0))
            case SetDelay(kind=kind):
                self.state[f"{kind} delay"] = command.seconds
            case SetVolume() | SetMute() | SetFullscreen() | SetAspect() | SetDeinterlace() | SetSubtitleEncoding():
                self.state[type(command).__name__] = command
            case SetPicture() | SetSubtitleLook() | RaiseSubtitles() | SetWindowSize():
                self.state[type(command).__name__] = command
            case SelectTrack(kind=kind, id=number):
                self._select(kind, number)
            case AddSubtitleFile() | AddAudioFile():
                kind = "subtitle" if isinstance(command, AddSubtitleFile) else "audio"
                number = max((track.id for track in self.tracks), default=0) + 1
                self.tracks = (*self.tracks, Track(kind, number, "", False, file=command.path))
                if command.select:
                    self._select(kind, number)
                self._sink(TracksChanged(self.generation, self.tracks))
            case RemoveTrack(kind=kind, id=number):
                self.tracks = tuple(t for t in self.tracks if (t.kind, t.id) != (kind, number) or t.file is None)
                self._sink(TracksChanged(self.generation, self.tracks))

    def _select(self, kind: TrackKind, number: int | None) -> None:
        if number is None or (kind, number) in {(track.kind, track.id) for track in self.tracks}:
            self.tracks = tuple(
                structs.replace(track, selected=track.id == number) if track.kind == kind else track
                for track in self.tracks
            )
            self._sink(TracksChanged(self.generation, self.tracks))

    async def close(self) -> None: ...

    def seen(self) -> tuple[dict[str, object], object]:
        """All that a viewer sees and hears of it. The numbers of added tracks are the player's own matter."""
        return self.state, sorted(
            (track.kind, track.id if track.file is None else 0, track.file or "", track.selected)
            for track in self.tracks
        )


class Sitting:
    """A supervisor whose players can be made to die, and which opens films as the viewer does."""

    def __init__(self) -> None:
        self.made: list[Modelled] = []
        self.supervisor = PlayerSupervisor(self._make, self._hear, Notices(lambda: {}), Tasks())
        self.supervisor.open()
        self.loads = 0

    def _make(self, sink: EventSink) -> Modelled:
        self.made.append(Modelled(sink))
        return self.made[-1]

    def _hear(self, event: PlayerEvent) -> None:
        self.supervisor.heard(event, current=True)

    def load(self, path: str) -> None:
        self.loads += 1
        self.supervisor.carry_out(Load(path, self.loads))

    def dies(self) -> None:
        path = self.supervisor.replace(PlayerDied(self.loads, "hung", "it does not answer"))
        if path is not None:
            self.load(path)


files = st.sampled_from(["/a.srt", "/b.srt", "/c.flac"])
commands: st.SearchStrategy[PlayerCommand] = st.one_of(
    st.builds(SetVolume, st.integers(0, 130).map(float)),
    st.builds(SetMute, st.booleans()),
    st.builds(SetFullscreen, st.booleans()),
    st.builds(SetAspect, st.sampled_from([None, 1.5, 2.35])),
    st.builds(SetDeinterlace, st.booleans()),
    st.builds(SetSubtitleEncoding, st.sampled_from(["auto", "cp1251", "+koi8-r"])),
    st.builds(SetPicture, brightness=st.integers(-1, 1), rotation=st.sampled_from([0, 90])),
    st.builds(SetWindowSize, st.just(640), st.sampled_from([360, 480])),
    st.builds(RaiseSubtitles, st.sampled_from([0.0, 0.2])),
    st.builds(SetSubtitleLook, st.sampled_from([1.0, 2.0]), st.sampled_from([50.0, 100.0])),
    st.builds(SetDelay, st.sampled_from(["audio", "subtitle"]), st.sampled_from([-0.5, 0.0, 0.25])),
    st.builds(SelectTrack, st.sampled_from(["audio", "subtitle"]), st.sampled_from([None, 1, 2, 3, 4, 5])),
    st.builds(AddSubtitleFile, files, st.booleans()),
    st.builds(AddAudioFile, files, st.booleans()),
    st.builds(RemoveTrack, st.sampled_from(["audio", "subtitle"]), st.sampled_from([3, 4, 5])),
)
steps = st.lists(st.one_of(commands, st.builds(Load, st.sampled_from(["/x.mkv", "/y.mkv"]), st.just(0))), max_size=12)


@given(before=steps, after=steps, deaths=st.integers(1, 3), offset=st.sampled_from([0.0, 0.1]))
async def test_a_player_in_anothers_place_is_all_that_the_other_one_was(
    before: list[PlayerCommand], after: list[PlayerCommand], deaths: int, offset: float
) -> None:
    """Held against a player to which the same was said and which never died."""
    mortal, immortal = Sitting(), Sitting()
    for sitting in (mortal, immortal):
        sitting.load("/x.mkv")
        sitting.supervisor.set_audio_offset(offset)
        for command in before:
            sitting.load(command.path) if isinstance(command, Load) else sitting.supervisor.do(command)
    for _ in range(deaths):
        mortal.dies()
    assert seen(mortal) == seen(immortal)
    for command in after:
        if isinstance(command, SelectTrack | RemoveTrack):
            continue  # an added track's number may be another one by now
        for sitting in (mortal, immortal):
            sitting.load(command.path) if isinstance(command, Load) else sitting.supervisor.do(command)
    assert seen(mortal) == seen(immortal)


def seen(sitting: Sitting) -> object:
    """What the last player is, with what players are by themselves filled in."""
    fresh = Modelled(lambda event: None)
    for command in DesiredPlayer().commands():
        fresh.do(command)
    state, tracks = sitting.made[-1].seen()
    return {**fresh.state, **state}, tracks


async def test_the_viewers_delay_and_the_machines_offset_add_up() -> None:
    made, _ = await keeper()
    player = made._player
    assert isinstance(player, Silent)
    made.do(SetDelay("audio", 0.3))
    made.set_audio_offset(-0.1)
    made.do(SetDelay("audio", 0.2))
    delays = [round(command.seconds, 3) for command in player.commands if isinstance(command, SetDelay)]
    assert delays == [0.3, 0.2, 0.1]


async def test_what_keeps_the_picture_away_is_told_until_another_film_is_opened() -> None:
    supervisor, told = await keeper()
    supervisor.carry_out(Load("/films/a.mkv", 1))
    problems = []
    for problem in ("no picture here", None, "no picture here"):
        supervisor.heard(PictureChanged(1, problem), current=True)
        problems.append(supervisor.picture_problem)
    supervisor.carry_out(Load("/films/b.mkv", 2))
    assert [*problems, supervisor.picture_problem] == ["no picture here", None, "no picture here", None]
    assert told.count({"event": "no-picture", "text": "no picture here"}) == 2


async def test_a_film_that_is_loaded_for_another_output_goes_on_for_clients() -> None:
    supervisor, told = await keeper()
    supervisor.carry_out(Load("/films/a.mkv", 1))
    supervisor.heard(Loaded(1, 60.0, TRACKS), current=True)
    supervisor.do(SelectTrack("audio", 2))
    supervisor.heard(Settled(1, 0.0, 0.0), current=True)
    shown = []
    for change in (True, False):
        supervisor.heard(WindowChanged(1, change), current=True)
        shown.append(supervisor.window_shown)
    assert shown == [True, False]
    heard = len(told)
    supervisor.heard(OutputStale(1), current=True)
    supervisor.carry_out(Load("/films/a.mkv", 2, 20.0))
    supervisor.heard(Loaded(2, 60.0, TRACKS), current=True)
    supervisor.heard(Settled(2, 20.0, 0.0), current=True)
    assert told[heard:] == [{"event": "playback-restart"}]
    player = supervisor._player
    assert isinstance(player, Silent)
    assert player.commands[-1] == SelectTrack("audio", 2), "the choice is made again"


async def test_why_a_film_cannot_be_played_is_kept_until_one_stands_ready() -> None:
    supervisor, _ = await keeper()
    broken = {"code": "truncated", "message": "it is cut short"}
    supervisor.carry_out(Load("/films/a.mkv", 1))
    supervisor.heard(LoadFailed(1, "truncated", "it is cut short"), current=True)
    kept = [supervisor.film_error]
    supervisor.carry_out(Load("/films/b.mkv", 2))
    kept.append(supervisor.film_error)
    supervisor.heard(Settled(2, 0.0, 0.0), current=True)
    assert [*kept, supervisor.film_error] == [broken, broken, None]
