"""The manual pages, where hang is installed: finding a page or the part about one command, and showing it.

``hangctl help`` and ``hangd help`` call `show`, because pipx and virtual environments put the pages where man does not
look. A wheel has the pages in ``hangd/manual/pages``; in a checkout they are in ``man``. Only the standard library is
needed: without man, `mdoc` makes text of a page.
"""
