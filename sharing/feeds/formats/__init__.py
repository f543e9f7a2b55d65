"""The feed formats: one file each. A new format is a new file here; see example.py and docs/feeds.md."""
