"""mpv's language: JSON (``json``), lines of requests and answers (``lines``), kinds of value (``kinds``), ``${name}``
in texts (``expand``).

``server`` reads and writes lines with it; ``tables`` and ``subjects`` read and write values with it. It never opens a
socket and knows no command and no property by name.
"""
