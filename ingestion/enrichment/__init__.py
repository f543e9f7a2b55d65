"""Enrichment: what this machine knows of a value by itself, and who may be asked beyond it (PAP decides)."""
