"""What was measured of VLC 3.0.24, and how long each thing is waited for because of it.

*Loading* opens the file paused and seeks once, for only then does VLC make its picture. It has to be roused from its
pause for a moment and paused again, though: a picture that was made during a pause does not know of the pause, takes
the frames of later seeks for late ones, and drops them (measured, 3.0.24).

*Seeking* is done paused and at rate 1 (at other rates VLC misses the target), and not before the picture's thread has
come to rest: a seek less than 40 ms after a pause lost its picture in 9 of 10 trials, later ones never. Buffering 100
comes a few milliseconds after it, and means "read". "Decoded" is said by nothing but a line of VLC's debug log, "end of
video preroll": measured 8-20 ms after the seek with a small clip, up to 800 ms with a 1080p one whose key frames lie
8 s apart. A seek that hits a key frame has no preroll and no such line, so the wait is bounded; a line that comes late
makes this file's later waits longer. VLC counts preroll in decoding order: while paused, the frame shown may be up to
four before the target; from the first moving frame on it is right.

*Two positions* belong to a pause. VLC's clock stops where it was told (``_clock``), the picture on the frame which
begins next: its thread is waiting with that one already, and shows it (58 of 60 pauses on a quiet machine, else one
more). That frame's time is the position that Settled names (``_stand``). A resume then leaves the pause just so much
earlier (or later) that the media is where the line through (``_stand``, ``at``) wants it. After a seek VLC's clock
begins 10 ms after the unpause (``i_wakeup_delay``), after a mere pause at once.

*Rates.* VLC applies a new rate as from the moment at which it last read: up to half a second ago while it plays, right
after a seek a second and more. ``vlc_clock`` puts that right where VLC's clock is known to run; where it is not (VLC
has not said when it left a pause), a rate is set with the first sample, which is raised just after a read.

*The end.* ``:play-and-pause`` makes VLC pause on the last frame, unasked; from there it seeks as ever. Only a player
that was resumed there stops for good, so Resume at the end is answered without asking VLC.

*Frame steps* leave the pause for a frame's time. VLC's own ``next_frame`` upsets its clock for good: the next resume is
a second off, even after a seek.
"""

from typing import Final

__all__ = [
    "ANSWER_SECONDS",
    "BUFFER_SECONDS",
    "DECODE_SECONDS",
    "DECODE_SECONDS_MAX",
    "END_BUFFER_SECONDS",
    "END_SECONDS",
    "FRAME_SECONDS",
    "OPEN_SECONDS",
    "RENDER_LEAD",
    "REST_SECONDS",
    "ROUSED_SECONDS",
    "ROUSE_SECONDS",
    "SHORT_OF_END",
    "UNPAUSED_SECONDS",
    "WAKE_SECONDS",
]

OPEN_SECONDS: Final = 10.0
ROUSE_SECONDS: Final = 3.0
"""An output that has not shown itself by now will not; the film goes on without (sound, time and samples are there)."""
ROUSED_SECONDS: Final = 0.120
"""The picture's thread looks up every 100 ms, and has to find a picture in time. Of 7 loads each 6 failed at 60 ms, and
none from 100 ms on, on an idle machine as on a busy one."""
ANSWER_SECONDS: Final = 1.0
"""VLC answers a pause within 0.3 ms; where it has nothing to say (it was paused already) we go on after this."""
BUFFER_SECONDS: Final = 1.5
DECODE_SECONDS: Final = 0.15
DECODE_SECONDS_MAX: Final = 1.5
REST_SECONDS: Final = 0.060
"""From a pause to a seek: a frame's time (the picture's thread may be waiting for it) and some."""
END_SECONDS: Final = 1.0
END_BUFFER_SECONDS: Final = 0.3
"""So long is waited for Buffering 100 within the last second, where it may not come."""
WAKE_SECONDS: Final = 0.010
RENDER_LEAD: Final = 0.002
"""The picture's thread takes up the next frame this long before its time, and shows it even if a pause comes."""
UNPAUSED_SECONDS: Final = 0.100
"""A decoder that leaves a pause may say again that a seek is decoded: within this time it tells nothing of the seek."""
FRAME_SECONDS: Final = 0.040
"""A frame step where the file does not tell its rate."""
SHORT_OF_END: Final = 5.0
"""A file that ends so long before its duration is cut short. Less may be the container's rounding, or odd tracks."""
