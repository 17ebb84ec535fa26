"""hang: watch films together, each from their own file. ``hangd run`` is the daemon, ``hangd server`` the room server.

docs/architecture.md describes the packages and their layers. The modules directly in this folder are the command line
(`hangd.cli`), the configuration, and what both programs need of the operating system; they know nothing about films.
"""
