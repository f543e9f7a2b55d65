"""Feeds for the tools that act."""
