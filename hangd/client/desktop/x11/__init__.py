"""The X display: a thread with a connection of its own, the film's window on it, its keys, files dropped on it, panels.

Only this folder uses python-xlib. Nothing here is called on the event loop but what says so.
"""
