"""Players behind one port (`hangd.player.base`): libVLC, and a simulated one that obeys the same contract tests."""
