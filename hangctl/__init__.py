"""The command line client: it sends requests to hangd's control socket and prints the answers.

The script ``hangctl`` calls ``hangctl.main.main``, which imports one module of ``hangctl.commands`` for the subcommand
that was named. The package never imports asyncio or anything of hangd other than ``hangd.paths``: a key binding starts
hangctl anew for each key press, and the time that imports take is felt.
"""
