"""VLC's sound, played by hangd itself into PulseAudio or PipeWire, so that each sample is heard when it is due.

`VlcBackend` takes over a libVLC player's sound with `VlcAudioOutput`; libVLC's threads then deliver the samples. It
never changes when samples are due, and never calls the event loop. docs/sync.md says why VLC's outputs do not suffice.
"""
