"""Tracks, chapters and tags of the open film, and the files beside it whose sound or subtitles are played with it.

`LocalSettings` calls this, on libVLC's owner thread. What it returns comes from the file and may be hostile, so it is
bounded and cleaned here; nothing here has an influence on timing.
"""
