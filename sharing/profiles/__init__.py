"""Saved feeds of institutions: what a tool pulls under a name, who pulled it, and what changed since."""
