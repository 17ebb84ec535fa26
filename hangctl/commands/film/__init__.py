"""The subcommands for the film: its playback and playlist, its tracks, and this machine's picture and sound."""
