"""The cover of a piece of music: the picture in its file, or one beside it. libVLC has no track for it.

`find.find_cover` is called by `hangd.player.vlc.backend` on a thread, while VLC opens the file. One module a container;
each reads little, within limits, and none believes what it reads.
"""
