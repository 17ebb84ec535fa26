"""The verbs, one file for each kind, loaded by name (hangctl.main)."""
