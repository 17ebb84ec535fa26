"""Messages on the picture: what others do and say, what keys change, a line to write chat in, keys, questions.

``messages.Messages`` joins the parts; `hangd.client.desktop.desktop` makes it. Everything but ``messages.py`` is pure:
the time is an argument, and what is drawn is given as data. ``drawing.py`` runs on the window's thread.
"""
