"""What libVLC calls a codec, in the names that FFmpeg and mpv have for it.

libVLC's are four characters (vlc_fourcc.h), with the many spellings of containers already made one: "mp4a" is AAC
wherever it is found.
"""

from typing import Final

__all__ = ["codec_name"]

_NAMES: Final = {
    # pictures
    "h264": "h264",
    "hevc": "hevc",
    "vvc ": "vvc",
    "av01": "av1",
    "VP60": "vp6",
    "VP61": "vp6",
    "VP80": "vp8",
    "VP90": "vp9",
    "mp4v": "mpeg4",
    "DIV1": "msmpeg4v1",
    "DIV2": "msmpeg4v2",
    "DIV3": "msmpeg4v3",
    "mpgv": "mpegvideo",  # MPEG-1 or MPEG-2: libVLC does not tell them apart before it decodes
    "mp1v": "mpeg1video",
    "mp2v": "mpeg2video",
    "theo": "theora",
    "drac": "dirac",
    "FLV1": "flv1",
    "H263": "h263",
    "MJPG": "mjpeg",
    "jpeg": "mjpeg",
    "png ": "png",
    "WMV1": "wmv1",
    "WMV2": "wmv2",
    "WMV3": "wmv3",
    "VC-1": "vc1",
    "SVQ3": "svq3",
    "apcn": "prores",
    "FFV1": "ffv1",
    "HFYU": "huffyuv",
    "RV40": "rv40",
    # sound
    "mp4a": "aac",
    "Opus": "opus",
    "vorb": "vorbis",
    "flac": "flac",
    "alac": "alac",
    "mp3 ": "mp3",
    "mpga": "mp2",
    "mp2 ": "mp2",
    "a52 ": "ac3",
    "eac3": "eac3",
    "dts ": "dts",
    "trhd": "truehd",
    "mlp ": "mlp",
    "spx ": "speex",
    "wma1": "wmav1",
    "wma2": "wmav2",
    "wmap": "wmapro",
    "wmal": "wmalossless",
    "u8  ": "pcm_u8",
    "s16l": "pcm_s16le",
    "s16b": "pcm_s16be",
    "s24l": "pcm_s24le",
    "s24b": "pcm_s24be",
    "s32l": "pcm_s32le",
    "f32l": "pcm_f32le",
    "alaw": "pcm_alaw",
    "mlaw": "pcm_mulaw",
    # subtitles
    "subt": "subrip",
    "ssa ": "ass",
    "wvtt": "webvtt",
    "tx3g": "mov_text",
    "spu ": "dvd_subtitle",
    "bdpg": "hdmv_pgs_subtitle",
    "dvbs": "dvb_subtitle",
    "telx": "dvb_teletext",
    "cc  ": "eia_608",
}


def codec_name(fourcc: int) -> str | None:
    """Return FFmpeg's name of what libVLC calls so, else the four characters; None where there are none."""
    letters = fourcc.to_bytes(4, "little").decode("latin-1")
    known = _NAMES.get(letters)
    if known is not None:
        return known
    shown = letters.strip("\0 ").lower()
    return shown if shown.isascii() and shown.isprintable() and shown else None
