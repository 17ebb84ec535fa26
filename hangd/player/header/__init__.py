"""What the header of a film's file names that VLC does not tell, or tells otherwise: tags by their own names, channels.

`read.read_header` is called by `hangd.player.vlc.film` on a thread, before VLC opens the file. One module a container;
each reads little, within limits, and none believes what it reads. What is returned is not cleaned.
"""
