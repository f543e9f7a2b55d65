"""Parsers of artefacts, one file each: found by the registry in base.py. Pure."""
