"""What the page says of a film beforehand, and what Chromium then does with it."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.support.clips.odd_films import ffmpeg
from tests.web.files.files_page import choose, files_page

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

_FILMS = {
    "usual.mp4": "-c:v libx264 -c:a aac",
    "pieces.mp4": "-c:v libx264 -c:a aac -movflags frag_keyframe+empty_moov",
    "surround.mp4": "-c:v libx264 -c:a ac3",
    "both.mp4": "-c:v libx264 -map 0 -map 1 -map 1 -c:a:0 ac3 -c:a:1 aac",
    "hevc.mp4": "-c:v libx265 -tag:v hvc1 -c:a aac",
    "av1.mp4": "-c:v libaom-av1 -cpu-used 8 -usage realtime -c:a libopus",
    "usual.mkv": "-c:v libx264 -c:a aac",
    "surround.mkv": "-c:v libx264 -c:a dca -strict -2",
    "both.mkv": "-c:v libx264 -map 0 -map 1 -map 1 -c:a:0 eac3 -c:a:1 aac",
    "usual.webm": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus",
    "old.avi": "-c:v mpeg4 -c:a libmp3lame",
    "recorded.ts": "-c:v libx264 -c:a aac",
    "sound.mp3": "-vn -c:a libmp3lame",
}

_INSPECT = """async () => {
  const {inspect} = await import("/files/inspect.js");
  const {adviceOn} = await import("/files/advice.js");
  const found = await inspect(document.querySelector("input").files[0]);
  return {...found, advice: adviceOn(found)};
}"""

_PLAY = """async () => {
  const video = document.createElement("video");
  video.muted = true;
  video.src = URL.createObjectURL(document.querySelector("input").files[0]);
  document.body.append(video);
  await new Promise((resolve) => {
    video.addEventListener("ended", resolve);
    video.addEventListener("error", resolve);
    video.play().catch(() => {});
  });
  const seen = video.webkitVideoDecodedByteCount > 0, heard = video.webkitAudioDecodedByteCount > 0;
  video.remove();
  return [seen, heard];
}"""


async def test_what_is_said_of_a_film_is_what_happens(headless: Browser, tmp_path: Path) -> None:
    async with files_page(headless) as page:
        for name, encode in _FILMS.items():
            await choose(page, _film(tmp_path / name, encode))
            said = await page.evaluate(_INSPECT)
            seen, heard = await page.evaluate(_PLAY)
            print(name, said["type"], said["advice"]["problem"])
            assert (said["videoPlayable"] is True) == seen, (name, said)
            assert (said["audioPlayable"] is True) == heard or said["advice"]["blocks"], (name, said)
            watched = seen or name == "sound.mp3"
            assert said["advice"]["blocks"] == (not watched), (name, said)
            assert (said["advice"]["problem"] is None) == (watched and heard), (name, said)


def _film(path: Path, encode: str) -> Path:
    pictures = "testsrc=size=160x90:rate=24:duration=1"
    sound = "sine=frequency=440:sample_rate=48000:duration=1"
    preset = "-preset ultrafast -pix_fmt yuv420p" if "libx26" in encode else "-pix_fmt yuv420p"
    ffmpeg(*f"-f lavfi -i {pictures} -f lavfi -i {sound} {encode} {preset}".split(), path)
    return path
