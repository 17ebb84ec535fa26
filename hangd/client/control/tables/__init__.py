"""The row types of the tables of properties and commands, the code that reads and writes properties by their rows, and
the names that hang only answers. The modules in ``subjects/`` make rows of these types; ``properties.py``,
``commands.py`` and the manual's generator use them. Nothing here knows what a property or command is about.
"""
