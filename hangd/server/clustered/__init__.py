"""Being one of several servers (``--cluster``): ``node`` joins the others, ``keys`` shares what signs invites.

``visit`` looks at a cluster without being one of its nodes, as ``status`` does for ``hangd cluster status``. Nothing of
this is imported by a server that is alone, but the check of its settings.
"""
