"""How long a film's file really is: read from the file itself, because headers can be wrong and files cut short.

`extent.measure` is called by `hangd.player.vlc.film` on a thread, before VLC opens the file. One module a container;
each reads little (headers, the first and the last part of the data), and none believes what it reads.
"""
