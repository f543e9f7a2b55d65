"""Stolen accounts: told to the institution that owns them, and to nobody else (domain.md, Personal data)."""
