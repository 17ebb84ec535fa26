"""The administrator's socket: ``hangd admin`` asks a server that runs, in lines of JSON over a Unix socket.

``requests`` is what can be asked, ``asking`` the asking end, ``door`` the server's end, ``answers`` what it does.
"""
