"""The command line of ``hangd``: ``main`` the programs themselves, and one file for each subject of administration.

``admin`` a server that runs; ``users`` accounts; ``bans`` who may not come in; ``history`` what was watched;
``database`` backup and restore. Each imports only click at the top: ``hangd --help`` must be instant.
"""
