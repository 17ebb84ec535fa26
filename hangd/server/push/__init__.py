"""Invitations by push (RFC 8030, RFC 8291, RFC 8292): the key, the subscriptions, and the sending of messages.

docs/push.md says what it is for and what it has to withstand. Without a key, a contact and the extra ``push`` nothing
here runs, and the server connects to nobody.
"""
