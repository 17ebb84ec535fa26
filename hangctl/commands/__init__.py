"""The subcommands of hangctl, one module for each subject.

``hangctl.main`` imports a module when one of its subcommands is named on the command line, and at no other time. No
module here opens a socket or reads the variables of the environment by itself: ``hangctl.options.Settings`` holds what
the command line says, and connects.
"""
