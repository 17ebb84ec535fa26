"""The command line client: it sends requests to hangd's control socket and prints the answers.

The script ``hangctl`` calls ``hangctl.__main__.main`` and that ``hangctl.main.main``, which imports one module of
``hangctl.commands`` for the subcommand that was named. A key binding starts hangctl anew for each key press, and the
time that imports take is felt: so the package never imports asyncio, and of hangd only ``paths``, ``urls``,
``file_names``, ``discs`` and ``interrupt``, and, for ``help`` and for commands that do not exist, ``manual`` and
``unknown_command``.
"""
