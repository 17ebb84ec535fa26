"""`make bench-web`: how far apart a browser's page and another viewer are, and what loading and joining cost.

It is called as ``python -m tests.bench.web``. `viewers` drives the page and hangd in the same way, `rig` has two of
them and what measures them, `cases` and `loading` have what is measured, `report` prints it. Screens are read as in
`tests.bench.skew`; nothing here believes what a viewer says of itself, except where a row says so.
"""
