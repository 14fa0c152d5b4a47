"""Snapshots: making, reading, comparing and keeping them. Using one is the compiled reader's work."""
