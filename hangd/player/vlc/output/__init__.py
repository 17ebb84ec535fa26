"""VLC's video output: the display that it opens its window on, and which output is used for a film.

The backend calls `screen`. Nothing here knows of films' tracks or times.
"""
