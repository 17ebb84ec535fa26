"""Translate libVLC's names of codecs into those of FFmpeg and mpv.

libVLC's are four characters (vlc_fourcc.h). It has already unified the spellings of different containers: "mp4a" is AAC
wherever it is found. Names that differ only in case and blanks are not in the table.
"""

from typing import Final

# Video, audio, subtitles. "mpgv" is MPEG-1 or MPEG-2: libVLC does not tell them apart before it decodes.
_NAMES: Final = dict(
    pair.split("=")
    for pair in """
av01=av1 VP60=vp6 VP61=vp6 VP80=vp8 VP90=vp9 mp4v=mpeg4 DIV1=msmpeg4v1 DIV2=msmpeg4v2 DIV3=msmpeg4v3 mpgv=mpegvideo
mp1v=mpeg1video mp2v=mpeg2video theo=theora drac=dirac MJPG=mjpeg jpeg=mjpeg VC-1=vc1 apcn=prores HFYU=huffyuv
mp4a=aac vorb=vorbis mpga=mp2 a52=ac3 trhd=truehd spx=speex wma1=wmav1 wma2=wmav2 wmap=wmapro wmal=wmalossless
u8=pcm_u8 s16l=pcm_s16le s16b=pcm_s16be s24l=pcm_s24le s24b=pcm_s24be s32l=pcm_s32le f32l=pcm_f32le alaw=pcm_alaw
mlaw=pcm_mulaw
subt=subrip ssa=ass wvtt=webvtt tx3g=mov_text spu=dvd_subtitle bdpg=hdmv_pgs_subtitle dvbs=dvb_subtitle
telx=dvb_teletext cc=eia_608
""".split()
)


def codec_name(fourcc: int) -> str | None:
    """Return FFmpeg's name, or the four characters in lower case; None if they cannot be shown."""
    letters = fourcc.to_bytes(4, "little").decode("latin-1").strip("\0 ")
    shown = _NAMES.get(letters, letters.lower())
    return shown if shown.isascii() and shown.isprintable() and shown else None
