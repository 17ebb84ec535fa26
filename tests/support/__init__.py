"""Helpers that tests of several packages share. Nothing here is collected as a test."""
